"""What requests must be, as far as that can be told without knowing the media."""

from __future__ import annotations

from rtsp import limits
from rtsp.errors import MessageError, MethodError, RtspError, VersionError
from rtsp.message import VERSION, Request
from rtsp.states import State, allowed

OF_THE_SERVER = ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")   # what can be asked of the server as a whole
OF_A_FOLDER = ("OPTIONS", "DESCRIBE")           # … and of a folder, which holds movies and is none


def check(request: Request) -> None:
    """RtspError if this server must not even try: another version (505), no CSeq (400, RFC 2326 §12.17), or an option
    that it does not know and that the client cannot do without (551, §12.32).

    What is required of proxies alone is treated alike (§12.27)."""
    if request.version != VERSION:
        raise VersionError(f"this server speaks {VERSION}, not {request.version}")
    if request.cseq is None and not request.lab:
        raise MessageError("a request needs a CSeq")
    required = request.headers.get_all("Require") + request.headers.get_all("Proxy-Require")
    options = [option.strip() for text in required for option in text.split(",") if option.strip()]
    if options:
        said = [option for option in options if option.isascii() and option.isprintable()]     # a reply is plain text
        raise RtspError("unknown option", 551, {"Unsupported": ", ".join(said)})


def check_target(request: Request) -> None:
    """405 for what cannot be asked of the server as a whole, which is what `*` stands for (RFC 2326 §6.1)."""
    if request.target == "*" and request.method not in OF_THE_SERVER:
        raise not_allowed(f"{request.method} needs the URL of a movie", OF_THE_SERVER)


def check_setup(number: int | None, streams: int, state: State) -> None:
    """459 for a SETUP of a whole presentation of several streams; 455 while it plays (RFC 2326 §10.4 allows both)."""
    if number is None and streams > 1:
        raise RtspError("SETUP takes one stream at a time", 459)
    if state is State.PLAYING:
        others = tuple(method for method in allowed(state) if method != "SETUP")
        raise MethodError("SETUP would change what is being played", others)


def not_allowed(reason: str, methods: tuple[str, ...]) -> RtspError:
    """405, which says what is allowed there (RFC 2326 §11.3.1, §12.4)."""
    return RtspError(reason, 405, {"Allow": ", ".join(methods)})


def check_room(method: str, admitted: bool, behind: float, busy: float) -> None:
    """RtspError 453 for one viewer more where there is no room: who is playing shall not suffer from those who come.
    `admitted`: it has played before; `behind`: seconds by which frames are late, on average; `busy`: the share of a
    processor that sending takes."""
    if method in ("SETUP", "PLAY") and not admitted and (behind > limits.BEHIND or busy > limits.BUSY):
        raise RtspError("the server is busy with the viewers it has", 453)
