"""A small chart of growth curves, as SVG: both axes logarithmic, so that equal ratios are equal distances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

PANEL, HEIGHT = 440, 320  # pixels: the area of one panel's curves
LEFT, TOP, BETWEEN, BELOW = 70, 70, 70, 60  # … and around them
LEGEND = 24  # a line of it
STYLES = (  # colour, dashes, marker: told apart in grey, too
    ("#0b5fa5", "", "circle"),
    ("#b3261e", "", "square"),
    ("#b3261e", "6 4", "diamond"),
    ("#6b6b6b", "2 4", "triangle"),
    ("#1b7f3b", "10 4", "circle"),
)
MARKERS = {  # points around (0, 0)
    "square": ((-5, -5), (5, -5), (5, 5), (-5, 5)),
    "diamond": ((0, -7), (7, 0), (0, 7), (-7, 0)),
    "triangle": ((0, -7), (6, 5), (-6, 5)),
}
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    full: bool  # drawn filled


@dataclass(frozen=True)
class Curve:
    label: str
    points: Sequence[Point]
    look: int = 0  # which of STYLES


@dataclass(frozen=True)
class Panel:
    title: str
    curves: Sequence[Curve]  # the same in each panel, be it without points


@dataclass(frozen=True)
class Axis:
    """From a value to pixels, logarithmically."""

    low: float
    high: float
    pixels: float

    def at(self, value: float) -> float:
        return self.pixels * math.log(value / self.low) / math.log(self.high / self.low)


def nice(values: Sequence[float]) -> tuple[float, float]:
    """The limits 1, 2 or 5 × 10ⁿ around positive values; never the same twice."""
    low = max(one for one in ticks(min(values) / 10, max(values)) if one <= min(values))
    high = min(one for one in ticks(min(values), max(values) * 10) if one >= max(values) and one > low)
    return low, high


def ticks(low: float, high: float) -> list[float]:
    """The values 1, 2 and 5 × 10ⁿ from low to high."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    made = [step * 10.0**power for power in powers for step in STEPS]
    return [one for one in made if low * 0.999 <= one <= high * 1.001]


def chart(panels: Sequence[Panel], title: str, across: str, up: str, notes: Sequence[str] = ()) -> str:
    """The SVG. `across` and `up` say what the axes are; the notes stand under the legend."""
    points = [point for panel in panels for curve in panel.curves for point in curve.points]
    down = Axis(*nice([point.y for point in points]), HEIGHT)
    right = Axis(min(point.x for point in points) / 1.1, max(point.x for point in points) * 1.1, PANEL)
    places = sorted({point.x for point in points})
    named = panels[0].curves
    width = LEFT + len(panels) * (PANEL + BETWEEN)
    under = TOP + HEIGHT + BELOW
    height = under + LEGEND * (len(named) + len(notes)) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13" fill="#222">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        text(LEFT, 26, title, "start", 'font-size="16" font-weight="bold"'),
    ]
    for number, panel in enumerate(panels):
        x = LEFT + number * (PANEL + BETWEEN)
        parts += [f'<g transform="translate({x} {TOP})">', *frame(panel.title, right, down, places, across, up)]
        parts += [line for one in panel.curves for line in curve(one, right, down)]
        parts.append("</g>")
    parts += [line for n, one in enumerate(named) for line in entry(one, under + LEGEND * n)]
    parts += [text(LEFT, under + LEGEND * (len(named) + n), note, "start") for n, note in enumerate(notes)]
    return "\n".join([*parts, "</svg>", ""])


def frame(title: str, right: Axis, down: Axis, places: Sequence[float], across: str, up: str) -> Iterable[str]:
    """Grid, ticks and names of one panel."""
    yield text(PANEL / 2, -14, title, "middle", 'font-weight="bold"')
    for value in ticks(down.low, down.high):
        y = HEIGHT - down.at(value)
        yield f'<path d="M0 {y:.1f}H{PANEL}" stroke="#ddd"/>'
        yield text(-8, y + 4, f"{value:g}", "end")
    last = -math.inf
    for value in places:
        x = right.at(value)
        yield f'<path d="M{x:.1f} {HEIGHT}v5" stroke="#222"/>'
        if x - last >= 34:  # room for four digits
            yield text(x, HEIGHT + 19, f"{value:g}", "middle")
            last = x
    yield f'<rect width="{PANEL}" height="{HEIGHT}" fill="none" stroke="#222"/>'
    yield text(PANEL / 2, HEIGHT + 40, across, "middle")
    yield f'<g transform="translate(-46 {HEIGHT / 2}) rotate(-90)">{text(0, 0, up, "middle")}</g>'


def curve(one: Curve, right: Axis, down: Axis) -> Iterable[str]:
    places = [(right.at(point.x), HEIGHT - down.at(point.y), point.full) for point in one.points]
    if places:
        color, dashes, _ = STYLES[one.look]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places)
        yield f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes or "none"}"/>'
    for x, y, full in places:
        yield marker(x, y, one.look, full)


def marker(x: float, y: float, look: int, full: bool) -> str:
    color, _, shape = STYLES[look]
    style = f'fill="{color if full else "#fff"}" stroke="{color}" stroke-width="2"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {style}/>'
    corners = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in MARKERS[shape])
    return f'<polygon points="{corners}" {style}/>'


def entry(one: Curve, y: float) -> Iterable[str]:
    """A line of the legend."""
    color, dashes, _ = STYLES[one.look]
    line = f"M{LEFT} {y - 4:.1f}h44"
    yield f'<path d="{line}" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes or "none"}"/>'
    yield marker(LEFT + 22, y - 4, one.look, True)
    yield text(LEFT + 56, y, one.label, "start")


def text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'
