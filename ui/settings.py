"""What the player remembers from one start to the next: one small JSON file in the user's own folder for such things.

It is a convenience: a file that is damaged, cannot be read or cannot be written is no error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rtsp.url import without_credentials

log = logging.getLogger(__name__)

MOST = 10  # addresses
LARGEST = 1 << 16  # bytes of the file; more is not ours
LONGEST = 2000  # characters of an address
TRANSPORTS = ("auto", "udp", "tcp")


@dataclass(frozen=True)
class Address:
    """What was opened, and how. There is no place for a password, and none is in the URL."""

    url: str
    transport: str = "auto"
    user: str = ""


def default_path(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path | None:
    """None where there is no such folder."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if platform == "win32":
        folder = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        folder = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "rtsp-lab" / "player.json"


class Settings:
    """`history`: the addresses that were opened, the latest first."""

    def __init__(self, path: Path | None) -> None:
        """None: nothing is remembered, and nothing is read."""
        self._path = path
        self._found = _read(path) if path else {}
        listed = self._found.get("history")
        known = [_address(one) for one in listed] if isinstance(listed, list) else []
        self.history = [one for one in known if one][:MOST]

    def opened(self, address: Address) -> None:
        """It becomes the first one; each URL is there once."""
        address = Address(without_credentials(address.url)[:LONGEST], address.transport, address.user)
        others = [one for one in self.history if one.url != address.url]
        self.history = [address, *others][:MOST]
        if self._path:
            _write(self._path, {**self._found, "history": [asdict(one) for one in self.history]})


def _address(found: object) -> Address | None:
    if not isinstance(found, dict):
        return None
    url, transport, user = (found.get(name, "") for name in ("url", "transport", "user"))
    if not (isinstance(url, str) and url.isprintable() and 0 < len(url) <= LONGEST):
        return None
    user = user if isinstance(user, str) and user.isprintable() else ""
    return Address(without_credentials(url), transport if transport in TRANSPORTS else "auto", user)


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(LARGEST))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.info("! %s is not used: %s", path, error)
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, found: dict[str, Any]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
    except (OSError, ValueError) as error:
        log.info("! %s cannot be written: %s", path, error)
