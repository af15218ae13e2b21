"""What is said in the picture, and in the line under it, while a movie is prepared and played."""

from __future__ import annotations

from rtp.shown import Shown
from ui.picture import Words
from ui.status import clock


def over_picture(state: str, doing: str | None, name: str, place: str, lost: str, ended: bool, any_shown: bool,
                 classic: bool) -> Words | None:
    """None when the picture speaks for itself. `doing`: the request under way; `lost`: why the server is gone;
    `classic`: there is a button for SETUP."""
    if doing == "SETUP":
        return Words(f"Connecting to {place} …")
    if state == "Init" and lost:
        return Words(lost, "Setup connects again" if classic else "Play connects again", error=True)
    if state == "Init":
        return Words(name or "/", f"on {place}\n\nPress {'Setup, then Play' if classic else 'Play'}")
    if ended:
        return Words("The end", "Play shows it again")
    if any_shown:
        return None
    return Words("Ready", "Press Play") if state == "Ready" else Words("Waiting for the first picture …")


def trying_again(attempt: int, seconds: int | None) -> str:
    """The `attempt` that comes in so many seconds; None: it is under way."""
    return f"Trying again {'now' if seconds is None else f'in {seconds} s'} (attempt {attempt})"


def over_lost(attempt: int, seconds: int | None, why: str, classic: bool) -> Words:
    """A connection was lost while playing, and why."""
    give_up = "Teardown gives up" if classic else "Ctrl+T gives up"
    hint = give_up if seconds is None else f"{'Play' if classic else 'Retry'} tries at once, {give_up}"
    return Words("Connection lost", f"{trying_again(attempt, seconds)}\n\n{why}\n\n{hint}", error=True)


def buffering(percent: int, silent: float = 0.0) -> Words:
    """`silent`: seconds without anything from the server."""
    return Words(f"Buffering {percent} %", f"Nothing has come for {silent:.0f} s" if silent >= 1 else "")


def place(position: float, duration: float | None) -> str:
    return clock(position) + (f" / {clock(duration)}" if duration else "")


def behind(seconds: float, playing: bool) -> str:
    """Of what is live."""
    return f"−{max(0.0, seconds):.1f} s" if playing else "paused"


def speed(scale: float) -> list[str]:
    """`scale`: seconds of the movie in a second."""
    return [f"{scale:g}×"] if scale != 1 else []


def figures(shown: Shown, lost_percent: float, playing: bool) -> list[str]:
    if not shown.frames:
        return []
    found = [f"{shown.frames} frames"]
    found += [f"{shown.recent_fps:.1f} fps"] if playing else []
    return [*found, f"{lost_percent:.1f} % lost"]
