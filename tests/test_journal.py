"""The log has a thread of its own: nobody waits for a terminal."""

from __future__ import annotations

import io
import logging
import os
import threading

import pytest

import net.journal
from net.journal import LIMIT, Journal, write


@pytest.fixture
def log(monkeypatch):
    """A root logger that lets all through."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    root.manager._clear_cache()  # type: ignore[attr-defined]
    yield root
    root.manager._clear_cache()  # type: ignore[attr-defined]


def lines(read, count):
    text = b""
    while text.count(os.linesep.encode()) < count:
        text += os.read(read, 65536)
    return text.decode().splitlines()


@pytest.fixture
def pipe():
    """(where it is read, a text stream like sys.stderr)."""
    read, end = os.pipe()
    with open(end, "w", encoding="ascii") as stream:
        yield read, stream
    os.close(read)


def test_all_that_was_said_is_written(log, pipe):
    read, stream = pipe
    before = log.handlers[:]
    with Journal(stream) as journal:
        assert log.handlers == [journal]
        for number in range(10):
            log.info("line %d: ä", number)
    assert lines(read, 10) == [f"line {number}: \\xe4" for number in range(10)]
    assert log.handlers == before


def test_nobody_waits_while_nobody_reads(log, pipe, monkeypatch):
    """As at a terminal that is stopped: what is too much is dropped, and counted."""
    monkeypatch.setattr(net.journal, "FLUSH", 0.05)
    read, stream = pipe
    os.set_blocking(stream.fileno(), False)
    while stream.buffer.raw.write(bytes(4096)):
        pass  # until the pipe is full
    os.set_blocking(stream.fileno(), True)
    with Journal(stream) as journal:
        for number in range(LIMIT + 50):
            log.info("line %d", number)
        rubbish = os.read(read, 1 << 20)
        assert set(rubbish) == {0}
        found = lines(read, LIMIT)
        log.info("at last")
        [*_, last] = lines(read, 1)
    assert found[0].lstrip("\0") == "line 0" and "at last (" in last and "lost)" in last
    assert not journal._thread.is_alive()


def test_a_stream_that_takes_nothing_is_no_error(log):
    read, end = os.pipe()
    os.close(read)
    with open(end, "w") as stream:
        assert not write(stream, "nobody reads this")
        with Journal(stream):
            log.info("nor this")
    with Journal(None):
        log.info("there is no stream at all, as under pythonw")


def test_a_stream_without_a_file_is_written_to_as_it_is():
    stream = io.StringIO()
    assert write(stream, "a line") and stream.getvalue() == "a line\n"


def test_without_a_thread_everybody_writes(log, pipe, monkeypatch):
    def none_left(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    read, stream = pipe
    log.addHandler(logging.StreamHandler(stream))
    with Journal(stream):
        log.info("as before")
    assert lines(read, 1) == ["as before"]
