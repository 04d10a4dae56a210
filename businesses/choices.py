"""What the world has lists of, as a form offers it: countries, currencies, languages with their region, time zones."""

from __future__ import annotations

import calendar
from functools import lru_cache

from babel import Locale, localedata

from businesses.validators import time_zones
from invoicing.lib.money import EXPONENTS

Choices = list[tuple[str, str]]
_ENGLISH = Locale("en")


@lru_cache(maxsize=8)
def of(field: str) -> Choices | list[tuple[int, str]] | None:
    """The choices for a field of Business; None where anything may be typed."""
    if field == "country":
        return _sorted({code: name for code, name in _ENGLISH.territories.items() if _is_country(code)})
    if field == "currency":
        return [(code, f"{code} – {_ENGLISH.currencies.get(code, code)}") for code in sorted(EXPONENTS)]
    if field == "locale":
        return _locales()
    if field == "time_zone":
        return [(name, name.replace("_", " ")) for name in sorted(time_zones()) if "/" in name or name == "UTC"]
    if field == "statement_weekday":
        return list(enumerate(calendar.day_name))
    return None


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def _sorted(names: dict[str, str]) -> Choices:
    return sorted(names.items(), key=lambda row: row[1])


def _locales() -> Choices:
    """Languages with a region: what decides how dates and amounts are written."""
    found = {}
    for code in localedata.locale_identifiers():
        locale = Locale.parse(code)
        if locale.territory and locale.territory.isalpha() and not locale.variant:
            found[code] = str(locale.get_display_name("en"))
    return _sorted(found)
