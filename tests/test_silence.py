"""What it means when no media come."""

import pytest

from rtsp import silence
from rtsp.failures import MediaError, MediaLost
from rtsp.silence import LAB_END, NO_MEDIA, check_patience, is_end


def test_a_lab_server_falls_silent_at_the_end():
    """Soon, and without a word."""
    assert not is_end(LAB_END, lab=True, near_end=False)
    assert is_end(LAB_END + 0.1, lab=True, near_end=False)


def test_a_standard_server_says_bye():
    """One that does not has failed, unless the movie was nearly over."""
    assert not is_end(NO_MEDIA, lab=False, near_end=False)
    assert is_end(NO_MEDIA + 0.1, lab=False, near_end=True)
    with pytest.raises(MediaError, match="The stream has stopped"):
        is_end(NO_MEDIA + 0.1, lab=False, near_end=False)


@pytest.mark.parametrize(
    ("lab", "problem", "words"),
    [
        (False, None, "no packets arrived on UDP 25000. A firewall may drop them"),
        (True, None, 'UDP 25000. The server may have no "movie.Mjpeg": check the spelling'),
        (False, "odd", "they make no picture. odd"),
        (True, "", "they make no picture. They are empty"),
    ],
)
def test_no_frame_at_all_is_said_with_its_likely_cause(lab, problem, words):
    check_patience(NO_MEDIA, lab, "movie.Mjpeg", 25000, problem)
    with pytest.raises(MediaError, match=words):
        check_patience(NO_MEDIA + 0.1, lab, "movie.Mjpeg", 25000, problem)


def test_a_lost_connection_that_carried_the_media_is_a_failure_before_the_end():
    assert silence.check_cut("gone", near_end=True)
    with pytest.raises(MediaError, match="gone"):
        silence.check_cut("gone", near_end=False)


def test_silence_inside_the_connection_is_no_firewall():
    with pytest.raises(MediaError, match="in the connection"):
        silence.check_patience(silence.NO_MEDIA + 1, False, "movie", None, None)


def test_packets_that_make_no_picture_any_more_are_a_failure():
    """Frames have come before: a sender whose packets are all damaged is not waited for without end."""
    silence.check_picture(silence.NO_PICTURE, "odd")
    with pytest.raises(MediaLost, match="they make no picture any more. odd"):
        silence.check_picture(silence.NO_PICTURE + 0.1, "odd")
