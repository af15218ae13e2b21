"""Conformance: the status codes of RFC 2326 §7.1.1."""

from __future__ import annotations

from tools.requirement import Row

REFUSED = "server_refusals::refused_and_the_connection_goes_on"
CLOSED = "server_refusals::refused_and_closed"

STATUS = (
    Row("all", "a list of codes and phrases", "one table, word by word", ("status::the_table_is_the_list_of_the_rfc",)),
    Row(
        "100",
        "Continue: the real reply is still to come",
        "server: never, for ffmpeg takes it for the reply; client: waits on",
        ("RtspClient::a_reply_in_pieces_and_among_other_things",),
    ),
    Row("200", "OK", "granted", ("server_standard::the_conversation_of_a_player",)),
    Row("201", "Created: a recording", "never sent; success, if read", reason="RECORD is answered with 200."),
    Row(
        "250",
        "Low on Storage Space, while recording",
        "to RECORD, where less than ten minutes can be written; Range says how much; ffmpeg gets 200, for it takes 250 "
        "for a failure",
        (
            "server_recording::low_space_is_said_at_record",
            "interop_publishing::low_space_is_no_reason_for_ffmpeg_to_give_up",
        ),
    ),
    Row(
        "300–305",
        "elsewhere, or not modified",
        "of these, 302 alone is sent, and 301 to 303 are followed",
        ("Calls::all_else_is_answered_as_ever",),
        "There is never a choice, DESCRIBE has no conditions, and a proxy is not named by the server.",
    ),
    Row("400", "Bad Request", "no RTSP, no CSeq, bad URL, numbers that are none", (REFUSED, CLOSED)),
    Row(
        "401",
        "Unauthorized",
        "server with users: to everything but OPTIONS, before anything is looked up; client: answers, or asks its user",
        (
            "authentication::everything_but_options_needs_a_name",
            "authentication::a_401_does_not_tell_what_there_is",
            "client_login::each_request_is_answered_once_it_was_asked",
        ),
    ),
    Row("402", "Payment Required", "never", reason="The RFC itself gives it no meaning."),
    Row(
        "403",
        "Forbidden",
        "media to somebody else's address; to another machine: publishing, unless publishers have names; and who "
        "watches",
        (
            REFUSED,
            "offers::media_goes_to_nobody_else",
            "server_publishing::only_this_machine_may_publish",
            "server_parameters::another_machine_is_not_told",
        ),
    ),
    Row("404", "Not Found", "no such movie or stream, or one outside the folder", (REFUSED,)),
    Row(
        "406",
        "Not Acceptable",
        "a movie in another format than SDP, a folder in another one than a list of URLs",
        (
            "server_standard::describe_in_another_format_is_not_to_be_had",
            "server_status::refused_with_what_the_standard_asks_for",
        ),
    ),
    Row(
        "407",
        "Proxy Authentication Required",
        "never by itself; proxy: another one's is passed on, and so is the answer to it",
        ("proxy_failures::a_forward_proxy_changes_nothing",),
    ),
    Row(
        "408",
        "Request Time-out",
        "a request that is not finished 10 s after its first byte; the connection is closed",
        ("server_refusals::a_request_that_does_not_end",),
    ),
    Row("410", "Gone", "404 instead", reason="A folder does not remember what was in it."),
    Row("411", "Length Required", "never: without a length there is no body (§4.4)", reason="That is no mistake here."),
    Row("412", "Precondition Failed", "never", reason="If-Match is read over."),
    Row("413", "Request Entity Too Large", "a body over 64 KiB; closed", (CLOSED,)),
    Row("414", "Request-URI Too Large", "a first line over 4 KiB; closed", (CLOSED,)),
    Row(
        "415",
        "Unsupported Media Type",
        "ANNOUNCE of what is no SDP, or of streams that are no RTP/AVP",
        ("announcement::refused", "server_status::refused_with_what_the_standard_asks_for"),
    ),
    Row(
        "451",
        "Parameter Not Understood",
        "GET_PARAMETER and SET_PARAMETER of what is not known; the body names it",
        (
            REFUSED,
            "server_parameters::what_cannot_be_set_is_named_and_nothing_is_set",
            "asked::unknown_parameters_are_named",
        ),
    ),
    Row("452", "Conference Not Found", "never", reason="There are no conferences."),
    Row(
        "453",
        "Not Enough Bandwidth",
        "too many sessions",
        ("server_refusals::no_more_sessions_than_allowed",),
        "It is the code that players read as “no room, try later”; bandwidth itself is not counted.",
    ),
    Row(
        "454",
        "Session Not Found",
        "unknown, ended, missing where one is needed, somebody else's, or another process's (`--processes`)",
        (
            REFUSED,
            "server_refusals::a_session_belongs_to_its_address",
            "processes::a_session_is_unknown_to_the_other_process",
        ),
    ),
    Row(
        "455",
        "Method Not Valid in This State",
        "with Allow, made from the state table",
        ("server_standard::ready_playing_and_back", "states::allow_lists_what_the_table_allows"),
    ),
    Row(
        "457",
        "Invalid Range",
        "past the end, backwards, or malformed; nothing has changed",
        ("server_media::a_range_that_cannot_be_played", "headers::a_range_that_is_none_is_457"),
    ),
    Row(
        "458",
        "Parameter Is Read-Only",
        "SET_PARAMETER of position, packets and jitter, of `status`, and of all that a player has; the body names it",
        (
            REFUSED,
            "server_parameters::what_cannot_be_set_is_named_and_nothing_is_set",
            "asked::nothing_of_a_player_can_be_set",
        ),
        "A jump is a PLAY with Range: its reply says which packet is the first one.",
    ),
    Row("459", "Aggregate operation not allowed", "SETUP of several streams at once, or of two movies", (REFUSED,)),
    Row(
        "460",
        "Only aggregate operation allowed",
        "PLAY, PAUSE or TEARDOWN of one stream of several",
        ("two_streams::what_is_for_all_streams_is_not_for_one",),
    ),
    Row(
        "461",
        "Unsupported transport",
        "multicast, encrypted, no ports or those below 1024; our client then asks for TCP",
        (
            REFUSED,
            "offers::what_cannot_is_461_and_the_next_alternative_is_taken",
            "Player::a_server_without_udp_is_asked_for_tcp",
        ),
    ),
    Row("462", "Destination unreachable", "never", reason="Whether UDP arrives is not known when SETUP is answered."),
    Row(
        "500",
        "Internal Server Error",
        "a file that cannot be played, or a mistake of ours; this client hears of it, the others do not",
        ("Server::a_broken_movie_is_500_and_stops_nobody", "Server::a_mistake_of_ours_is_500_for_this_client_alone"),
    ),
    Row("501", "Not Implemented", "unknown methods, those that are not there, other units of time", (REFUSED,)),
    Row(
        "502, 504",
        "Bad Gateway, Gateway Time-out",
        "proxy: the origin is not there, goes, talks nonsense, or leads in a circle; it does not answer in time",
        (
            "proxy_failures::an_origin_that_is_not_there_is_502",
            "proxy_failures::an_origin_that_talks_nonsense_or_hangs_up_is_502",
            "proxy_failures::an_origin_that_says_nothing_is_504",
            "proxy_failures::a_circle_is_noticed",
        ),
    ),
    Row(
        "503",
        "Service Unavailable",
        "no thread, no descriptor, no socket or no memory left, too many connections, too many ranges that wait to be "
        "played",
        (
            "Server::without_a_thread_for_it_a_client_is_turned_away_with_503",
            "Server::descriptors_are_really_exhausted_and_come_back",
            "Server::too_many_connections_are_503",
            "server_status::503_when_there_is_no_memory",
            "server_play::too_many_are_refused",
        ),
    ),
    Row("505", "RTSP Version not supported", "RTSP/2.0; such clients ask again in 1.0", (REFUSED,)),
    Row(
        "551",
        "Option not supported",
        "any Require and Proxy-Require, with Unsupported",
        ("server_status::refused_with_what_the_standard_asks_for",),
    ),
    Row(
        "others",
        "an unknown code means what its class means",
        "so it is",
        ("status::an_unknown_code_is_explained_by_its_class",),
    ),
)
