"""Credit notes of invoices: together they never take more of a line than it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q

from billing.models import CreditNote, CreditNoteLine
from businesses.models import Business

_COLUMNS = (
    *("invoice_line_id", "net_minor", "tax_minor", "units"),
    *("invoice_line__net_minor", "invoice_line__tax_minor", "invoice_line__quantity"),
    *("invoice_line__invoice__number", "invoice_line__position"),
)


def check_credited_lines(business: Business) -> Iterator[str]:
    """Of each invoice line Σ credited net, tax and units is within what it has; each credit is of its note's own invoice."""
    yield from _strangers(business)
    issued = CreditNoteLine.objects.of(business).filter(credit_note__status=CreditNote.Status.SENT)
    rows = issued.filter(invoice_line__isnull=False).order_by("invoice_line_id", "pk")
    line: tuple[Any, ...] = ()
    taken = [0, 0, 0]
    for pk, net, tax, units, *of in (*rows.values_list(*_COLUMNS).iterator(), (None, 0, 0, 0, None)):
        if line and line[0] != pk:
            yield from _beyond(line, taken)
            taken = [0, 0, 0]
        line, taken = (pk, *of), [taken[0] + net, taken[1] + tax, taken[2] + (units or 0)]


def _beyond(line: tuple[Any, ...], taken: list[Any]) -> Iterator[str]:
    _, net, tax, quantity, number, position = line
    for name, part, whole in zip(("net", "tax", "units"), taken, (net, tax, quantity), strict=True):
        if not min(0, whole) <= part <= max(0, whole):
            yield f"invoice {number}, line {position + 1}: {part} {name} credited of {whole}"


def _strangers(business: Business) -> Iterator[str]:
    rows = CreditNoteLine.objects.of(business).order_by("pk").select_related("credit_note")
    own = Q(invoice_line__isnull=True, credit_note__invoice__isnull=True)
    of_its_invoice = Q(invoice_line__invoice=F("credit_note__invoice"))
    same_tax = Q(invoice_line__isnull=True) | Q(
        tax_rate=F("invoice_line__tax_rate"), tax_category=F("invoice_line__tax_category")
    )
    for line in rows.exclude((own | of_its_invoice) & same_tax):
        yield f"credit note {line.credit_note.number}, line {line.position + 1}: not of a line of the note's invoice"
