"""The shares that credit notes take of an invoice's lines: by tables, and that any sequence of them ends at exactly 0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.crediting import Creditable, Share, credit_all, credit_amount, credit_quantities
from billing.totals import LineInput, calculate
from invoicing.lib.errors import Invalid

Lines = Sequence[Creditable]


def creditable(net: int, tax: int = 0, quantity: str = "1", rate: int = 19, category: str = "S") -> Creditable:
    return Creditable(quantity=Decimal(quantity), net=net, tax=tax, rate=Decimal(rate), category=category)


def amounts(shares: Sequence[Share]) -> list[tuple[int, int, int]]:
    return [(share.index, share.net, share.tax) for share in shares]


# Tables --------------------------------------------------------------------------------------------------------------
AMOUNTS = [
    # lines, amount, (index, net, tax) of each share
    ([creditable(10000, 1900)], 1190, [(0, 1000, 190)]),
    ([creditable(10000, 1900), creditable(10000, 700, rate=7)], 2260, [(0, 1000, 190), (1, 1000, 70)]),
    ([creditable(100), creditable(100), creditable(100)], 100, [(0, 34, 0), (1, 33, 0), (2, 33, 0)]),
    ([creditable(100), creditable(100), creditable(100)], 1, [(0, 1, 0)]),
    ([creditable(10000), creditable(-4000)], 3000, [(0, 5000, 0), (1, -2000, 0)]),
    ([creditable(0), creditable(500)], 200, [(1, 200, 0)]),
    ([creditable(100, 19), creditable(-100, -19), creditable(60, rate=0)], 30, [(2, 30, 0)]),
]


@pytest.mark.parametrize(("lines", "amount", "expected"), AMOUNTS)
def test_an_amount_follows_the_rates_and_lines(lines: Lines, amount: int, expected: Any) -> None:
    assert amounts(credit_amount(lines, amount)) == expected


UNITS = [
    ([creditable(1000, 190, "3")], {0: "1"}, [(0, 333, 63)]),
    ([creditable(1000, 190, "3")], {0: "3"}, [(0, 1000, 190)]),
    ([creditable(-1000, -190, "-3"), creditable(9000, 1710)], {1: "0.5", 0: "-1"}, [(0, -333, -63), (1, 4500, 855)]),
    # three halves of a cent of tax are one and a half: two, not three
    ([creditable(5, 1, "2"), creditable(5, 1, "2"), creditable(5, 1, "2")], {0: "1", 1: "1", 2: "1"},
     [(0, 3, 1), (1, 3, 1), (2, 3, 0)]),
    ([creditable(100, 19, "4"), creditable(0, 0, "2")], {1: "1"}, [(1, 0, 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "quantities", "expected"), UNITS)
def test_units_take_their_part_in_the_order_of_the_lines(lines: Lines, quantities: Any, expected: Any) -> None:
    wanted = {index: Decimal(quantity) for index, quantity in quantities.items()}
    assert amounts(credit_quantities(lines, wanted)) == expected


REFUSED = [
    (lambda: credit_amount([creditable(100)], 0), "amount: Must be more than 0"),
    (lambda: credit_amount([creditable(100)], -1), "amount: Must be more than 0"),
    (lambda: credit_amount([creditable(100, 19)], 120), "amount: More than is left"),
    (lambda: credit_quantities([creditable(100)], {0: Decimal("1.000001")}), "items.0.quantity: .*at most 1"),
    (lambda: credit_quantities([creditable(100)], {0: Decimal(0)}), "items.0.quantity: Must be more than 0"),
    (lambda: credit_quantities([creditable(-5, 0, "-2")], {0: Decimal(1)}), "items.0.quantity: .*at least -2"),
    (lambda: credit_quantities([creditable(0, 0, "0")], {0: Decimal(1)}), "items.0.quantity: Nothing is left"),
    (lambda: credit_quantities([creditable(50, 0, "0")], {0: Decimal(1)}), "items.0.quantity: No units are left"),
    (lambda: credit_quantities([creditable(100), creditable(-40)], {0: Decimal(1)}), "items: .*negative lines"),
    (lambda: credit_quantities([creditable(100), creditable(-40)], {1: Decimal(1)}), "items: .*less than nothing"),
]


@pytest.mark.parametrize(("credit", "message"), REFUSED)
def test_more_than_is_left_is_refused(credit: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        credit()


def test_the_rest_of_a_line_without_units_is_an_amount() -> None:
    shares = credit_all([creditable(100, 19, "0"), creditable(0, 0, "0"), creditable(50, 9, "2")])
    assert [(share.index, share.quantity) for share in shares] == [(0, None), (2, Decimal(2))]


# Properties ----------------------------------------------------------------------------------------------------------
_RATES = st.sampled_from([Decimal(0), Decimal(7), Decimal(19), Decimal("8.875"), Decimal("33.3333")])


def _inputs(units: st.SearchStrategy[int]) -> st.SearchStrategy[LineInput]:
    return st.builds(
        LineInput,
        quantity=units.map(Decimal) | st.decimals("-5", "5", places=3),
        unit_price=st.decimals("0", "900", places=4),
        tax_rate=_RATES,
        tax_category=st.sampled_from(["S", "S", "AE"]),
        discount_rate=st.none() | st.sampled_from([Decimal(10), Decimal("33.3333")]),
    )


@st.composite
def invoices(draw: st.DrawFn) -> list[Creditable]:
    """The lines of an invoice as the calculator makes them, in yen, dollars or dinars; its total is more than 0."""
    inputs = draw(st.lists(_inputs(st.integers(-3, 9)), min_size=1, max_size=6))
    currency, rounding = draw(st.sampled_from(["JPY", "USD", "KWD"])), draw(st.sampled_from(["rate", "line"]))
    rest = LineInput(quantity=Decimal(1), unit_price=Decimal(20_000), tax_rate=draw(_RATES))
    inputs.insert(draw(st.integers(0, len(inputs))), rest)  # so that it never comes to less than nothing
    totals = calculate(inputs, currency=currency, rounding=rounding)
    return [
        Creditable(quantity=i.quantity, net=t.net, tax=t.tax, rate=i.tax_rate, category=i.tax_category)
        for i, t in zip(inputs, totals.lines, strict=True)
    ]


def after(lines: Lines, shares: Sequence[Share], sign: int = -1) -> list[Creditable]:
    left = list(lines)
    for share in shares:
        line, units = left[share.index], share.quantity or Decimal(0)
        left[share.index] = replace(
            line,
            quantity=line.quantity + sign * units,
            net=line.net + sign * share.net,
            tax=line.tax + sign * share.tax,
        )
    return left


def one_credit(data: st.DataObject, lines: Lines) -> list[Share]:
    """Some amount or some units of what is left; nothing where that is refused."""
    left = sum(line.amount for line in lines)
    if left > 0 and data.draw(st.booleans(), "by amount"):
        return credit_amount(lines, data.draw(st.integers(1, left), "amount"))
    open_lines = [index for index, line in enumerate(lines) if line.quantity]
    chosen = data.draw(st.lists(st.sampled_from(open_lines), unique=True), "lines") if open_lines else []
    parts = {index: Fraction(data.draw(st.integers(1, 8), "eighths"), 8) for index in chosen}
    wanted = {index: lines[index].quantity * part.numerator / part.denominator for index, part in parts.items()}
    try:
        return credit_quantities(lines, wanted)
    except Invalid as refused:
        if refused.details[0].field != "items":  # nothing else of these can be wrong
            raise
        return []


def within(part: int | Decimal, whole: int | Decimal) -> bool:
    return min(0, whole) <= part <= max(0, whole)


def check_shares(lines: Lines, shares: Sequence[Share]) -> None:
    assert [share.index for share in shares] == sorted({share.index for share in shares})
    for share in shares:
        left = lines[share.index]
        assert within(share.net, left.net)
        assert within(share.tax, left.tax)
        assert within(share.quantity or 0, left.quantity)
    assert 0 <= sum(share.net + share.tax for share in shares) <= sum(line.amount for line in lines)


@settings(max_examples=400, deadline=None)
@given(invoices(), st.data())
def test_any_sequence_ends_at_exactly_zero(lines: list[Creditable], data: st.DataObject) -> None:
    kept: list[list[Share]] = []
    for _ in range(data.draw(st.integers(0, 8), "credits")):
        if kept and data.draw(st.integers(0, 4), "cancel") == 0:
            lines = after(lines, kept.pop(data.draw(st.integers(0, len(kept) - 1), "which")), sign=1)
            continue
        shares = one_credit(data, lines)
        check_shares(lines, shares)
        lines = after(lines, shares)
        kept.append(shares)
    rest = credit_all(lines)
    check_shares(lines, rest)
    assert {(line.quantity, line.net, line.tax) for line in after(lines, rest)} == {(Decimal(0), 0, 0)}


@settings(max_examples=300, deadline=None)
@given(invoices(), st.data())
def test_an_amount_is_met_exactly_and_its_tax_is_each_rates(lines: list[Creditable], data: st.DataObject) -> None:
    left = sum(line.amount for line in lines)
    amount = data.draw(st.integers(1, left))
    shares = credit_amount(lines, amount)
    assert sum(share.net + share.tax for share in shares) == amount
    for index_of_rate, exact in parts_of(lines, dict.fromkeys(range(len(lines)), Fraction(amount, left))).items():
        taken = sum(share.tax for share in shares if share.index in index_of_rate)
        # The rate's whole part is rounded first (less than 1 away), its tax from there (half of 1).
        assert abs(taken - exact) <= abs(rate_ratio(lines, index_of_rate)) + Fraction(1, 2)


def rate_ratio(lines: Lines, members: tuple[int, ...]) -> Fraction:
    whole = sum(lines[index].amount for index in members)
    return Fraction(sum(lines[index].tax for index in members), whole) if whole else Fraction(0)


@settings(max_examples=300, deadline=None)
@given(invoices(), st.data())
def test_the_tax_of_units_is_rounded_once_per_rate(lines: list[Creditable], data: st.DataObject) -> None:
    shares = one_credit(data, lines)
    if any(share.quantity is None for share in shares):
        return
    parts = {share.index: Fraction(share.quantity or 0) / Fraction(lines[share.index].quantity) for share in shares}
    for members, exact in parts_of(lines, parts).items():
        assert abs(sum(share.tax for share in shares if share.index in members) - exact) <= Fraction(1, 2)


def parts_of(lines: Lines, parts: dict[int, Fraction]) -> dict[tuple[int, ...], Fraction]:
    """The exact tax of these parts of lines, by the lines of each rate and category."""
    groups: dict[tuple[Decimal, str], list[int]] = defaultdict(list)
    for index in parts:
        groups[lines[index].rate, lines[index].category].append(index)
    return {tuple(members): sum((lines[i].tax * parts[i] for i in members), Fraction(0)) for members in groups.values()}
