"""gst-launch-1.0 as a witness."""

from __future__ import annotations

import subprocess
from collections.abc import Collection

from tests.tools import need

# When the movie is over, gst-launch has rtspsrc send PAUSE, and without waiting for that it has it send TEARDOWN, for
# which it breaks off whatever is being sent. Where that is too early, it says this of its own PAUSE, and ends with 1;
# the connection is there all the time, and the TEARDOWN is answered.
BROKEN_OFF = "Could not send message. (Received end-of-file)"


def launch(*pipeline: str, tolerated: Collection[str] = (BROKEN_OFF,)) -> None:
    """Run a pipeline that ends by itself, without a complaint about us; `tolerated`: what it may say of itself."""
    command = [need("gst-launch-1.0"), "-q", *pipeline]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=80)
    check(done.returncode, done.stderr, tolerated)


def check(code: int, stderr: str, tolerated: Collection[str] = (BROKEN_OFF,)) -> None:
    """It has ended well, as far as that is in our hands."""
    problems = [line for line in stderr.splitlines() if line.startswith("Could not ")]
    assert code == 0 or problems and set(problems) <= set(tolerated), stderr
