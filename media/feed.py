"""Pictures as a screen or a camera gives them: a live source that a thread of its own feeds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from threading import Event, Lock, Thread, current_thread

from media.errors import MediaError, Missing
from media.reencode import carriable
from media.source import Format, LiveSource
from rtp.jpeg import payloads

log = logging.getLogger(__name__)

PAYLOAD = 1400  # bytes: a packet of 1412, as of movies


class Feed(LiveSource):
    """`pictures` gives JPEGs when they are there, and is asked from the first subscribe() on. When it ends, so does the
    source; a MediaError from it becomes `trouble`, one sentence."""

    def __init__(
        self,
        pictures: Iterator[bytes],
        rate: float,
        stop: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`rate`: frames a second, as far as it is known; `stop` makes `pictures` end soon, from any thread."""
        super().__init__(Format("video", 26, "JPEG", 90_000, rate), 1 / rate)
        self.trouble = ""
        self._pictures, self._stop_pictures, self._clock = pictures, stop, clock
        self._ending = Event()
        self._starting = Lock()  # guards _thread
        self._thread: Thread | None = None

    def subscribe(self, wake: Callable[[], None]) -> None:
        super().subscribe(wake)
        with self._starting:
            if self._thread is None and not self._ending.is_set():
                self._thread = Thread(target=self._run, name="capture", daemon=True)
                self._thread.start()

    def check(self, patience: float = 10.0) -> None:
        """Wait for the first picture. Missing, and all is closed, if it does not come in so many seconds."""
        came = Event()
        self.subscribe(came.set)
        came.wait(patience)
        self.unsubscribe(came.set)
        if not self.available(0):
            self.close()
            raise Missing(self.trouble or f"No picture came in {patience:.0f} s")

    def close(self) -> None:
        """Ends the thread."""
        self._ending.set()
        self._stop_pictures()
        with self._starting:
            thread = self._thread
        if thread and thread is not current_thread():
            thread.join()
        super().close()

    def _run(self) -> None:
        begun = self._clock()
        try:
            for jpeg in self._pictures:
                if self._ending.is_set():
                    break
                self._give(jpeg, self._clock() - begun)
        except MediaError as error:
            if not self._ending.is_set():
                self.trouble = str(error)
        finally:
            super().close()

    def _give(self, jpeg: bytes, when: float) -> None:
        try:
            cut = payloads(carriable(jpeg), PAYLOAD)
        except (MediaError, ValueError) as error:  # one picture; the next may be better
            log.info("! left out: %s", error)
            return
        self.append(cut, when)
