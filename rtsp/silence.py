"""What it means when no more media come: the end of the movie, or a failure."""

from __future__ import annotations

from rtsp.failures import MediaError, MediaLost
from rtsp.situations import tell

NO_MEDIA = 5.0      # seconds without a packet after which something must be wrong
NO_PICTURE = 10.0   # seconds in which packets come, but no whole frame
NEAR_END = 1.0      # seconds: what is missing then may have been lost
LAB_END = 3.0       # seconds of silence that mean the end: a lab server says nothing when it is there


def is_end(silent: float, lab: bool, near_end: bool) -> bool:
    """Frames have come, and for so many seconds no more. MediaError if that is a failure.

    Near the end of the movie it is the end, of a server that does not say BYE."""
    if lab:
        return silent > LAB_END
    if silent > NO_MEDIA and not near_end:
        raise MediaLost("The stream has stopped", "The server may have gone, or the network")
    return silent > NO_MEDIA


def check_picture(waited: float, problem: str) -> None:
    """Packets come, and no whole frame for so many seconds: MediaLost if that is too long, with the `problem`."""
    if waited > NO_PICTURE:
        raise MediaLost("Packets arrive, but they make no picture any more", problem or "Too many may be lost")


def near_end(position: float, duration: float | None, scale: float = 1.0) -> bool:
    """Is this play time about where the movie ends, as far as that is known? Backwards, that is its beginning."""
    near = NEAR_END * max(1.0, abs(scale))
    return position < near if scale < 0 else duration is not None and position > duration - near


def check_cut(lost: str, near_end: bool) -> bool:
    """The connection that carried the media is gone, and why. True: about at their end; else MediaError."""
    if not near_end:
        raise MediaLost(lost, "It carried the media, too. Setup connects again")
    return True


def check_end(came: bool, position: float, duration: float | None, scale: float = 1.0) -> None:
    """The server has said that this is the end. MediaError if no frame came before it, or not nearly all."""
    if not came:
        raise MediaError("The stream has ended without a picture", "Too many packets may have been lost")
    if duration is not None and not near_end(position, duration, scale):
        title = f"The server ended the stream after {position:.1f} of {duration:.1f} s"
        raise MediaLost(title, "It may have been stopped")


def check_patience(waited: float, lab: bool, name: str, port: int | None, problem: str | None) -> bool:
    """No frame has come for so many seconds since PLAY: MediaError if that is too long; else False, it is not the end.

    `port`: of UDP; None: media come inside the connection. `problem`: why the packets that have come make no frame;
    None: there were no packets."""
    if waited <= NO_MEDIA:
        return False
    if problem is not None:
        raise MediaError("Packets arrive, but they make no picture", problem or "They are empty")
    if port is None:
        raise MediaError(*tell("no packets inside"))
    # Many lab servers answer 200 to everything
    raise MediaError(*tell("no packets from a lab server" if lab else "no packets", port=port, name=name))
