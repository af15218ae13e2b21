"""What a request names: a movie, one of its streams, or a folder of movies."""

import logging

from media.errors import MediaError, NotFound
from rtsp import checks
from rtsp.errors import RtspError
from rtsp.url import named

log = logging.getLogger(__name__)


def find(server, request):
    """The presentation that the request names, and the number of its stream, None if it names none."""
    path, number = named(request)
    try:
        presentation = server.library.find(path)
    except NotFound as missing:
        if isinstance(missing.__cause__, PermissionError):
            server.complaints.say(f"{path!r} may not be read by this server")       # its owner should know
        raise RtspError(f"there is no {path!r}", 404) from None
    except MediaError as error:
        log.error("! %s: %s", path, error)          # it names the file; the client need not know where it lies
        raise RtspError(f"{path!r} cannot be played; the server's log says why", 500) from None
    if number is not None and number >= len(presentation.sources):
        raise RtspError(f"{path!r} has no stream {number}", 404)
    return presentation, number


def isFolder(library, request):
    path, number = named(request)
    return number is None and not request.lab and library.is_folder(path)


def refuseFolder(library, request):
    if isFolder(library, request):
        raise checks.not_allowed("this is a folder: it can be listed, not played", checks.OF_A_FOLDER)
