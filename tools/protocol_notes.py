"""What docs/protocol.md says of the conversations: a text for each step, a note for each method and header.

Written for students who see these messages for the first time: why is it there, and where is it written?
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One request and what came of it."""

    method: str
    title: str
    text: str
    frames: int = 0  # that come before the next request
    shown: bool = True


OVER_UDP = (
    Step(
        "OPTIONS",
        "What can you do?",
        "The first question is a courtesy: it needs no session and changes nothing. The answer decides how the client "
        "will say later that it is still there (§10.1).",
    ),
    Step(
        "DESCRIBE",
        "What is there to be seen?",
        "The reply has a body, the session description, in a format of its own: SDP (RFC 4566; how RTSP uses it: "
        "Appendix C). `a=range` is why a player shows a slider. `m=video … 26` and `a=rtpmap:26 JPEG/90000` say that "
        "the packets carry JPEG and that their timestamps count 90,000 ticks a second. `a=control:trackID=0`, put "
        "behind `Content-Base`, is the URL that the next request must use. `a=control:*` is the movie as a whole.",
    ),
    Step(
        "SETUP",
        "Where shall the packets go?",
        "Here a session begins: both sides name their UDP ports, and the server gives the session its id (§10.4). "
        "Behind the reply the client sends one small datagram from each of its ports. They carry nothing; they make "
        "firewalls and home routers on the way let the answers in.",
    ),
    Step(
        "PLAY",
        "Go!",
        "No `Range` in the request: from where the movie stands, at first from its beginning (§10.5). The reply comes "
        "before the first packet and says how to recognise it. One frame does not fit into one packet: it is cut "
        "(RFC 2435), all its packets have the same timestamp, and the last one has the marker bit M. The next frame "
        "has the next sequence numbers, and a timestamp that is larger by 90,000 / 4: this server was told to play 4 "
        "frames a second.",
        frames=2,
    ),
    Step(
        "PAUSE",
        "Wait a moment",
        "When the reply is there, no more packets come (§10.6). The session stays, with its ports and its position, "
        "and the receiver goes on reporting what it has got (RFC 3550 §6.4.2).",
    ),
    Step(
        "PLAY",
        "Go on",
        "Again without `Range`, so from the frame that would have been the next one. The sequence numbers go on as if "
        "nothing had been, and so do the timestamps: a pause is no loss, and the receiver must not take it for one.",
        frames=1,
    ),
    Step(
        "PLAY",
        "Jump to ten seconds",
        "A PLAY while the movie plays. The RFC would have it wait its turn behind what is being played; players mean "
        "*now*, and that is what this server does (see the table below, §10.5). `RTP-Info` is what makes the jump "
        "exact: packets with smaller numbers belong to the time before.",
        frames=1,
    ),
    Step(
        "PLAY",
        "Twice as fast",
        "`Scale` changes how fast the movie goes by, not how many packets a second there are (§12.34): a fast server "
        "sends every second frame. The reply says which speed it really is.",
        frames=2,
    ),
    Step(
        "GET_PARAMETER",
        "I am still here",
        "Without a body it asks for nothing (§10.8). Over UDP a server cannot see that a viewer has gone: a session "
        "without any sign of life ends after the `timeout` that the reply to SETUP has named.",
    ),
    Step(
        "PLAY",
        "The last half second",
        "The movie ends. Silence could also mean that the network is broken; so the server says BYE (RFC 3550 §6.6), "
        "one frame's time after the last frame. The session is Ready again: the viewer may go back and watch once "
        "more.",
        frames=2,
    ),
    Step(
        "TEARDOWN",
        "Good-bye",
        "The server gives back its ports and forgets the session (§10.7). The connection could be used for another "
        "one. The receiver's last report, with a BYE of its own, goes out just before the request: afterwards nobody "
        "would listen.",
    ),
)

OVER_TCP = (
    Step("OPTIONS", "", "", shown=False),
    Step("DESCRIBE", "", "", shown=False),
    Step(
        "SETUP",
        "Two channels instead of two ports",
        "`interleaved` names two numbers between 0 and 255: one for RTP, one for RTCP.",
    ),
    Step(
        "PLAY",
        "Replies and packets in one stream",
        "TCP knows no packets, so each one gets four bytes in front: a dollar sign, the channel, and the packet's "
        "length (§10.12). No RTSP message begins with a dollar sign: this is how a reader tells them apart.",
        frames=1,
    ),
    Step("TEARDOWN", "", "", shown=False),
)

