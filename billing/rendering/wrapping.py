"""Text into lines: where a line may break, in any script, and never a line wider than its column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.rendering.fonts import Font
from billing.rendering.shaping import clean, is_right_to_left, width

_IDEOGRAPH = "\u1100-\u11ff\u2e80-\u2fff\u3000-\u31ff\u3200-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_CLOSING = "!),.:;?\\]}、。，．：；？！）］｝」』】〉》〕’”…・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_OPENING = "(\\[{「『【〈《〔（［｛"
# A letter with its marks and joined consonants: never cut inside.
_CLUSTER = re.compile("(?:\r\n|.)(?:[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903"
                      "\u093a-\u094f\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u200c\u200d]|(?<=\u094d)[\u0915-\u0939])*", re.S)  # fmt: skip
# Pieces that stay together: a run of blanks, an ideograph with its punctuation, or a word up to a hyphen or slash.
_PIECE = re.compile(
    f" +|[{_OPENING}]*[{_IDEOGRAPH}][{_CLOSING}]*|[^ {_IDEOGRAPH}\u200b/-]+(?:[/-]+|[\u200b])?|[^ ]", re.S
)
_NOT_SIMPLE_WORDS = re.compile(f"[{_IDEOGRAPH}\u200b\u0e00-\u0e7f/-]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of cleaned text, how wide it is at its size (points) and whether its paragraph reads right to left."""

    text: str
    width: float
    rtl: bool


def wrap(text: str, font: Font, size: float, limit: float) -> list[Line]:
    """The lines of `text` at `size` points, none wider than `limit` points; empty text has none."""
    lines: list[Line] = []
    for paragraph in clean(text).strip("\n").split("\n") if text.strip() else ():
        lines += _wrapped(paragraph.rstrip(), font, size / 1000, limit, is_right_to_left(paragraph))
    return lines


def fit(text: str, font: Font, size: float, limit: float) -> Line:
    """`text` on one line: cut with an ellipsis where it is wider than `limit` points."""
    flat = " ".join(clean(text).split())
    rtl = is_right_to_left(flat)
    full = width(flat, font, rtl) * size / 1000
    if full <= limit:
        return Line(flat, full, rtl)
    first = _wrapped(flat, font, size / 1000, limit - width("…", font) * size / 1000, rtl)[0]
    return Line(f"{first.text}…", width(f"{first.text}…", font, rtl) * size / 1000, rtl)


def _wrapped(text: str, font: Font, scale: float, limit: float, rtl: bool) -> list[Line]:
    whole = width(text, font, rtl) * scale if len(text) < 400 else limit + 1
    if whole <= limit:
        return [Line(text, whole, rtl)]
    lines: list[Line] = []
    current, used = "", 0.0
    for piece in _pieces(text, font, scale, limit):
        wide = width(piece, font, rtl) * scale
        if current and used + wide > limit and not piece.isspace():
            lines.append(_line(current, font, scale, rtl))
            current, used = "", 0.0
        if current or not piece.isspace():
            current, used = current + piece, used + wide
    return [*lines, _line(current, font, scale, rtl)] if current else lines


def _line(text: str, font: Font, scale: float, rtl: bool) -> Line:
    text = text.rstrip()
    return Line(text, width(text, font, rtl) * scale, rtl)


def _pieces(text: str, font: Font, scale: float, limit: float) -> list[str]:
    """What may stand on a line of its own, words wider than the line cut between letters."""
    pieces = _PIECE.findall(text) if _NOT_SIMPLE_WORDS.search(text) else re.findall(" +|[^ ]+", text)
    result: list[str] = []
    for piece in pieces:
        if "\u0e00" <= piece[0] <= "\u0e7f":  # Thai writes no blanks between words
            result += _CLUSTER.findall(piece)
        elif width(piece, font) * scale > limit and not piece.isspace():
            result += _cut(piece, font, scale, limit)
        else:
            result.append(piece)
    return result


def _cut(word: str, font: Font, scale: float, limit: float) -> list[str]:
    parts, current, used = [], "", 0.0
    known: dict[str, float] = {}
    for cluster in _CLUSTER.findall(word):
        wide = known[cluster] if cluster in known else known.setdefault(cluster, width(cluster, font) * scale)
        if current and used + wide > limit:
            parts.append(current)
            current, used = "", 0.0
        current, used = current + cluster, used + wide
    return [*parts, current]
