"""The one calculator: lines in, every amount of a document out; pure, exact, rounded half away from zero.

Line: net = round(quantity × unit price) − discount. The document's discount is spread over the lines by largest remainder
before tax. Tax per category and rate = round(Σ net × rate) (EN 16931 BR-CO-17), apportioned to its lines by largest
remainder, so that Σ line tax = tax of the document; or, where the business chose `line`, rounded on each line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.money import EXACT, MAX_MINOR, round_half_away, split, to_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """What a line is computed from. Rates are percent; `discount_minor` is in minor units."""

    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal = Decimal(0)
    tax_category: str = "S"
    discount_rate: Decimal | None = None
    discount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTotal:
    """A line's amounts in minor units: net = gross − discount − its share of the document's discount."""

    gross: int
    discount: int
    share: int
    net: int
    tax: int

    @property
    def amount(self) -> int:
        """Net and tax: what OnlineInvoiceMaker calls a line's amount."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """The tax of one category and rate."""

    category: str
    rate: Decimal
    base: int
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A document's amounts in minor units; `discount` is all of it, `subtotal` = Σ net, `total` = subtotal + tax."""

    lines: tuple[LineTotal, ...]
    taxes: tuple[TaxLine, ...]
    gross: int
    discount: int
    subtotal: int
    tax: int
    total: int


@dataclass(frozen=True, slots=True)
class DocumentDiscount:
    """`percentage` of the lines' net, or a `fixed` amount in major units."""

    kind: str
    value: Decimal


def calculate(
    lines: Sequence[LineInput], *, currency: str, discount: DocumentDiscount | None = None, rounding: str = "rate"
) -> Totals:
    """All amounts of a document.

    Raises Invalid, naming the field, where a discount exceeds what it discounts, an amount has more than 15 digits, or the
    total is negative.
    """
    priced = [price_line(line, currency=currency, path=f"items.{index}.") for index, line in enumerate(lines)]
    gross, discounts = [amount for amount, _ in priced], [discount for _, discount in priced]
    nets = [amount - less for amount, less in zip(gross, discounts, strict=True)]
    shares = split(_document_discount(discount, sum(nets), currency), nets)
    nets = [net - share for net, share in zip(nets, shares, strict=True)]
    taxes, line_taxes = _taxes(lines, nets, rounding)
    totals = Totals(
        lines=tuple(
            LineTotal(gross=g, discount=d, share=s, net=n, tax=t)
            for g, d, s, n, t in zip(gross, discounts, shares, nets, line_taxes, strict=True)
        ),
        taxes=taxes,
        gross=sum(gross),
        discount=sum(discounts) + sum(shares),
        subtotal=sum(nets),
        tax=sum(line_taxes),
        total=sum(nets) + sum(line_taxes),
    )
    if totals.total < 0:
        raise Invalid(
            "The total must not be negative.", details=[Detail("items", "The lines add up to less than zero.")]
        )
    _bounded([totals.gross, totals.discount, totals.subtotal, totals.tax, totals.total], "items")
    return totals


def _bounded(amounts: Sequence[int], field: str) -> None:
    if any(abs(amount) > MAX_MINOR for amount in amounts):
        raise Invalid.field(field, "The amount has more than 15 digits.")


def price_line(line: LineInput, *, currency: str, path: str = "") -> tuple[int, int]:
    """A line's gross and discount in minor units, which depend on no other line; Invalid names the field under `path`."""
    gross = to_minor(EXACT.multiply(line.quantity, line.unit_price), currency)
    _bounded([gross], f"{path}quantity")
    return gross, _line_discount(line, gross, path)


def _percent(amount: int, rate: Decimal) -> int:
    return round_half_away(EXACT.multiply(Decimal(amount), rate).scaleb(-2, context=EXACT))


def _line_discount(line: LineInput, gross: int, path: str) -> int:
    if line.discount_rate is not None:
        computed = _percent(gross, line.discount_rate)
        if line.discount_minor not in {None, computed}:
            raise Invalid.field(f"{path}discount_amount", "Differs from discount_rate: give only one of the two.")
        return computed
    discount = line.discount_minor or 0
    if discount and not 0 <= discount <= gross:
        raise Invalid.field(f"{path}discount_amount", "Must be between 0 and quantity × unit_price.")
    return discount


def _document_discount(discount: DocumentDiscount | None, net: int, currency: str) -> int:
    if discount is None or not discount.value:
        return 0
    amount = _percent(net, discount.value) if discount.kind == "percentage" else to_minor(discount.value, currency)
    if not 0 <= amount <= net:
        raise Invalid.field("discount_value", "Must not exceed the sum of the lines.")
    return amount


def _taxes(lines: Sequence[LineInput], nets: Sequence[int], rounding: str) -> tuple[tuple[TaxLine, ...], list[int]]:
    groups: dict[tuple[str, Decimal], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.tax_category, line.tax_rate), []).append(index)
    line_taxes = [0] * len(lines)
    taxes = []
    for (category, rate), members in groups.items():
        weights = [nets[index] for index in members]
        base = sum(weights)
        per_line = rounding == "line"
        parts = [_percent(weight, rate) for weight in weights] if per_line else split(_percent(base, rate), weights)
        for index, part in zip(members, parts, strict=True):
            line_taxes[index] = part
        taxes.append(TaxLine(category=category, rate=rate, base=base, tax=sum(parts)))
    return tuple(sorted(taxes, key=lambda tax: (-tax.rate, tax.category))), line_taxes
