"""A document's content and design into pages, numbered, and those into a PDF."""

from __future__ import annotations

import struct

from PIL.Image import DecompressionBombError

from billing.rendering.content import Content, identity_lines
from billing.rendering.flow import Block, Pages
from billing.rendering.letterheads import Look, letterhead
from billing.rendering.panels import closing_section, text_section, tiles_section
from billing.rendering.sheet import Picture, Sheet
from billing.rendering.tables import table_section
from billing.rendering.themes import palette, theme_named
from billing.rendering.wrapping import fit

Paper = tuple[float, float]  # width and height in points
A4: Paper = (595.276, 841.89)
LETTER: Paper = (612.0, 792.0)
_LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "VE", "GT", "CR", "PA", "DO", "PR"})
_FOOT = 58.0  # kept free at the bottom of every page
_CONTINUED = 66.0  # where pages after the first begin


def paper_of(country: str | None) -> Paper:
    """The paper that is usual where the seller is."""
    return LETTER if country in _LETTER_COUNTRIES else A4


def compose(content: Content, *, logo: bytes | None = None, paper: Paper | None = None) -> bytes:
    """The PDF of `content`: the same content, logo and paper give the same bytes. `paper` is the seller's unless given."""
    width, height = paper or paper_of(content.seller.country)
    theme = theme_named(content.brand.template)
    look = Look(theme, palette(content.brand.accent_color), width, height, _picture(logo))
    pages = _pages(content, look)
    title = f"{content.title} {content.number}".strip()
    sheet = Sheet(width, height, title=title, author=content.seller.name, language=content.labels.language)
    for number, page in enumerate(pages, start=1):
        if content.watermark:
            sheet.slanted(content.watermark, theme.bold, "#eceef1")
        if number > 1:
            _running_head(sheet, content, look)
        for y, block in page:
            block.draw(sheet, y)
        _foot(sheet, content, look, number, len(pages))
        sheet.next_page()
    return sheet.finish()


def _pages(content: Content, look: Look) -> list[list[tuple[float, Block]]]:
    head = letterhead(content, look)
    table, closing = table_section(content.table, look), closing_section(content, look)
    if len(table.groups) > 1 and closing.groups and len(table.groups[-1]) == 1:
        last = table.groups.pop()  # totals never stand on a page alone: the last row goes with them
        table.groups.append([*last, *closing.groups.pop(0)])
    pages = Pages(0.0, _CONTINUED, look.page_height - _FOOT)
    pages.pages[0].append((0.0, head))
    pages.y = head.height
    return pages.fill([table, closing, tiles_section(content, look), text_section(content, look)])


def _running_head(sheet: Sheet, content: Content, look: Look) -> None:
    theme = look.theme
    words = fit(f"{content.title} {content.number}", theme.bold, theme.size, look.width * 0.55)
    sheet.text(look.left, 40, words, theme.bold, theme.size, theme.ink)
    seller = fit(content.seller.name, theme.regular, theme.size, look.width * 0.4)
    sheet.text(look.right, 40, seller, theme.regular, theme.size, theme.muted, align="right")
    if theme.letterhead == "band":
        sheet.box(0, 0, look.page_width, 6, look.palette.accent)
    else:
        sheet.rule(look.left, 48, look.right, 48, theme.line)


def _foot(sheet: Sheet, content: Content, look: Look, page: int, pages: int) -> None:
    theme, y = look.theme, look.page_height - 28
    words = content.labels["page"].format(page=page, pages=pages)
    size = theme.size - 1.5
    imprint = "  ·  ".join([content.seller.legal_name or content.seller.name,
                            *identity_lines(content.seller, content.labels)])  # fmt: skip
    line = fit(imprint, theme.regular, size, look.width - 90)
    if theme.letterhead == "centred":
        sheet.rule(look.left, y - 22, look.right, y - 22, theme.line)
        sheet.text(look.page_width / 2, y - 8, line, theme.regular, size, theme.muted, align="center")
        sheet.text(look.page_width / 2, y + 4, words, theme.regular, size, theme.muted, align="center")
        return
    if theme.letterhead == "band":
        sheet.rule(look.left, y - 14, look.right, y - 14, theme.line)
    sheet.text(look.left, y, line, theme.regular, size, theme.muted)
    sheet.text(look.right, y, words, theme.regular, size, theme.muted, align="right")


def _picture(logo: bytes | None) -> Picture | None:
    """The logo, or nothing where its bytes cannot be decoded: a document is worth more than its logo."""
    try:
        return Picture(logo) if logo else None
    except (OSError, ValueError, SyntaxError, struct.error, DecompressionBombError):
        return None
