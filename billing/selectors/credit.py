"""What credit there is, and what of an invoice can still be credited."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from billing.crediting import Creditable
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine


def creditable_lines(invoice: Invoice) -> list[tuple[InvoiceLine, Creditable]]:
    """The invoice's lines in order, each with what issued credit notes have left of it."""
    taken: dict[int, list[CreditNoteLine]] = defaultdict(list)
    issued = CreditNoteLine.objects.filter(invoice_line__invoice=invoice, credit_note__status=CreditNote.Status.SENT)
    for credited in issued.only("invoice_line_id", "units", "net_minor", "tax_minor"):
        taken[credited.invoice_line_id or 0].append(credited)
    lines = invoice.lines.order_by("position").select_related("product")
    return [(line, _left(line, taken[line.pk])) for line in lines]


def _left(line: InvoiceLine, taken: list[CreditNoteLine]) -> Creditable:
    units = sum((credited.units or Decimal(0) for credited in taken), Decimal(0))
    return Creditable(
        quantity=line.quantity - units,
        net=line.net_minor - sum(credited.net_minor for credited in taken),
        tax=line.tax_minor - sum(credited.tax_minor for credited in taken),
        rate=line.tax_rate,
        category=line.tax_category,
    )
