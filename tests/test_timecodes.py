"""Times in each unit of a Range: text ⇄ seconds."""

import pytest

from rtsp.errors import MessageError
from rtsp.timecodes import npt, seconds, smpte, timecode

FRAME = 1001 / 30000        # seconds, of what is called 30 frames a second


@pytest.mark.parametrize(("time", "text"), [(0.0, "0.000"), (0.05, "0.050"), (1 / 3, "0.333333"), (10.01, "10.010"),
                                            (3723.5, "3723.500"), (0.1234, "0.1234")])
def test_times_have_three_to_six_decimals(time, text):
    assert seconds(time) == text
    assert abs(npt(text) - time) < 1e-6


@pytest.mark.parametrize(("frames", "text"), [
    (0, "0:00:00:00"),
    (1, "0:00:00:01"),
    (29, "0:00:00:29"),
    (1799, "0:00:59:29"),
    (1800, "0:01:00:02"),           # 00 and 01 are left out …
    (3597, "0:01:59:29"),
    (3598, "0:02:00:02"),
    (17981, "0:09:59:29"),
    (17982, "0:10:00:00"),          # … but not in a tenth minute
    (17982 + 1800, "0:11:00:02"),
    (6 * 17982, "1:00:00:00"),
    (12.34, "0:00:00:12.34"),
])
def test_smpte_drops_names_and_no_frames(frames, text):
    """RFC 2326 §3.5: 29.97 frames a second, named as if they were 30."""
    assert timecode(frames * FRAME, drop=True) == text
    assert smpte(text, drop=True) == pytest.approx(frames * FRAME, abs=1e-9)


def test_every_frame_of_an_hour_has_one_name():
    names = [timecode(frame * FRAME, drop=True) for frame in range(108_000)]
    assert len(set(names)) == 108_000 and names == sorted(names)
    assert [round(smpte(name, drop=True) / FRAME) for name in names] == list(range(108_000))


@pytest.mark.parametrize(("text", "frames"), [
    ("0:1:0", 1800),                # a name that was dropped: the next one is meant, as in the RFC's own example
    ("0:01:00:01", 1800),
    ("10:07:00", 607 * 1800 - 2 * (607 - 60) + 2),
    ("0:00:00.50", 0.5),
    ("10:07:33:05.01", (607 * 60 + 33) * 30 + 5.01 - 2 * (607 - 60)),
])
def test_smpte_as_people_write_it(text, frames):
    assert smpte(text, drop=True) == pytest.approx(frames * FRAME, abs=1e-9)


@pytest.mark.parametrize(("text", "time"), [("0:00:01:00", 1.0), ("0:01:00:00", 60.0), ("1:00:00:24", 3600.96),
                                            ("0:00:00:12.50", 0.5)])
def test_smpte_25_drops_nothing(text, time):
    assert smpte(text, drop=False) == pytest.approx(time) and timecode(time, drop=False) == text


@pytest.mark.parametrize("text", ["", "1", "0:10", "0:0:0:30", "0:60:0", "0:0:60", "100:0:0", "0:0:0:0.100", "-1:0:0",
                                  "0:0:0:0:0", "0:0:0.", "٠:٠:٠", "0:0:0\n", "1:1:1 "])
def test_what_is_no_smpte_time_is_refused(text):
    with pytest.raises(MessageError):
        smpte(text, drop=True)


def test_smpte_25_has_25_frames():
    with pytest.raises(MessageError):
        smpte("0:00:00:25", drop=False)
