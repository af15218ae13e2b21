"""An RTSP message as it travelled, and what each line of it means."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from rtsp import glossary
from ui import theme

MOST = 20_000       # bytes of a message that are shown


class MessageView(ttk.Frame):
    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        pad = theme.pixels(self, 10)
        self.text = tk.Text(
            self, font="LadderMono", background=theme.BLACK, foreground=theme.TEXT, relief="flat", borderwidth=0,
            padx=pad, pady=pad, wrap="char", highlightthickness=0, width=10, height=5, state="disabled", takefocus=0,
        )  # fmt: skip
        bar = ttk.Scrollbar(self, command=self.text.yview, style="Ladder.Vertical.TScrollbar")
        self.text.configure(yscrollcommand=bar.set)
        self.text.grid(row=0, column=0, sticky="nsew")
        bar.grid(row=0, column=1, sticky="ns")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        indent = theme.pixels(self, 22)
        self.text.tag_configure("start", foreground=theme.TEXT, font="LadderMonoBold")
        self.text.tag_configure("name", foreground=theme.ACCENT, spacing1=theme.pixels(self, 7),
                                lmargin2=theme.pixels(self, 44))
        self.text.tag_configure("line", spacing1=theme.pixels(self, 4))
        self.text.tag_configure("meaning", foreground=theme.DIM, font="LadderSmall", lmargin1=indent, lmargin2=indent,
                                wrap="word")
        self.text.tag_configure("part", foreground=theme.AMBER, font="LadderSmall", lmargin1=indent, lmargin2=indent)
        self.text.tag_configure("source", foreground=theme.GREEN, font="LadderSmall")

    def show(self, data: bytes) -> None:
        """All of it, each line with its meaning below."""
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        for words, tag in explained(data[:MOST].decode("utf-8", "replace")):
            self.text.insert("end", words, tag)
        if len(data) > MOST:
            self.text.insert("end", f"… {len(data) - MOST} bytes more", "meaning")
        self.text.configure(state="disabled")
        self.text.yview_moveto(0)


def explained(message: str) -> list[tuple[str, str]]:
    """(text, tag) in order. Those tagged "start", "name", "line" and "" are the message, with \\n for line ends."""
    head, _, body = message.replace("\r\n", "\n").partition("\n\n")
    start, *lines = head.rstrip("\n").split("\n")
    found = [(start + "\n", "start"), *_meaning(_of_start(start))]
    for line in lines:
        found += _header(line)
    if body:
        is_sdp = body.startswith("v=")
        found.append(("\n", ""))
        for line in body.rstrip("\n").split("\n"):
            found.append((line + "\n", "line"))
            found += _meaning(glossary.sdp(line) if is_sdp else None)
    return found


def _of_start(line: str) -> glossary.Meaning | None:
    first, *words = line.split()[:2] or [""]
    if first.startswith("RTSP/"):
        return glossary.STATUSES.get(int(words[0][0])) if words and words[0][:1] in tuple("12345") else None
    return glossary.METHODS.get(first.lower())


def _header(line: str) -> list[tuple[str, str]]:
    name, colon, value = line.partition(":")
    known = glossary.HEADERS.get(name.strip().lower())
    found = [(name, "name"), (f"{colon}{value}\n", "")]
    parts = glossary.parameters(name.strip(), value.strip())
    found += _meaning(known)
    for word, meaning in parts:
        found += [(f"    {word}", "part"), *_meaning(meaning, before=": ")]
    return found


def _meaning(meaning: glossary.Meaning | None, before: str = "") -> list[tuple[str, str]]:
    """A line that explains the one before."""
    if meaning is None:
        return []
    source = [(f"  {meaning.source}", "source")] if meaning.source else []
    return [(before + meaning.words, "meaning"), *source, ("\n", "meaning")]
