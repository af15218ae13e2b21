"""What is remembered of a folder: that it saves reading it, and that it is never wrong (media/listing.py)."""

from __future__ import annotations

import os

import pytest

from media import listing
from media.library import Library
from media.listing import LASTS, SETTLED, Listings
from media.source import NotFound, Presentation
from tests import movies
from tests.scripted import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def listings(clock):
    return Listings(clock)


@pytest.fixture
def read(monkeypatch):
    """The folders that were read, one after the other."""
    real, seen = os.listdir, []

    def note(folder):
        seen.append(os.path.basename(folder))
        return real(folder)

    monkeypatch.setattr(os, "listdir", note)
    return seen


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "Movie.Mjpeg").touch()
    return folder


def settle(listings, clock, folder):
    """Nothing has changed in it for long, and it has been read at a time when that is remembered."""
    os.utime(folder, (1e9, 1e9))
    for _ in range(2):
        listings.choose(str(folder), "missing")
        clock.now += SETTLED
    clock.now -= SETTLED


@pytest.fixture
def settled(listings, clock, folder):
    settle(listings, clock, folder)
    return str(folder)


@pytest.fixture
def timeless(monkeypatch):
    """A file system that keeps no times, or such coarse ones that nothing can be told from them."""
    monkeypatch.setattr(listing, "_stamp", lambda folder: (0, 0, 0, 0))


def test_a_thousand_vain_questions_read_a_folder_once_a_second(listings, clock, settled, read):
    for _ in range(1000):
        assert listings.choose(settled, "missing.Mjpeg") is None
        assert listings.choose(settled, "movie.MJPEG") == "Movie.Mjpeg"
    assert read == []
    clock.now += LASTS
    for _ in range(1000):
        assert listings.choose(settled, "missing.Mjpeg") is None
    assert read == ["media"]


def test_the_library_asks_it(tmp_path, folder, clock, read):
    """Also for names in folders that are below, whose own names may be written otherwise."""
    (folder / "Films").mkdir()
    movies.lab_movie(folder / "Films" / "one.Mjpeg", 1)
    library = Library(folder, lambda file: Presentation("", ()))
    library._listings = Listings(clock)
    for _ in range(100):
        for name in ("missing.Mjpeg", "films/ONE.mjpeg.avi"):
            with pytest.raises(NotFound):
                library.find(name)
        clock.now += SETTLED / 20
    assert len(read) < 100 and set(read) == {"media", "Films"}


def test_before_a_folder_has_settled_nothing_is_remembered(listings, clock, folder, read):
    """A change so soon after another may leave the folder's times as they are."""
    for _ in range(3):
        listings.choose(str(folder), "missing")
        clock.now += SETTLED / 4
    assert read == ["media"] * 3


def test_a_movie_that_has_just_come_is_found(listings, clock, settled, folder):
    """Whatever case it is asked in, and as often as that happens."""
    for number in range(5):
        settle(listings, clock, folder)
        assert listings.choose(settled, f"NEW{number}.mjpeg") is None
        (folder / f"new{number}.Mjpeg").touch()
        assert listings.choose(settled, f"NEW{number}.mjpeg") == f"new{number}.Mjpeg"
        (folder / f"new{number}.Mjpeg").unlink()


def test_another_folder_in_its_place_is_another(listings, clock, settled, folder, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "other.Mjpeg").touch()
    folder.rename(tmp_path / "away")
    (tmp_path / "other").rename(folder)
    assert listings.choose(settled, "movie.mjpeg") is None and listings.choose(settled, "Other.mjpeg") == "other.Mjpeg"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_that_leads_elsewhere_now_is_another_folder(listings, clock, folder, tmp_path):
    (tmp_path / "other").mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    for _ in range(2):
        assert listings.choose(str(link), "movie.mjpeg") == "Movie.Mjpeg"
        clock.now += SETTLED
    link.unlink()
    link.symlink_to(tmp_path / "other")
    assert listings.choose(str(link), "movie.mjpeg") is None


def test_without_times_a_name_that_is_there_is_believed_first(listings, timeless, settled, folder):
    """On Windows it is looked for here even when it is there."""
    (folder / "new.Mjpeg").touch()
    assert listings.choose(settled, "new.Mjpeg") == "new.Mjpeg"


def test_without_times_a_name_that_has_gone_is_looked_for_again(listings, timeless, settled, folder):
    (folder / "Movie.Mjpeg").rename(folder / "MOVIE.Mjpeg")
    assert listings.choose(settled, "movie.mjpeg") == "MOVIE.Mjpeg"


def test_without_times_it_is_wrong_for_a_second_at_most(listings, timeless, settled, folder, clock):
    """About a name that is written otherwise than it is asked for."""
    (folder / "new.Mjpeg").touch()
    clock.now += LASTS
    assert listings.choose(settled, "NEW.Mjpeg") == "new.Mjpeg"


def test_two_that_differ_in_case_are_none(listings, settled, folder):
    (folder / "movie.Mjpeg").touch()
    if len(os.listdir(folder)) == 1:
        pytest.skip("this file system does not tell them apart")
    assert listings.choose(settled, "MOVIE.Mjpeg") is None and listings.choose(settled, "movie.Mjpeg") == "movie.Mjpeg"


def test_a_folder_that_cannot_be_read_says_why(listings, settled, folder):
    (folder / "Movie.Mjpeg").unlink()
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        listings.choose(settled, "movie.mjpeg")


@pytest.mark.parametrize(("limit", "most"), [("FOLDERS", 1), ("NAMES", 1)])
def test_what_is_remembered_is_bounded(listings, clock, tmp_path, read, monkeypatch, limit, most):
    """The folders that were asked about last."""
    monkeypatch.setattr(listing, limit, most)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "movie").touch()
    for _ in range(2):
        for name in ("one", "one", "two", "two"):
            listings.choose(str(tmp_path / name), "missing")
            clock.now += SETTLED
    del read[:]
    clock.now -= SETTLED
    for name in ("two", "two", "one"):
        listings.choose(str(tmp_path / name), "missing")
    assert read == ["one"]
