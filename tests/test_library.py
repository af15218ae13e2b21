"""Which movie a name means (media/library.py)."""

from __future__ import annotations

import errno
import gc
import os
import threading
import weakref

import pytest

from media import library
from media.library import Library
from media.movie import MovieError, MovieFile
from media.randomfile import RandomFile
from media.source import Format, LiveSource, NotFound, Presentation
from tests import movies


def open_movie(file):
    return Presentation(os.path.basename(file), (MovieFile(file),))


def frames(presentation):
    return presentation.sources[0].frame_count


@pytest.fixture
def folder(tmp_path):
    """media/movie.Mjpeg (2 frames), media/films/Deep.MJPEG (3); beside it secret.mjpeg, which nobody may have."""
    folder = tmp_path / "media"
    (folder / "films").mkdir(parents=True)
    movies.lab_movie(folder / "movie.Mjpeg", 2)
    movies.lab_movie(folder / "films" / "Deep.MJPEG", 3)
    movies.lab_movie(tmp_path / "secret.mjpeg", 1)
    return folder


@pytest.fixture
def movies_of(folder):
    return Library(folder, open_movie)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("movie.Mjpeg", 2),
        ("/movie.Mjpeg", 2),
        ("movie.Mjpeg/", 2),
        ("//movie.Mjpeg//", 2),
        ("films/Deep.MJPEG", 3),
        ("movie.mjpeg", 2),
        ("MOVIE.MJPEG", 2),
        ("Films/deep.mjpeg", 3),
    ],
)
def test_names_lead_to_movies(movies_of, path, count):
    """With or without slashes around; in upper or lower case where only one fits."""
    assert frames(movies_of.find(path)) == count


FOREIGN = [
    "", "/", ".", "..", "absent.mjpeg", "films", "films/", "films/absent", "movie.Mjpeg/x", "films//Deep.MJPEG",
    "../secret.mjpeg", "films/../movie.Mjpeg", "films/../../secret.mjpeg", "./movie.Mjpeg", "..\\secret.mjpeg",
    "films\\Deep.MJPEG", "C:movie.Mjpeg", "c:/movie.Mjpeg", "movie.Mjpeg\0", "\0", "a" * 5000, "x/" * 3000, "\ud800",
    "~", "dev/null", "link-out", "folder-out/secret.mjpeg", "loop", "pipe", ".git/x.mjpeg", ".x.mjpeg",
    "films/.x.mjpeg",
]  # fmt: skip


@pytest.mark.parametrize("path", FOREIGN, ids=range(len(FOREIGN)))
def test_whatever_leads_elsewhere_is_not_found_and_nothing_more(movies_of, folder, path):
    """The same sentence for all: it does not tell what is there."""
    if os.name != "nt":
        (folder / "link-out").symlink_to("../secret.mjpeg")
        (folder / "folder-out").symlink_to("..")
        (folder / "loop").symlink_to("loop")
        os.mkfifo(folder / "pipe")
        (folder / "dev").symlink_to("/dev")
    (folder / ".git").mkdir()
    for hidden in (".git/x.mjpeg", ".x.mjpeg", "films/.x.mjpeg"):
        movies.lab_movie(folder / hidden, 1)
    with pytest.raises(NotFound) as caught:
        movies_of.find(path)
    assert str(caught.value) == f"there is no movie {path!r}"


