"""Who watches what: the server's parameter `status`, one line of JSON. `python -m tools.status` shows it to people."""

import json
import time

from net.interleaved import InterleavedChannel

PATIENCE = 0.05     # seconds for a session that is just being asked something; then its place is not known
SHOWN = 6           # digits of a session's id: whoever knows all of it can end it


def status(server):
    """Of this process: others of the same port have sessions of their own, which are only counted."""
    seat = server.seat.sessions
    return json.dumps({
        "now": time.time(), "since": server.since, "redirect": server.calls.target,
        "process": seat.place, "processes": seat.places, "sessions": seat.total,
        "watching": [described(session) for session in server.sessions.all()],
    })


def described(session):
    streams = [stream for stream in list(session.streams.values()) if hasattr(stream, "octets")]    # sent, not recorded
    return {
        "session": session.id[:SHOWN], "address": session.owner, "user": session.user, "path": session.path,
        "dialect": "lab" if session.lab else "rfc", "state": session.state.value, "since": session.since,
        **played(session), "streams": [figures(stream) for stream in streams],
    }


def played(session):
    """Where it is, and how fast it goes; nothing of a session that has just ended."""
    if not session.lock.acquire(timeout=PATIENCE):
        return {}
    try:
        presentation, playback = session.presentation, session.playback
        if presentation is None:
            return {}
        live = presentation.duration is None
        place = None if live else round(playback.position, 3)
        return {"live": live, "position": place, "duration": presentation.duration,
                "rate": playback.passages[0].scale if playback.passages else 1.0}
    finally:
        session.lock.release()


def figures(stream):
    """`loss`: the share of the packets since the viewer's report before its latest; times in seconds."""
    report, shelf = stream.report, getattr(stream, "shelf", None)   # what a proxy passes on stands on no shelf
    return {
        "encoding": shelf and stream.source.format.encoding, "quality": shelf and shelf.quality,
        "transport": "tcp" if isinstance(stream.channel, InterleavedChannel) else "udp",
        "packets": stream.packets, "octets": stream.octets, "skipped": stream.skipped, "dropped": stream.dropped,
        "lost": report and report.lost, "loss": report and report.fraction, "jitter": report and report.jitter,
        "round_trip": report and report.round_trip,
    }
