"""What the programs take on their command lines: each kind of value, and the sentence for one that is none.

And how a client is run: its log, its signals, its exit code."""

from __future__ import annotations

import argparse
import logging
import math
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from net.impairment import Impairment, parse
from rtsp.failures import ClientError

VERSION = "0.1.0"
LONGEST_LINE = 1000     # characters in the log
INTERRUPTED = 130       # the exit code after Ctrl-C


def portNumber(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0 is needed, not {text!r}")
    return value


def timeout(text: str) -> int:
    """As the Session header has it (RFC 2326 §12.37)."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10**6:
        raise argparse.ArgumentTypeError(f"whole seconds from 1 to 1000000 are needed, not {text!r}")
    return int(text)


def processCount(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"a number from 1 to 64 is needed, not {text!r}")
    return int(text)


def nameAndPassword(text: str) -> tuple[str, str]:
    """What is wrong is said without repeating it."""
    name, _, password = text.partition(":")
    if not (name and password and text.isprintable()):
        raise argparse.ArgumentTypeError("NAME:PASSWORD is needed")
    return name, password


def network(text: str) -> Impairment:
    """What --net says."""
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def addOutput(add: Callable[..., object]) -> None:
    """What a player's pictures are besides being shown, and how its window looks."""
    add("--save-frames", type=Path, metavar="DIR", help="save each shown frame as DIR/frame-000000.jpg, ...")
    add("--snapshot", type=Path, metavar="FILE.jpg", help="save the last shown frame")
    add("--record", type=recordFile, metavar="FILE.Mjpeg", help="record what is shown; when, into FILE.times")
    add("--theme", choices=["auto", "dark", "light"], default="auto", help="of the window (default: the system's)")
    add("--no-config", action="store_true", help="remember nothing from one start to the next")


def addTransport(add: Callable[..., object]) -> None:
    """What clients have. `add`: a parser's add_argument."""
    add("--transport", choices=["auto", "udp", "tcp"], default="auto",
        help="how the media travel; auto: UDP, and inside the RTSP connection where that fails (default: auto)")


def addTrust(parser: argparse.ArgumentParser) -> None:
    """What all have that may talk to a server over TLS."""
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--insecure", action="store_true", help="rtsps://: encrypt, and believe whoever answers")
    trust.add_argument("--fingerprint", type=sha256, metavar="SHA256", help="rtsps://: believe only this certificate")


def addLog(add: Callable[..., object]) -> None:
    """What clients have."""
    add("-v", "--verbose", action="count", default=0, help="show the conversation; errors with their traceback")
    add("--version", action="version", version=f"RTSP lab {VERSION}")


def addInstruments(add: Callable[..., object]) -> None:
    """What all have that media go out of, or come to."""
    add("--net", type=network, metavar="WORDS", help="as over a bad network, in netem's words: "
        '"loss 5%% delay 40ms jitter 10ms reorder 2%% dup 1%% rate 4mbit seed 7"')
    add("--pcap", type=captureFile, metavar="FILE", help="write what is sent and received as a capture for Wireshark")


def captureFile(text: str) -> str:
    if not Path(text).parent.is_dir() or Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"the name of a file in a folder that exists is needed, not {text!r}")
    return text


def where(words: list[str]) -> tuple[str, int]:
    """URL and RTP port. ValueError says what is wrong with the arguments."""
    if len(words) == 1:
        if "://" not in words[0]:
            raise ValueError(f"either HOST PORT RTP_PORT FILE or a URL such as rtsp://127.0.0.1:6789/{words[0].rpartition('@')[2]}")
        return words[0], 0
    if len(words) != 4:
        raise ValueError(f"HOST PORT RTP_PORT FILE are four arguments, not {len(words)}")
    host, port, rtpPort, name = words
    if not host or not name.strip("/"):
        raise ValueError("HOST and FILE must not be empty")
    host = f"[{host}]" if ":" in host else host
    url = f"rtsp://{host}:{number('PORT', port, 1, 65535)}/{quote(name.lstrip('/'))}"
    return url, 0 if rtpPort == "0" else number("RTP_PORT", rtpPort, 1024, 65534)     # 65534: RTCP is on the next one


def number(name: str, text: str, lowest: int, highest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and lowest <= int(text) <= highest):
        raise ValueError(f"{name} is a number from {lowest} to {highest}, not {text!r}")
    return int(text)


def proxy(text: str) -> tuple[str, int]:
    """Host and port; an IPv6 address in brackets."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise argparse.ArgumentTypeError(f"HOST:PORT is needed, not {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a number is needed, not {text!r}") from None
    if not (math.isfinite(value) and 0 <= value <= 1e6):
        raise argparse.ArgumentTypeError(f"{text} is out of range")
    return value


def scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= abs(value) <= 100:
        raise argparse.ArgumentTypeError(f"a number such as 2, 0.5 or -1 is needed, not {text!r}")
    return value


def sha256(text: str) -> bytes:
    """As openssl writes it, or without the colons."""
    digits = text.replace(":", "").lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"a SHA-256 fingerprint has 64 hexadecimal digits, not {text!r}")
    return bytes.fromhex(digits)


def statsFile(text: str) -> str:
    if text != "-" and not text.endswith((".json", ".csv")):
        raise argparse.ArgumentTypeError("the file's name ends in .json or .csv; - is for the terminal")
    if text != "-" and not Path(text).parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {Path(text).parent}")
    return text


def recordFile(text: str) -> Path:
    """A recording cannot be made twice, and the movie of that name may be the one that is played."""
    path = Path(text)
    if path.suffix.lower() not in (".mjpeg", ".mjpg"):
        raise argparse.ArgumentTypeError("the file's name ends in .Mjpeg")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    for taken in (path, path.with_suffix(".times")):
        if taken.exists():
            raise argparse.ArgumentTypeError(f"{taken} is there already: give another name")
    return path


def plainLog() -> None:
    """What a peer has sent may be in the log, which may be a terminal: no control characters of its get there."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_makePlain)


def _makePlain(record: logging.LogRecord) -> bool:
    text = "".join(one if one.isprintable() else "?" for one in record.getMessage()[:LONGEST_LINE])
    record.msg, record.args = text, ()
    return True


def run(program: Callable[[Any], object], options: argparse.Namespace) -> int:
    """A client from its beginning to its end; the exit code. A user gets a sentence, never a traceback."""
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s.%(msecs)03d %(message)s", datefmt="%H:%M:%S")
    plainLog()
    try:
        program(options)
        return 0
    except ClientError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the last resort)
        if options.verbose:
            traceback.print_exc()
        print(f"internal error: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


def endAtSignals() -> None:
    """Asked to stop, by `kill` or a closed terminal: say goodbye to the server as after Ctrl-C."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)


def _stop(signum: int, frame: Any) -> None:
    sys.exit(128 + signum)
