"""What a request names: a movie, one of its streams, or a folder of movies; and what is said of a movie."""

from rtsp import checks
from rtsp.errors import RtspError
from rtsp.sdp import describe
from rtsp.url import named


def find(server, request):
    """The presentation that the request names, and the number of its stream, None if it names none."""
    path, number = named(request)
    presentation = server.find(path)
    if number is not None and number >= len(presentation.sources):
        raise RtspError(f"{path!r} has no stream {number}", 404)
    return presentation, number


def isFolder(library, request):
    path, number = named(request)
    return number is None and not request.lab and library.is_folder(path)


def refuseFolder(library, request):
    if isFolder(library, request):
        raise checks.not_allowed("this is a folder: it can be listed, not played", checks.OF_A_FOLDER)


def described(presentation, address):
    """Its description, as SDP, for who knows this server by that address."""
    formats = [source.format for source in presentation.sources]
    return str(describe(presentation.name, presentation.version, address, presentation.duration, formats))
