"""What a server has asked of a player, and what is still to be done about it."""

from __future__ import annotations

from rtsp import described
from rtsp.errors import MessageError, RtspError, SessionError
from rtsp.failures import ClientError
from rtsp.headers import SessionHeader
from rtsp.message import Request
from rtsp.moves import Move
from rtsp.sdp import SessionDescription


class Inbox:
    """Written by the thread that receives, emptied by the one that plays; each value is replaced as a whole."""

    def __init__(self) -> None:
        self.move: Move | None = None
        self.news: tuple[SessionDescription, str] | None = None     # as RtspClient.describe() returns it

    def take(self, request: Request, session: SessionHeader | None, url: str) -> None:
        """REDIRECT or ANNOUNCE, of our session. RtspError for what cannot be understood: 400, 415, 454.

        The latest of several is the one that counts."""
        named = request.headers.get("Session")
        if session is None or (named and SessionHeader.parse(named).id != session.id):
            raise SessionError("there is no such session")
        if request.method == "REDIRECT":
            self.move = Move.read(request)
            return
        kind = (request.headers.get("Content-Type") or described.SDP).partition(";")[0].strip().lower()
        if kind != described.SDP:
            raise RtspError(f"a description is understood as {described.SDP} alone", 415)
        try:
            self.news = described.read(request, url)
        except ClientError as error:
            raise MessageError(str(error)) from None
