"""What people type is read as their locale writes it, or refused; never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from invoicing.lib.spoken_numbers import read_number, speaking, write_number

READ = [
    ("en_US", "1,234.5", "1234.5"),
    ("en_US", "1234.50", "1234.50"),
    ("en_US", "-3", "-3"),
    ("de_DE", "1.234", "1234"),
    ("de_DE", "119,99", "119.99"),
    ("de_DE", "1.234,56", "1234.56"),
    ("fr_FR", "1 234,5", "1234.5"),
    ("de_CH", "1’234.5", "1234.5"),
]


@pytest.mark.parametrize(("locale", "typed", "meant"), READ)
def test_it_is_read_as_the_locale_writes(locale: str, typed: str, meant: str) -> None:
    with speaking(locale):
        assert Decimal(read_number(typed)) == Decimal(meant)


@pytest.mark.parametrize(
    ("locale", "typed"),
    [("de_DE", "119.99"), ("en_US", "1,23"), ("en_US", "1e5"), ("en_US", "NaN"), ("en_US", "１２"), ("en_US", "1_000")],
)
def test_what_could_mean_two_things_is_refused(locale: str, typed: str) -> None:
    with speaking(locale), pytest.raises(ValueError, match=r".*"):
        read_number(typed)


@pytest.mark.parametrize(("locale", "shown"), [("en_US", "1234.50"), ("de_DE", "1234,50")])
def test_what_is_written_is_read_again(locale: str, shown: str) -> None:
    with speaking(locale):
        assert write_number(Decimal("1234.5"), 2) == shown
        assert Decimal(read_number(shown)) == Decimal("1234.5")
        assert write_number(Decimal("0.000001")) == shown[0].replace("1", "0") + shown[4] + "000001"
