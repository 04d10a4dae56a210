"""Numbers as people type and read them: the separators of a locale, set for the length of a request, and no floats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

from babel.numbers import NumberFormatError, format_decimal, get_group_symbol, parse_decimal

_locale: ContextVar[str] = ContextVar("number_locale", default="en_US")
_SPACES = " \u00a0\u202f"
# Digits and separators: what Decimal takes besides (1e5, 1_000, digits of other scripts) nobody means in a form.
_TYPED = re.compile("^[-\u2212]?[0-9][0-9.,'\u2019\u00a0\u202f ]*$|^[-\u2212]?[.,][0-9]+$", re.ASCII)


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Read and write numbers as `locale` (a Babel locale such as de_AT) does, inside the block."""
    token = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(token)


def read_number(text: str) -> str:
    """What was typed as the API would spell it: 1.234,5 in German is 1234.5; ValueError where it is no number there.

    Strict about groups, so that 119.99 in German is refused instead of being read as 11999.
    """
    text = text.strip()
    if not _TYPED.match(text):
        raise ValueError(text)
    locale = _locale.get()
    group = get_group_symbol(locale)
    if group in _SPACES or group == "\u2019":  # nobody types a narrow space, or a curly apostrophe
        text = re.sub(f"[{_SPACES}'\u2019]", group, text)
    try:
        return format(parse_decimal(text.replace("\u2212", "-"), locale=locale, strict=True), "f")
    except NumberFormatError as error:
        raise ValueError(text) from error


def write_number(value: Decimal, decimals: int = 0) -> str:
    """A number to be edited: the locale's decimal sign, no groups, at least `decimals` decimals."""
    return str(format_decimal(value, format=f"0.{'0' * decimals}{'#' * (12 - decimals)}", locale=_locale.get()))
