"""What a user reads when something failed."""

from __future__ import annotations

import pytest

from rtsp.failures import LONGEST, ClientError, MediaLost


@pytest.mark.parametrize(("said", "read"), [
    ("\x1b[2J\x1b]0;gotcha\x07", "?[2J?]0;gotcha?"), ("a\rb\x9bc\x00", "a?b?c?"), ("\u202etxt", "?txt"),
    ("Umlaute: äöü …", "Umlaute: äöü …"), ("two\nlines", "two\nlines"),
])
def test_a_servers_words_do_nothing_to_the_terminal(said, read):
    error = ClientError(said, said)
    assert (error.title, error.advice, str(error)) == (read, read, f"{read}. {read}")


def test_a_servers_words_have_an_end():
    assert len(ClientError("x" * LONGEST).title) == LONGEST
    assert ClientError("x" * 10**6).title == "x" * (LONGEST - 1) + "…"


def test_media_that_were_lost_are_code_7():
    assert MediaLost("").code == 7
