"""Draw a credit note's lines from its invoice: what is asked for, of what other credit notes have left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from billing.crediting import Creditable, Share, credit_all, credit_amount, credit_quantities
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.selectors.credit import creditable_lines
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.ids import uuid7
from invoicing.lib.money import major_number, round_half_away, to_major


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What is to be credited of an invoice: an amount with tax in minor units, or units of lines, or (neither) all the rest.

    `quantities` are in the order of the caller's items; None is whatever is left of the line.
    """

    amount_minor: int | None = None
    quantities: Mapping[UUID, Decimal | None] | None = None


def check_creditable(invoice: Invoice) -> None:
    """Conflict for an invoice that is a draft, cancelled or partly written off."""
    if invoice.is_draft or invoice.status == Invoice.Status.CANCELLED:
        state = "draft" if invoice.is_draft else "cancelled"
        raise Conflict(f"A {state} invoice cannot be credited.", code="state_does_not_allow")
    if invoice.written_off_minor:
        message = "Part of this invoice is written off: reverse the write-off first."
        raise Conflict(message, code="state_does_not_allow")


def draw_lines(note: CreditNote, credit: Credit) -> list[CreditNoteLine]:
    """Unsaved lines of what is credited of the note's invoice, in its order; sets the note's totals and its basis.

    They may come to 0 where all that is left cancels out. Raises Conflict where nothing is left, Invalid for more than is
    left or less than nothing.
    """
    assert note.invoice is not None  # noqa: S101 - only notes of an invoice are drawn
    left = creditable_lines(note.invoice)
    rest = [line for _, line in left]
    if not any(line.net or line.tax for line in rest):
        raise Conflict("Nothing is left to credit of this invoice.", code="exceeds_creditable")
    shares = _shares(credit, left, note.currency)
    lines = [_line(note, position, left[share.index][0], share) for position, share in enumerate(shares)]
    note.gross_minor = sum(line.gross_minor for line in lines)
    note.discount_minor = sum(line.discount_minor for line in lines)
    note.subtotal_minor = sum(line.net_minor for line in lines)
    note.tax_minor = sum(line.tax_minor for line in lines)
    note.total_minor = note.subtotal_minor + note.tax_minor
    if not any(share.net or share.tax for share in shares):
        raise Invalid.field("items", "There is nothing to credit of these lines.")
    note.basis = _basis(credit, rest, shares)
    return lines


def check_left(note: CreditNote, invoice: Invoice) -> None:
    """Conflict where a draft takes more than is left by now: another credit note may have been issued since it was drawn."""
    found = creditable_lines(invoice)
    left = {line.pk: rest for line, rest in found}
    for index, line in enumerate(note.lines.order_by("position")):
        rest = left[line.invoice_line_id or 0]
        fits = _within(line.net_minor, rest.net) and _within(line.tax_minor, rest.tax)
        if not fits or not _within(line.units or 0, rest.quantity):
            message = "More than is left to credit of this line."
            raise Conflict(message, code="exceeds_creditable", details=[Detail(f"items.{index}", message)])
    if note.total_minor > sum(rest.amount for rest in left.values()):
        raise Conflict("More than is left to credit of this invoice.", code="exceeds_creditable")


def _within(part: int | Decimal, whole: int | Decimal) -> bool:
    return min(0, whole) <= part <= max(0, whole)


def _shares(credit: Credit, left: Sequence[tuple[InvoiceLine, Creditable]], currency: str) -> list[Share]:
    rest = [line for _, line in left]
    if credit.amount_minor is not None:
        most = sum(line.amount for line in rest)
        if credit.amount_minor > most:
            raise Invalid.field(
                "amount", f"At most {major_number(most, currency)} {currency}, which is left to credit."
            )
        return credit_amount(rest, credit.amount_minor)
    if credit.quantities is None:
        return credit_all(rest)
    places = {line.uuid: index for index, (line, _) in enumerate(left)}
    wanted: dict[int, Decimal] = {}
    for position, (uuid, quantity) in enumerate(credit.quantities.items()):
        if uuid not in places:
            raise Invalid.field(f"items.{position}.invoice_item_id", "No such row.")
        index = places[uuid]
        wanted[index] = rest[index].quantity if quantity is None else quantity
    return credit_quantities(rest, wanted)


def _basis(credit: Credit, rest: Sequence[Creditable], shares: Sequence[Share]) -> dict[str, Any]:
    """What was asked for and what there was: with them the amounts explain themselves. All of the rest is an amount too."""
    left = sum(line.amount for line in rest)
    whole = credit.amount_minor is None and credit.quantities is None
    return {
        "amount_minor": left if whole else credit.amount_minor,
        "left_minor": left,
        "lines": [
            {"net": rest[s.index].net, "tax": rest[s.index].tax, "units": f"{rest[s.index].quantity:f}"} for s in shares
        ],
    }


def _line(note: CreditNote, position: int, line: InvoiceLine, share: Share) -> CreditNoteLine:
    """A credited amount is one piece at its net; credited units keep the invoice's price, and what that leaves is discount."""
    by_units = share.quantity is not None
    gross = share.net
    if share.quantity is not None and line.quantity:
        priced = round_half_away(line.gross_minor * Fraction(share.quantity) / Fraction(line.quantity))
        # A cent that rounding left over is no discount below nothing; that of a negative line is negative too.
        gross = priced if abs(priced) > abs(share.net) else share.net
    return CreditNoteLine(
        business_id=note.business_id,
        uuid=uuid7(),
        credit_note=note,
        position=position,
        invoice_line=line,
        units=share.quantity,
        product=line.product,
        description=line.description,
        quantity=Decimal(1) if share.quantity is None else share.quantity,
        unit=line.unit if by_units else None,
        unit_price=line.unit_price if by_units else to_major(share.net, note.currency),
        product_code=line.product_code,
        discount_rate=None,
        tax_rate=line.tax_rate,
        tax_category=line.tax_category,
        exemption_reason=line.exemption_reason,
        gross_minor=gross,
        discount_minor=gross - share.net,
        net_minor=share.net,
        tax_minor=share.tax,
        amount_minor=share.net + share.tax,
    )
