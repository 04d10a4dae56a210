"""The upper part of the first page, one function a design: who, to whom, what, how much."""

from __future__ import annotations

from dataclasses import dataclass

from billing.rendering.content import Content, address_lines, contact_lines, identity_lines, legal_lines, party_lines
from billing.rendering.flow import Block
from billing.rendering.sheet import Picture, Sheet
from billing.rendering.stack import Stack
from billing.rendering.themes import Palette, Theme
from billing.rendering.wrapping import fit
from einvoicing.document import Party

_TALLEST = 205.0  # of an address


@dataclass(frozen=True, slots=True)
class Look:
    """The design of one document on its paper."""

    theme: Theme
    palette: Palette
    page_width: float
    page_height: float
    logo: Picture | None

    @property
    def left(self) -> float:
        """The x of the left margin."""
        return self.theme.margin

    @property
    def right(self) -> float:
        """The x of the right margin."""
        return self.page_width - self.theme.margin

    @property
    def width(self) -> float:
        """What the margins leave."""
        return self.page_width - 2 * self.theme.margin


def letterhead(content: Content, look: Look) -> Block:
    """The block that opens page one; it begins at the upper edge of the paper."""
    return {"band": _band, "centred": _centred, "open": _open}[look.theme.letterhead](content, look)


def party(heading: str, who: Party, content: Content, look: Look, width: float, *, contact: bool = False) -> Stack:
    """A heading, a name and the address under it."""
    theme = look.theme
    stack = Stack(width).label(heading, theme, theme.muted).add(who.name, theme.bold, theme.size + 0.5, theme.ink)
    for line in [*party_lines(who, content), *(contact_lines(who) if contact else ())]:
        stack.add(line, theme.regular, theme.size, theme.ink if not contact else theme.muted, leading=theme.leading)
    return stack.clipped(_TALLEST)


def _buyers(content: Content, look: Look, width: float) -> list[Stack]:
    stacks = [party(content.buyer_heading, content.buyer, content, look, width)]
    if content.ship_to:
        stacks.append(party(content.labels["ship_to"], content.ship_to, content, look, width))
    return stacks


def _draw_logo(sheet: Sheet, look: Look, x: float, y: float, size: tuple[float, float], align: str) -> float:
    """Draw the logo inside a frame of `size` whose left edge or centre is at x; the height it takes."""
    if not look.logo:
        return 0.0
    scale = min(size[0] / look.logo.width, size[1] / look.logo.height)
    width, height = look.logo.width * scale, look.logo.height * scale
    left = x - width / 2 if align == "center" else x
    sheet.image(look.logo, left, y, width, height)
    return height


def _band(content: Content, look: Look) -> Block:
    """Modern: a band of the accent colour from edge to edge, and a card with the amount."""
    theme, colors = look.theme, look.palette
    card_width, column = 186.0, (look.width - 186 - 48) / 2
    card = Stack(card_width - 28)
    card.label(content.headline.label, theme, theme.muted)
    card.single(content.headline.amount, theme.bold, 17, colors.readable, leading=25)
    if content.headline.note:
        card.add(content.headline.note, theme.regular, theme.size - 0.5, theme.muted)
    card.gap(8)
    for fact in content.facts:
        card.fact(fact, theme)
    card = card.clipped(_TALLEST + 60)
    buyers = _buyers(content, look, column)
    seller = party(content.labels["from"], content.seller, content, look, column, contact=True)
    buyers_height = sum(stack.height for stack in buyers) + 14 * (len(buyers) - 1)
    top, body = 112.0, max(card.height + 26, buyers_height + 12, seller.height + 12)

    def draw(sheet: Sheet, y: float) -> None:
        sheet.box(0, 0, look.page_width, top, colors.accent)
        _band_name(sheet, content, look)
        title = fit(content.title, theme.bold, 26, look.width * 0.55)
        sheet.text(look.right, 60, title, theme.bold, 26, colors.on_accent, align="right")
        number = fit(content.number, theme.regular, 11, look.width * 0.55)
        sheet.text(look.right, 79, number, theme.regular, 11, colors.on_accent, align="right")
        sheet.box(look.right - card_width, top + 26, card_width, card.height + 26, colors.tint, radius=7)
        card.draw(sheet, look.right - card_width + 14, top + 39)
        at = top + 38
        for stack in buyers:
            stack.draw(sheet, look.left, at)
            at += stack.height + 14
        seller.draw(sheet, look.left + column + 24, top + 38)

    return Block(top + 26 + body + 24, draw)


