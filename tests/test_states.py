"""The state machine: the table of RFC 2326 Appendix A, cell by cell."""

import pytest

from rtsp.errors import MethodError, NotImplementedMethod
from rtsp.states import END, METHODS, REDIRECTED, STATELESS, TIMEOUT, State, allowed, markdown, next_state

INIT, READY, PLAYING, RECORDING = State

# Written from RFC 2326 §A.2, not from the code: a change of any one cell of the code's table fails here
EXPECTED = {
    (INIT, "SETUP"): READY,
    (INIT, "TEARDOWN"): INIT,
    (READY, "SETUP"): READY,
    (READY, "PLAY"): PLAYING,
    (READY, "RECORD"): RECORDING,
    (READY, "TEARDOWN"): INIT,
    (READY, "PAUSE"): READY,            # ours: PAUSE and the end of the movie may cross
    (PLAYING, "SETUP"): PLAYING,
    (PLAYING, "PLAY"): PLAYING,
    (PLAYING, "PAUSE"): READY,
    (PLAYING, "TEARDOWN"): INIT,
    (PLAYING, END): READY,
    (RECORDING, "SETUP"): RECORDING,
    (RECORDING, "RECORD"): RECORDING,
    (RECORDING, "PAUSE"): READY,
    (RECORDING, "TEARDOWN"): INIT,
    (RECORDING, END): READY,
    **{(state, REDIRECTED): INIT for state in State},
    **{(state, TIMEOUT): INIT for state in State},
}
EVENTS = ("SETUP", "PLAY", "PAUSE", "RECORD", "TEARDOWN", END, REDIRECTED, TIMEOUT)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_each_cell_is_that_of_the_rfc(state, event):
    """A cell leads where the RFC says; a cell it does not have is a 455 that names what is allowed."""
    if (state, event) in EXPECTED:
        assert next_state(state, event) is EXPECTED[state, event]
    else:
        with pytest.raises(MethodError) as caught:
            next_state(state, event)
        assert caught.value.status == 455
        assert caught.value.allowed == allowed(state)


@pytest.mark.parametrize("method", STATELESS)
@pytest.mark.parametrize("state", State)
def test_methods_without_a_session_change_no_state(state, method):
    assert next_state(state, method) is state


def test_an_unknown_word_is_not_implemented_in_any_state():
    for state in State:
        with pytest.raises(NotImplementedMethod) as caught:
            next_state(state, "DANCE")
        assert caught.value.status == 501


def test_allow_lists_what_the_table_allows():
    assert allowed(INIT) == (*STATELESS, "SETUP", "TEARDOWN")
    assert allowed(PLAYING) == (*STATELESS, "SETUP", "PLAY", "PAUSE", "TEARDOWN")
    assert set(METHODS) == {*allowed(READY), *allowed(PLAYING), *allowed(RECORDING)}


def test_the_printed_table_has_a_row_for_each_state_and_a_cell_for_each_event():
    header, rule, *rows = markdown().splitlines()
    assert [row.split("|")[1].strip(" *") for row in rows] == [state.value for state in State]
    assert {line.count("|") for line in (header, rule, *rows)} == {len(EVENTS) + 2}
    assert rows[0].split("|")[2].strip() == "Ready" and rows[0].split("|")[3].strip() == "·"
