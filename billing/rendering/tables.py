"""Tables: column widths from what is in them, rows that grow with their text, a head that returns on every page."""

from __future__ import annotations

from billing.rendering.content import Column, Row, Table
from billing.rendering.flow import Block, Section
from billing.rendering.fonts import Font
from billing.rendering.letterheads import Look
from billing.rendering.shaping import clean, width
from billing.rendering.sheet import Sheet
from billing.rendering.stack import Stack

_GUTTER = 14.0
_PIECE = 260.0  # a row is cut into pieces of at most this height


class Grid:
    """The columns of a table as x and width in points."""

    def __init__(self, table: Table, look: Look) -> None:
        self.look, self.columns = look, table.columns
        self.inset = 10.0 if look.theme.table == "filled" else 0.0
        inner = look.width - 2 * self.inset
        wanted = [
            0.0 if column.wraps else min(self._wanted(table, place), inner * 0.24)  # fifteen digits fit
            for place, column in enumerate(table.columns)
        ]
        room = inner - min(self._wanted(table, wanted.index(0.0)), inner * 0.36)
        if sum(wanted) > room:
            wanted = [each * room / sum(wanted) for each in wanted]
        self.widths = [each or inner - sum(wanted) for each in wanted]
        starts = [look.left + self.inset + sum(self.widths[:place]) for place in range(len(self.widths))]
        self.starts = starts

    def _wanted(self, table: Table, place: int) -> float:
        theme = self.look.theme
        cells = (width(clean(row.cells[place]), theme.bold if row.strong else theme.regular) for row in table.rows)
        head = width(self.head_text(table.columns[place]), theme.bold) * self.head_size
        return max(max(cells, default=0.0) * theme.size, head) / 1000 + _GUTTER + theme.track * 6

    @property
    def head_size(self) -> float:
        """The size of the head's text in points."""
        return self.look.theme.size - (1.8 if self.look.theme.capitals else 0.5)

    def head_text(self, column: Column) -> str:
        """A column's title as the design writes it."""
        return column.title.upper() if self.look.theme.capitals else column.title

    def cell(self, sheet: Sheet, place: int, baseline: float, text: str, font: Font, size: float, color: str,
             track: float = 0.0) -> None:  # fmt: skip
        """One line of text in column `place`, set smaller where it is too wide."""
        column, wide = self.columns[place], self.widths[place]
        at_right = column.number and not column.wraps
        edge = self.starts[place] + (wide if at_right else 0)
        if text:
            sheet.text(edge, baseline, text, font, size, color, align="right" if at_right else "left",
                       limit=wide - (_GUTTER / 2 if column.wraps or at_right else _GUTTER), track=track)  # fmt: skip


def table_section(table: Table, look: Look) -> Section:
    """The table as blocks: a head, then a group per row."""
    grid = Grid(table, look)
    groups = [_row_blocks(row, grid, last=row is table.rows[-1])
              for row in table.rows]  # fmt: skip
    return Section(groups, _head(grid))


def _head(grid: Grid) -> Block:
    look, theme = grid.look, grid.look.theme
    height = {"filled": 26.0, "ruled": 25.0, "bare": 22.0}[theme.table]
    color = {"filled": look.palette.readable, "ruled": theme.ink, "bare": theme.muted}[theme.table]
    font = theme.regular if theme.table == "bare" else theme.bold

    def draw(sheet: Sheet, y: float) -> None:
        if theme.table == "filled":
            sheet.box(look.left, y, look.width, height, look.palette.tint, radius=5)
        if theme.table == "ruled":
            sheet.rule(look.left, y + 1, look.right, y + 1, theme.ink, 1.1)
            sheet.rule(look.left, y + height - 2, look.right, y + height - 2, theme.ink, 0.5)
        if theme.table == "bare":
            sheet.rule(look.left, y + height - 1, look.right, y + height - 1, theme.ink, 0.7)
        for place, column in enumerate(grid.columns):
            baseline = y + height / 2 + grid.head_size * 0.36
            grid.cell(sheet, place, baseline, grid.head_text(column), font, grid.head_size, color, theme.track)

    return Block(height, draw)


def _row_blocks(row: Row, grid: Grid, *, last: bool) -> list[Block]:
    """A row as one block, or as several where its text is long."""
    theme = grid.look.theme
    place = next(place for place, column in enumerate(grid.columns) if column.wraps)
    text = Stack(grid.widths[place] - _GUTTER / 2)
    text.add(row.cells[place], theme.bold if row.strong else theme.regular, theme.size, theme.ink,
             leading=theme.leading, auto=True)  # fmt: skip
    text.add(row.detail, theme.regular, theme.size - 1, theme.muted, leading=theme.leading - 1.2, auto=True)
    pieces = text.pieces(_PIECE) or [text]
    return [_piece(row, grid, piece, first=piece is pieces[0], ends=piece is pieces[-1], last=last) for piece in pieces]


def _piece(row: Row, grid: Grid, text: Stack, *, first: bool, ends: bool, last: bool) -> Block:
    look, theme = grid.look, grid.look.theme
    above, below = theme.row_space * first, theme.row_space * ends
    height = max(text.height, theme.leading if first else 0) + above + below
    wrapping = next(place for place, column in enumerate(grid.columns) if column.wraps)
    font = theme.bold if row.strong else theme.regular

    def draw(sheet: Sheet, y: float) -> None:
        baseline = y + above + (theme.leading + theme.size * 0.71) / 2
        for place, cell in enumerate(row.cells):  # in reading order, for those who copy or listen
            if place == wrapping:
                text.draw(sheet, grid.starts[wrapping], y + above)
            elif first:
                grid.cell(sheet, place, baseline, cell, font, theme.size, theme.ink)
        if ends:
            heavy = last and theme.table == "ruled"
            sheet.rule(look.left, y + height, look.right, y + height, theme.ink if heavy else theme.line,
                       1.1 if heavy else 0.5)  # fmt: skip

    return Block(height, draw)
