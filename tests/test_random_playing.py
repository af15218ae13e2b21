"""What holds whatever is asked of a session in whatever order: seeded random conversations, on a clock of ours."""

import random

import pytest

from rtsp.errors import RtspError
from rtsp.states import State
from tests.streams import PERIOD, Lab, Movie

SCALES = 1.0, 1.0, 1.0, 0.25, 0.5, 2.0, 3.0, 8.0, -0.5, -1.0, -3.0
SPEEDS = 1.0, 1.0, 0.5, 4.0


class Viewer:
    """Asks at random, and notes after each granted PLAY what RTP-Info would say, and how much had come before."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lab = Lab(Movie(self.random.choice((20, 40))), *[Movie(30, start=0.02)] * self.random.randrange(2))
        self.plays = []         # (what had come of each stream, passage)

    def ask(self):
        what = self.random.choice((self.play, self.play, self.pause, self.pause_later, self.watch, self.watch))
        try:
            what()
        except RtspError as error:
            assert error.status in (457, 503)

    def time(self, *others):
        return self.random.choice((self.random.uniform(0, 2), *others))

    def play(self):
        came = [len(channel.packets) for channel in self.lab.channels]
        start, end = self.time(None, 0.0), self.time(None, None)
        passage = self.lab.session.play(start, end, self.random.choice(SCALES), self.random.choice(SPEEDS))
        self.lab.session.granted("PLAY")
        if passage.exact:
            sequences = {number: stream.sequence for number, stream in self.lab.session.streams.items()}
            self.plays.append((came, passage, sequences, {n: run.timestamp for n, run in passage.runs.items()}))
        self.lab.session.start(self.lab.pacer)

    def pause(self):
        self.lab.session.pause()
        self.lab.session.granted("PAUSE")

    def pause_later(self):
        self.lab.session.pause(self.time())
        self.lab.session.granted("PAUSE")

    def watch(self):
        self.lab.run(self.random.uniform(0, 6 * PERIOD))


@pytest.mark.parametrize("seed", range(200))
def test_whatever_is_asked(seed):
    """It comes to an end; sequence numbers follow each other; timestamps never go back; and the first packet after a
    PLAY is the one that RTP-Info names, with a timestamp as far behind as its frame is behind the start."""
    viewer = Viewer(seed)
    for _ in range(30):
        viewer.ask()
    viewer.lab.run(300)
    assert viewer.lab.session.state is State.READY and not viewer.lab.session.playback.passages
    for channel in viewer.lab.channels:
        steps = list(zip(channel.packets, channel.packets[1:], strict=False))
        assert all((new[0] - old[0]) % 2**16 == 1 and (new[1] - old[1]) % 2**32 < 2**31 for old, new in steps)
    befores = [came for came, *_ in viewer.plays[1:]] + [[len(channel.packets) for channel in viewer.lab.channels]]
    for (came, passage, sequences, stamps), before in zip(viewer.plays, befores, strict=True):
        for number, run in passage.runs.items():
            channel = viewer.lab.channels[number]
            if came[number] < before[number]:
                sequence, stamp, _, frame, _ = channel.packets[came[number]]
                behind = (run.source.time(frame) - passage.start) / passage.scale
                assert frame == run.first and sequence == sequences[number]
                assert (stamp - stamps[number]) % 2**32 == pytest.approx(behind * 90000, abs=1)
