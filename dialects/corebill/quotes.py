"""`/quotes`: our quotations."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Quotation
from billing.serializers.documents import QUOTATION_COLUMNS, represent_quotations
from billing.services.envelopes import Envelope
from billing.services.quotations import convert_quotation, create_quotation, delete_quotation, update_quotation
from billing.services.sending import send_quotation
from businesses.models import Business
from dialects.corebill import ids, mapping
from dialects.corebill.documents import DocumentView, changed_lines, kept, new_lines
from dialects.corebill.inputs import QUOTE_STATUSES, Nothing, QuoteInput, RejectionInput
from dialects.corebill.invoices import shown_invoices
from dialects.door import rows_in_order
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body


def shown_quotes(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Quotations of a company by primary key, in that order."""
    rows = rows_in_order(Quotation.objects.of(business), pks, (*QUOTATION_COLUMNS, "customer_id", "extra"))
    return [
        mapping.quote(native, row["pk"], row["customer_id"], row["extra"])
        for native, row in zip(represent_quotations(rows), rows, strict=True)
    ]


class QuoteView(DocumentView):
    """Quotes of the company."""

    ends_on = "valid_until"

    def create(self, request: Request) -> Response:
        """A new quote."""
        body = read_body(QuoteInput, request)
        customer, details = self.customer_of(body["customer_id"]), self.new_fields(body)
        lines = new_lines(body)
        quotation = create_quotation(self.business, customer=customer, lines=lines, details=details, actor=self.actor)
        return self.send(self._shown(quotation), 201)

    def list(self, request: Request) -> Response:
        """Newest first; `status` and `customer_id`."""
        rows = Quotation.objects.live()
        if status := self.parameters.get("status"):
            if status not in QUOTE_STATUSES:
                raise Invalid(f"status must be one of {', '.join(QUOTE_STATUSES)}")
            rows = rows.filter(status="accepted" if status == "approved" else status)
        if customer := self.parameters.get("customer_id"):
            rows = rows.filter(customer_id=ids.read(ids.CUSTOMER, customer) or 0)
        return self.send_cursor(rows, ids.QUOTE, "quotes", lambda pks: shown_quotes(self.business, pks))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One quote."""
        return self.send(self._shown(self._find(id)))

    def update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a draft in every field, later notes, payment_terms and valid_until."""
        quotation = self._find(id)
        body = read_body(QuoteInput, request, partial=True)
        changes, lines = self.changed_fields(quotation, body), changed_lines(quotation, body)
        update_quotation(quotation, changes=changes, lines=lines, actor=self.actor)
        return self.send(self._shown(quotation))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft."""
        quotation = self._find(id)
        delete_quotation(quotation, actor=self.actor)
        return self.deleted(ids.QUOTE, quotation.pk, "quote")

    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail a quote to its customer."""
        quotation = self._find(id)
        read_body(Nothing, request)
        send_quotation(quotation, Envelope(), actor=self.actor)
        return self.send(self._shown(quotation))

    def approve(self, request: Request, id: str) -> Response:  # noqa: A002
        """The customer wants it."""
        return self._decide(id, Quotation.Status.ACCEPTED, {})

    def reject(self, request: Request, id: str) -> Response:  # noqa: A002
        """The customer does not want it; `rejection_reason` is kept."""
        return self._decide(id, Quotation.Status.REJECTED, read_body(RejectionInput, request))

    def convert(self, request: Request, id: str) -> Response:  # noqa: A002
        """Make a draft invoice of it, once."""
        quotation = self._find(id)
        read_body(Nothing, request)
        invoice = convert_quotation(quotation, actor=self.actor)
        return self.send(shown_invoices(self.business, [invoice.pk])[0], 201)

    def _decide(self, text: str, status: str, body: dict[str, Any]) -> Response:
        quotation = self._find(text)
        changes = kept(body, quotation.extra, ("rejection_reason",))
        update_quotation(quotation, changes=changes, status=status, actor=self.actor)
        return self.send(self._shown(quotation))

    def _find(self, text: str) -> Quotation:
        rows = Quotation.objects.live().select_related("business", "customer")
        return self.find_spelt(rows, ids.QUOTE, text, "Quote")

    def _shown(self, quotation: Quotation) -> dict[str, Any]:
        return shown_quotes(self.business, [quotation.pk])[0]
