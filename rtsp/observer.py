"""In which state both sides are, as somebody infers who hears what they say to each other.

The table is that of rtsp.states. The client moves on when it has read a reply, the server when it has sent it: to who
listens at the client's end that is the same moment. What no message tells (the last picture has been shown) the client
says itself.
"""

from __future__ import annotations

from rtsp.states import END, REDIRECTED, SESSION_METHODS, TIMEOUT, TRANSITIONS, State

MOST = 100      # requests that wait for their reply; what is never answered must not be kept for ever


class Observer:
    """`client` and `server`: their states; `event`: what has moved one of them last, "" if the latest message has
    not."""

    def __init__(self) -> None:
        self.client = self.server = State.INIT
        self.event = ""
        self._asked: dict[tuple[bool, int | None], str] = {}

    def request(self, method: str, cseq: int | None, outgoing: bool) -> None:
        """`outgoing`: the client asks."""
        self.event = ""
        while len(self._asked) >= MOST:
            del self._asked[next(iter(self._asked))]
        self._asked[outgoing, cseq] = method

    def reply(self, status: int, cseq: int | None, outgoing: bool) -> str:
        """The method that it answers, "" if nobody knows; told by CSeq, or by the order where that is wrong."""
        self.event = ""
        waiting = [key for key in self._asked if key[0] is not outgoing]
        key = (not outgoing, cseq) if (not outgoing, cseq) in self._asked else next(iter(waiting), None)
        if key is None or status < 200:
            return "" if key is None else self._asked[key]
        method = self._asked.pop(key)
        event = _event(method, status)
        if event and not outgoing:
            self.client, self.server = (self._move(state, event) for state in (self.client, self.server))
        return method

    def goodbye(self) -> None:
        """The server has sent all there is (RTCP BYE)."""
        self.event = ""
        self.server = self._move(self.server, END)

    def moved(self, client: State) -> bool:
        """The client says where it is. True if no message has told it.

        Some lab servers do not answer what they have done: then they are where the client takes them to be."""
        self.event = ""
        different, self.client = client is not self.client, client
        asked = [method for (outgoing, _), method in self._asked.items() if outgoing]
        if different and any(TRANSITIONS[self.server].get(method) is client for method in asked):
            self.server = client
        return different

    def _move(self, state: State, event: str) -> State:
        if event in TRANSITIONS[state]:
            self.event = event
        return TRANSITIONS[state].get(event, state)


def _event(method: str, status: int) -> str:
    """What a reply means for the state (RFC 2326 §A.1)."""
    if status < 300:
        return method if method in SESSION_METHODS else ""
    if status < 400:
        return REDIRECTED
    return TIMEOUT if status == 454 else ""
