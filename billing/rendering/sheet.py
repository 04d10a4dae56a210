"""A PDF being drawn: text, rules, boxes and images in points, y growing downwards from the top of the page."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from billing.rendering.embedding import EmbeddedFont
from billing.rendering.fonts import Face, Font
from billing.rendering.shaping import SIMPLE, Run, clean, is_right_to_left, shape
from billing.rendering.wrapping import Line

rl_config.useA85 = 0  # binary streams: a fifth smaller


class _Paper(Canvas):  # type: ignore[misc]
    """ReportLab's canvas without its preamble, which would name Helvetica and leave it unembedded."""

    def _make_preamble(self) -> None:
        self._preamble = ""


class Sheet:
    """One document; text is shaped, its fonts subset and embedded; the same calls give the same bytes."""

    def __init__(self, width: float, height: float, *, title: str, author: str, language: str) -> None:
        self.width, self.height = width, height
        self._file = BytesIO()
        self._paper: Any = _Paper(self._file, (width, height), invariant=1, pageCompression=1, lang=language)
        self._paper.setTitle(clean(title))
        self._paper.setAuthor(clean(author))
        self._paper.setCreator("Invoicing")
        self._paper.setProducer("Invoicing")
        self._paper.setViewerPreference("DisplayDocTitle", "true")
        self._code: list[str] = self._paper._code
        self._fonts: dict[str, EmbeddedFont] = {}

    def text(self, x: float, y: float, text: str | Line, font: Font, size: float, color: str, *,
             align: str = "left", track: float = 0.0, limit: float = 0.0) -> float:  # fmt: skip
        """Draw one line with its baseline at `y` and return its width; wider than `limit` (if any), it is set smaller.

        `align` says which side of the text stands at `x`: left, right or center; `track` is the space between letters.
        """
        shown, rtl = (text.text, text.rtl) if isinstance(text, Line) else (clean(text), False)
        rtl = rtl or is_right_to_left(shown)
        simple = self._simple(shown, font)
        runs = () if simple else shape(shown, font, rtl)
        ems = (simple[1] if simple else sum(run.width for run in runs)) / 1000
        letters = len(shown) - 1 if track and simple else 0
        total = ems * size + track * letters
        if limit and total > limit:
            size, track, total = size * limit / total, track * limit / total, limit
        left = x - total if align == "right" else x - total / 2 if align == "center" else x
        if simple:
            self._show(font.face, simple[0], left, y, size, color, track)
        for run in runs:
            self._run(run, left, y, font, size, color)
            left += run.width * size / 1000
        return total

    def _simple(self, text: str, font: Font) -> tuple[str, float] | None:
        """Hexadecimal glyph codes and width (1/1000 em) of text that needs no shaping, else None."""
        if not SIMPLE.fullmatch(text):
            return None
        glyphs = font.face.glyphs
        try:
            codes, advances = zip(*[glyphs[char] for char in text], strict=True)
        except (TypeError, ValueError):  # a character without a glyph, or no character at all
            return None
        self._embedded(font.face).chars.update(text)
        return f"<{''.join(codes)}>Tj", sum(advances)

    def _run(self, run: Run, x: float, y: float, font: Font, size: float, color: str) -> None:
        embedded = self._embedded(run.face)
        parts: list[str] = []
        gap, rise = 0.0, 0.0
        for glyph in run.glyphs:
            embedded.shaped.setdefault(glyph.code, glyph.text)
            if glyph.y != rise:
                parts.append(f"]TJ {glyph.y * size / 1000:.3f} Ts[")
                rise = glyph.y
            gap += glyph.x
            parts.append(f"{-gap:.1f}<{glyph.code}>" if abs(gap) > 0.05 else f"<{glyph.code}>")
            gap = glyph.advance - run.face.advance(int(glyph.code, 16)) - glyph.x
        show = f"[{''.join(parts)}]TJ" + (" 0 Ts" if rise else "")
        if font.is_thickened(run.face):
            show = f"2 Tr {size / 32:.3f} w {stroke(color)} {show} 0 Tr"
        if not run.rtl:  # readers turn right-to-left glyphs round by themselves, and would turn this round too
            show = f"/Span<</ActualText<feff{run.text.encode('utf-16-be').hex()}>>>BDC {show} EMC"
        self._show(run.face, show, x, y, size, color, 0.0)

    def _show(self, face: Face, codes: str, x: float, y: float, size: float, color: str, track: float) -> None:
        name = self._embedded(face).name
        spaced = (f"{track:.2f} Tc ", " 0 Tc") if track else ("", "")
        self._code.append(
            f"BT {fill(color)} /{name} {size:.4g} Tf {x:.2f} {self.height - y:.2f} Td {spaced[0]}{codes}{spaced[1]} ET"
        )

    def _embedded(self, face: Face) -> EmbeddedFont:
        found = self._fonts.get(face.name)
        if found is None:
            found = self._fonts[face.name] = EmbeddedFont(face, f"F{len(self._fonts) + 1}")
            self._paper._doc.delayedFonts.append(found)
        return found

    def rule(self, x1: float, y1: float, x2: float, y2: float, color: str, width: float = 0.5) -> None:
        """A straight line `width` points thick."""
        top = self.height
        self._code.append(f"{stroke(color)} {width:.2f} w {x1:.2f} {top - y1:.2f} m {x2:.2f} {top - y2:.2f} l S")

    def box(self, x: float, y: float, width: float, height: float, color: str, *, radius: float = 0.0) -> None:
        """A filled rectangle from its upper left corner, its corners rounded by `radius`."""
        bottom = self.height - y - height
        if not radius or min(width, height) < 2 * radius:
            self._code.append(f"{fill(color)} {x:.2f} {bottom:.2f} {width:.2f} {height:.2f} re f")
            return
        path = self._paper.beginPath()
        path.roundRect(x, bottom, width, height, radius)
        self._code.append(f"{fill(color)} {path.getCode()} f")

    def squares(self, rows: list[list[tuple[int, int]]], x: float, y: float, unit: float) -> None:
        """Black stretches (start, length) in rows of `unit` points: a QR code."""
        cells = [
            f"{x + start * unit:.3f} {self.height - y - (row + 1) * unit:.3f} {length * unit:.3f} {unit:.3f} re"
            for row, stretches in enumerate(rows)
            for start, length in stretches
        ]
        self._code.append(f"{fill('#000000')} {' '.join(cells)} f")

    def slanted(self, text: str, font: Font, color: str) -> None:
        """A word across the page from lower left to upper right."""
        glyphs = self._simple(text, font)
        if glyphs is None:
            return
        size = min(150.0, 0.72 * self.width / glyphs[1] * 1000)
        half = glyphs[1] * size / 2000
        x, y = self.width / 2 - half * 0.766 + size * 0.22, self.height / 2 - half * 0.643 - size * 0.26
        self._code.append(
            f"BT {fill(color)} /{self._embedded(font.face).name} {size:.4g} Tf"
            f" 0.766 0.643 -0.643 0.766 {x:.2f} {y:.2f} Tm {glyphs[0]} ET"
        )

    def image(self, picture: Picture, x: float, y: float, width: float, height: float) -> None:
        """A picture scaled into the rectangle that begins at its upper left corner."""
        self._paper.drawImage(picture.reader, x, self.height - y - height, width, height, mask="auto")

    def next_page(self) -> None:
        """Close this page; what follows is drawn on the next."""
        self._paper.showPage()
        self._code = self._paper._code

    def finish(self) -> bytes:
        """The PDF; nothing can be drawn afterwards."""
        self._paper.save()
        return self._file.getvalue()


class Picture:
    """A PNG or JPEG that has been decoded once; ValueError or OSError when its bytes are no picture."""

    def __init__(self, data: bytes) -> None:
        self.reader = ImageReader(BytesIO(data))
        size: tuple[int, int] = self.reader.getSize()
        self.width, self.height = size
        self.reader.getRGBData()


@lru_cache(maxsize=256)
def fill(color: str) -> str:
    """The operator that fills with `color` (#rrggbb)."""
    return f"{_components(color)} rg"


@lru_cache(maxsize=256)
def stroke(color: str) -> str:
    """The operator that strokes with `color` (#rrggbb)."""
    return f"{_components(color)} RG"


def _components(color: str) -> str:
    return " ".join(f"{int(color[start : start + 2], 16) / 255:.4g}" for start in (1, 3, 5))
