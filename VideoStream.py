"""A movie file as numbered JPEG frames: the lab's class, on top of `media.movie.MovieFile`."""

from __future__ import annotations

import logging
import os

from media.movie import MovieFile
from media.source import MediaError, Presentation

log = logging.getLogger(__name__)


class VideoStream:
    """Reads a movie from its first frame to its last.

        video = VideoStream("movie.Mjpeg")
        while (jpeg := video.nextFrame()) is not None:
            print(video.frameNbr(), len(jpeg))

    IOError (MovieError, with one sentence that says why) if the file is missing or no movie.
    """

    def __init__(self, filename: str | os.PathLike[str], fps: float | None = None) -> None:
        self.filename = filename
        self.movie = MovieFile(filename, fps)
        self.frameNum = 0

    def nextFrame(self) -> bytes | None:
        """The next JPEG; None at the end.  A damaged frame is logged and skipped, its number is not used again."""
        while self.frameNum < self.movie.frame_count:
            self.frameNum += 1
            try:
                return self.movie.read(self.frameNum - 1)
            except MediaError as error:
                log.warning("skipped: %s", error)
        return None

    def frameNbr(self) -> int:
        """How far we are: 0 before the first nextFrame(), 1 after it."""
        return self.frameNum

    def seek(self, frame: int) -> None:
        """Make `frame` (from 0) the one that nextFrame() reads.  ValueError if there is no such frame."""
        if not 0 <= frame <= self.movie.frame_count:
            raise ValueError(f"{self.filename} has {self.movie.frame_count} frames: no frame {frame}")
        self.frameNum = frame

    def frameCount(self) -> int:
        return self.movie.frame_count

    def time(self, frame: int) -> float:
        """When `frame` (from 0) is shown, in seconds from the start."""
        return self.movie.time(frame)

    def rate(self) -> float:
        """Frames a second."""
        return self.movie.rate

    def presentation(self) -> Presentation:
        """The movie as a server plays it."""
        return Presentation(self.movie.name, (self.movie,))
