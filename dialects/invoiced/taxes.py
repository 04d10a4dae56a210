"""Between Invoiced's taxes, of which a line and its document may have several, and the one rate of our lines. Pure.

A line's rate is the sum of its own taxes and, where it is taxable, of the document's. Which they were is kept with the
document (`{"code", "percent"}`); its tax is shown divided among them by largest remainder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing.models import TaxCategory, TaxRate
from billing.services.lines import LineDraft
from billing.totals import DocumentDiscount, LineInput, Totals, calculate
from dialects.invoiced.document_inputs import Given
from invoicing.lib.errors import Invalid
from invoicing.lib.money import EXACT, number, split, to_minor, to_minor_exact

Kept = dict[str, Any]  # {"code": id of a tax rate or null, "percent": text}
_STEP = Decimal("0.0001")  # of a rate in percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line before its taxes are added up: our draft without a rate, and its own taxes."""

    draft: LineDraft
    taxes: Sequence[Given | Kept]
    taxable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What an amount of tax depends on besides the lines."""

    currency: str
    rounding: str
    discount: DocumentDiscount | None
    rates: Mapping[str, TaxRate]  # by code, those that are given
    categories: Mapping[str, str]  # by code, of those that were kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxed:
    """Lines with their rates, and the taxes to keep: of each line, and of the document."""

    drafts: list[LineDraft]
    of_lines: list[list[Kept]]
    of_document: list[Kept]


def add_taxes(items: Sequence[Item], taxes: Sequence[Given | Kept], pricing: Pricing) -> Taxed:
    """Lines with the sum of their rates. A tax given as an amount becomes the rate that yields it.

    Invalid where no rate of four decimals yields the amounts to the cent, or the rates exceed 100 percent.
    """
    nets = [line.net for line in _totals(items, [Decimal(0)] * len(items), pricing).lines]
    base = sum(net for net, item in zip(nets, items, strict=True) if item.taxable)
    of_lines = [
        [_kept(tax, net, pricing, f"items.{index}.taxes") for tax in item.taxes]
        for index, (item, net) in enumerate(zip(items, nets, strict=True))
    ]
    of_document = [_kept(tax, base, pricing, "taxes") for tax in taxes]
    rates = [_sum([*own, *(of_document if item.taxable else [])]) for item, own in zip(items, of_lines, strict=True)]
    for index, rate in enumerate(rates):
        if rate > 100:
            raise Invalid.field(f"items.{index}.taxes", "The taxes are more than 100 percent.")
    of_rates = _rates_alone(taxes, of_document)
    others = [
        _sum([*_rates_alone(item.taxes, own), *(of_rates if item.taxable else [])])
        for item, own in zip(items, of_lines, strict=True)
    ]
    _check_amounts(items, taxes, rates, others, pricing)
    drafts = [
        replace(item.draft, tax_rate=rate, tax_category=_category([*own, *of_document], item.draft, rate, pricing))
        for item, rate, own in zip(items, rates, of_lines, strict=True)
    ]
    return Taxed(drafts=drafts, of_lines=of_lines, of_document=of_document)


def _kept(tax: Given | Kept, base: int, pricing: Pricing, field: str) -> Kept:
    if not isinstance(tax, Given):
        return tax
    if tax.code is not None:
        return {"code": tax.code, "percent": percent_text(pricing.rates[tax.code].rate)}
    amount = to_minor_exact(tax.amount or Decimal(0), pricing.currency)
    if amount is None or (amount and base <= 0):
        raise Invalid.field(field, "Expected an amount of the currency, on lines that cost something.")
    percent = EXACT.divide(Decimal(100 * amount), Decimal(base)).quantize(_STEP, ROUND_HALF_UP) if amount else _STEP * 0
    return {"code": None, "percent": percent_text(percent)}


def _rates_alone(taxes: Sequence[Given | Kept], kept: Sequence[Kept]) -> list[Kept]:
    """Of the taxes to keep those that were not given as amounts."""
    return [one for tax, one in zip(taxes, kept, strict=True) if not isinstance(tax, Given) or tax.code is not None]


def percent_text(rate: Decimal) -> str:
    """A rate as it is kept, without needless zeros."""
    return f"{Decimal(number(rate)):f}"


def _sum(taxes: Sequence[Kept]) -> Decimal:
    return sum((Decimal(tax["percent"]) for tax in taxes), Decimal(0))


def _check_amounts(
    items: Sequence[Item],
    taxes: Sequence[Given | Kept],
    rates: Sequence[Decimal],
    others: Sequence[Decimal],
    pricing: Pricing,
) -> None:
    """That taxes given as amounts come out as they were given, on top of what the others come to."""
    given = [*taxes, *(tax for item in items for tax in item.taxes)]
    amounts = [tax.amount for tax in given if isinstance(tax, Given) and tax.amount is not None]
    if not amounts:
        return
    wanted = to_minor(sum(amounts, Decimal(0)), pricing.currency) + _totals(items, others, pricing).tax
    if _totals(items, rates, pricing).tax != wanted:
        raise Invalid.field("taxes", "No rate of four decimals yields this tax to the cent: give the id of a tax rate.")


def _totals(items: Sequence[Item], rates: Sequence[Decimal], pricing: Pricing) -> Totals:
    lines = [
        LineInput(
            quantity=item.draft.quantity,
            unit_price=item.draft.unit_price or Decimal(0),
            tax_rate=rate,
            discount_rate=item.draft.discount_rate,
            discount_minor=_discount(item.draft, pricing.currency),
        )
        for item, rate in zip(items, rates, strict=True)
    ]
    return calculate(lines, currency=pricing.currency, discount=pricing.discount, rounding=pricing.rounding)


def _discount(draft: LineDraft, currency: str) -> int | None:
    return None if draft.discount_amount is None else to_minor(draft.discount_amount, currency)


def _category(taxes: Sequence[Kept], draft: LineDraft, rate: Decimal, pricing: Pricing) -> str | None:
    """The category of a rate that is given and stands alone, else what the line has where its rate stays.

    Else that of a kept rate that stands alone; several are as any other.
    """
    codes = {tax["code"] for tax in taxes}
    code = (codes.pop() or "") if len(codes) == 1 else ""
    if code in pricing.rates:
        return pricing.rates[code].tax_category
    if draft.tax_rate == rate:
        return draft.tax_category
    if code in pricing.categories:
        return pricing.categories[code]
    if draft.tax_rate is None and not rate:
        return draft.tax_category
    return TaxCategory.STANDARD


# Out -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Shares:
    """A line's tax in minor units, divided: its own taxes, and its part of each of the document's."""

    own: list[tuple[str | None, int]]
    of_document: list[int]


def divide_tax(tax_minor: int, rate: Decimal, own: Sequence[Kept], of_document: Sequence[Kept]) -> Shares:
    """A line's tax among the taxes that were kept; all of it in one where they are not what the line bears (any more)."""
    everything = [*own, *of_document]
    if _sum(everything) != rate:
        none = [0] * len(of_document)
        return Shares([(None, tax_minor)] if tax_minor or rate else [], none)
    parts = split(tax_minor, [int(Decimal(tax["percent"]) / _STEP) for tax in everything])
    return Shares(
        [(tax["code"], part) for tax, part in zip(own, parts, strict=False)],
        parts[len(own) :],
    )
