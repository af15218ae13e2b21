"""GET_PARAMETER and SET_PARAMETER (RFC 2326 §10.8, §10.9): of a session, and of the server as a whole.

`worker` is the ServerWorker that was asked."""

from net.addresses import is_loopback
from rtsp import parameters
from rtsp.errors import RtspError, SessionError
from rtsp.message import Headers, Response
from rtsp.moves import checked, since
from rtsp.url import named
from SessionParameters import SessionParameters
from Status import status

OF_THE_SERVER = "status", "redirect"
SETTABLE = ("redirect",)


def getParameters(worker, request, session):
    """Without a body: a sign of life."""
    if session:
        values = SessionParameters(session).values()
        return reply(session, {name: values[name] for name in parameters.names(request.body, values)})
    if isRoot(request):
        return reply(None, ofTheServer(worker, parameters.names(request.body, OF_THE_SERVER)))
    return ofNobody(parameters.names(request.body))


def setParameters(worker, request, session):
    """All of them, or none."""
    if session:
        settings = SessionParameters(session)
        wanted = parameters.assignments(request.body, settings.settable, settings.values())
        settings.set(wanted, worker.server.pacer)
        return reply(session, {})
    if isRoot(request):
        return reply(None, redirect(worker, request))
    return ofNobody(parameters.assignments(request.body, parameters.KNOWN))


def reply(session, values):
    headers = Headers([("Session", session.id)] if session else [])
    if values:
        headers.add("Content-Type", parameters.TYPE)
    return Response(200, headers, parameters.answer(values, values))


def ofNobody(wanted):
    if wanted:
        raise SessionError("only a session, and the server as a whole, have parameters")
    return reply(None, {})


# ---- of the server


def isRoot(request):
    return request.target == "*" or named(request) == ("", None)


def permit(worker):
    """403: who watches what is for the owner's eyes. Where there are users, each of them has said who he is."""
    if worker.user is None and not is_loopback(worker.connection.peer[0]):
        raise RtspError("this is for users of this machine, or those that --user and --users name", 403)


def ofTheServer(worker, wanted):
    if wanted:
        permit(worker)
    values = {"status": lambda: status(worker.server), "redirect": lambda: worker.server.calls.target}
    return {name: values[name]() for name in wanted}


def redirect(worker, request):
    """`redirect: rtsp://other/`: from now on, or from the time of the Range on; without a URL: no more."""
    wanted = parameters.assignments(request.body, SETTABLE, OF_THE_SERVER)
    if not wanted:
        return {}
    permit(worker)
    target = wanted["redirect"] and checked(wanted["redirect"])
    since(request.headers)                      # RtspError if it is no time
    told, unreachable = worker.server.calls.redirect(target, request.headers.get("Range"))
    return {"told": str(told), "unreachable": str(unreachable)}
