"""What stands under a table: totals, ways to pay with their QR code, ageing, notes."""

from __future__ import annotations

from billing.rendering.content import Content, Fact, Tile
from billing.rendering.flow import Block, Section
from billing.rendering.letterheads import Look
from billing.rendering.qr import symbol
from billing.rendering.shaping import clean, width
from billing.rendering.sheet import Sheet
from billing.rendering.stack import Stack
from billing.rendering.themes import mix

_TOTALS = 224.0
_CODE = 84.0
_TALLEST = 420.0  # of payment details
_MANY = 14  # totals above this are rows of their own, which may part at a page's end


def closing_section(content: Content, look: Look) -> Section:
    """Totals at the right and payment details at the left, kept together."""
    rows = [_total_row(fact, look) for fact in content.totals]
    if content.grand_total:
        rows.append(_grand_total(content.grand_total, look))
    payment = _payment(content, look)
    if len(rows) > _MANY:
        return Section([[_space(14)], *([row] for row in rows), [payment]])
    height = sum(row.height for row in rows)

    def draw(sheet: Sheet, y: float) -> None:
        payment.draw(sheet, y)
        for row in rows:
            row.draw(sheet, y)
            y += row.height

    together = Block(max(height, payment.height), draw)
    return Section([[_space(16), together]] if together.height else [])


def _space(height: float) -> Block:
    return Block(height, lambda sheet, y: None)


def _total_row(fact: Fact, look: Look) -> Block:
    theme = look.theme
    inset = 12.0 if theme.total == "bar" else 0.0
    amount = width(clean(fact[1]), theme.regular) * theme.size / 1000
    label = Stack(max(_TOTALS - 2 * inset - amount - 12, 60)).add(fact[0], theme.regular, theme.size, theme.muted,
                                                                  leading=theme.leading)  # fmt: skip

    def draw(sheet: Sheet, y: float) -> None:
        label.draw(sheet, look.right - _TOTALS + inset, y + 3)
        baseline = y + 3 + (theme.leading + theme.size * 0.71) / 2
        sheet.text(look.right - inset, baseline, fact[1], theme.regular, theme.size, theme.ink, align="right",
                   limit=_TOTALS - 2 * inset)  # fmt: skip

    return Block(label.height + 6, draw)


def _grand_total(fact: Fact, look: Look) -> Block:
    """The last line of the totals, as each design stresses it."""
    theme, colors = look.theme, look.palette
    start = look.right - _TOTALS
    inset = 12.0 if theme.total == "bar" else 0.0
    size = {"bar": 12.0, "double": 11.0, "plain": 12.5}[theme.total]
    color = {"bar": colors.on_accent, "double": theme.ink, "plain": colors.readable}[theme.total]

    def draw(sheet: Sheet, y: float) -> None:
        if theme.total == "bar":
            sheet.box(start, y + 6, _TOTALS, 32, colors.accent, radius=6)
        if theme.total == "double":
            sheet.rule(start, y + 7, look.right, y + 7, theme.ink, 0.6)
            sheet.rule(start, y + 35, look.right, y + 35, theme.ink, 0.6)
            sheet.rule(start, y + 37.5, look.right, y + 37.5, theme.ink, 0.6)
        if theme.total == "plain":
            sheet.rule(start, y + 7, look.right, y + 7, theme.ink, 0.7)
        label = color if theme.total == "bar" else theme.ink
        named = sheet.text(start + inset, y + 25.5, fact[0], theme.bold, theme.size + 1, label, limit=_TOTALS * 0.45)
        sheet.text(look.right - inset, y + 26, fact[1], theme.bold, size, color, align="right",
                   limit=_TOTALS - 2 * inset - named - 12)  # fmt: skip

    return Block(44.0, draw)


def _payment(content: Content, look: Look) -> Block:
    """Bank details: beside a code to scan where there is one, else as label and value in two columns."""
    theme = look.theme
    if not content.payment:
        return _space(0)
    title = content.labels["payment_details"]
    wide = look.width - _TOTALS - 22
    if not content.qr:
        return _two_columns(title, content.payment, look, wide)
    details = Stack(wide - _CODE - 14)
    details.add(title, theme.bold, theme.size, theme.ink, leading=theme.leading + 4)
    for label, value in content.payment:
        details.add(label, theme.regular, theme.size - 1.5, theme.muted, leading=10)
        details.add(value, theme.regular, theme.size, theme.ink, leading=theme.leading)
    details = details.clipped(_TALLEST)
    rows = symbol(content.qr)

    def draw(sheet: Sheet, y: float) -> None:
        details.draw(sheet, look.left + _CODE + 14, y)
        sheet.squares(rows, look.left, y + 4, _CODE / len(rows))
        caption = content.labels["scan_to_pay"]
        sheet.text(look.left + _CODE / 2, y + _CODE + 15, caption, theme.regular, theme.size - 1.5, theme.muted,
                   align="center", limit=_CODE + 12)  # fmt: skip

    return Block(max(details.height, _CODE + 20), draw)


