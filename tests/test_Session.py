"""A session: its state, its life, its end; and the table of all sessions."""

import threading
from types import SimpleNamespace

import pytest

from media.prepare import Packing
from rtp import rtcp
from rtsp import limits
from rtsp.errors import MethodError, RtspError, SessionError
from rtsp.states import END, State
from Session import FEW, LEAST_PATIENCE, MOST_PATIENCE, Session, Sessions
from Stream import Stream
from tests.serving import PATIENCE
from tests.streams import Channel, Lab, Movie, Pacer, Preparer

# ---- the session

def test_the_state_moves_by_the_table_alone():
    session = Session("1", "127.0.0.1")
    with pytest.raises(MethodError):
        session.move("PLAY")
    assert session.state is State.INIT
    session.move("SETUP")
    session.move("PLAY")
    session.move(END)
    assert session.state is State.READY


def test_a_session_expires_by_silence_unless_it_is_the_labs():
    pacer = Pacer()
    standard, lab = (Session("1", "x", lab=lab, timeout=60, clock=pacer.clock) for lab in (False, True))
    pacer.now += 59
    assert not standard.expired()
    standard.heard()
    pacer.now += 60
    assert not standard.expired()
    pacer.now += 1
    assert standard.expired() and not lab.expired()


def test_setting_a_stream_up_again_gives_back_its_sockets():
    lab = Lab(Movie())
    again = Stream(Movie(), Channel(), lab.preparer, Packing.FRAGMENTS, lab.session)
    lab.session.setUp(0, again, None)
    assert lab.channel.closed and lab.session.streams == {0: again}


def test_setting_a_stream_up_again_keeps_its_place():
    """RFC 2326 §10.4: what changes is the transport."""
    lab = Lab(Movie())
    lab.play()
    lab.run(0.12)
    lab.session.pause()
    again = Stream(lab.stream.source, Channel(), lab.preparer, Packing.FRAGMENTS, lab.session)
    lab.session.setUp(0, again, None)
    assert lab.session.play(None, None).runs[0].first == 3


@pytest.mark.parametrize(("lab", "inside", "packing"), [
    (False, False, Packing.FRAGMENTS), (False, True, Packing.INTERLEAVED), (True, False, Packing.WHOLE)])
def test_a_frame_is_packed_as_the_viewer_and_the_way_to_it_want_it(lab, inside, packing):
    helpers = SimpleNamespace(preparer=Preparer(), reader=None)
    channel = SimpleNamespace(connection=inside or None, listen=lambda reader, hear: None)
    assert Session("1", "x", lab=lab).open(0, Movie(), channel, helpers).packing is packing


@pytest.mark.parametrize("bye", [True, False])
def test_closing_gives_everything_back_and_says_goodbye_if_asked(bye):
    lab = Lab(Movie(10))
    lab.play()
    lab.run(0.12)
    lab.session.close(None, bye)
    lab.session.close(None, bye)                    # twice is fine
    lab.run(5)
    assert lab.channel.frames == [0, 1, 2] and lab.channel.closed
    assert [type(packet).__name__ for report in lab.channel.byes for packet in rtcp.parse(report)] == (
        ["SenderReport", "SourceDescription", "Goodbye"] if bye else [])


# ---- the table of sessions

class Peer:
    """As much of a connection as the table looks at."""

    def __init__(self, host="127.0.0.1"):
        self.peer = host, 5000


def test_a_lab_session_s_id_is_never_0_and_has_six_digits_at_most(monkeypatch):
    """0 says "no session" to lab clients, and they read decimal digits."""
    sessions, found = Sessions(reader=None), []
    for draw in (lambda below: 0, lambda below: below - 1):
        monkeypatch.setattr("Session.secrets.randbelow", draw)
        found.append(sessions.new(Peer(), lab=True).id)
    assert found == ["1", "999999"]


def test_a_session_is_found_by_its_id_from_its_own_address_only():
    sessions = Sessions(reader=None)
    ours, other = Peer(), Peer("127.0.0.9")
    session = sessions.new(ours, lab=False)
    with pytest.raises(SessionError):
        sessions.find(session.id, ours)                     # not granted yet
    sessions.add(session)
    assert sessions.find(session.id, Peer()) is session     # another connection of the same address
    assert sessions.of(ours) == [session] and sessions.of(other) == []
    for identifier, connection in ((session.id, other), ("nonsense", ours), ("", ours)):
        with pytest.raises(SessionError) as caught:
            sessions.find(identifier, connection)
        assert caught.value.status == 454
    sessions.remove(session)
    sessions.remove(session)
    with pytest.raises(SessionError):
        sessions.find(session.id, ours)


def test_ids_cannot_be_guessed_and_those_of_the_lab_have_six_digits_at_most():
    sessions = Sessions(reader=None)
    standard = {sessions.new(Peer(), lab=False).id for _ in range(100)}
    assert len(standard) == 100 and all(len(identifier) * 4 >= 64 for identifier in standard)
    lab = {int(sessions.new(Peer(), lab=True).id) for _ in range(100)}
    assert len(lab) > 90 and all(1 <= identifier <= 999_999 for identifier in lab)


def test_a_lab_session_cannot_be_had_by_its_number():
    sessions = Sessions(reader=None)
    session = sessions.new(Peer(), lab=True)
    sessions.add(session)
    with pytest.raises(SessionError):
        sessions.find(session.id, session.connection)
    assert sessions.all() == [session]


def refused(call, *arguments):
    with pytest.raises(RtspError) as caught:
        call(*arguments)
    return caught.value.status


