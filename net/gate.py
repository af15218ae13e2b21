"""Who comes in: names and passwords, asked for before anything is looked up."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from net.complaints import Complaints
from net.connection import Connection
from rtsp.authfields import AuthField
from rtsp.errors import Unauthorized
from rtsp.judge import Judge, Verdict
from rtsp.message import Request
from rtsp.nonces import Nonces
from rtsp.pauses import Pauses
from rtsp.users import Users


class Gate:
    """One for a server, and for all processes of a port: made before they are, they share its key. Without users
    everybody may come in.

    Lock: `_lock` guards the table of failures; nobody waits while holding it."""

    def __init__(
        self, users: Users | None = None, allow_basic: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`allow_basic`: passwords may be said over connections that are not encrypted."""
        self._users = users or Users()
        self._allow_basic = allow_basic
        self._clock = clock
        self._judge = Judge(self._users, Nonces(secrets.token_bytes(32)), secrets.token_hex(32))
        self._pauses = Pauses()
        self._complaints = Complaints()
        self._lock = threading.Lock()

    def admit(self, request: Request, connection: Connection, stopping: threading.Event) -> str | None:
        """The user that asks; None where nobody has to say. Unauthorized (401) for all others, for a wrong answer after
        a pause, which ends at once when `stopping` is set.

        What the server can do may be asked without a password, as cameras have it: players begin with that."""
        if not self._users.secrets or (request.method == "OPTIONS" and "Session" not in request.headers):
            return None
        basic = self._allow_basic or connection.encrypted
        verdict, name = self._judged(request, basic)
        address = connection.peer[0]
        if verdict is Verdict.RIGHT:
            with self._lock:
                self._pauses.succeeded(address, name)
            return name
        if verdict is Verdict.WRONG:
            with self._lock:
                pause = self._pauses.failed(address, name, self._clock())
            self._complaints.say(f"{address}: wrong name or password; answered in {pause:g} s")
            stopping.wait(pause)
        stale = verdict is Verdict.STALE
        challenges = self._judge.challenges(basic, stale, self._clock(), secrets.token_bytes(8))
        raise Unauthorized("name and password, please", challenges)

    def _judged(self, request: Request, basic: bool) -> tuple[Verdict, str]:
        """Of several answers, which some players give, the first that can be judged counts."""
        if request.lab:
            return Verdict.SILENT, ""
        for text in request.headers.get_all("Authorization"):
            for answer in AuthField.parse(text):
                verdict, name = self._judge.judge(answer, request.method, request.target, basic, self._clock())
                if verdict is not Verdict.SILENT:
                    return verdict, name
        return Verdict.SILENT, ""