@pytest.mark.parametrize("path", ["NUL", "aux.Mjpeg", "movie.Mjpeg.", "movie.Mjpeg ", "movie.Mjpeg::$DATA", "MOVI~1"])
def test_a_name_that_no_folder_lists_is_not_found_where_the_system_knows_it(movies_of, monkeypatch, path):
    """Windows does; here it is played: such a name leads to the movie."""

    def real(name, strict=False):
        return str(name).replace(f"{os.sep}{path}", f"{os.sep}movie.Mjpeg")

    monkeypatch.setattr(os.path, "lexists", lambda path: True)
    monkeypatch.setattr(os.path, "realpath", real)
    monkeypatch.setattr(library, "ALIASES", True)
    with pytest.raises(NotFound):
        movies_of.find(path)
    assert frames(movies_of.find("MOVIE.mjpeg")) == 2  # what is listed is found, in any case


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="this system cannot open a file step by step")
@pytest.mark.parametrize("swapped", ["films/Deep.MJPEG", "films"])
def test_a_link_put_there_between_the_look_and_the_opening_is_not_followed(movies_of, folder, monkeypatch, swapped):
    """The file itself, or a folder on the way to it."""
    elsewhere = folder.parent / "elsewhere" / "films"
    elsewhere.mkdir(parents=True)
    movies.lab_movie(elsewhere / "Deep.MJPEG", 9)

    def late(file, below):
        (folder / swapped).rename(folder.parent / "gone")
        (folder / swapped).symlink_to(elsewhere.parent / swapped)
        return RandomFile(file, below)

    monkeypatch.setattr(library, "RandomFile", late)
    with pytest.raises(NotFound):
        movies_of.find("films/Deep.MJPEG")
    assert frames(open_movie(folder / "films" / "Deep.MJPEG")) == 9  # it was there


def test_a_file_that_may_not_be_read_is_not_found_and_the_reason_is_known(movies_of, monkeypatch):
    """Root may read everything, so the refusal is played."""

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(library, "RandomFile", refuse)
    with pytest.raises(NotFound) as caught:
        movies_of.find("movie.Mjpeg")
    assert str(caught.value) == "there is no movie 'movie.Mjpeg'"
    assert isinstance(caught.value.__cause__, PermissionError)


def test_no_descriptors_left_is_not_the_same_as_no_movie(movies_of, monkeypatch):
    def exhausted(*arguments):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(library, "RandomFile", exhausted)
    with pytest.raises(MovieError, match="Too many open files"):
        movies_of.find("movie.Mjpeg")


def test_the_absolute_path_of_a_movie_is_not_found(movies_of, folder):
    """A leading slash is the root of the library."""
    with pytest.raises(NotFound):
        movies_of.find(str(folder / "movie.Mjpeg"))


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_that_stay_below_the_folder_lead_to_the_same_movie(movies_of, folder):
    """It is opened once."""
    (folder / "again.mjpeg").symlink_to("films/Deep.MJPEG")
    assert movies_of.find("again.mjpeg") is movies_of.find("films/Deep.MJPEG")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    """Its target is what counts."""
    (tmp_path / "link").symlink_to(folder)
    assert frames(Library(tmp_path / "link", open_movie).find("movie.Mjpeg")) == 2


def test_an_exact_name_goes_before_one_that_differs_in_case(movies_of, folder):
    """And two that differ in case only are no answer to a third spelling."""
    movies.lab_movie(folder / "MOVIE.mjpeg", 4)
    if len(os.listdir(folder)) == 2:
        pytest.skip("upper and lower case are the same here")
    assert frames(movies_of.find("movie.Mjpeg")) == 2
    assert frames(movies_of.find("MOVIE.mjpeg")) == 4
    with pytest.raises(NotFound):
        movies_of.find("movie.mjpeg")


def test_a_broken_movie_is_a_movie_error(movies_of, folder):
    """Not the same as none: the server answers otherwise, and logs it."""
    (folder / "broken.mjpeg").write_bytes(b"hello")
    with pytest.raises(MovieError, match="text file"):
        movies_of.find("broken.mjpeg")


def test_a_missing_folder_has_no_movies(tmp_path):
    """Its absence is told by the program, when it starts."""
    nowhere = Library(tmp_path / "absent", open_movie)
    assert nowhere.names() == []
    with pytest.raises(NotFound):
        nowhere.find("movie.Mjpeg")


def test_a_movie_is_opened_once_for_all(movies_of):
    """However it is spelled: viewers share what is prepared."""
    assert movies_of.find("movie.Mjpeg") is movies_of.find("/MOVIE.mjpeg/")


