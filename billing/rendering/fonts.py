"""The shipped typefaces: which characters a font file covers, its glyph ids and how wide they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import uharfbuzz as hb

FOLDER = Path(__file__).resolve().parent.parent / "fonts"
REPLACEMENT = "\ufffd"  # the question mark in a box, for what no font covers
_FALLBACKS = ("NotoSansHebrew-Regular", "NotoSansArabic-Regular", "NotoSansDevanagari-Regular",
              "NotoSansThai-Regular", "DroidSansFallbackFull", "NanumSquareR")  # fmt: skip


class Glyphs(dict[str, tuple[str, float] | None]):
    """Character → (glyph id as four hex digits, advance in 1/1000 em), None where the font has no glyph."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        self.face = face

    def __missing__(self, char: str) -> tuple[str, float] | None:
        code = ord(char)
        gid = None if 0xD800 <= code < 0xE000 else self.face.hb_font.get_nominal_glyph(code)
        found = None if not gid else (f"{gid:04x}", self.face.advance(gid))
        self[char] = found
        return found


class Face:
    """One font file. Nothing here belongs to a document, so threads may share it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hb_face = hb.Face(hb.Blob.from_file_path(str(FOLDER / f"{name}.ttf")))
        self.hb_font = hb.Font(self.hb_face)
        self.scale = 1000 / self.hb_face.upem
        extents = self.hb_font.get_font_extents("ltr")
        self.ascent, self.descent = extents.ascender * self.scale, extents.descender * self.scale
        self.glyphs = Glyphs(self)

    def advance(self, gid: int) -> float:
        """The width of glyph `gid` in 1/1000 em."""
        return float(self.hb_font.get_glyph_h_advance(gid) * self.scale)

    def covers(self, char: str) -> bool:
        """Whether this file has a glyph for `char`."""
        return self.glyphs[char] is not None


@cache
def face(name: str) -> Face:
    """The font file `name`.ttf, loaded once a process."""
    return Face(name)


@dataclass(frozen=True, slots=True)
class Font:
    """A typeface with a weight: its own file, then the fallbacks for other scripts, thickened where it is bold."""

    name: str
    bold: bool = False

    @property
    def face(self) -> Face:
        """The file that most text is set in."""
        return face(self.name)

    def face_for(self, char: str) -> Face | None:
        """The first file that covers `char`, None where none does."""
        return next((each for each in _chain(self.name) if each.covers(char)), None)

    def is_thickened(self, other: Face) -> bool:
        """Whether glyphs of `other` are stroked to look bold: the fallbacks come in one weight."""
        return self.bold and other.name != self.name


@cache
def _chain(name: str) -> tuple[Face, ...]:
    return (face(name), *(face(each) for each in _FALLBACKS))


SANS = Font("NotoSans-Regular")
SANS_BOLD = Font("NotoSans-Bold", bold=True)
SERIF = Font("NotoSerif-Regular")
SERIF_BOLD = Font("NotoSerif-Bold", bold=True)
