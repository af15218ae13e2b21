"""A screen for programs that open windows, where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SIZE = "2560x1440x24"  # pixels, and bits of each


class NoScreenError(Exception):
    """There is no screen, and none can be made."""


@contextmanager
def screen() -> Iterator[None]:
    """The user's screen, or one of our own while this lasts. NoScreenError if there is neither."""
    if os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin"):
        yield
        return
    if not shutil.which("Xvfb"):
        raise NoScreenError("There is no screen here, and no Xvfb. Debian, Ubuntu: sudo apt install xvfb")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            os.environ["DISPLAY"] = f":{running.stdout.readline().strip()}"
            yield
        finally:
            os.environ.pop("DISPLAY", None)
            running.terminate()
