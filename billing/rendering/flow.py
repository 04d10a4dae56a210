"""Blocks onto pages: what stays together, and table heads that are repeated after a page break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from billing.rendering.sheet import Sheet

Draw = Callable[[Sheet, float], None]


@dataclass(frozen=True, slots=True)
class Block:
    """Something `height` points high that is never cut; `draw` gets the sheet and the y of its upper edge."""

    height: float
    draw: Draw


@dataclass(slots=True)
class Section:
    """Groups of blocks, each kept on one page where it fits on one; `head` opens the section and every page of it."""

    groups: list[list[Block]]
    head: Block | None = None


@dataclass(slots=True)
class Pages:
    """Pages being filled between `top` and `bottom`; the first may begin elsewhere."""

    first_top: float
    top: float
    bottom: float
    pages: list[list[tuple[float, Block]]] = field(default_factory=lambda: [[]])
    y: float = 0.0

    def __post_init__(self) -> None:
        self.y = self.first_top

    def fill(self, sections: list[Section]) -> list[list[tuple[float, Block]]]:
        """The blocks of every page with the y they begin at."""
        for section in sections:
            opened = section.head is None
            for group in section.groups:
                self._place(group, section.head, opened)
                opened = True
        return self.pages

    def _place(self, group: list[Block], head: Block | None, opened: bool) -> None:
        needed = sum(block.height for block in group) + (0 if opened or head is None else head.height)
        fits_a_page = needed + (head.height if head and opened else 0) <= self.bottom - self.top
        if self.pages[-1] and self.y + needed > self.bottom and (fits_a_page or self.y > self.bottom - 120):
            self._turn()
            opened = False
        if not opened and head:
            self._put(head)
        for block in group:
            if self.pages[-1] and self.y + block.height > self.bottom:
                self._turn()
                if head:
                    self._put(head)
            self._put(block)

    def _turn(self) -> None:
        self.pages.append([])
        self.y = self.top

    def _put(self, block: Block) -> None:
        self.pages[-1].append((self.y, block))
        self.y += block.height
