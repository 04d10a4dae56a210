"""Amounts: integers in a currency's minor units, one rounder (half away from zero), one splitter (largest remainder)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import iso4217

# Wide enough for quantity (15 digits) × price (15 digits) × rate (7 digits) without rounding on the way.
EXACT = Context(prec=60)
MAX_DIGITS = 15
MAX_MINOR = 10**MAX_DIGITS - 1

# The ISO 4217 codes that are money people bill in: those with a defined minor unit (no XXX, XTS, gold or SDR).
EXPONENTS: dict[str, int] = {
    currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None
}


def exponent(currency: str) -> int:
    """Decimals of a currency's minor unit (ISO 4217: JPY 0, USD 2, KWD 3); KeyError for an unknown code."""
    return EXPONENTS[currency]


def round_half_away(value: Decimal | Fraction) -> int:
    """The nearest integer, halves away from zero (2.5 → 3, −2.5 → −3)."""
    if isinstance(value, Fraction):
        whole, rest = divmod(abs(value), 1)
        size = int(whole) + (1 if rest >= Fraction(1, 2) else 0)
        return -size if value < 0 else size
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=EXACT))


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount in major units as minor units, rounded half away from zero."""
    return round_half_away(amount.scaleb(exponent(currency), context=EXACT))


def to_minor_exact(amount: Decimal, currency: str) -> int | None:
    """As `to_minor`, but None where the amount has more decimals than the currency."""
    scaled = amount.scaleb(exponent(currency), context=EXACT)
    return int(scaled) if scaled == scaled.to_integral_value() else None


def to_major(minor: int, currency: str) -> Decimal:
    """Minor units as a Decimal in major units."""
    return Decimal(minor).scaleb(-exponent(currency))


def number(value: Decimal) -> int | Decimal:
    """The value in the shortest spelling, as JavaScript would write it: 250.00 → 250, 29.90 → 29.9."""
    if value == value.to_integral_value():
        return int(value)
    return value.normalize()


def major_number(minor: int, currency: str) -> int | Decimal:
    """Minor units as the JSON number of the API."""
    exp = EXPONENTS[currency]
    if not exp:
        return minor
    whole, rest = divmod(minor, 10**exp)
    return number(Decimal(minor).scaleb(-exp)) if rest else whole


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `weights` so that the parts sum to it exactly (largest remainder; ties to the first).

    Where all weights are zero the parts are as equal as can be. Weights may be negative as long as their sum is not zero.
    """
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    if not weights:
        return []
    floors = [(total * weight) // whole for weight in weights]
    left = total - sum(floors)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-Fraction((total * weights[i]) % whole, whole), i))
    for index in by_remainder[:left]:
        floors[index] += 1
    return floors