def _two_columns(title: str, facts: tuple[Fact, ...], look: Look, wide: float) -> Block:
    theme = look.theme
    named = wide * 0.36
    head = Stack(wide).add(title, theme.bold, theme.size, theme.ink, leading=theme.leading + 4)
    rows = [
        (Stack(named - 8).add(label, theme.regular, theme.size, theme.muted, leading=theme.leading),
         Stack(wide - named).add(value, theme.regular, theme.size, theme.ink, leading=theme.leading))
        for label, value in facts
    ]  # fmt: skip
    rows = [(label, value.clipped(_TALLEST / len(rows))) for label, value in rows]
    height = head.height + sum(max(label.height, value.height) for label, value in rows)

    def draw(sheet: Sheet, y: float) -> None:
        head.draw(sheet, look.left, y)
        y += head.height
        for label, value in rows:
            label.draw(sheet, look.left, y)
            value.draw(sheet, look.left + named, y)
            y += max(label.height, value.height)

    return Block(height, draw)


def text_section(content: Content, look: Look) -> Section:
    """Notes and terms, cut between lines where a page ends."""
    theme = look.theme
    groups: list[list[Block]] = []
    for heading, body in content.texts:
        title = Stack(look.width).add(heading, theme.bold, theme.size, theme.ink, leading=theme.leading + 2)
        words = Stack(look.width).add(
            body, theme.regular, theme.size - 0.5, theme.muted, leading=theme.leading, auto=True
        )
        blocks = [_stacked(piece, look) for piece in (title, *words.pieces(theme.leading * 3))]
        groups += [[_space(16), *blocks[:2]], *([block] for block in blocks[2:])]
    return Section(groups)


def _stacked(stack: Stack, look: Look) -> Block:
    return Block(stack.height, lambda sheet, y: stack.draw(sheet, look.left, y))


def tiles_section(content: Content, look: Look) -> Section:
    """Ageing: one bar of all that is owed, and an amount for each part of it."""
    if not content.tiles:
        return Section([])
    theme = look.theme
    title = Stack(look.width).add(
        content.labels["ageing"], theme.bold, theme.size, theme.ink, leading=theme.leading + 4
    )

    def draw(sheet: Sheet, y: float) -> None:
        title.draw(sheet, look.left, y)
        _bar(sheet, content.tiles, look, y + title.height + 2)
        wide = look.width / len(content.tiles)
        for place, tile in enumerate(content.tiles):
            _tile(sheet, tile, look, look.left + place * wide, y + title.height + 20, wide - 6, place)

    return Section([[_space(20), Block(title.height + 60, draw)]])


def _shade(look: Look, place: int, tiles: int) -> str:
    """The older, the darker; credit is grey."""
    if place == tiles - 1:
        return look.theme.line
    return mix(look.palette.readable, "#ffffff", 0.22 + 0.78 * place / max(tiles - 2, 1))


def _bar(sheet: Sheet, tiles: tuple[Tile, ...], look: Look, y: float) -> None:
    sheet.box(look.left, y, look.width, 8, look.theme.line)
    at = look.left
    for place, tile in enumerate(tiles):
        if tile.share > 0:
            sheet.box(at, y, look.width * tile.share, 8, _shade(look, place, len(tiles)))
            at += look.width * tile.share


def _tile(sheet: Sheet, tile: Tile, look: Look, x: float, y: float, width: float, place: int) -> None:
    theme = look.theme
    sheet.box(x, y + 2, 6, 6, _shade(look, place, 6))
    sheet.text(x + 10, y + 8, tile.label, theme.regular, theme.size - 1.5, theme.muted, limit=width - 10)
    sheet.text(x, y + 24, tile.amount, theme.bold, theme.size + 0.5, theme.ink, limit=width)