def test_too_many_sessions_are_453(monkeypatch):
    """Of all together, as soon as they are asked for."""
    monkeypatch.setattr(limits, "SESSIONS", 1)
    sessions = Sessions(reader=None)
    sessions.add(sessions.new(Peer(), lab=False))
    assert refused(sessions.new, Peer("127.0.0.2"), False) == 453


def test_too_many_sessions_of_one_address_are_453(monkeypatch):
    """Until one of them ends; other addresses have a share of their own. Those of the lab count, too."""
    monkeypatch.setattr(limits, "SESSIONS_PER_ADDRESS", 2)
    sessions = Sessions(reader=None)
    for lab in (False, True):
        sessions.add(sessions.new(Peer(), lab))
    assert refused(sessions.new, Peer(), False) == 453
    sessions.add(sessions.new(Peer("127.0.0.2"), False))
    sessions.remove(sessions.all()[0])
    sessions.add(sessions.new(Peer(), False))
    assert len(sessions) == 3


def test_who_comes_too_late_with_a_session_is_453_and_keeps_nothing(monkeypatch):
    """Two that ask for the last place at the same moment: one gets it, the other gives its sockets back."""
    monkeypatch.setattr(limits, "SESSIONS", 1)
    sessions = Sessions(reader=None)
    first, second = sessions.new(Peer(), False), sessions.new(Peer(), False)
    lab = Lab(Movie())
    second.streams = {0: lab.stream}
    sessions.add(first)
    sessions.add(first)                             # set up again: no new one
    assert refused(sessions.add, second) == 453
    assert sessions.all() == [first] and lab.channel.closed and second.streams == {}


def test_without_memory_a_channel_is_given_back(monkeypatch):
    """Wherever that is found out: its sockets would stay open, and nobody would know of them."""
    class Full(dict):
        def __setitem__(self, key, value):
            raise MemoryError

    class Deaf(Channel):
        def listen(self, reader, hear):
            raise MemoryError

    channel, sessions, lab = Deaf(), Sessions(reader=None), Lab(Movie())
    with pytest.raises(MemoryError):
        Session("1", "127.0.0.1").open(0, Movie(), channel, SimpleNamespace(preparer=Preparer(), reader=None))
    monkeypatch.setattr(sessions, "_sessions", Full())
    with pytest.raises(MemoryError):
        sessions.add(lab.session)
    assert channel.closed and lab.channel.closed


def test_what_another_address_sends_is_no_sign_of_life():
    """A datagram that was there before the socket was connected to the viewer."""
    handlers = []
    channel = SimpleNamespace(connection=None, listen=lambda reader, hear: handlers.append(hear))
    session = Session("1", "127.0.0.1")
    stream = session.open(0, Movie(), channel, SimpleNamespace(preparer=Preparer(), reader=None))
    session.lastHeard = 0.0
    [hear] = handlers
    hear(b"x", ("127.0.0.2", 5000))
    assert session.lastHeard == 0.0 and stream.report is None
    hear(b"x", ("127.0.0.1", 5000))
    assert session.lastHeard > 0.0


def test_only_the_silent_expire():
    sessions = Sessions(reader=None, timeout=60)
    silent, lively, lab = sessions.new(Peer(), False), sessions.new(Peer(), False), sessions.new(Peer(), True)
    for session in (silent, lively, lab):
        session.move("SETUP")
        session.lastHeard -= 61
        sessions.add(session)
    lively.heard()
    sessions.expire()
    assert sessions.all() == [lively, lab]
    assert (silent.state, lively.state) == (State.INIT, State.READY)


def test_a_session_that_is_busy_holds_up_nobody():
    """The thread that looks for the silent is the one that accepts connections."""
    sessions = Sessions(reader=None, timeout=60)
    busy = sessions.new(Peer(), False)
    busy.lastHeard -= 61
    sessions.add(busy)
    with busy.lock:
        looker = threading.Thread(target=sessions.expire, daemon=True)
        looker.start()
        looker.join(PATIENCE)
        assert not looker.is_alive() and sessions.all() == [busy]


def test_the_newest_give_way_first_and_many_are_a_crowd():
    """Where the machine cannot keep up; and packets are sent many at a time from then on."""
    sessions = Sessions(reader=None)
    for name in range(FEW + 1):
        session = sessions.new(Peer(), False)
        session.streams[0] = SimpleNamespace(channel=Channel())
        sessions.add(session)
        sessions.rank(1.0)
        assert all(one.streams[0].channel.crowded is (name == FEW) for one in sessions.all())
    patience = [session.patience for session in sessions.all()]
    assert patience == sorted(set(patience), reverse=True) and patience[-1] == pytest.approx(LEAST_PATIENCE)
    assert patience[0] == MOST_PATIENCE
    sessions.rank(limits.BEHIND)
    assert {session.patience for session in sessions.all()} == {MOST_PATIENCE}


def test_goodbye_to_all_and_to_those_who_are_busy_last():
    """One whose request takes for ever keeps nobody from being told."""
    sessions = Sessions(None)
    first, second = (Session(str(n), "x") for n in range(2))
    for session in (first, second):
        sessions.add(session)
    held, release = threading.Event(), threading.Event()

    def work():
        with first.lock:
            held.set()
            release.wait(10)

    worker = threading.Thread(target=work)
    worker.start()
    held.wait(10)
    sessions.end(0.0)
    assert sessions.all() == [first]
    release.set()
    worker.join()
    sessions.end(0.0)
    assert sessions.all() == []
