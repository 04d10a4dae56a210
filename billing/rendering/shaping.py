"""Text into glyphs: cleaning, direction (Unicode bidi), fallback between fonts, and HarfBuzz for the scripts that need it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

import uharfbuzz as hb
from bidi import algorithm as bidi

from billing.rendering.fonts import REPLACEMENT, Face, Font

# Latin, Greek, Cyrillic and the punctuation between them: one glyph a character, left to right.
SIMPLE = re.compile(
    "[ -~\xa0-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u202f-\u205e\u20a0-\u20c0\u2116\u2122]*"
)
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")
_STRONG = re.compile(f"(?P<rtl>{RIGHT_TO_LEFT.pattern})|[^\\W\\d_]")
# Controls, bidi overrides (a payee must read as it is stored), variation selectors, soft hyphens, fillers, tags.
_DROPPED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_LONE = re.compile("[\ud800-\udfff]")  # half a surrogate pair: no character at all
_SPACES = str.maketrans({"\t": " ", "\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\u2212": "-", "\u2011": "-"})
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f")


def clean(text: str) -> str:
    """What can be printed of `text`: composed (NFC), lines ended by \\n, without controls and direction overrides."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_SPACES)
    return _DROPPED.sub("", unicodedata.normalize("NFC", _LONE.sub(REPLACEMENT, text)))


def is_right_to_left(text: str) -> bool:
    """Whether the first strong character of `text` is Hebrew, Arabic or alike."""
    first = _STRONG.search(text)
    return bool(first and first["rtl"])


@dataclass(frozen=True, slots=True)
class Glyph:
    """A placed glyph; lengths in 1/1000 em; `text` is what it stands for, empty after the first of a cluster."""

    code: str
    advance: float
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one font file in drawing order, and the text they show in reading order."""

    face: Face
    glyphs: tuple[Glyph, ...]
    text: str
    width: float  # 1/1000 em
    rtl: bool


@lru_cache(maxsize=2048)
def shape(text: str, font: Font, rtl: bool = False) -> tuple[Run, ...]:
    """One line of cleaned text as runs from left to right; `rtl` is the direction of its paragraph."""
    spans = [_itemised(level, part, font) for level, part in _levels(text, rtl)]
    ordered = _reordered([span for part in spans for span in part])
    return tuple(_shaped(face, part, bool(level & 1)) for level, face, part in ordered)


def width(text: str, font: Font, rtl: bool = False) -> float:
    """The width of one line of cleaned text in 1/1000 em."""
    glyphs = font.face.glyphs
    if SIMPLE.fullmatch(text):
        found = [glyphs[char] for char in text]
        if None not in found:
            return sum([glyph[1] for glyph in found if glyph])
    return sum(run.width for run in shape(text, font, rtl))


def _levels(text: str, rtl: bool) -> Iterator[tuple[int, str]]:
    """Stretches of one bidi embedding level, in reading order."""
    if not rtl and not RIGHT_TO_LEFT.search(text):
        yield 0, text
        return
    storage = bidi.get_empty_storage()
    storage["base_level"], storage["base_dir"] = (1, "R") if rtl else (0, "L")
    bidi.get_embedding_levels(text, storage)
    bidi.explicit_embed_and_overrides(storage, False)
    bidi.resolve_weak_types(storage, False)
    _pair_brackets(storage["chars"], "R" if rtl else "L")
    bidi.resolve_neutral_types(storage, False)
    bidi.resolve_implicit_levels(storage, False)
    for level, chars in groupby(storage["chars"], key=lambda char: int(char["level"])):
        yield level, "".join(char["ch"] for char in chars)


def _pair_brackets(chars: list[dict[str, Any]], base: str) -> None:
    """Rule N0 of UAX #9, which python-bidi leaves out: both brackets of a pair take one direction."""
    opened: list[int] = []
    for place, char in enumerate(chars):
        if char["ch"] in "([{":
            opened.append(place)
        elif char["ch"] in ")]}" and opened:
            start = opened.pop()
            inside = {_direction(each) for each in chars[start + 1 : place]}
            before = next((found for each in reversed(chars[:start]) if (found := _direction(each))), base)
            if base in inside or inside - {""}:
                chars[start]["type"] = char["type"] = base if base in inside else before


def _direction(char: dict[str, Any]) -> str:
    """L or R where a character is strong or a number, which counts as right to left here."""
    return {"L": "L", "R": "R", "AL": "R", "EN": "R", "AN": "R"}.get(str(char["type"]), "")


def _itemised(level: int, text: str, font: Font) -> list[tuple[int, Face, str]]:
    """`text` cut where the font file changes; marks and joiners stay with the letter before them."""
    spans: list[tuple[int, Face, str]] = []
    for char in text:
        before = spans[-1] if spans else None
        stays = before and (char in _INVISIBLE or (unicodedata.category(char)[0] == "M" and before[1].covers(char)))
        face = before[1] if before and stays else font.face_for(char)
        if face is None:
            if char in _INVISIBLE:
                continue
            face, char = font.face, REPLACEMENT
        if before and before[1] is face:
            spans[-1] = (level, face, before[2] + char)
        else:
            spans.append((level, face, char))
    return spans


def _reordered(spans: list[tuple[int, Face, str]]) -> list[tuple[int, Face, str]]:
    """Rule L2 of UAX #9: from the highest level down to the lowest odd one, every stretch is reversed."""
    levels = [span[0] for span in spans]
    for floor in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(spans):
            end = start
            while end < len(spans) and spans[end][0] >= floor:
                end += 1
            spans[start:end] = spans[start:end][::-1]
            start = max(end, start + 1)
    return spans


def _shaped(face: Face, text: str, rtl: bool) -> Run:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.direction = "rtl" if rtl else "ltr"
    buffer.guess_segment_properties()
    buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    hb.shape(face.hb_font, buffer, {"kern": True, "liga": True})
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    shows = text.translate(_MIRRORED) if rtl else text
    texts = _clusters(shows, [info.cluster for info in infos])
    glyphs = tuple(
        Glyph(f"{info.codepoint:04x}", place.x_advance * face.scale, place.x_offset * face.scale,
              place.y_offset * face.scale, shown)
        for info, place, shown in zip(infos, positions, texts, strict=True)
    )  # fmt: skip
    return Run(face, glyphs, text, sum(glyph.advance for glyph in glyphs), rtl)


def _clusters(text: str, starts: list[int]) -> list[str]:
    """For each glyph the characters of its cluster; only the first glyph of a cluster carries them."""
    edges = sorted({*starts, len(text)})
    ends = dict(pairwise(edges))
    seen: set[int] = set()
    shown = []
    for start in starts:
        shown.append("" if start in seen else text[start : ends[start]])
        seen.add(start)
    return shown
