"""Conformance: the methods of RFC 2326 §10."""

from __future__ import annotations

from tools.requirement import Row

METHODS = (
    Row(
        "§10.1",
        "OPTIONS, at any time, without effect on the state",
        "server: Public lists its methods, for any URL; client: asks first, and answers when it is asked",
        ("server_standard::options_lists_the_methods", "asked::options_names_what_may_be_asked"),
    ),
    Row(
        "§10.2",
        "DESCRIBE: a description in a format that the client accepts",
        "SDP; 406 if the client wants something else",
        (
            "server_standard::describe_is_an_sdp",
            "server_standard::describe_takes_any_accept_that_has_sdp",
            "server_standard::describe_in_another_format_is_not_to_be_had",
        ),
    ),
    Row(
        "§10.3",
        "ANNOUNCE: a new description, of a recording or a change",
        "server: from publishers, SDP of any codec; its own description does not change while somebody watches",
        (
            "announcement::ffmpeg_announces_two_streams",
            "server_publishing::any_codec_is_relayed_untouched",
            "interop_publishing::what_cannot_be_decoded_here_is_relayed_untouched",
        ),
    ),
    Row(
        "§10.4",
        "SETUP: the transport of one stream; the first alternative that can be served",
        "UDP and interleaved; not multicast. A movie with one stream may be set up by its own URL",
        (
            "server_standard::the_setup_reply_names_ports_and_ssrc",
            "server_standard::the_first_transport_that_can_be_served_is_taken",
            "server_interleaved::the_reply_names_the_channels_and_the_source",
            "two_streams::streams_are_set_up_one_by_one",
        ),
    ),
    Row(
        "§10.5",
        "PLAY: from where it stands, or the Range; the reply says what will be played and how to recognise it",
        "exact: RTP-Info is that of the first packet, also after PAUSE, a jump, and frames that are damaged",
        (
            "server_media::the_whole_movie_as_rfc_2435_has_it",
            "server_media::play_from_a_time",
            "server_media::seeking_while_playing",
            "Stream::play_names_the_first_frame_that_can_be_sent",
        ),
    ),
    Row(
        "§10.5",
        "PLAY without Range while playing: as if it were a ping",
        "200, and the movie plays on; a Scale or a Speed that is another than before acts at once",
        ("server_media::play_while_playing_goes_on", "server_play::vlc_changes_the_rate"),
    ),
    Row(
        "§10.6",
        "PAUSE: the media stop, the resources stay; PLAY goes on there",
        "no packet after the reply; not one frame is lost or sent twice",
        (
            "server_media::pause_and_play_go_on_with_the_next_frame",
            "server_interleaved::pause_and_resume_lose_nothing",
            "interop_gstreamer::pause_and_resume_lose_nothing",
            "Player::nothing_is_missing_after_a_pause",
        ),
    ),
    Row(
        "§10.6",
        "PLAY and PAUSE of a movie of several streams are for all of them at once",
        "460 if one is named",
        ("two_streams::what_is_for_all_streams_is_not_for_one",),
    ),
    Row(
        "§10.7",
        "TEARDOWN: the media stop, the resources are freed",
        "ports are free again at once; for the whole session only",
        ("server_standard::teardown_stops_the_media", "Player::leaving_takes_no_longer_than_it_may"),
    ),
    Row(
        "§10.8",
        "GET_PARAMETER without a body: a ping",
        "server: with and without a session; client: after half of the session's timeout",
        (
            "server_standard::parameters_without_a_body_keep_alive",
            "RtspClient::a_sign_of_life_after_half_of_the_timeout",
        ),
    ),
    Row(
        "§10.9",
        "SET_PARAMETER",
        "rate (while a movie plays), quality (JPEG, in steps), stream (of several); all of them or none; nothing of a "
        "player can be set",
        (
            "server_parameters::a_lower_quality_is_fewer_bytes_of_the_same_pictures",
            "server_parameters::what_cannot_be_set_is_named_and_nothing_is_set",
            "SessionParameters::another_rate_acts_at_once",
            "SessionParameters::all_or_none",
            "asked::nothing_of_a_player_can_be_set",
        ),
    ),
    Row(
        "§10.10",
        "REDIRECT: the server sends the client elsewhere",
        "server: to all who play, when its owner wants it (`python -m tools.status … --redirect`), with the Range if "
        "there is one; who does not follow plays on. Client: goes on there at the next frame, five times in a row at "
        "most",
        (
            "Calls::who_plays_is_asked_to_go",
            "interop_redirect::ffmpeg_plays_on_through_a_redirect",
            "Relocation::not_a_frame_is_missing",
            "Relocation::from_the_time_that_it_says",
            "Relocation::a_circle_ends_where_it_closes",
        ),
    ),
    Row(
        "§10.11",
        "RECORD: the client sends",
        "from what was announced and set up with mode=record; viewers get it while it comes, `--record` writes it down"
        "; 455 while somebody else publishes there",
        (
            "server_publishing::pictures_are_watched_while_they_come",
            "server_publishing::pause_and_go_on",
            "server_publishing::a_second_publisher_is_refused",
            "interop_publishing::everybody_watches_what_ffmpeg_publishes",
            "recording::a_pause_leaves_no_gap",
        ),
    ),
    Row(
        "§10.12",
        "packets inside the connection: `$`, channel, length; never in the middle of a message",
        "both sides; a viewer that reads too slowly loses whole frames, and nobody else waits",
        (
            "server_interleaved::the_whole_movie",
            "server_interleaved::replies_stand_between_whole_frames",
            "server_interleaved::frames_that_do_not_fit_are_dropped_whole_and_unnumbered",
            "server_interleaved::nobody_else_waits",
            "Player::media_come_inside_the_connection_if_asked_to",
        ),
    ),
    Row(
        "§11",
        "a method that nobody knows",
        "501; names are case-sensitive",
        (
            "server_refusals::refused_and_the_connection_goes_on",
            "states::an_unknown_word_is_not_implemented_in_any_state",
        ),
    ),
    Row(
        "§10.3",
        "ANNOUNCE from the server: the description of what is played has changed",
        "server: when a live stream is replaced, and one of the same kind goes on in the session; client: goes on, "
        "or sets up anew what it was told of",
        (
            "Calls::a_live_stream_that_was_replaced_goes_on",
            "Calls::a_stream_of_another_kind_is_told_and_not_sent",
            "interop_redirect::ffmpeg_sees_what_replaces_a_live_stream",
            "Relocation::another_stream_is_set_up",
        ),
    ),
)
