"""What is noted of a conversation and its media."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import pytest

from net.transcript import BURSTS, LONGEST, MESSAGES, Transcript, masked, packet_types
from rtsp.headers import Transport
from rtsp.message import Request
from rtsp.reader import MessageReader
from rtsp.states import State

CLIENT, SERVER = ("127.0.0.1", 40000), ("127.0.0.2", 554)
ENDS = SimpleNamespace(local=CLIENT, peer=SERVER)


def came(text):
    reader = MessageReader()
    reader.feed(text)
    return reader.next()


def asked(transcript, method, number, status=200, headers=b""):
    """A request and its reply."""
    transcript.went(b"%s rtsp://h/m RTSP/1.0\r\nCSeq: %d\r\n\r\n" % (method.encode(), number), CLIENT, SERVER)
    transcript.came(came(b"RTSP/1.0 %d OK\r\nCSeq: %d\r\n%s\r\n" % (status, number, headers)), CLIENT, SERVER)


@pytest.fixture
def transcript():
    return Transcript(clock=lambda: 1.0)


def packets(transcript, *numbers, timestamp=0, marker=False, now=1.0):
    for number in numbers:
        transcript.rtp(b"r" * 100, now, number & 0xFFFF, timestamp, marker and number == numbers[-1])


def test_messages_are_kept_as_they_were_sent(transcript):
    """Spelling, order and blanks included; what answers what is told."""
    text = b"RTSP/1.0 200 Fine\r\ncseq:  1\r\nX-Odd :a\r\n\r\n"
    transcript.went(b"PLAY rtsp://h/m RTSP/1.0\r\nCSeq: 1\r\n\r\n", CLIENT, SERVER)
    transcript.came(came(text), CLIENT, SERVER)
    question, answer = transcript.since(0)
    assert (question.words, question.outgoing, question.route.peer) == ("PLAY", True, SERVER)
    assert (answer.data, answer.words, answer.method, answer.outgoing) == (text, "200 Fine", "PLAY", False)


def test_lab_messages_are_kept_without_an_end_mark():
    """Three lines."""
    reader = MessageReader()
    reader.feed(b"PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 5\n\n")
    message = reader.next()
    assert isinstance(message, Request)
    assert message.text() == b"PLAY movie.Mjpeg RTSP/1.0\r\nCSeq: 2\r\nSession: 5\r\n"


def test_states_are_noted_with_the_reply(transcript):
    """Before and after; a state that no message tells has an entry of its own."""
    asked(transcript, "SETUP", 1)
    asked(transcript, "PLAY", 2)
    reply = transcript.since(0)[-1]
    assert (reply.before, reply.event) == (State.READY, "PLAY")
    assert (reply.client, reply.server) == (State.PLAYING, State.PLAYING)
    transcript.moved(State.PLAYING)
    assert transcript.since(reply.number) == []
    transcript.moved(State.READY)
    (note,) = transcript.since(reply.number)
    assert (note.kind, note.client, note.server) == ("STATE", State.READY, State.PLAYING)
    assert transcript.states() == (State.READY, State.PLAYING)


def test_a_new_connection_begins_anew(transcript):
    """Its sessions are not those of the one before."""
    asked(transcript, "SETUP", 1)
    transcript.opened(CLIENT, SERVER)
    assert transcript.states() == (State.INIT, State.INIT)
    assert transcript.ends() == ("127.0.0.1:40000", "127.0.0.2:554")


@pytest.mark.parametrize("name", [b"Authorization", b"authorization ", b"Proxy-Authorization"])
def test_passwords_are_masked(transcript, name):
    """Basic sends them as good as in the clear; the size stays."""
    text = b"PLAY * RTSP/1.0\r\n%s: Basic dXNlcjpwYXNz\r\nCSeq: 1\r\n\r\n" % name
    transcript.went(text, CLIENT, SERVER)
    (entry,) = transcript.since(0)
    assert b"dXNlcjpwYXNz" not in entry.data and len(entry.data) == len(text) and b"CSeq: 1" in entry.data
    digest = b'PLAY * RTSP/1.0\r\nAuthorization: Digest username="u", response="0a"\r\n\r\n'
    assert masked(digest) == digest


def test_packets_of_one_timestamp_are_a_burst(transcript):
    """Up to the marker; the first one's bytes are kept."""
    packets(transcript, 10, 11, 12, timestamp=5, marker=True)
    packets(transcript, 13, timestamp=6)
    packets(transcript, 14, timestamp=7, marker=True)
    first, second, third = transcript.since(0)
    assert (first.count, first.first, first.last, first.size, first.whole) == (3, 10, 12, 300, True)
    assert (second.count, second.whole, third.first) == (1, False, 14)
    assert not (first.missing or second.missing or third.missing)


def test_a_burst_that_is_still_coming_is_not_given_out():
    """Unless nothing more has come for a while: the marker may be lost."""
    times = [1.0]
    transcript = Transcript(clock=lambda: times[0])
    packets(transcript, 1, timestamp=5)
    assert transcript.since(0) == []
    times[0] = 2.0
    assert len(transcript.since(0)) == 1


