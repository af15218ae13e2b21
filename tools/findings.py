"""What tools.doctor found out, line by line."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, MISSING = "ok", "note", "MISSING"


@dataclass(frozen=True)
class Finding:
    """NOTE: server and player work without it, or otherwise; MISSING: they do not. `advice`: what to do."""

    what: str
    state: str
    words: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.what:<15} {self.state:<8} {self.words}"
        return f"{line}\n{'':24} -> {self.advice}" if self.advice else line
