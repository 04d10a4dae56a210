"""ISO codes of countries and languages: what people write for them, and what is kept."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.core import get_global
from django.core.exceptions import ValidationError

from invoicing.lib.text import fold

_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})  # CLDR's two letters that nobody has an address in
# What CLDR's English no longer, or never, calls them.
_ALSO = {
    "united states of america": "US",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "the netherlands": "NL",
    "holland": "NL",
    "czech republic": "CZ",
    "turkey": "TR",
    "ivory coast": "CI",
    "macedonia": "MK",
    "hong kong": "HK",
    "macau": "MO",
    "burma": "MM",
    "republic of korea": "KR",
    "russian federation": "RU",
    "viet nam": "VN",
}


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """ISO 3166-1 alpha-2 code → English name."""
    names = Locale("en").territories.items()
    return {code: name for code, name in names if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY}


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Folded name, alpha-2 or alpha-3 code → alpha-2 code."""
    known = countries()
    aliases = {
        alias.lower(): codes[0]
        for alias, codes in get_global("territory_aliases").items()
        if codes[0] in known and (alias == "UK" or (len(alias) == 3 and alias.isalpha()))
    }
    names = {_plain(name): code for code, name in known.items()}
    return {**aliases, **_ALSO, **names, **{code.lower(): code for code in known}}


def _plain(text: str) -> str:
    return " ".join(fold(text).replace("’", "'").replace("&", "and").replace(".", "").split())


def country_code(text: str) -> str:
    """The ISO 3166-1 alpha-2 code of a country given by code or English name; any other text as it is."""
    return _spellings().get(_plain(text), text)


@lru_cache(maxsize=1)
def languages() -> frozenset[str]:
    """The ISO 639-1 codes."""
    return frozenset(str(code) for code in Locale("en").languages if len(str(code)) == 2)


def validate_language(code: str) -> None:
    """ValidationError unless `code` is an ISO 639-1 language in lower case."""
    if code not in languages():
        raise ValidationError("Expected an ISO 639-1 language code such as en.")
