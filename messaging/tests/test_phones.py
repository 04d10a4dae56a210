"""Phone numbers as people write them."""

from __future__ import annotations

import pytest

from invoicing.lib.errors import Invalid
from messaging.phones import clean_phone, clean_phones


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("11234567890", "US", "+11234567890"),
        ("+1 (512) 555-1212", "US", "+15125551212"),
        ("512.555.1212", "US", "+15125551212"),
        ("(512) 555–1212", "CA", "+15125551212"),
        ("0049 30 1234567", "DE", "+49301234567"),
        ("+49 30/1234567", "DE", "+49301234567"),
        ("4155550123", "BS", "+14155550123"),
        ("4930 1234567", "DE", None),  # nobody knows whether the 49 is Germany's
        ("612345678", "ES", None),  # not Australia's
        ("9123 4567", "SG", None),
        ("4155550123", "GB", None),
        ("13812345678", "CN", None),
        ("555-0123", "US", None),  # a local number: +555… is Brazil's
        ("030 1234567", "DE", None),
        ("+", "US", None),
        ("", "US", None),
        ("12345", "US", None),
        ("+1234567890123456", "US", None),
        ("555-CALL-NOW", "US", None),
        ("+١٢٣٤٥٦٧٨٩٠", "US", None),
        ("++15125551212", "US", None),
        ("1" * 60, "US", None),
        (5125551212, "US", None),
        (None, "US", None),
    ],
)
def test_numbers(text: object, country: str, number: str | None) -> None:
    assert clean_phone(text, country) == number


def test_each_once_and_the_wrong_ones_named() -> None:
    assert clean_phones(["+15125551212", "1 512 555 1212", "512-555-1213"], "US") == ["+15125551212", "+15125551213"]
    for numbers, field in ((["+15125551212", "x"], "to.1"), ([], "to"), (["+15125551212"] * 51, "to")):
        with pytest.raises(Invalid) as refusal:
            clean_phones(numbers, "US")
        assert refusal.value.details[0].field == field