def _band_name(sheet: Sheet, content: Content, look: Look) -> None:
    if look.logo:
        scale = min(150 / look.logo.width, 46 / look.logo.height)
        width, height = look.logo.width * scale, look.logo.height * scale
        sheet.box(look.left, 56 - height / 2 - 9, width + 20, height + 18, "#ffffff", radius=6)
        sheet.image(look.logo, look.left + 10, 56 - height / 2, width, height)
        return
    name = Stack(look.width * 0.42).add(content.seller.name, look.theme.bold, 17, look.palette.on_accent, leading=22)
    part = name.clipped(66)
    part.draw(sheet, look.left, 56 - part.height / 2)


def _centred(content: Content, look: Look) -> Block:
    """Classic: a printed letterhead in the middle, double rules, facts in a column at the right."""
    theme, colors = look.theme, look.palette
    head = Stack(look.width, "center")
    head.add(content.seller.name, theme.bold, 12 if look.logo else 19, colors.readable, leading=18 if look.logo else 27)
    lines = legal_lines(content.seller) + address_lines(content.seller, content.labels.language)
    for line in (lines, identity_lines(content.seller, content.labels), contact_lines(content.seller)):
        head.add("  ·  ".join(line), theme.regular, theme.size - 1, theme.muted, leading=12)
    head = head.clipped(130)
    logo_height = min(54.0, 170 / look.logo.width * look.logo.height) + 10 if look.logo else 0.0
    column = look.width * 0.36
    buyers = _buyers(content, look, column)
    facts = Stack(look.width * 0.42)
    for fact in content.facts:
        facts.fact(fact, theme).gap(2.5)
    facts = facts.clipped(_TALLEST + 60)
    facts.gap(4).fact((content.headline.label, content.headline.amount), theme, bold=True)
    rule = 44 + logo_height + head.height + 10
    body = max(sum(stack.height + 12 for stack in buyers), facts.height + 8)

    def draw(sheet: Sheet, y: float) -> None:
        _draw_logo(sheet, look, look.page_width / 2, 44, (170, 54), "center")
        head.draw(sheet, look.left, 44 + logo_height)
        sheet.rule(look.left, rule, look.right, rule, colors.readable, 1.4)
        sheet.rule(look.left, rule + 3, look.right, rule + 3, colors.readable, 0.4)
        title = f"{content.title.upper()}"
        sheet.text(look.page_width / 2, rule + 37, title, theme.regular, 17, theme.ink, align="center", track=4,
                   limit=look.width)  # fmt: skip
        number = fit(content.number, theme.regular, 10, look.width)
        sheet.text(look.page_width / 2, rule + 54, number, theme.regular, 10, theme.muted, align="center")
        at = rule + 74
        for stack in buyers:
            stack.draw(sheet, look.left, at)
            at += stack.height + 12
        facts.draw(sheet, look.right - facts.width, rule + 76)

    return Block(rule + 74 + body + 14, draw)


def _open(content: Content, look: Look) -> Block:
    """Minimal: white space, one large amount, and four small columns."""
    theme, colors = look.theme, look.palette
    parties = 3 if content.ship_to else 2
    gutter = 18.0
    column = (look.width - gutter * parties) / (parties + 1)
    facts = Stack(column)
    for label, value in content.facts:
        facts.label(label, theme, theme.muted).add(value, theme.regular, theme.size, theme.ink, leading=11).gap(3.5)
    seller = party(content.labels["from"], content.seller, content, look, column, contact=True)
    columns = [seller, *_buyers(content, look, column), facts.clipped(_TALLEST + 60)]
    note = content.headline.note

    def draw(sheet: Sheet, y: float) -> None:
        if not _draw_logo(sheet, look, look.left, 52, (130, 36), "left"):
            name = fit(content.seller.name, theme.bold, 12, look.width * 0.6)
            sheet.text(look.left, 72, name, theme.bold, 12, theme.ink)
        sheet.text(look.right, 66, content.title, theme.bold, 10, theme.ink, align="right", limit=150)
        number = fit(content.number, theme.regular, 9, 200)
        sheet.text(look.right, 80, number, theme.regular, 9, theme.muted, align="right")
        sheet.box(look.left, 118, 26, 3, colors.accent)
        sheet.text(look.left - 1.5, 162, content.headline.amount, theme.regular, 34, theme.ink, limit=look.width)
        words = f"{content.headline.label}  ·  {note}" if note else content.headline.label
        sheet.text(look.left, 182, fit(words, theme.regular, 10, look.width), theme.regular, 10, theme.muted)
        for place, stack in enumerate(columns):
            stack.draw(sheet, look.left + place * (column + gutter), 214)

    return Block(214 + max(stack.height for stack in columns) + 22, draw)
