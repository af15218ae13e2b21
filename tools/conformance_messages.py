"""Conformance: addresses, messages, connections, state machine and the minimal implementation of RFC 2326."""

from __future__ import annotations

from tools.requirement import Row

MESSAGES = (
    Row(
        "§3.2",
        "`rtsp://host:port/path`, port 554 if there is none; `*` for the server as a whole",
        "both; name and password are cut off before anything is looked up or repeated; query, percent signs, "
        "slashes and "
        "the name of a stream at the end are understood",
        (
            "url::a_url_is_taken_apart",
            "server_standard::a_file_is_found_however_its_url_is_written",
            "server_standard::name_and_password_in_the_url_do_no_harm",
            "RtspClient::not_every_url_will_do",
        ),
    ),
    Row(
        "§3.2",
        "`rtspu:` (RTSP over UDP), unreliable",
        "not there",
        reason="Nobody uses it, and RTSP 2.0 has dropped it.",
    ),
    Row(
        "§3.4",
        "session ids that cannot be guessed",
        "64 random bits; of use to the address alone that made the session",
        ("server_standard::sessions_cannot_be_guessed", "server_refusals::a_session_belongs_to_its_address"),
    ),
    Row(
        "§3.6",
        "normal play time: seconds or hours:minutes:seconds, `now`, open at either end",
        "read and written",
        ("headers::a_range_is_read_and_written", "server_media::now_is_where_the_movie_stands"),
    ),
    Row(
        "§3.7",
        "absolute time (`clock=`) for what was recorded at a known time",
        "501: a movie file does not know when it happened",
        ("headers::other_units_are_not_implemented",),
    ),
    Row(
        "§4",
        "lines end with CR LF; a receiver takes CR or LF alone, too",
        "CR LF is sent; LF alone is taken, CR alone is not: nobody sends it",
        ("server_standard::requests_may_come_in_any_pieces", "reader::messages_written_anew_read_the_same"),
    ),
    Row(
        "§4.2",
        "header names without regard to case, values over several lines",
        "both",
        ("server_standard::header_names_are_taken_in_any_case", "message::header_names_have_no_case_and_an_order"),
    ),
    Row(
        "§4.4",
        "Content-Length says how long a body is; none means no body",
        "counted when sent; when read, two that differ are refused, and so are signs, blanks and 5000 digits",
        ("message::content_length_is_counted_not_believed", "server_refusals::refused_and_closed"),
    ),
    Row(
        "§9.1",
        "requests may be sent without waiting; replies come in their order",
        "both: one thread per connection, one request after the other",
        ("server_standard::pipelined_requests_are_answered_in_their_order",),
    ),
    Row(
        "§9.1",
        "persistent connections; a session is not bound to one",
        "both; a session whose packets travel in the connection ends with it",
        (
            "server_sessions::a_session_outlives_its_connection",
            "server_sessions::several_sessions_on_one_connection",
            "server_interleaved::it_ends_with_its_connection",
        ),
    ),
    Row(
        "§9.2",
        "over TCP a request is not sent again; a request that is repeated is answered again",
        "both: nothing is remembered of old requests",
        ("server_standard::cseq_is_given_back_as_it_came", "RtspClient::a_silent_server_is_given_up"),
    ),
    Row(
        "App. B",
        "RTP sequence numbers and timestamps go on over PAUSE and PLAY; after a jump, RTP-Info says where it begins",
        "both go on; the timestamp of a new range is one frame's time after the last one",
        (
            "server_media::pause_and_play_go_on_with_the_next_frame",
            "server_media::seeking_while_playing",
            "Stream::a_seek_while_playing_acts_at_once_and_the_numbers_go_on",
        ),
    ),
    Row(
        "App. C",
        "a description in SDP: control URLs, range, media",
        "server: one control for the presentation, one for each stream; client: absolute, relative and missing "
        "controls",
        (
            "server_standard::describe_is_an_sdp",
            "two_streams::the_description_lists_both",
            "url::a_control_value_is_seen_from_the_base",
            "sdp::gstreamers_description_is_read",
        ),
    ),
)

