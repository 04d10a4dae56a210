"""`/estimates`: our quotations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Invoice, Quotation
from billing.payment_terms import due_date
from billing.serializers.documents import QUOTATION_COLUMNS, represent_quotations
from billing.services.quotations import convert_quotation, create_quotation, delete_quotation, update_quotation
from billing.services.sending import send_quotation
from businesses.models import Business
from dialects.invoiced.document_inputs import EstimateInput, NothingInput
from dialects.invoiced.document_lookups import Kind, shown_documents, was_mailed
from dialects.invoiced.document_mapping import KEPT, document_fields, show_estimate
from dialects.invoiced.documents import FILTERS, SORTS, DocumentView, Objects, Pks, inherit, read_new
from dialects.invoiced.invoices import shown_invoices
from dialects.invoiced.lists import chosen, whether
from invoicing.lib import clock
from invoicing.lib.fields import read_body

KIND = Kind(model=Quotation, columns=QUOTATION_COLUMNS, represent=represent_quotations, show=show_estimate)
_SENT, (_MAILED, _UNMAILED) = Q(status="sent"), was_mailed("quotation")
_REJECTED, _VOIDED = Q(status="rejected"), Q(extra__invoiced__has_key="voided")
_STATUSES = {
    "draft": Q(status="draft"),
    "not_sent": _SENT & _UNMAILED,
    "sent": _SENT & _MAILED,
    "approved": Q(status="accepted"),
    "declined": _REJECTED & Q(extra__invoiced__voided__isnull=True),
    "voided": _REJECTED & _VOIDED,
    "expired": Q(status="expired"),
    "invoiced": Q(status="converted"),
}
_Status = Quotation.Status


def shown_estimates(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Estimates of a business by primary key, in that order."""
    return shown_documents(KIND, business, pks)


class EstimateView(DocumentView):
    """Estimates of the business."""

    kind = KIND
    filters = {
        **FILTERS,
        "status": chosen(_STATUSES),
        "closed": whether(Q(status__in=["rejected", "expired", "converted"])),
    }
    sorts = {**SORTS, "expiration_date": "valid_until"}
    template = "estimate_email"

    def create(self, request: Request) -> Response:
        """A new estimate; it can be accepted at once unless it is a draft."""
        body = read_new(EstimateInput, request)
        customer, lines, details = self.new_document(body)
        estimate = create_quotation(
            self.business,
            customer=customer,
            lines=lines,
            number=body.get("number"),
            status=_Status.DRAFT if body.get("draft") else _Status.SENT,
            details=details,
            actor=self.actor,
        )
        self.attach(estimate, body)
        return self.send(self.shown_one(estimate), 201)

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a draft; later notes, expiration_date, metadata. `draft: false` sends, `approved` accepts, `closed` declines."""
        estimate = Quotation.objects.lock(self.document(id).pk)
        body = self.read_changes(EstimateInput, request, estimate)
        lines, changes = self.changed_document(estimate, body)
        status = self._status(estimate, body)
        if estimate.is_draft and status in (_Status.ACCEPTED, _Status.REJECTED):
            update_quotation(estimate, changes={}, status=_Status.SENT, actor=self.actor)
        update_quotation(estimate, changes=changes, lines=lines, status=status, actor=self.actor)
        self.attach(estimate, body)
        return self.send(self.shown_one(estimate))

    def _status(self, estimate: Quotation, body: dict[str, Any]) -> str | None:
        if body.get("approved"):
            return _Status.ACCEPTED
        if body.get("closed") and estimate.status in (_Status.DRAFT, _Status.SENT):
            return _Status.REJECTED
        return _Status.SENT if estimate.is_draft and (body.get("draft") is False or body.get("sent")) else None

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; another is voided instead."""
        delete_quotation(self.document(id), actor=self.actor)
        return Response(status=204)

    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail an estimate with its PDF; an object for each recipient."""
        return self.send_emails(send_quotation(self.document(id), self.envelope(request), actor=self.actor))

    def void(self, request: Request, id: str) -> Response:  # noqa: A002
        """Decline an estimate, and say that it was its writer who did."""
        estimate = self.document(id)
        read_body(NothingInput, request)
        if estimate.is_draft:
            update_quotation(estimate, changes={}, status=_Status.SENT, actor=self.actor)
        kept = {**estimate.extra.get("invoiced", {}), "voided": True}
        changes = {"extra": {**estimate.extra, "invoiced": kept}}
        update_quotation(estimate, changes=changes, status=_Status.REJECTED, actor=self.actor)
        return self.send(self.shown_one(estimate))

    def invoice(self, request: Request, id: str) -> Response:  # noqa: A002
        """Make an invoice of an estimate, once; the answer is the invoice, a draft."""
        estimate = self.document(id)
        read_body(NothingInput, request)
        invoice = convert_quotation(estimate, details=self._kept(estimate), actor=self.actor)
        return self.send(shown_invoices(self.business, [invoice.pk])[0], 201)

    def _kept(self, estimate: Quotation) -> dict[str, Any]:
        """What an invoice of it takes of what was only kept: terms, address, and what is said of lines and taxes."""
        kept = estimate.extra.get("invoiced", {})
        same = {name: kept[name] for name in ("items", "taxes", *KEPT["invoice"]) if name in kept}
        inherit(same, Invoice.noun, estimate.customer)
        zone, ship_to = self.business.time_zone, {name: kept[name] for name in ("ship_to",) if name in kept}
        fields = document_fields(ship_to, Invoice.noun, zone)
        if kept.get("payment_terms"):
            fields["due_date"] = due_date(kept["payment_terms"], clock.today(zone))
        return {**fields, "extra": {"invoiced": same}}

    def loaders(self) -> dict[str, Callable[[Pks], Objects]]:
        """The invoice, too."""
        return {**super().loaders(), "invoice": lambda pks: shown_invoices(self.business, pks)}
