"""A URL as a person types it."""

from __future__ import annotations

from urllib.parse import quote

from rtsp.errors import MessageError
from rtsp.failures import UsageError
from rtsp.url import SPOKEN, RtspUrl, without_credentials


def read(url: str) -> tuple[RtspUrl, str]:
    """Its parts, and the URL as it may be sent: it may hold blanks and umlauts, a request may not, and a password is
    never sent and never logged. UsageError if this is no rtsp:// URL."""
    # What was copied has blanks, line ends and worse at its ends; urlsplit() leaves out some of them, too
    url = "".join(character for character in url if character.isprintable()).strip()
    sendable = quote(without_credentials(url), safe="!#$%&'()*+,/:;=?@[]~")
    try:
        parts = RtspUrl.parse(url)
        RtspUrl.parse(sendable)
    except MessageError as error:
        raise UsageError(str(error), "It should look like rtsp://127.0.0.1:6789/movie.Mjpeg") from None
    if parts.scheme not in SPOKEN:
        raise UsageError(f"{parts.scheme}:// is not supported", "Try rtsp://")
    return parts, sendable