STATES = (
    Row(
        "A.1",
        "the client moves on when it reads a 2xx reply, to Init after 3xx, and stays where it is after 4xx",
        "so it is; 454 also leads to Init, for there is no session any more",
        (
            "RtspClient::the_state_moves_on_the_reply_alone",
            "RtspClient::a_session_that_has_gone_is_learned_from_the_sign_of_life",
            "Player::a_refused_play_changes_nothing",
        ),
    ),
    Row(
        "A.1",
        "a client does not send what its state forbids",
        "the same table as the server's is asked before anything is sent",
        ("RtspClient::the_state_moves_on_the_reply_alone",),
    ),
    Row(
        "A.2",
        "Init, Ready, Playing, Recording, and what leads from one to the other",
        "one table, row by row; a cell that is missing is answered 455 and moves nothing",
        ("states::each_cell_is_that_of_the_rfc", "Session::the_state_moves_by_the_table_alone"),
    ),
    Row(
        "A.2",
        "PAUSE in Ready is not in the table",
        "200, and nothing happens",
        ("server_standard::ready_playing_and_back",),
        "A viewer's PAUSE and the end of the movie may cross, and some players give up after a 455.",
    ),
    Row(
        "A.2",
        "SETUP in Playing changes the transport",
        "455; in Ready it does change it",
        ("server_standard::ready_playing_and_back", "server_standard::setup_again_changes_the_ports"),
        "The RFC allows a server to refuse it (§10.4); no player asks for it.",
    ),
    Row(
        "A.2",
        "a session without a sign of life for a minute may be ended; the end of the range leads to Ready",
        "both; packets from the client's ports are signs of life, too",
        (
            "server_sessions::silence_ends_a_session",
            "server_sessions::any_datagram_keeps_it",
            "server_media::after_the_end_play_begins_again",
        ),
    ),
)

MINIMAL = (
    Row(
        "D.1",
        "client: SETUP, TEARDOWN, and PLAY or RECORD; sends CSeq, Session, Transport and understands them in replies",
        "and DESCRIBE, OPTIONS, PAUSE, GET_PARAMETER",
        ("RtspClient::the_requests_are_these_bytes", "RtspClient::replies_are_understood"),
    ),
    Row(
        "D.1",
        "client: understands Connection, Content-Language, Content-Encoding, Content-Length, Content-Type",
        "Content-Length ends a body; a connection that closes is noticed; a description is read whatever its type is "
        "called. A description is never encoded: none is asked for",
        (
            "reader::standard_messages_are_read_whole_bytewise_and_at_every_split",
            "RtspClient::a_server_that_hangs_up_is_noticed_at_once",
        ),
    ),
    Row(
        "D.1",
        "client: follows the class of a status code that it does not know",
        "an unknown code is what its first digit says",
        ("status::an_unknown_code_is_explained_by_its_class", "RtspClient::a_refusal_says_what_to_do"),
    ),
    Row(
        "D.1.1",
        "client, on demand: DESCRIBE is recommended, PAUSE and Range, too",
        "all three",
        ("Player::every_frame_of_our_own_server", "ClientLauncher::start_and_duration"),
    ),
    Row(
        "D.1.2",
        "client: answers 401 with a name and a password",
        "those of the URL, or typed; without them it ends with an exit code of its own",
        (
            "client_login::each_request_is_answered_once_it_was_asked",
            "client_login::without_the_right_password_it_ends_with_6",
        ),
    ),
    Row(
        "D.2",
        "server: SETUP, TEARDOWN, OPTIONS, and PLAY or RECORD, with CSeq, Session, Transport and Public",
        "all of them",
        ("server_standard::the_conversation_of_a_player", "server_standard::options_lists_the_methods"),
    ),
    Row(
        "D.2",
        "server: Require is answered 551 with Unsupported if it does not know the option",
        "so it is: there are no options that it knows",
        (
            "server_status::refused_with_what_the_standard_asks_for",
            "server_refusals::refused_and_the_connection_goes_on",
        ),
    ),
    Row(
        "D.2.1",
        "server, on demand: Range, RTP-Info and DESCRIBE; PAUSE is recommended",
        "all of them",
        (
            "server_media::play_from_a_time",
            "server_media::a_closed_range_ends_where_it_says",
            "server_media::pause_and_play_go_on_with_the_next_frame",
        ),
    ),
    Row(
        "D.2.2",
        "server: asks for a name and a password",
        "where it was given users",
        ("authentication::a_movie_is_played", "authentication::without_users_nobody_is_asked"),
    ),
)
