"""Conformance: what players send, and what they make of replies. Rows that the RFC does not have."""

from __future__ import annotations

from tools.requirement import Row

CONVERSATION = "server_standard::the_conversation_of_a_player"
URLS = "server_standard::a_file_is_found_however_its_url_is_written"

REQUESTS = (
    Row(
        "ffmpeg, PyAV, OpenCV, mpv",
        "OPTIONS, DESCRIBE, SETUP, PLAY from 0, TEARDOWN and hang up without reading the reply; UDP first or TCP first",
        "plays over both, every frame",
        (
            CONVERSATION,
            "interop_ffmpeg::every_frame_is_decoded",
            "interop_pyav::every_frame_is_decoded",
            "interop_opencv::every_frame_is_decoded",
            "interop_mpv::every_frame_is_shown",
        ),
    ),
    Row(
        "GStreamer",
        "OPTIONS with two User-Agents and headers of another age; a Range copied from the description; UDP, "
        "multicast, TCP, "
        "one SETUP for each",
        "plays over both, every frame; multicast is refused with 461, which it takes",
        (CONVERSATION, "interop_gstreamer::every_frame_is_decoded", "interop_gstreamer::with_its_defaults"),
    ),
    Row(
        "GStreamer in 2.0",
        "the same in RTSP/2.0, with the syntax of 1.0",
        "505, after which it asks again in 1.0",
        ("server_refusals::refused_and_the_connection_goes_on",),
        "A reply in 1.0 to a request in 2.0 would leave it without a picture.",
    ),
    Row(
        "VLC, openRTSP",
        "CSeq from 2 on; Range open or closed; name and password in each URL; a query in front of the stream's name",
        "all understood",
        (CONVERSATION, URLS, "server_standard::name_and_password_in_the_url_do_no_harm"),
    ),
    Row(
        "aiortsp",
        "PLAY with `npt=now-` and `Scale: 1` for a file",
        "now is where the movie stands",
        (CONVERSATION, "server_media::now_is_where_the_movie_stands"),
    ),
    Row("gortsplib", "PLAY with `npt=0-`; TCP after 461", "plays", (CONVERSATION, "offers::what_can_be_served")),
    Row(
        "all",
        "PLAY and TEARDOWN of the base URL with a slash, SETUP of the stream's",
        "slash, stream, query and password are cut off",
        (URLS, "url::the_name_of_a_stream_is_cut_off"),
    ),
)

REPLIES = (
    Row(
        "Content-Base and controls",
        "any of: no base, absolute or missing controls, a slash at the end, other names of the stream",
        "server: base and relative controls; client: reads them all",
        ("server_standard::describe_is_an_sdp", "url::a_control_value_is_seen_from_the_base"),
    ),
    Row(
        "OPTIONS",
        "ffmpeg and others give up on 501",
        "200, for any URL",
        ("server_standard::options_lists_the_methods",),
    ),
    Row(
        "Public",
        "without it some give up or never say that they live",
        "with every reply to OPTIONS",
        ("server_standard::options_lists_the_methods",),
    ),
    Row(
        "Public without ANNOUNCE and RECORD",
        "GStreamer's publisher then waits for ever",
        "both are there",
        ("server_standard::options_lists_the_methods", "server_publishing::gstreamer_s_words"),
    ),
    Row(
        "server_port, ssrc",
        "not needed; with them clients open their firewall",
        "both are sent",
        ("server_standard::the_setup_reply_names_ports_and_ssrc",),
    ),
    Row(
        "RTP-Info and Range",
        "without both of them ffmpeg lands in the wrong place",
        "both, always",
        ("interop_ffmpeg::seeking_lands_on_the_right_frame", "interop_ffmpeg::times_of_the_frames"),
    ),
    Row(
        "RTP-Info that is wrong",
        "GStreamer then shows nothing, for ever",
        "it is exact, also after PAUSE and a jump",
        (
            "server_media::seeking_while_playing",
            "server_media::pause_and_play_go_on_with_the_next_frame",
            "interop_gstreamer::seeking_lands_on_the_right_frame",
        ),
    ),
    Row(
        "Range with an end",
        "some stop there by themselves, without BYE",
        "it is the end of the movie, or of what was asked for",
        ("server_media::a_closed_range_ends_where_it_says", "interop_gstreamer::every_frame_is_decoded"),
    ),
    Row(
        "Media-Properties",
        "GStreamer wants it in replies of 2.0",
        "never sent",
        reason="RTSP 2.0 is answered 505.",
    ),
    Row(
        "454, 455, 457 to PLAY",
        "players give up and never try again",
        "PLAY is granted wherever the RFC lets it: while playing, after the end, in Ready",
        ("server_standard::ready_playing_and_back", "server_media::after_the_end_play_begins_again"),
    ),
    Row(
        "461",
        "players ask for TCP next, on the same connection",
        "the connection stays usable; our client does likewise",
        ("server_refusals::refused_and_the_connection_goes_on", "Player::a_server_without_udp_is_asked_for_tcp"),
    ),
    Row(
        "404, 453",
        "players end cleanly",
        "the phrase is theirs to show; our client says it in words",
        (
            "interop_ffmpeg::what_is_missing_ends_ffmpeg_at_once",
            "interop_gstreamer::what_is_missing_ends_it_with_an_error",
            "RtspClient::a_refusal_says_what_to_do",
        ),
    ),
    Row(
        "401",
        "players try once more with name and password",
        "two challenges, of which all of them take MD5 without qop; an old nonce is renewed with stale=true",
        (
            "authentication::ffmpeg_logs_in",
            "authentication::gstreamer_logs_in",
            "authentication::mpv_logs_in",
            "authentication::pyav_logs_in",
            "digest::what_players_have_sent",
        ),
    ),
    Row(
        "100 Continue",
        "ffmpeg takes it for the reply",
        "never sent; our client waits on",
        ("RtspClient::a_reply_in_pieces_and_among_other_things",),
    ),
    Row(
        "odd replies",
        "ffmpeg copes with replies in pieces, glued to packets, with requests in between",
        "so does our client",
        ("RtspClient::a_reply_in_pieces_and_among_other_things", "asked::options_names_what_may_be_asked"),
    ),
    Row(
        "UDP to nowhere",
        "GStreamer and VLC set up a new session over TCP after some seconds; ffmpeg waits for ever",
        "our client does it after 3 s and says so; the server takes both sessions",
        (
            "Player::when_nothing_comes_over_udp_a_new_session_asks_for_tcp",
            "ClientLauncher::where_udp_fails_it_plays_over_tcp_and_says_so",
        ),
    ),
    Row(
        "a dropped connection",
        "some end, some freeze",
        "server: a session over UDP lives on; client: plays on over UDP, over TCP it says what happened",
        (
            "server_sessions::a_session_outlives_its_connection",
            "Player::the_connection_may_go_while_the_media_come",
            "Player::a_lost_connection_takes_its_media_along",
        ),
    ),
    Row(
        "what may be left out",
        "Date, Server, timeout, ssrc, c=, range, rtpmap, framerate",
        "all are sent: range is why a player shows a slider",
        (
            "server_standard::every_reply_says_who_and_when",
            "server_standard::describe_is_an_sdp",
            "interop_ffmpeg::ffprobe_knows_what_it_is",
        ),
    ),
)
