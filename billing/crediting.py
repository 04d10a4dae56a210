"""How much of each line of an invoice a credit note takes; pure, exact, and any sequence of them ends at exactly 0.

Every share is taken of what is *left* of a line (its net and tax less what was credited before), so what is taken last is
precisely the rest. An amount is spread over the rates, and from there over the lines, by largest remainder: its tax follows
the invoice's rates (EN 16931 BG-23 of the credit note).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from invoicing.lib.errors import Invalid
from invoicing.lib.money import round_half_away, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditable:
    """What is left of an invoice's line: quantity, and net and tax in minor units."""

    quantity: Decimal
    net: int
    tax: int
    rate: Decimal
    category: str

    @property
    def amount(self) -> int:
        """Net and tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What is credited of a line."""

    index: int
    quantity: Decimal | None  # None where an amount was asked for, not a number of units
    net: int
    tax: int


def credit_all(lines: Sequence[Creditable]) -> list[Share]:
    """Everything that is left."""
    return [
        Share(index=index, quantity=line.quantity, net=line.net, tax=line.tax)
        for index, line in enumerate(lines)
        if line.net or line.tax or line.quantity
    ]


def credit_quantities(lines: Sequence[Creditable], quantities: Mapping[int, Decimal]) -> list[Share]:
    """So many units of each line; the last unit takes whatever is left of the line.

    Raises Invalid, naming `items.<n>.quantity` by the order of `quantities`, for more units than are left.
    """
    return [
        _units(position, index, lines[index], wanted) for position, (index, wanted) in enumerate(quantities.items())
    ]


def _units(position: int, index: int, line: Creditable, wanted: Decimal) -> Share:
    if not line.quantity:
        raise Invalid.field(f"items.{position}.quantity", "Nothing is left to credit of this line.")
    part = Fraction(wanted) / Fraction(line.quantity)
    if not 0 < part <= 1:
        raise Invalid.field(f"items.{position}.quantity", f"Must be more than 0 and at most {line.quantity:f}.")
    net, tax = round_half_away(line.net * part), round_half_away(line.tax * part)
    return Share(index=index, quantity=wanted, net=net, tax=tax)


def credit_amount(lines: Sequence[Creditable], amount: int) -> list[Share]:
    """An amount with tax, in minor units, spread over what is left of all lines.

    Raises Invalid on `amount` unless it is more than 0 and at most what is left.
    """
    left = sum(line.amount for line in lines)
    if not 0 < amount <= left:
        raise Invalid.field("amount", "Must be more than 0." if amount <= 0 else "More than is left to credit.")
    if amount == left:
        return credit_all(lines)
    groups: dict[tuple[Decimal, str], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.rate, line.category), []).append(index)
    parts = split(amount, [sum(lines[index].amount for index in members) for members in groups.values()])
    shares = [
        share for members, part in zip(groups.values(), parts, strict=True) for share in _of_rate(lines, members, part)
    ]
    return sorted((share for share in shares if share.net or share.tax), key=lambda share: share.index)


def _of_rate(lines: Sequence[Creditable], members: Sequence[int], amount: int) -> list[Share]:
    """An amount of one rate, parted into net and tax as the rest is, and each over the lines."""
    nets, taxes = [lines[index].net for index in members], [lines[index].tax for index in members]
    whole = sum(nets) + sum(taxes)
    tax = round_half_away(Fraction(amount * sum(taxes), whole)) if whole else 0
    return [
        Share(index=index, quantity=None, net=net, tax=part)
        for index, net, part in zip(members, _spread(amount - tax, nets), _spread(tax, taxes), strict=True)
    ]


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    return split(total, weights) if sum(weights) else [0] * len(weights)
