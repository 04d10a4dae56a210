"""Who may be texted: phone numbers cleaned to E.164, each once, and not too many."""

from __future__ import annotations

import re
from collections.abc import Sequence

from invoicing.lib.errors import Detail, Invalid
from messaging.addresses import MAX_RECIPIENTS

_BETWEEN = re.compile(r"[\s().\-/\u2010-\u2015]+")
_NUMBER = re.compile(r"\+?[0-9]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most 15 digits, the country's code first
_AT_HOME = re.compile(r"1?([0-9]{10})")  # a number within the North American plan, whose country code is 1
_NORTH_AMERICA = {
    *("AG", "AI", "AS", "BB", "BM", "BS", "CA", "DM", "DO", "GD", "GU", "JM", "KN"),
    *("KY", "LC", "MP", "MS", "PR", "SX", "TC", "TT", "US", "VC", "VG", "VI"),
}


def clean_phone(text: object, country: str) -> str | None:
    """The number as +<digits>; None for what is none.

    Without a + or 00 before it a number is only known where `country` (ISO 3166) is North American: anywhere else its first
    digits may be those of another country, and a private link would go to a stranger.
    """
    if not isinstance(text, str) or len(text) > 50:
        return None
    number = _BETWEEN.sub("", text)
    if not number.isascii() or not _NUMBER.fullmatch(number):
        return None
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if country in _NORTH_AMERICA and (local := _AT_HOME.fullmatch(number)):
        number = f"+1{local[1]}"
    return number if _E164.fullmatch(number) else None


def clean_phones(numbers: Sequence[str], country: str) -> list[str]:
    """The numbers, each once; Invalid names `to` when there is none, or each that is wrong (`to.1`)."""
    if not numbers:
        raise Invalid.field("to", "There is no phone number to text to.")
    if len(numbers) > MAX_RECIPIENTS:
        raise Invalid.field("to", f"At most {MAX_RECIPIENTS} recipients.")
    cleaned = [clean_phone(number, country) for number in numbers]
    wrong = [
        Detail(f"to.{index}", "Expected a phone number with its country code, such as +14155550123.")
        for index, number in enumerate(cleaned)
        if number is None
    ]
    if wrong:
        raise Invalid(f"{wrong[0].field}: {wrong[0].message}", details=wrong)
    return list(dict.fromkeys(number for number in cleaned if number))
