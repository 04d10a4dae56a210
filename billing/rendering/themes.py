"""The three designs as data, and the colours that follow from a business's accent colour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from billing.rendering.fonts import SANS, SANS_BOLD, SERIF, SERIF_BOLD, Font

DEFAULT_ACCENT = "#4f46e5"


@dataclass(frozen=True, slots=True)
class Theme:
    """What tells the designs apart; lengths in points."""

    name: str
    letterhead: str  # band | centred | open
    table: str  # filled | ruled | bare: how its head and rows are parted
    total: str  # bar | double | plain
    regular: Font
    bold: Font
    margin: float
    size: float  # of the body
    leading: float  # of the body, in points
    row_space: float  # above and below the text of a table row
    capitals: bool  # labels in capitals
    track: float  # between the letters of labels
    ink: str
    muted: str
    line: str


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one document."""

    accent: str
    on_accent: str  # text on it
    readable: str  # the accent, dark enough for text on white
    tint: str  # a breath of it, for backgrounds


_MODERN = Theme(
    name="modern", letterhead="band", table="filled", total="bar", regular=SANS, bold=SANS_BOLD, margin=46, size=9,
    leading=13, row_space=6.5, capitals=False, track=0, ink="#16181d", muted="#667085", line="#e4e7ec",
)  # fmt: skip
_CLASSIC = Theme(
    name="classic", letterhead="centred", table="ruled", total="double", regular=SERIF, bold=SERIF_BOLD, margin=58,
    size=9, leading=13.2, row_space=4.6, capitals=False, track=0, ink="#1c1917", muted="#6a645e", line="#c9c4bd",
)  # fmt: skip
_MINIMAL = Theme(
    name="minimal", letterhead="open", table="bare", total="plain", regular=SANS, bold=SANS_BOLD, margin=60, size=8.5,
    leading=12.6, row_space=6.6, capitals=True, track=0.7, ink="#0a0a0a", muted="#72777f", line="#ececec",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (_MODERN, _CLASSIC, _MINIMAL)}


def theme_named(name: str) -> Theme:
    """The design `name`; an unknown one is modern."""
    return THEMES.get(name, _MODERN)


@lru_cache(maxsize=256)
def palette(accent: str) -> Palette:
    """The colours for an accent such as #4f46e5; what is no colour is the default."""
    accent = accent.lower() if re.fullmatch("#[0-9a-fA-F]{6}", accent) else DEFAULT_ACCENT
    readable = accent
    while _contrast(readable, "#ffffff") < 4.5:
        readable = mix(readable, "#000000", 0.9)
    on_accent = "#ffffff" if _contrast(accent, "#ffffff") >= 3 else "#16181d"
    return Palette(accent, on_accent, readable, mix(accent, "#ffffff", 0.07))


def mix(first: str, second: str, share: float) -> str:
    """`share` of the first colour and the rest of the second."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


def _channels(color: str) -> list[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]


def _contrast(first: str, second: str) -> float:
    """WCAG 2.1's contrast ratio, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    shares = [channel / 255 for channel in _channels(color)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