def test_missing_packets_are_noted(transcript):
    """Within a burst and before it, also where the numbers wrap around."""
    packets(transcript, 65533, 65535, timestamp=1, marker=True)
    packets(transcript, 65538, timestamp=2, marker=True)
    first, second = transcript.since(0)
    assert (list(first.missing), list(second.missing)) == ([65534], [0, 1])


def test_a_late_packet_is_no_loss(transcript):
    """It is counted where it came, and where it was missed."""
    packets(transcript, 1, 3, timestamp=1, marker=True)
    packets(transcript, 2, timestamp=1)
    packets(transcript, 4, timestamp=2, marker=True)
    first, late, last = transcript.since(0)
    assert (list(first.missing), first.recovered, late.late, list(last.missing)) == ([2], 1, 1, [])


def test_a_jump_is_no_loss(transcript):
    """A sender that begins afresh, and a jump by PLAY."""
    packets(transcript, 1, timestamp=1, marker=True)
    packets(transcript, 30000, timestamp=2, marker=True)
    asked(transcript, "SETUP", 1)
    asked(transcript, "PLAY", 2)
    packets(transcript, 30100, timestamp=3, marker=True)
    assert not any(entry.missing for entry in transcript.since(0) if entry.kind == "RTP")


def test_a_frame_that_overtakes_the_reply_to_play_is_one_burst(transcript):
    """UDP and TCP are two ways."""
    transcript.went(b"PLAY rtsp://h/m RTSP/1.0\r\nCSeq: 1\r\n\r\n", CLIENT, SERVER)
    packets(transcript, 1, timestamp=1)
    transcript.came(came(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"), CLIENT, SERVER)
    packets(transcript, 2, timestamp=1, marker=True)
    assert [entry.words or entry.count for entry in transcript.since(0)] == ["PLAY", 2, "200 OK"]


def test_the_way_of_the_media_is_that_of_the_reply(transcript):
    """Ports, or the channels of the connection."""
    transcript.granted(Transport(server_port=(6000, 6001), source="127.0.0.9"), False, ENDS, 25000)
    packets(transcript, 1, marker=True)
    transcript.rtcp(b"\x80\xc9\x00\x01abcd", outgoing=True)
    rtp, rtcp = (entry.route for entry in transcript.since(0))
    assert (rtp.protocol, rtp.local, rtp.peer) == ("UDP", ("127.0.0.1", 25000), ("127.0.0.9", 6000))
    assert (rtcp.local[1], rtcp.peer[1]) == (25001, 6001)
    transcript.granted(Transport("RTP/AVP/TCP", interleaved=(4, 5)), True, ENDS, 0)
    packets(transcript, 2, timestamp=1, marker=True)
    transcript.rtcp(b"\x80\xc9\x00\x01abcd", outgoing=False)
    rtp, rtcp = (entry.route for entry in transcript.since(2))
    assert (rtp.protocol, rtp.local, rtp.peer, rtp.channel, rtcp.channel) == ("TCP", CLIENT, SERVER, 4, 5)


def test_goodbye_is_the_end_for_the_server(transcript):
    """A BYE anywhere in a compound packet; ours moves nothing."""
    asked(transcript, "SETUP", 1)
    asked(transcript, "PLAY", 2)
    bye = b"\x80\xc9\x00\x01abcd" + b"\x81\xcb\x00\x01abcd"
    assert list(packet_types(bye)) == [201, 203]
    transcript.rtcp(bye, outgoing=True)
    assert transcript.states()[1] is State.PLAYING
    transcript.rtcp(bye, outgoing=False)
    assert transcript.states() == (State.PLAYING, State.READY)
    entry = transcript.since(0)[-1]
    assert (entry.before, entry.event) == (State.PLAYING, "END")


def test_it_is_bounded(transcript):
    """Frames never push out the conversation."""
    asked(transcript, "SETUP", 1)
    for number in range(BURSTS + 500):
        packets(transcript, 2 * number, timestamp=number, marker=True)
    entries = transcript.since(0)
    assert [entry.words for entry in entries[:2]] == ["SETUP", "200 OK"]
    assert len(entries) == BURSTS + 2 and len(transcript._missing) <= 500
    for number in range(MESSAGES):
        asked(transcript, "OPTIONS", number)
    assert len(transcript.since(0)) == BURSTS + MESSAGES


def test_what_a_server_floods_it_with_takes_little_memory(transcript):
    """The largest packets, reports and messages there are, and 900 numbers missing before each packet."""
    tracemalloc.start()
    try:
        for number in range(BURSTS):
            transcript.rtp(bytes(65535), 1.0, 900 * number & 0xFFFF, number, True)
            transcript.rtcp(b"\x80\xc9\x3f\xff" + bytes(65532), outgoing=False)
            message = came(b"PING * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 65000\r\n\r\n" + bytes(65000))
            transcript.came(message, CLIENT, SERVER)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 100 << 20
    assert all(len(entry.data) <= LONGEST for entry in transcript.since(0))


def test_what_is_no_message_is_left_out(transcript):
    """Whatever was sent."""
    transcript.went(b"", CLIENT, SERVER)
    transcript.went(b"\r\n\r\n", CLIENT, SERVER)
    assert [entry for entry in transcript.since(0) if entry.words] == []
