"""The calculator against an independent oracle in exact fractions, by tables and by properties."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - thirty of them in tables
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.totals import DocumentDiscount, LineInput, Totals, calculate
from invoicing.lib.errors import Invalid
from invoicing.lib.money import round_half_away, split


def line(quantity: str, price: str, rate: str = "0", **more: object) -> LineInput:
    return LineInput(quantity=D(quantity), unit_price=D(price), tax_rate=D(rate), **more)  # type: ignore[arg-type]


def test_the_seed_invoice() -> None:
    totals = calculate([line("1", "2500", "10"), line("12", "29.99")], currency="USD")
    assert (totals.subtotal, totals.tax, totals.total) == (285988, 25000, 310988)
    assert [part.amount for part in totals.lines] == [275000, 35988]


def test_the_seed_quotation_taxes_the_discounted_line() -> None:
    lines = [line("1", "5000", "10"), line("1", "500", discount_rate=D(20))]
    totals = calculate(lines, currency="USD")
    assert (totals.subtotal, totals.tax, totals.total, totals.discount) == (540000, 50000, 590000, 10000)


@pytest.mark.parametrize(
    ("rounding", "tax"),
    [("rate", 10), ("line", 9)],
    ids=["one tax of 1.47 at 7 % is 0.10", "three taxes of 0.49 at 7 % are 0.03 each"],
)
def test_the_two_roundings_differ(rounding: str, tax: int) -> None:
    totals = calculate([line("1", "0.49", "7")] * 3, currency="USD", rounding=rounding)
    assert totals.tax == tax
    assert sum(part.tax for part in totals.lines) == tax


@pytest.mark.parametrize(("currency", "total"), [("JPY", 3), ("USD", 250), ("KWD", 2500)])
def test_minor_units_follow_iso_4217(currency: str, total: int) -> None:
    assert calculate([line("1", "2.5")], currency=currency).total == total


@pytest.mark.parametrize(
    ("lines", "discount", "field"),
    [
        ([line("1", "10", discount_minor=1001)], None, "items.0.discount_amount"),
        ([line("1", "10", discount_rate=D(10), discount_minor=99)], None, "items.0.discount_amount"),
        ([line("1", "10")], DocumentDiscount("fixed", D("10.01")), "discount_value"),
        ([line("-1", "10")], None, "items"),
        ([line("999999999999999", "10")], None, "items.0.quantity"),
        ([line("90000000", "90000")] * 2, None, "items"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    lines: list[LineInput], discount: DocumentDiscount | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        calculate(lines, currency="USD", discount=discount)
    assert refused.value.details[0].field == field


# The oracle: the same law written a second time, in fractions and without the calculator's functions -----------------
def nearest(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value.numerator) + value.denominator) // (2 * value.denominator))


def oracle(lines: list[LineInput], exponent: int, discount: DocumentDiscount | None, rounding: str) -> tuple[int, ...]:
    nets = []
    discounts = 0
    for item in lines:
        gross = nearest(Fraction(item.quantity) * Fraction(item.unit_price) * 10**exponent)
        less = nearest(gross * Fraction(item.discount_rate or 0) / 100)
        discounts += less
        nets.append(gross - less)
    less = 0
    if discount and discount.kind == "percentage":
        less = nearest(sum(nets) * Fraction(discount.value) / 100)
    elif discount:
        less = nearest(Fraction(discount.value) * 10**exponent)
    if less:
        nets = spread(sum(nets) - less, nets)
    tax = 0
    if rounding == "line":
        tax = sum(nearest(net * Fraction(item.tax_rate) / 100) for net, item in zip(nets, lines, strict=True))
    else:
        for rate in {item.tax_rate for item in lines}:
            base = sum(net for net, item in zip(nets, lines, strict=True) if item.tax_rate == rate)
            tax += nearest(base * Fraction(rate) / 100)
    return sum(nets), discounts + less, tax, sum(nets) + tax


def spread(total: int, weights: list[int]) -> list[int]:
    """What is left of each weight when the sum is brought to `total`: taken away by largest remainder."""
    away, whole = sum(weights) - total, sum(weights)
    exact = [Fraction(away * weight, whole) for weight in weights]
    parts = [value.numerator // value.denominator for value in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for index in order[: away - sum(parts)]:
        parts[index] += 1
    return [weight - part for weight, part in zip(weights, parts, strict=True)]


rates = st.sampled_from([D(0), D(7), D("7.5"), D(19), D("20"), D("0.0001"), D("33.3333")])
quantities = st.decimals(min_value=0, max_value=9999, places=3)
prices = st.decimals(min_value=0, max_value=9999, places=4)
some_lines = st.lists(
    st.builds(
        LineInput,
        quantity=quantities,
        unit_price=prices,
        tax_rate=rates,
        discount_rate=st.none() | st.sampled_from([D(5), D("12.5"), D(100)]),
    ),
    min_size=1,
    max_size=12,
)
some_discount = st.none() | st.builds(
    DocumentDiscount, st.just("percentage"), st.decimals(min_value=0, max_value=100, places=2)
)


@settings(max_examples=400, deadline=None)
@given(
    some_lines, some_discount, st.sampled_from(["rate", "line"]), st.sampled_from([("JPY", 0), ("EUR", 2), ("KWD", 3)])
)
def test_the_calculator_agrees_with_the_oracle(
    lines: list[LineInput], discount: DocumentDiscount | None, rounding: str, currency: tuple[str, int]
) -> None:
    totals = calculate(lines, currency=currency[0], discount=discount, rounding=rounding)
    expected = oracle(lines, currency[1], discount, rounding)
    assert (totals.subtotal, totals.discount, totals.tax, totals.total) == expected
    adds_up(totals)


def adds_up(totals: Totals) -> None:
    assert sum(part.net for part in totals.lines) == totals.subtotal
    assert sum(part.tax for part in totals.lines) == totals.tax == sum(tax.tax for tax in totals.taxes)
    assert sum(tax.base for tax in totals.taxes) == totals.subtotal
    assert totals.gross - totals.discount == totals.subtotal
    assert sum(part.amount for part in totals.lines) == totals.total == totals.subtotal + totals.tax


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_a_split_loses_nothing_and_is_fair(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part - Fraction(total * weight, whole)) < 1 for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize(("value", "expected"), [("0.5", 1), ("-0.5", -1), ("2.5", 3), ("-2.5", -3), ("2.4999", 2)])
def test_halves_go_away_from_zero(value: str, expected: int) -> None:
    assert round_half_away(D(value)) == expected == round_half_away(Fraction(value))