REFUSALS = (
    Step(
        "PLAY",
        "454: a session that nobody knows",
        "The id may be wrong, or the session has ended: the client must begin with SETUP again (§11.3.5).",
    ),
    Step(
        "SETUP",
        "461: a transport that is not to be had",
        "None of the alternatives in `Transport` can be served. Players that hear this over UDP ask for TCP next, "
        "on the "
        "same connection (§11.3.12).",
    ),
    Step("SETUP", "", "", shown=False),
    Step(
        "PLAY",
        "551: an extension that is not there",
        "`Require` says: do it with this extension or not at all. The reply lists what it does not know in "
        "`Unsupported`, and the client may ask again without (§11.3.14, §12.32).",
    ),
    Step("PLAY", "", "", frames=1, shown=False),
    Step(
        "SETUP",
        "455: not now",
        "The session is playing, and this server does not change the transport under a running movie. `Allow` lists "
        "what "
        "may be asked in this state: it is a row of the state table (§11.3.6, §12.4).",
    ),
    Step("TEARDOWN", "", "", shown=False),
)

# Each is explained where it is seen first; (section of RFC 2326, text), in requests and in replies
REQUEST_HEADERS = {
    "CSeq": (
        "§12.17",
        "numbers the requests. The reply repeats the number, so the client knows what is being answered, even if it "
        "has asked several things at once.",
    ),
    "User-Agent": ("§12.41", "the program's name, for the server's log. Nothing depends on it."),
    "Accept": (
        "§12.1",
        "which formats of a description the client can read. A server that has none of them answers 406.",
    ),
    "Transport": (
        "§12.39",
        "how the media shall travel: RTP in its usual profile (`RTP/AVP`), to this one viewer (`unicast`), to these "
        "two "
        "ports of it. The first port is for RTP, the second for RTCP. Several alternatives may stand here, with commas "
        "in between, the best one first.",
    ),
    "Session": (
        "§12.37",
        "which session is meant. RTSP does not tie a session to its connection: this one could be paused over another.",
    ),
    "Range": (
        "§12.29",
        "which part of the movie: from ten seconds of normal play time (`npt`, §3.6) to the end, which is left open.",
    ),
    "Scale": ("§12.34", "2 is twice as fast, 0.5 half as fast, −1 backwards."),
    "Require": ("§12.32", "extensions that the client cannot do without."),
}
REPLY_HEADERS = {
    "Public": ("§12.28", "the methods that this server knows."),
    "Server": ("§12.36", "the program's name."),
    "Date": ("§12.18", "when the reply was made, always in GMT."),
    "Content-Base": (
        "§12.11",
        "what the relative URLs in the description are relative to. The slash at its end matters: without it the last "
        "part of the URL would be replaced.",
    ),
    "Content-Type": ("§12.16", "what kind of body this is."),
    "Content-Length": (
        "§12.14",
        "how many bytes of body follow the empty line. Without it the reader would not know where the next message "
        "begins: TCP has no message borders.",
    ),
    "Transport": (
        "§12.39",
        "what was granted: the client's ports as asked for, the server's own, and the SSRC, by which the stream's "
        "packets "
        "can be told from any others.",
    ),
    "Session": (
        "§12.37",
        "the id, long and random, because whoever knows it could end the session (§3.4). `timeout`: after so many "
        "seconds "
        "without a sign of life the server ends it.",
    ),
    "Range": ("§12.29", "what will really be played."),
    "RTP-Info": (
        "§12.33",
        "the sequence number and the timestamp of the first packet. Both begin at random values (RFC 3550 §5.1), so "
        "this "
        "is the only way to know which packet is which second of the movie.",
    ),
    "Scale": ("§12.34", "the speed that is really used; it need not be what was asked for."),
    "Unsupported": ("§12.40", "the extensions that this server does not have."),
    "Allow": ("§12.4", "the methods that could be used instead."),
    "Connection": ("§12.10", "`close`: nothing more can be said here."),
}
