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
from math import floor

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
    """Everything that is left; as an amount of a line that has no units left."""
    return [
        Share(index=index, quantity=line.quantity or None, net=line.net, tax=line.tax)
        for index, line in enumerate(lines)
        if line.net or line.tax or line.quantity
    ]


def credit_quantities(lines: Sequence[Creditable], quantities: Mapping[int, Decimal]) -> list[Share]:
    """So many units of lines, by their index; the last unit takes whatever is left of the line.

    Raises Invalid, naming `items.<n>.quantity` by the order of `quantities`, for more units than are left, and `items` where
    negative lines make the whole less than nothing, or more than is left of the invoice.
    """
    parts = {
        index: _part(position, lines[index], wanted) for position, (index, wanted) in enumerate(quantities.items())
    }
    taxes = _taxes(lines, parts)
    shares = [
        Share(index=index, quantity=quantities[index], net=round_half_away(lines[index].net * part), tax=taxes[index])
        for index, part in sorted(parts.items())
    ]
    total = sum(share.net + share.tax for share in shares)
    if total < 0:
        raise Invalid.field("items", "They add up to less than nothing: credit what they reduce as well.")
    if total > sum(line.amount for line in lines):
        message = "They come to more than is left of the invoice: credit its negative lines as well."
        raise Invalid.field("items", message)
    return shares


def _part(position: int, line: Creditable, wanted: Decimal) -> Fraction:
    """Which part of what is left of a line so many of its units are."""
    field = f"items.{position}.quantity"
    if not line.quantity:
        rest = "No units are left of this line: credit an amount." if line.amount else "Nothing is left of this line."
        raise Invalid.field(field, rest)
    part = Fraction(wanted) / Fraction(line.quantity)
    if not 0 < part <= 1:
        bound = "more than 0 and at most" if line.quantity > 0 else "less than 0 and at least"
        raise Invalid.field(field, f"Must be {bound} {line.quantity.normalize():f}.")
    return part


def _taxes(lines: Sequence[Creditable], parts: Mapping[int, Fraction]) -> dict[int, int]:
    """The tax of parts of lines, rounded once per rate and from there over the lines by largest remainder."""
    taxes: dict[int, int] = {}
    for members in _by_rate(lines).values():
        exact = {index: lines[index].tax * parts[index] for index in members if index in parts}
        floors = {index: floor(tax) for index, tax in exact.items()}
        missing = round_half_away(sum(exact.values(), Fraction(0))) - sum(floors.values())
        by_remainder = sorted(exact, key=lambda index: (floors[index] - exact[index], index))
        taxes |= {index: floors[index] + (place < missing) for place, index in enumerate(by_remainder)}
    return taxes


def _by_rate(lines: Sequence[Creditable]) -> dict[tuple[Decimal, str], list[int]]:
    groups: dict[tuple[Decimal, str], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.rate, line.category), []).append(index)
    return groups


def credit_amount(lines: Sequence[Creditable], amount: int) -> list[Share]:
    """An amount with tax, in minor units, spread over what is left of all lines.

    Raises Invalid on `amount` unless it is more than 0 and at most what is left.
    """
    left = sum(line.amount for line in lines)
    if not 0 < amount <= left:
        raise Invalid.field("amount", "Must be more than 0." if amount <= 0 else "More than is left to credit.")
    if amount == left:
        return credit_all(lines)
    groups = _by_rate(lines)
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