def test_viewers_who_come_together_share_one_opening(folder):
    """The first one opens, the others wait."""
    opened, together = [], threading.Barrier(5)

    def slow(path):
        opened.append(path)
        return open_movie(path)

    movies_of, found = Library(folder, slow), []

    def view():
        together.wait()
        found.append(movies_of.find("movie.Mjpeg"))

    threads = [threading.Thread(target=view) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert all(presentation is found[0] for presentation in found)


def test_an_open_movie_is_found_while_another_is_being_opened(folder):
    """A large file does not hold up those who watch something else."""
    opening, go_on = threading.Event(), threading.Event()

    def slow(path):
        if os.path.basename(path) == "Deep.MJPEG":
            opening.set()
            assert go_on.wait(10)
        return open_movie(path)

    movies_of = Library(folder, slow)
    movie = movies_of.find("movie.Mjpeg")
    other = threading.Thread(target=movies_of.find, args=("films/Deep.MJPEG",))
    other.start()
    assert opening.wait(10)
    assert movies_of.find("movie.Mjpeg") is movie
    go_on.set()
    other.join()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace open files")
def test_a_changed_file_is_opened_anew_and_the_old_one_goes_on(movies_of, folder, tmp_path):
    """Replaced by another of the same name; who watches the old one goes on with it."""
    old = movies_of.find("movie.Mjpeg")
    jpegs = movies.lab_movie(tmp_path / "new", 5)
    os.replace(tmp_path / "new", folder / "movie.Mjpeg")
    new = movies_of.find("movie.Mjpeg")
    assert (frames(old), frames(new)) == (2, 5)
    assert old.sources[0].read(1) == new.sources[0].read(1) == jpegs[1]


def test_a_touched_file_is_opened_anew(movies_of, folder):
    """Its content may have changed at the same size."""
    old = movies_of.find("movie.Mjpeg")
    os.utime(folder / "movie.Mjpeg", ns=(1, 1))
    new = movies_of.find("movie.Mjpeg")
    assert new is not old
    assert movies_of.find("movie.Mjpeg") is new


def test_a_movie_nobody_watches_is_closed_when_it_is_replaced(movies_of, folder):
    """The library holds the last reference then; the descriptor goes with the movie's RandomFile."""
    old = movies_of.find("movie.Mjpeg")
    gone = weakref.ref(old.sources[0]._file)
    del old
    os.utime(folder / "movie.Mjpeg", ns=(1, 1))
    movies_of.find("movie.Mjpeg")
    gc.collect()
    assert gone() is None


def test_the_number_of_open_movies_is_bounded(movies_of, folder, monkeypatch):
    """The least recently used ones go; they are opened again when asked for."""
    monkeypatch.setattr(library, "KEPT_OPEN", 2)
    movies.lab_movie(folder / "third.mjpeg", 4)
    movie, deep = movies_of.find("movie.Mjpeg"), movies_of.find("films/Deep.MJPEG")
    movies_of.find("movie.Mjpeg")
    movies_of.find("third.mjpeg")
    assert movies_of.find("movie.Mjpeg") is movie
    assert movies_of.find("films/Deep.MJPEG") is not deep
    assert frames(deep) == 3


def test_close_closes_what_was_opened(movies_of):
    """Twice is fine."""
    movie = movies_of.find("movie.Mjpeg")
    movies_of.close()
    movies_of.close()
    assert movie.sources[0]._file is None


def test_names_are_those_of_files_that_look_like_movies(movies_of, folder):
    """Sorted, with folders, each of which can be asked for; nothing hidden, nothing outside."""
    (folder / "notes.txt").write_text("no movie")
    (folder / ".hidden").mkdir()
    for name in ("b.mjpg", "A.MJPEG", ".hidden/x.mjpeg", "films/a.mjpeg", "._movie.Mjpeg"):
        movies.lab_movie(folder / name, 1)
    if os.name != "nt":
        (folder / "out.mjpeg").symlink_to("../secret.mjpeg")
        os.mkfifo(folder / "pipe.mjpeg")
    (folder / "folder.mjpeg").mkdir()
    names = movies_of.names()
    assert names == ["A.MJPEG", "b.mjpg", "films/Deep.MJPEG", "films/a.mjpeg", "movie.Mjpeg"]
    assert all(movies_of.find(name) for name in names)


def test_names_are_bounded(movies_of, folder, monkeypatch):
    """In number, and in what is looked at for them."""
    for number in range(20):
        (folder / f"{number:02}.mjpeg").write_bytes(b"")
    monkeypatch.setattr(library, "NAMES_LIMIT", 3)
    assert movies_of.names() == ["00.mjpeg", "01.mjpeg", "02.mjpeg"]
    monkeypatch.setattr(library, "NAMES_LIMIT", 1000)
    monkeypatch.setattr(library, "ENTRIES_LIMIT", 5)
    assert len(movies_of.names()) == 5


def test_what_was_added_is_found_by_name(movies_of):
    """Before a file of that name; in any case, as with files."""
    live = Presentation("live", (LiveSource(Format("video", 26, "JPEG", 90_000)),))
    movies_of.add("/cams/Door", live)
    movies_of.add("movie.Mjpeg", live)
    assert movies_of.find("cams/Door") is movies_of.find("/cams/door/") is movies_of.find("movie.Mjpeg") is live
    assert movies_of.names() == ["cams/Door", "films/Deep.MJPEG", "movie.Mjpeg"]


def test_a_folder_has_its_own_movies_and_those_below_it(movies_of, folder):
    """Named as from the top; in upper or lower case where only one fits; slashes around do not matter."""
    (folder / "films" / "old").mkdir()
    movies.lab_movie(folder / "films" / "old" / "a b.mjpg", 1)
    (folder / "films" / "notes.txt").write_text("no movie")
    below = ["films/Deep.MJPEG", "films/old/a b.mjpg"]
    assert movies_of.names("films") == movies_of.names("/FILMS/") == below
    assert movies_of.names("films/old") == below[1:]
    assert movies_of.names("") == movies_of.names("/") == [*below, "movie.Mjpeg"]
    assert movies_of.is_folder("") and movies_of.is_folder("films/") and not movies_of.is_folder("movie.Mjpeg")


def test_what_was_added_has_folders_by_its_name_alone(movies_of):
    door = Presentation("door", (LiveSource(Format("video", 26, "JPEG", 90000)),))
    movies_of.add("cams/Door", door)
    movies_of.add("films/live", door)
    movies_of.add("hall", door)
    movies_of.add("hall/left", door)
    assert movies_of.names("cams") == ["cams/Door"]
    assert movies_of.names("films") == ["films/Deep.MJPEG", "films/live"]
    assert not movies_of.is_folder("hall") and not movies_of.is_folder("cam")


NO_FOLDERS = ["absent", "movie.Mjpeg", "..", ".", "films/..", "../media", ".hidden", "films\\", "C:", "\0", "link"]


@pytest.mark.parametrize("path", [*NO_FOLDERS, "x" * 5000], ids=range(len(NO_FOLDERS) + 1))
def test_what_is_no_folder_is_not_found(movies_of, folder, path):
    """Nor what is hidden, nor what leads out."""
    (folder / ".hidden").mkdir()
    movies.lab_movie(folder / ".hidden" / "movie.mjpeg", 1)
    if os.name != "nt":
        (folder / "link").symlink_to("..")
    assert not movies_of.is_folder(path)
    with pytest.raises(NotFound):
        movies_of.names(path)


def test_why_nothing_is_found(movies_of, folder):
    assert movies_of.trouble() == ""
    folder.rename(folder.with_name("elsewhere"))
    assert str(folder) in movies_of.trouble() and "No such file" in movies_of.trouble()


def test_a_deleted_movie_is_let_go(movies_of, folder):
    """Its place on the disk would not be free before the end of the program."""
    movie = weakref.ref(movies_of.find("movie.Mjpeg").sources[0])
    other = weakref.ref(movies_of.find("films/Deep.MJPEG").sources[0])
    assert movie() and other()
    (folder / "movie.Mjpeg").unlink()
    with pytest.raises(NotFound):
        movies_of.find("movie.Mjpeg")
    gc.collect()
    assert movie() is None and other() is not None
