"""Lines of text set under each other in one column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from billing.rendering.content import Fact
from billing.rendering.fonts import Font
from billing.rendering.shaping import clean, width
from billing.rendering.sheet import Sheet
from billing.rendering.themes import Theme
from billing.rendering.wrapping import Line, wrap


class _Set(NamedTuple):
    """A line with its looks; `space` is its share of the column's height in points."""

    line: Line
    font: Font
    size: float
    color: str
    space: float
    y: float
    align: str
    track: float


@dataclass(slots=True)
class Stack:
    """A column `width` points wide; `height` grows with what is added."""

    width: float
    align: str = "left"
    height: float = 0.0
    lines: list[_Set] = field(default_factory=list)

    def add(self, text: str, font: Font, size: float, color: str, *, leading: float = 0.0, auto: bool = False) -> Stack:
        """Text wrapped to the column; with `auto`, paragraphs that read right to left stand at the right."""
        space = leading or size * 1.42
        for line in wrap(text, font, size, self.width):
            align = "right" if auto and line.rtl else self.align
            self.lines.append(_Set(line, font, size, color, space, self.height, align, 0))
            self.height += space
        return self

    def single(self, text: str, font: Font, size: float, color: str, *, leading: float) -> Stack:
        """One line that is never wrapped or cut but set smaller where it is too wide: an amount."""
        shown = clean(text)
        line = Line(shown, width(shown, font) * size / 1000, False)
        self.lines.append(_Set(line, font, size, color, leading, self.height, self.align, 0))
        self.height += leading
        return self

    def label(self, text: str, theme: Theme, color: str, *, bold: bool = False) -> Stack:
        """A small heading, in capitals where the design says so."""
        size = theme.size - (1.6 if theme.capitals else 1)
        shown = clean(text.upper() if theme.capitals else text)
        font = theme.bold if bold else theme.regular
        line = Line(shown, min(width(shown, font) * size / 1000, self.width), False)
        space = 10.5 if theme.capitals else theme.leading
        self.lines.append(_Set(line, font, size, color, space, self.height, self.align, theme.track))
        self.height += space
        return self

    def fact(self, fact: Fact, theme: Theme, *, bold: bool = False) -> Stack:
        """A label at the left and its value at the right, or under it where both do not fit."""
        value_font = theme.bold if bold else theme.regular
        label, value = clean(fact[0]), fact[1]
        taken = width(label, theme.regular) * theme.size / 1000 + 10
        lines = wrap(value, value_font, theme.size, self.width)
        below = len(lines) > 1 or any(line.width + taken > self.width for line in lines)
        named = Line(label, taken - 10, False)
        self.lines.append(_Set(named, theme.regular, theme.size, theme.muted, theme.leading, self.height, "left", 0))
        self.height += theme.leading if below or not lines else 0
        for line in lines:
            self.lines.append(_Set(line, value_font, theme.size, theme.ink, theme.leading, self.height, "right", 0))
            self.height += theme.leading
        return self

    def gap(self, points: float) -> Stack:
        """Space before what is added next."""
        self.height += points
        return self

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        """Draw the column with its upper left corner at (x, y)."""
        places = {"left": x, "right": x + self.width, "center": x + self.width / 2}
        for each in self.lines:
            baseline = y + each.y + (each.space + each.size * 0.71) / 2
            sheet.text(places[each.align], baseline, each.line, each.font, each.size, each.color,
                       align=each.align, track=each.track, limit=self.width + 0.5)  # fmt: skip

    def clipped(self, height: float) -> Stack:
        """The column without the lines below `height` points, so that a freak of an address cannot fill the page."""
        if self.height <= height:
            return self
        short = Stack(self.width, self.align)
        short.lines = [each for each in self.lines if each.y + each.space <= height]
        short.height = height
        return short

    def pieces(self, height: float) -> list[Stack]:
        """The column cut into shorter ones, each at most about `height` points high."""
        parts: list[Stack] = []
        for each in self.lines:
            if not parts or parts[-1].height + each.space > height:
                parts.append(Stack(self.width, self.align))
            parts[-1].lines.append(each._replace(y=parts[-1].height))
            parts[-1].height += each.space
        return parts
