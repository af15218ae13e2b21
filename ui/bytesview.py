"""A packet bit by bit: its headers as the RFCs draw them, and its bytes; a field and its bytes light up together."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from functools import partial
from tkinter import ttk

from rtp.dissect import Block, Value
from ui import theme

BOX = 34            # height of a row of 32 bits, pixels
PLAIN = 20          # … and of what has no fields
MARGIN = 10
MOST = 512          # bytes that are shown
ROW = 16            # … on a line


class BytesView(ttk.Frame):
    """show() the blocks of a packet. Left and right go from field to field, so does the mouse."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.chosen: int | None = None              # the index of a field
        self._data = b""
        self._blocks: Sequence[Block] = ()
        self._boxes: list[tuple[Value, Block]] = []
        self._hovered: int | None = None
        self.canvas = tk.Canvas(self, background=theme.BACKGROUND, highlightthickness=0, takefocus=1, height=10)
        bar = ttk.Scrollbar(self, command=self.canvas.yview, style="Ladder.Vertical.TScrollbar")
        self.canvas.configure(yscrollcommand=bar.set)
        self.words = ttk.Label(self, style="Bar.TLabel", padding=theme.pixels(self, 6), anchor="w", justify="left")
        self.dump = tk.Text(
            self, height=7, font="LadderMono", background=theme.BLACK, foreground=theme.TEXT, relief="flat",
            borderwidth=0, padx=theme.pixels(self, 8), pady=theme.pixels(self, 6), wrap="none",
            cursor="arrow", takefocus=0, highlightthickness=0, width=10, state="disabled",
        )  # fmt: skip
        dump_bar = ttk.Scrollbar(self, command=self.dump.yview, style="Ladder.Vertical.TScrollbar")
        self.dump.configure(yscrollcommand=dump_bar.set)
        self.canvas.grid(row=0, column=0, sticky="nsew")
        bar.grid(row=0, column=1, sticky="ns")
        self.words.grid(row=1, column=0, columnspan=2, sticky="ew")
        self.dump.grid(row=2, column=0, sticky="nsew")
        dump_bar.grid(row=2, column=1, sticky="ns")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self._listen()

    def _listen(self) -> None:
        self.canvas.bind("<Configure>", lambda event: self._draw())
        self.bind("<Configure>", lambda event: self._tell())
        self.canvas.bind("<Motion>", lambda event: self._hover(self._at(event)))
        self.canvas.bind("<Leave>", lambda event: self._hover(None))
        self.canvas.bind("<Button-1>", self._clicked)
        self.dump.bind("<Button-1>", self._dump_clicked)
        for event, step in (("<MouseWheel>", 0), ("<Button-4>", -1), ("<Button-5>", 1)):
            self.canvas.bind(event, partial(self._wheel, step))

    def _wheel(self, step: int, event: tk.Event[tk.Misc]) -> None:
        self.canvas.yview_scroll(2 * (step or (-1 if event.delta > 0 else 1)), "units")

    def show(self, data: bytes, blocks: Sequence[Block]) -> None:
        self._data, self._blocks, self.chosen, self._hovered = data, blocks, None, None
        self._boxes = [(value, block) for block in blocks for value in block.values]
        self.dump.configure(state="normal")
        self.dump.delete("1.0", "end")
        self.dump.insert("1.0", hex_dump(data[:MOST]))
        if len(data) > MOST:
            self.dump.insert("end", f"\n… {len(data) - MOST} bytes more")
        self.dump.configure(state="disabled")
        self.canvas.yview_moveto(0)
        self._draw()
        self._tell()

    @property
    def field(self) -> Value | None:
        """What is lit: under the mouse, or else chosen."""
        index = self.chosen if self._hovered is None else self._hovered
        return None if index is None else self._boxes[index][0]

    def step(self, by: int) -> None:
        """To the next field, or to the one before."""
        if self._boxes:
            self._choose((by - 1 if self.chosen is None and by > 0 else (self.chosen or 0) + by) % len(self._boxes))

    # ---- the drawing

    def _draw(self) -> None:
        canvas, px = self.canvas, partial(theme.pixels, self)
        canvas.delete("all")
        y, index = px(6), 0
        for block in self._blocks:
            if block.values:
                y = self._title(block, y)
                self._ruler(y)
                y += px(13)
                for value in block.values:
                    self._box(value, index, y)
                    index += 1
                y += px(BOX) * ((sum(value.field.bits for value in block.values) + 31) // 32) + px(8)
            else:
                y = self._plain(block, y)
        canvas.configure(scrollregion=(0, 0, canvas.winfo_width(), y), yscrollincrement=px(BOX) // 2)
        self._light()

    def _title(self, block: Block, y: int) -> int:
        x, px = theme.pixels(self, MARGIN), partial(theme.pixels, self)
        item = self.canvas.create_text(x, y, text=block.title, anchor="nw", fill=theme.TEXT, font="LadderBold")
        where = f"{block.source} · {block.size} bytes"
        self.canvas.create_text(self.canvas.bbox(item)[2] + px(10), y + px(1), text=where, anchor="nw", fill=theme.DIM,
                                font="LadderSmall")
        return y + px(20)

    def _ruler(self, y: int) -> None:
        left, right = self._across(0, 1)
        for bit in range(0, 32, 1 if right - left >= theme.pixels(self, 17) else 2):
            left, right = self._across(bit, bit + 1)
            tone = theme.DIM if bit % 8 else theme.ACCENT
            self.canvas.create_text((left + right) / 2, y + theme.pixels(self, 6), text=str(bit), fill=tone,
                                    font="LadderTiny")

    def _across(self, first: int, end: int) -> tuple[float, float]:
        """From the left border of one bit to that of another one."""
        margin = theme.pixels(self, MARGIN)
        width = (self.canvas.winfo_width() - 2 * margin) / 32
        return margin + first * width, margin + end * width

    def _box(self, value: Value, index: int, y: int) -> None:
        tall, row = theme.pixels(self, BOX), value.bit // 32
        left, right = self._across(value.bit % 32, value.bit % 32 + value.field.bits)
        top = y + row * tall
        tags = (f"field{index}", "field")
        self.canvas.create_rectangle(left, top, right, top + tall, fill=theme.SURFACE, outline=theme.BORDER,
                                     tags=(*tags, f"box{index}"))
        for text, font, tone, down in (
            (value.field.name, "LadderTiny", theme.DIM, 0.28), (value.text, "LadderBold", theme.TEXT, 0.68),
        ):
            x, middle = (left + right) / 2, top + down * tall
            item = self.canvas.create_text(x, middle, text=text, font=font, fill=tone, tags=tags)
            box = self.canvas.bbox(item)
            if box[2] - box[0] > right - left - 2:      # the number without its meaning, else what fits
                short = text.partition(" = ")[0]
                self.canvas.itemconfigure(item, text=short, font="LadderTiny" if len(short) > 2 else font)

    def _plain(self, block: Block, y: int) -> int:
        px = partial(theme.pixels, self)
        left, right = self._across(0, 32)
        self.canvas.create_rectangle(left, y, right, y + px(PLAIN), fill=theme.BLACK, outline=theme.BORDER, dash=(3, 3))
        source = f" · {block.source}" if block.source else ""
        self.canvas.create_text((left + right) / 2, y + px(PLAIN) / 2, font="LadderSmall", fill=theme.DIM,
                                text=f"{block.title} · {block.size} byte{'' if block.size == 1 else 's'}{source}")
        return y + px(PLAIN + 8)

    # ---- choosing

    def _at(self, event: tk.Event[tk.Misc]) -> int | None:
        x, y = self.canvas.canvasx(event.x), self.canvas.canvasy(event.y)
        names = [tag for item in self.canvas.find_overlapping(x, y, x, y) for tag in self.canvas.gettags(item)]
        return next((int(tag[5:]) for tag in reversed(names) if tag[5:].isdigit()), None)

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self._light()
            self._tell()

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        if (index := self._at(event)) is not None:
            self._choose(index)

    def _choose(self, index: int) -> None:
        self.chosen, self._hovered = index, None
        self._see(index)
        self._light()
        self._tell()

    def _see(self, index: int) -> None:
        if not self.canvas.winfo_ismapped():
            return                                  # nobody knows yet how much of it will be seen
        _, top, _, bottom = self.canvas.bbox(f"box{index}")
        region, height = self.canvas.cget("scrollregion").split(), self.canvas.winfo_height()
        view = self.canvas.canvasy(0)
        if not view <= top <= bottom <= view + height:
            aim = top - height / 3
            self.canvas.yview_moveto(max(0.0, aim) / max(1.0, float(region[3])))

    def _dump_clicked(self, event: tk.Event[tk.Misc]) -> None:
        """A byte leads to its field."""
        line, column = map(int, self.dump.index(f"@{event.x},{event.y}").split("."))
        at = (line - 1) * ROW + min(ROW - 1, max(0, column - 6) // 3)
        index = next((number for number, (value, _) in enumerate(self._boxes) if value.at <= at < value.end), None)
        if index is not None:
            self._choose(index)

    def _light(self) -> None:
        lit = self.field
        for index, (value, _) in enumerate(self._boxes):
            on = lit is value
            self.canvas.itemconfigure(f"box{index}", fill=theme.RAISED if on else theme.SURFACE,
                                      outline=theme.ACCENT if on else theme.BORDER)
            if on:
                self.canvas.tag_raise(f"field{index}")
        self.dump.tag_remove("lit", "1.0", "end")
        self.dump.tag_configure("lit", background=theme.ACCENT, foreground=theme.BLACK)
        if lit is not None:
            for at in range(lit.at, min(lit.end, MOST)):
                line, column = divmod(at, ROW)
                for place, wide in ((6 + 3 * column, 2), (7 + 3 * ROW + column, 1)):
                    self.dump.tag_add("lit", f"{line + 1}.{place}", f"{line + 1}.{place + wide}")
            self.dump.see(f"{lit.at // ROW + 1}.0")

    def _tell(self) -> None:
        """What the lit field is, in words."""
        value = self.field
        wrap = max(100, self.winfo_width() - theme.pixels(self, 20))
        self.words.configure(wraplength=wrap, foreground=theme.DIM if value is None else theme.TEXT,
                             text="Point at a field, or go through them with ← and →." if value is None else
                             f"{value.field.name}: {value.text}\n{value.field.meaning}")


def hex_dump(data: bytes) -> str:
    """16 bytes a line, as everybody writes it: where, which, and what they are as letters."""
    lines = []
    for at in range(0, len(data), ROW):
        part = data[at:at + ROW]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{at:04x}  {part.hex(' '):<{3 * ROW}} {letters}")
    return "\n".join(lines)
