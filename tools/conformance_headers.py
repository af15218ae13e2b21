"""Conformance: the headers of RFC 2326 §12."""

from __future__ import annotations

from tools.requirement import Row

CACHES = "There is no cache: a movie is asked for and played."
BODIES = "Descriptions are in one language, plain and short."
PASSED_OVER = "read over"

HEADERS = (
    Row(
        "§12.1 Accept",
        "formats of a description",
        "server: SDP is sent if it is among them, or nothing is said; a folder's list only if it is; client: asks for "
        "SDP, and after a 406 for a list",
        (
            "server_folders::a_folder_is_listed",
            "client_world::a_folder_is_asked_for_its_list",
            "server_standard::describe_takes_any_accept_that_has_sdp",
            "server_standard::describe_in_another_format_is_not_to_be_had",
        ),
    ),
    Row("§12.2 Accept-Encoding", "compressed bodies", PASSED_OVER, reason=BODIES),
    Row("§12.3 Accept-Language", "languages of a body", PASSED_OVER, reason=BODIES),
    Row(
        "§12.4 Allow",
        "with 455 and 405: what could be asked",
        "a row of the state table, without the methods that are not there",
        (
            "server_status::refused_with_what_the_standard_asks_for",
            "states::allow_lists_what_the_table_allows",
        ),
    ),
    Row(
        "§12.5 Authorization",
        "name and password",
        "Digest (MD5, SHA-256; with qop=auth and without), Basic where it may be; client: with each request once asked",
        (
            "authentication::both_algorithms_with_and_without_qop",
            "authentication::basic_where_it_may_be",
            "client_login::each_request_is_answered_once_it_was_asked",
        ),
    ),
    Row("§12.6 Bandwidth", "what the client can take", PASSED_OVER, reason="A movie is there in one quality."),
    Row("§12.7 Blocksize", "size of packets", PASSED_OVER, reason="Packets have 1412 bytes, which fit everywhere."),
    Row("§12.8 Cache-Control", "caching of streams", PASSED_OVER, reason=CACHES),
    Row("§12.9 Conference", "the conference that a stream is for", PASSED_OVER, reason="There are no conferences."),
    Row(
        "§12.10 Connection",
        "`close`: the last message",
        "server: with what cannot be read, and then it closes",
        ("server_refusals::refused_and_closed",),
    ),
    Row(
        "§12.11 Content-Base",
        "what relative URLs are relative to",
        "server: the movie's URL with a slash, without query and password; client: then Content-Location, then the "
        "request",
        (
            "server_standard::describe_is_an_sdp",
            "url::the_base_is_a_folder_without_query_and_credentials",
            "url::a_control_value_is_seen_from_the_base",
        ),
    ),
    Row("§12.12 Content-Encoding", "how a body is encoded", "never sent", reason=BODIES),
    Row("§12.13 Content-Language", "language of a body", "never sent", reason=BODIES),
    Row(
        "§12.14 Content-Length",
        "bytes of body",
        "counted when sent, checked when read",
        ("message::content_length_is_counted_not_believed", "reader::limits_are_inclusive"),
    ),
    Row(
        "§12.15 Content-Location",
        "the URL of a body",
        "client: the base, if there is no Content-Base; server: never sent",
        ("described::the_base_is_content_base_or_content_location",),
        "Content-Base says it all.",
    ),
    Row(
        "§12.16 Content-Type",
        "kind of a body",
        "application/sdp, text/uri-list of a folder, text/parameters, text/plain with refusals",
        (
            "server_standard::describe_is_an_sdp",
            "server_folders::a_folder_is_listed",
            "server_play::parameters_of_a_session",
        ),
    ),
    Row(
        "§12.17 CSeq",
        "a number for each request, repeated by its reply; required",
        "server: given back as it came, 400 without; client: replies are told by it",
        (
            "server_standard::cseq_is_given_back_as_it_came",
            "server_refusals::refused_and_the_connection_goes_on",
            "RtspClient::a_reply_in_pieces_and_among_other_things",
        ),
    ),
    Row(
        "§12.18 Date",
        "when a message was made",
        "server: in each reply",
        ("server_standard::every_reply_says_who_and_when",),
    ),
    Row("§12.19 Expires", "how long a description is good", "never sent", reason=CACHES),
    Row("§12.20 From", "the user's address", PASSED_OVER, reason="Nobody needs to know."),
    Row("§12.21 Host", "not needed: the request line has the whole URL", PASSED_OVER, reason="As the RFC says."),
    Row("§12.22 If-Match", "a SETUP for this version of a description", PASSED_OVER, reason=CACHES),
    Row("§12.23 If-Modified-Since", "a description only if it is new", PASSED_OVER, reason=CACHES),
    Row("§12.24 Last-Modified", "when a movie was changed", "never sent", reason=CACHES),
    Row(
        "§12.26 Proxy-Authenticate",
        "with 407",
        "never sent; proxy: another one's is passed on",
        ("proxy_failures::a_forward_proxy_changes_nothing",),
    ),
    Row(
        "§12.28 Public",
        "the methods that there are",
        "server: with OPTIONS; client: GET_PARAMETER keeps alive if it is there, else OPTIONS",
        (
            "server_standard::options_lists_the_methods",
            "granted::methods_are_collected",
            "RtspClient::a_sign_of_life_after_half_of_the_timeout",
        ),
    ),
    Row(
        "§12.29 Range",
        "what is to be played; the reply says what will be",
        "npt in every form; the reply has both ends; `;time=` (a start at a time of day) is passed over",
        (
            "headers::a_range_is_read_and_written",
            "server_media::a_closed_range_ends_where_it_says",
            "server_media::a_range_that_cannot_be_played",
            "ClientLauncher::start_and_duration",
        ),
    ),
    Row("§12.30 Referer", "where the URL was found", PASSED_OVER, reason="Nobody needs to know."),
    Row(
        "§12.31 Retry-After",
        "when to come back",
        "the server cannot know, and never sends it; the proxy does, while an origin that failed is left alone",
        ("LiveOrigin::an_origin_is_left_alone_the_longer_the_more_often_it_fails",),
    ),
    Row(
        "§12.32 Require",
        "options without which the request is not to be granted",
        "there are none that it knows: 551, and Unsupported repeats them",
        ("server_status::refused_with_what_the_standard_asks_for",),
    ),
    Row(
        "§12.33 RTP-Info",
        "URL, sequence number and timestamp of the first packet of each stream",
        "server: exact, always; client: what comes before that packet is not shown",
        (
            "server_media::the_whole_movie_as_rfc_2435_has_it",
            "two_streams::both_are_played_from_first_to_last",
            "Player::packets_from_before_the_announced_number_are_not_shown",
            "playable::the_first_packet_of_our_stream",
        ),
    ),
    Row(
        "§12.36 Server",
        "the program's name",
        "in each reply",
        ("server_standard::every_reply_says_who_and_when",),
    ),
    Row(
        "§12.37 Session",
        "the id, and how long it lives without a sign of life; 60 s if nothing is said",
        "both sides; any parameter may follow",
        (
            "server_standard::sessions_cannot_be_guessed",
            "headers::a_session_is_read_and_written",
            "RtspClient::a_sign_of_life_after_half_of_the_timeout",
        ),
    ),
    Row(
        "§12.38 Timestamp",
        "to measure the way there and back",
        "server: given back as it came",
        ("answers::a_timestamp_is_given_back_as_it_came",),
    ),
    Row(
        "§12.39 Transport",
        "alternatives with unicast, destination, source, interleaved, client_port, server_port, ssrc, mode",
        "all of these, in any case, quoted or not; others are passed over",
        (
            "headers::a_transport_is_read_and_written",
            "headers::alternatives_keep_their_order_and_quoted_commas",
            "offers::what_can_be_served",
            "server_refusals::media_goes_to_the_requester_alone",
        ),
    ),
    Row(
        "§12.39 Transport",
        "multicast, with ttl, port, layers, append",
        "461",
        ("offers::what_cannot_is_461_and_the_next_alternative_is_taken",),
        "In a classroom a switch turns it into a broadcast, and Wi-Fi makes it slow.",
    ),
    Row(
        "§12.40 Unsupported",
        "the options that are not there",
        "with 551",
        ("server_status::refused_with_what_the_standard_asks_for",),
    ),
    Row(
        "§12.41 User-Agent",
        "the program's name",
        "client: in each request",
        ("RtspClient::the_requests_are_these_bytes",),
    ),
    Row("§12.42 Vary", "for caches", "never sent", reason=CACHES),
    Row(
        "§12.43 Via",
        "the proxies on the way",
        "proxy: adds its name, and refuses what has it already; server: passed over",
        (
            "proxy_failures::methods_that_nobody_knows_are_passed_with_their_body",
            "proxy_failures::a_circle_is_noticed",
            "proxy_failures::too_long_a_row_is_no_way",
        ),
    ),
    Row(
        "§12.44 WWW-Authenticate",
        "with 401",
        "server: Digest SHA-256, then MD5, without qop; stale=true for an old nonce; client: the first that it knows",
        (
            "authentication::two_challenges_without_qop",
            "authentication::an_old_nonce_is_stale",
            "login::the_first_digest_that_it_knows",
        ),
    ),
    Row(
        "others",
        "headers that nobody knows",
        PASSED_OVER,
        ("server_standard::the_conversation_of_a_player", "message::header_names_have_no_case_and_an_order"),
    ),
)
