"""Conformance: rows that stand in their place among those of a part. PENDING: those that have no test yet."""

from __future__ import annotations

from tools.requirement import Row

PENDING: list[tuple[str, Row]] = []

ADDED: list[tuple[str, Row]] = [
    (
        "Messages",
        Row(
            "§3.5",
            "SMPTE time codes: 30 drop frame, 25",
            "taken for a movie; the reply is in the same unit",
            (
                "timecodes::smpte_drops_names_and_no_frames",
                "timecodes::smpte_25_drops_nothing",
                "server_play::smpte_is_answered_in_smpte",
            ),
        ),
    ),
    (
        "Methods",
        Row(
            "§10.1",
            "the server may ask, too",
            "OPTIONS, to clients inside a connection that went silent",
            (
                "server_pings::who_is_silent_for_half_the_timeout_is_asked",
                "server_pings::ffmpeg_is_not_disturbed",
                "server_pings::gstreamer_is_not_disturbed",
                "asked::options_names_what_may_be_asked",
            ),
        ),
    ),
    (
        "Methods",
        Row(
            "§10.2",
            "DESCRIBE of a folder",
            "a list of URLs (`text/uri-list`) where that is accepted, else 406",
            (
                "server_folders::a_folder_is_listed",
                "server_folders::what_is_listed_can_be_played",
                "client_world::a_folder_is_asked_for_its_list",
            ),
        ),
    ),
    (
        "Methods",
        Row(
            "§10.5",
            "PLAY with Range while playing waits until what is playing has ended",
            "it waits behind a range that was given an end of its own; otherwise it acts at once, which is what "
            "players mean that jump",
            (
                "server_play::ranges_are_played_one_after_the_other",
                "Playback::a_range_behind_one_without_an_end_acts_at_once",
            ),
        ),
    ),
    (
        "Methods",
        Row(
            "§10.6",
            "PAUSE with Range: a point at which to pause",
            "the media go on to that point; 457 if it is outside",
            (
                "server_play::a_pause_point",
                "server_play::a_pause_point_that_is_past",
                "Playback::a_pause_point_outside_is_457_and_changes_nothing",
            ),
        ),
    ),
    (
        "Methods",
        Row(
            "§10.8",
            "GET_PARAMETER with a body",
            "position, packets, jitter, rate, quality, stream; of the server: status, redirect; 451 for anything else",
            (
                "server_parameters::all_that_can_be_read",
                "server_parameters::who_watches_what",
                "server_play::parameters_of_a_session",
                "server_play::parameters_that_are_not_to_be_had",
                "asked::get_parameter_as_in_the_rfc",
            ),
        ),
    ),
    (
        "Status codes",
        Row(
            "301–303",
            "Moved, for good or for a while; See Other",
            "server: 302 to DESCRIBE and SETUP with `--redirect`; client: follows them, on OPTIONS and PLAY, too, "
            "five in a row at most",
            (
                "Calls::who_would_begin_something_is_sent_on",
                "Relocation::a_302_is_followed_whenever_it_comes",
                "client_world::a_redirect_to_another_server_is_followed",
                "client_world::a_redirect_may_come_as_late_as_setup",
                "redirects::absolute_and_relative",
            ),
        ),
    ),
    (
        "Status codes",
        Row(
            "405",
            "Method Not Allowed",
            "SETUP and PLAY of a folder; of `*` all but OPTIONS and GET_PARAMETER; with Allow",
            ("server_status::refused_with_what_the_standard_asks_for",),
        ),
    ),
    (
        "Status codes",
        Row(
            "456",
            "Header Field Not Valid for Resource",
            "a Range with a start for what is live",
            (
                "server_status::refused_with_what_the_standard_asks_for",
                "server_play::nobody_can_jump_in_a_live_stream",
                "client_world::where_a_movie_cannot_be_sought_in",
            ),
        ),
    ),
    (
        "Headers",
        Row(
            "§12.10 Connection",
            "`close` in a request",
            "server: closes behind the reply",
            (
                "server_clients::the_last_request_is_answered_and_then_it_is_over",
                "answers::a_request_may_be_the_last_one",
            ),
        ),
    ),
    (
        "Headers",
        Row(
            "§12.27 Proxy-Require",
            "like Require, for what stands in between",
            "551 with Unsupported, like Require",
            ("server_status::refused_with_what_the_standard_asks_for",),
        ),
    ),
    (
        "Headers",
        Row(
            "§12.33 RTP-Info",
            "wrong or missing, as some servers send it",
            "client: plays all the same",
            (
                "client_world::a_jump_is_shown_at_its_time",
                "announced::it_is_wrong_after_a_while_with_nothing_but_others",
            ),
        ),
    ),
    (
        "Headers",
        Row(
            "§12.25 Location",
            "with 3xx and REDIRECT: where to go",
            "server: the same path there; client: followed",
            (
                "moves::the_path_is_kept",
                "Relocation::it_is_followed_to_the_same_place",
                "client_world::a_redirect_may_come_as_late_as_setup",
                "client_world::a_redirect_to_another_server_is_followed",
                "client_world::a_redirect_within_the_server_may_be_relative",
            ),
        ),
    ),
    (
        "Headers",
        Row(
            "§12.34 Scale",
            "how fast the movie goes by, backwards too; the reply says what is really used",
            "0.25 to 8, and as much backwards, for movies; timestamps follow the watching, frames are left out evenly",
            (
                "server_play::vlc_changes_the_rate",
                "server_play::openrtsp_scales_from_the_start",
                "Run::frames_are_left_out_evenly_above_single_scale",
                "Run::timestamps_follow_the_playing_and_not_the_movie",
                "client_world::the_speed_is_the_one_of_the_reply",
            ),
        ),
    ),
    (
        "Headers",
        Row(
            "§12.35 Speed",
            "how fast the data is delivered",
            "0.25 to 8 for movies; timestamps stay as they are",
            ("server_play::gstreamer_wants_it_sent_faster",),
        ),
    ),
    (
        "Signs of life and RTCP",
        Row(
            "VLC",
            "receiver reports every 5 s, and a last packet at TEARDOWN",
            "understood",
            ("server_rtcp::reports_of_players_and_what_opens_ways", "rtcp::reports_of_players_are_read"),
        ),
    ),
    (
        "Signs of life and RTCP",
        Row(
            "aiortsp",
            "a report about itself instead of us",
            "taken: whom a report is about is not checked",
            (
                "server_rtcp::reports_of_players_and_what_opens_ways",
                "Stream::a_report_about_another_source_is_kept_if_it_is_the_only_one",
            ),
        ),
    ),
    (
        "Signs of life and RTCP",
        Row(
            "RFC 3550 §6.4.1",
            "sender reports at random intervals, with the time of day of a timestamp",
            "one after the first frame of each PLAY, then every 5 s or so",
            (
                "server_rtcp::a_report_comes_first_after_play_resume_and_seek",
                "Stream::the_times_between_reports_are_drawn",
                "Stream::the_two_clocks_of_a_report_are_one_moment",
            ),
        ),
    ),
    (
        "Signs of life and RTCP",
        Row(
            "RFC 3550 §6.4.2",
            "receiver reports: loss, jitter, round-trip time",
            "both sides",
            (
                "interop_rtcp::both_sides_report",
                "interop_rtcp::the_loss_is_the_same",
                "interop_rtcp::the_round_trip_can_be_computed",
                "StreamReceiver::a_report_says_what_was_lost_and_what_the_sender_reported",
            ),
        ),
    ),
    (
        "Signs of life and RTCP",
        Row(
            "RFC 3550 §6.6",
            "BYE of a receiver that leaves",
            "client: with its last report, at TEARDOWN",
            ("server_rtcp::a_client_leaves_with_a_goodbye_before_teardown",),
        ),
    ),
    (
        "Replies",
        Row(
            "302 on DESCRIBE",
            "ffmpeg follows it",
            "sent with `--redirect`; our client follows it, too",
            ("interop_redirect::ffmpeg_follows_a_302", "client_world::a_redirect_to_another_server_is_followed"),
        ),
    ),
    (
        "Pause, seek, speed",
        Row(
            "VLC, openRTSP: rate",
            "PLAY with Scale, while playing or as the first one",
            "from the current point; Scale, Range and RTP-Info in the reply",
            ("server_play::vlc_changes_the_rate", "server_play::openrtsp_scales_from_the_start"),
        ),
    ),
    (
        "Pause, seek, speed",
        Row(
            "GStreamer: rate",
            "PAUSE, and PLAY with Speed and Range",
            "granted; the value really used is in the reply",
            ("server_play::gstreamer_wants_it_sent_faster",),
        ),
    ),
]
