"""What `/invoices` and `/quotes` share: lines with the header's tax rate, and fields that are only kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing.models import Document
from billing.services.lines import LineDraft, drafts_of
from customers.models import Customer
from dialects.corebill import mapping
from dialects.corebill.door import CoreBillView
from invoicing.lib import clock
from invoicing.lib.errors import Invalid, NotFound

_KEPT = ("tax_label",)
_TERM = timedelta(days=30)  # until a document falls due, or a quote ends, that does not say


class DocumentView(CoreBillView):
    """Parsing that invoices and quotes have in common."""

    ends_on = "due_date"

    def customer_of(self, pk: int) -> Customer:
        """The customer that a body names; NotFound, as CoreBill has it, where there is none to bill."""
        customer = Customer.objects.of(self.business).live().filter(pk=pk).first() if pk else None
        if customer is None:
            raise NotFound("Customer not found")
        return customer

    def new_fields(self, body: dict[str, Any]) -> dict[str, Any]:
        """The header of a new document, with CoreBill's defaults: the company's currency, thirty days."""
        fields = mapping.document_fields(body)
        fields["issue_date"] = fields.get("issue_date") or clock.today(self.business.time_zone)
        fields[self.ends_on] = fields.get(self.ends_on) or fields["issue_date"] + _TERM
        fields["currency"] = fields.get("currency") or self.business.currency
        return fields | kept(body, {})

    def changed_fields(self, document: Document, body: dict[str, Any]) -> dict[str, Any]:
        """What changes of a header."""
        fields = mapping.document_fields(body)
        if "customer_id" in body:
            fields["customer"] = self.customer_of(body["customer_id"])
        return fields | kept(body, document.extra)


def kept(body: dict[str, Any], extra: dict[str, Any], names: tuple[str, ...] = _KEPT) -> dict[str, Any]:
    """`extra` with what of the body is only kept; nothing where there is none."""
    ours = {name: body[name] for name in names if name in body}
    return {"extra": {**extra, "corebill": {**extra.get("corebill", {}), **ours}}} if ours else {}


def new_lines(body: dict[str, Any]) -> list[LineDraft]:
    """The lines of a body, each with the header's tax rate."""
    rate = body.get("tax_rate") or Decimal(0)
    return [replace(draft, tax_rate=rate) for draft in _drafts(body["line_items"])]


def _drafts(lines: list[dict[str, Any]]) -> list[LineDraft]:
    return [LineDraft(**mapping.line_fields(line)) for line in lines]


def changed_lines(document: Document, body: dict[str, Any]) -> list[LineDraft] | None:
    """The lines anew, where they or the header's tax rate change.

    Lines that are sent back as they were shown stay what they are, with all that CoreBill has no field for, and a rate of
    null says nothing. Invalid for other lines without a rate where those before had several.
    """
    before = drafts_of(document)
    rate, lines = body.get("tax_rate"), body.get("line_items")
    if lines is None or list(map(_seen, _drafts(lines))) == list(map(_seen, before)):
        return None if rate is None else [replace(draft, tax_rate=rate) for draft in before]
    rates = {draft.tax_rate for draft in before}
    if rate is None and len(rates) > 1:
        raise Invalid("tax_rate: The lines had several rates; say which one the new lines have.")
    return new_lines({**body, "tax_rate": rate if rate is not None else next(iter(rates), None)})


def _seen(draft: LineDraft) -> tuple[Any, ...]:
    """What CoreBill shows of a line."""
    return draft.description, draft.quantity, draft.unit, draft.unit_price
