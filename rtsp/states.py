"""When a method may be used, and what it leads to: the state machine of RFC 2326 Appendix A.

Two rules. Everything about transitions is in this table; nothing else knows of them. And the table does not know
which side we are: the server moves on when it has granted a request (A.2), the client when it reads that reply (A.1).

A method that is missing from a state's row is not allowed there (455), and nothing moves. The methods in STATELESS
neither need nor change a state.
"""

from __future__ import annotations

from enum import Enum

from rtsp.errors import MethodError, NotImplementedMethod


class State(Enum):
    """What a session is doing (RFC 2326 §A.2)."""

    INIT = "Init"
    READY = "Ready"
    PLAYING = "Playing"
    RECORDING = "Recording"


END = "END"                 # the requested range has been played to its end
REDIRECTED = "REDIRECTED"   # a 3xx reply: the session is to be set up elsewhere
TIMEOUT = "TIMEOUT"         # no sign of life
EVENTS = (END, REDIRECTED, TIMEOUT)     # what moves a session and is not a request

TRANSITIONS: dict[State, dict[str, State]] = {
    State.INIT: {
        "SETUP": State.READY,
        "TEARDOWN": State.INIT,
        REDIRECTED: State.INIT,
        TIMEOUT: State.INIT,
    },
    State.READY: {
        "SETUP": State.READY,
        "PLAY": State.PLAYING,
        "PAUSE": State.READY,       # not in A.2: a viewer's PAUSE and the END may cross; a 455 makes GStreamer fail
        "RECORD": State.RECORDING,
        "TEARDOWN": State.INIT,
        REDIRECTED: State.INIT,
        TIMEOUT: State.INIT,
    },
    State.PLAYING: {
        "SETUP": State.PLAYING,
        "PLAY": State.PLAYING,
        "PAUSE": State.READY,
        "TEARDOWN": State.INIT,
        END: State.READY,
        REDIRECTED: State.INIT,
        TIMEOUT: State.INIT,
    },
    State.RECORDING: {
        "SETUP": State.RECORDING,
        "RECORD": State.RECORDING,
        "PAUSE": State.READY,
        "TEARDOWN": State.INIT,
        END: State.READY,
        REDIRECTED: State.INIT,
        TIMEOUT: State.INIT,
    },
}

STATELESS = ("OPTIONS", "DESCRIBE", "ANNOUNCE", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT")
SESSION_METHODS = ("SETUP", "PLAY", "PAUSE", "RECORD", "TEARDOWN")
METHODS = STATELESS + SESSION_METHODS


def next_state(state: State, event: str) -> State:
    """The state that `event` leads to. MethodError (455) where the table has no such cell, NotImplementedMethod (501)
    for a word that RTSP does not know."""
    if event in STATELESS:
        return state
    if event not in SESSION_METHODS + EVENTS:
        raise NotImplementedMethod(f"{event} is no method of RTSP")
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise MethodError(f"{event} is not allowed in state {state.value}", allowed(state)) from None


def allowed(state: State) -> tuple[str, ...]:
    """The methods that may be used in `state`, as the Allow header lists them."""
    return STATELESS + tuple(method for method in SESSION_METHODS if method in TRANSITIONS[state])


def moving(state: State) -> set[str]:
    """The events that lead to another one."""
    return {event for event, after in TRANSITIONS[state].items() if after is not state}


def markdown() -> str:
    """The table as Markdown, for README."""
    columns = SESSION_METHODS + EVENTS
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for state, row in TRANSITIONS.items():
        cells = (row[event].value if event in row else "·" for event in columns)
        lines.append(f"| **{state.value}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown())
