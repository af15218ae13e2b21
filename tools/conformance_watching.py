"""Conformance: how players say that they live, end, pause and seek. Rows that the RFC does not have."""

from __future__ import annotations

from tools.requirement import Row

ALIVE = (
    Row(
        "ffmpeg, mpv, PyAV",
        "GET_PARAMETER if it is in Public, else OPTIONS, after half of the timeout; over TCP no RTCP at all",
        "either is a sign of life; a session inside the connection needs none",
        (
            "server_sessions::any_request_of_the_session_keeps_it",
            "server_interleaved::silence_does_not_end_it_while_the_connection_lives",
        ),
    ),
    Row(
        "GStreamer over UDP, VLC, aiortsp",
        "the same, one or two seconds before the timeout, or after nine tenths of it",
        "in time: the session ends only after the whole timeout",
        ("server_sessions::any_request_of_the_session_keeps_it", "Session::only_the_silent_expire"),
    ),
    Row(
        "GStreamer, TCP",
        "nothing but RTCP on the odd channel",
        "any frame is a sign of life",
        ("server_interleaved::any_frame_is_a_sign_of_life",),
    ),
    Row(
        "VLC",
        "GET_PARAMETER only if it is in Public",
        "it is",
        ("server_standard::options_lists_the_methods", "server_sessions::any_request_of_the_session_keeps_it"),
    ),
    Row(
        "openRTSP",
        "RTCP alone, not one request",
        "any datagram from its address is a sign of life",
        ("server_sessions::any_datagram_keeps_it",),
    ),
    Row("gortsplib", "GET_PARAMETER early", "fine", ("server_standard::parameters_without_a_body_keep_alive",)),
    Row(
        "publishers",
        "no keepalive, or the same as above; bare sender reports",
        "whatever they send is a sign of life; bare reports are read",
        (
            "server_publishing::a_publisher_over_udp_that_falls_silent",
            "server_publishing::lip_sync_is_that_of_the_publisher",
        ),
    ),
    Row(
        "all",
        "before PLAY some datagrams that are no RTP, up to 200 random bytes",
        "dropped without a word; they end nothing and keep the session",
        ("server_media::what_players_send_to_the_ports_does_no_harm", "server_sessions::any_datagram_keeps_it"),
    ),
    Row(
        "all",
        "media from the ports that were announced",
        "server: from them alone; client: sends one small datagram to each",
        (
            "server_media::media_comes_from_the_announced_ports",
            "Player::the_way_through_a_firewall_is_opened",
        ),
    ),
)

END = (
    Row(
        "BYE",
        "ends ffmpeg, VLC and openRTSP at once, over UDP and TCP",
        "a report with BYE, one frame's time after the last frame",
        (
            "server_media::the_end_is_said_by_rtcp",
            "interop_tshark::rtcp_is_sound_and_says_goodbye",
            "interop_ffmpeg::every_frame_is_decoded",
        ),
    ),
    Row(
        "silence instead",
        "ffmpeg hangs, VLC freezes",
        "never by us; our client takes silence near the end for the end, and says so elsewhere",
        ("silence::a_standard_server_says_bye", "Player::a_stream_that_falls_silent"),
    ),
    Row(
        "a closed connection instead",
        "ends some, not VLC",
        "the connection stays open",
        ("server_standard::the_conversation_of_a_player", "Player::a_lost_connection_takes_its_media_along"),
    ),
    Row(
        "TEARDOWN after BYE",
        "must be granted",
        "200: the session stays until then",
        ("server_standard::the_conversation_of_a_player", "server_media::after_the_end_play_begins_again"),
    ),
    Row(
        "aiortsp",
        "takes no notice of BYE",
        "its session ends by TEARDOWN or by silence",
        ("server_sessions::silence_ends_a_session",),
    ),
)

SEEKING = (
    Row(
        "ffmpeg, mpv, PyAV, VLC, GStreamer",
        "PAUSE and PLAY with Range, back to back",
        "both are answered in order; the right frame is shown",
        (
            "server_standard::pipelined_requests_are_answered_in_their_order",
            "interop_ffmpeg::seeking_lands_on_the_right_frame",
            "interop_gstreamer::seeking_lands_on_the_right_frame",
            "interop_pyav::seeking_lands_on_the_right_frame",
            "interop_mpv::it_starts_where_it_is_told",
        ),
    ),
    Row("openRTSP", "a Range in the first PLAY", "granted", ("server_media::play_from_a_time",)),
    Row(
        "GStreamer, VLC",
        "PAUSE, then PLAY without Range",
        "goes on with the very next frame",
        (
            "server_media::pause_and_play_go_on_with_the_next_frame",
            "interop_gstreamer::pause_and_resume_lose_nothing",
        ),
    ),
    Row(
        "timestamps after a jump",
        "may go on or begin anew, if RTP-Info fits",
        "they go on",
        ("Stream::a_seek_while_playing_acts_at_once_and_the_numbers_go_on",),
    ),
    Row(
        "GStreamer at its end",
        "PAUSE after the end, PAUSE and TEARDOWN together",
        "200 to both",
        ("server_standard::ready_playing_and_back", "interop_gstreamer::every_frame_is_decoded"),
    ),
    Row(
        "GStreamer after a jump",
        "shows the first frame late, by a clock of its own",
        "the first packet leaves at once; tests look at the frame's number, not at the time",
        ("interop_gstreamer::seeking_lands_on_the_right_frame",),
    ),
)
