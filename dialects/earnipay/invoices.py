"""`/invoices`: Earnipay's invoices, which are written, approved or rejected, cancelled and printed."""

# ruff: noqa: N815 - these names are Earnipay's
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.files import pdf_answer
from billing.api.filters import SearchFilter
from billing.documents import document_pdf
from billing.models import Invoice
from billing.serializers.documents import INVOICE_COLUMNS, represent_invoices
from billing.services.approval import approve_invoice, reject_invoice, request_approval
from billing.services.invoices import create_invoice, update_invoice
from businesses.filters import OneOfFilter
from businesses.paging import Order
from businesses.views import find_reference
from customers.models import Customer
from dialects.earnipay import envelope, mapping
from dialects.earnipay.door import CHANGES, EarnipayView
from dialects.earnipay.inputs import INVOICE_TYPES, ApproveInput, InvoiceInput, RejectInput
from dialects.earnipay.paging import CalendarFilter, IdFilter
from invoicing.lib.errors import Conflict
from invoicing.lib.fields import read_body

COLUMNS = (*INVOICE_COLUMNS, "extra")
SORTS = {
    "createdAt": Order("pk", False),
    "irn": Order("number", False),
    "issueDate": Order("issue_date", False),
    "dueDate": Order("due_date", False, nullable=True),
    "total": Order("total_minor", False),
    "status": Order("status", False),
}
_DRAFT, _APPROVAL = Q(status=Invoice.Status.DRAFT), Invoice.Approval
STATUSES = {
    "DRAFT": _DRAFT & (Q(approval=None) | Q(approval=_APPROVAL.REJECTED)),
    "PENDING_APPROVAL": _DRAFT & Q(approval=_APPROVAL.PENDING),
    "APPROVED": _DRAFT & Q(approval=_APPROVAL.APPROVED),
    "PENDING": Q(status__in=Invoice.OPEN),
    **dict.fromkeys(("SUBMITTED", "FIRS_APPROVED", "FIRS_REJECTED"), Q(pk__in=[])),
    "PAID": Q(status=Invoice.Status.PAID),
    "CANCELLED": Q(status=Invoice.Status.CANCELLED),
}


class InvoiceFilter(filters.FilterSet):
    """Filters of invoices; dates are of the issue, inclusive, in both spellings."""

    status = OneOfFilter(choices=[(name, name) for name in STATUSES], method="by_status")
    invoiceType = OneOfFilter(choices=[(name, name) for name in INVOICE_TYPES], method="by_type")
    customerId = IdFilter(field_name="customer__uuid")
    search = SearchFilter("search_text")
    dateFrom = CalendarFilter(field_name="issue_date", lookup_expr="gte")
    startDate = CalendarFilter(field_name="issue_date", lookup_expr="gte")
    dateTo = CalendarFilter(field_name="issue_date", lookup_expr="lte")
    endDate = CalendarFilter(field_name="issue_date", lookup_expr="lte")

    def by_status(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """As `mapping.status_of` shows it."""
        return rows.filter(STATUSES[value])

    def by_type(self, rows: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """All are of the standard type."""
        return rows if value == "STANDARD" else rows.none()


class InvoiceView(EarnipayView):
    """Invoices of the business. Earnipay answers 400 where the state of an invoice does not allow a call."""

    statuses = {409: 400}
    rows = Invoice
    rights = {
        **dict.fromkeys(("list", "retrieve", "pdf"), "view"),
        **dict.fromkeys(CHANGES, "edit_drafts"),  # DELETE cancels what nobody has approved or issued yet
        **dict.fromkeys(("approve", "reject"), "approve"),
    }

    def create(self, request: Request) -> Response:
        """A new invoice; it waits for approval at once where the business wants one."""
        body = _readable(read_body(InvoiceInput, request))
        invoice = create_invoice(
            self.business,
            customer=self.customer_of(body),
            lines=mapping.lines(body["items"]),
            details=mapping.invoice_details(body, {}, self.business.time_zone),
            actor=self.actor,
        )
        shown = self.shown_waiting(invoice)
        return self.say_created("Invoice created successfully.", shown, number="invoiceNumber", children=("items",))

    def list(self, request: Request) -> Response:
        """Invoices, newest first."""
        return self.say_page(
            "Invoices retrieved successfully.",
            Invoice.objects.live(),
            InvoiceFilter,
            sorts=SORTS,
            columns=COLUMNS,
            represent=_represent,
        )

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One invoice."""
        return self.say("Invoice retrieved successfully.", _shown(self.invoice(id)))

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a draft; `items` replaces all lines. Where the business wants an approval the draft waits for it anew."""
        invoice = Invoice.objects.lock(self.invoice(id).pk)
        body = _readable(read_body(InvoiceInput, request, partial=True))
        if (status := _status(invoice)) != "DRAFT":
            raise Conflict(f"Only DRAFT invoices can be updated; this one is {status}.")
        if "customerId" in body:
            body["customer"] = self.customer_of(body)
        update_invoice(
            invoice,
            changes=mapping.invoice_details(body, invoice.extra, self.business.time_zone),
            lines=mapping.lines(body["items"]) if "items" in body else None,
            actor=self.actor,
        )
        return self.say("Invoice updated successfully.", self.shown_waiting(invoice))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Cancel an invoice that is neither approved nor issued."""
        invoice = Invoice.objects.lock(self.invoice(id).pk)
        if (status := _status(invoice)) not in {"DRAFT", "PENDING_APPROVAL", "CANCELLED"}:
            raise Conflict(f"An invoice that is {status} cannot be cancelled.")
        update_invoice(invoice, changes={}, status=Invoice.Status.CANCELLED, actor=self.actor)
        return self.say("Invoice cancelled successfully.")

    def approve(self, request: Request, id: str) -> Response:  # noqa: A002
        """Approve an invoice that waits for it."""
        invoice = self.waiting(id)
        body = read_body(ApproveInput, request)
        approve_invoice(invoice, comment=body.get("comments"), actor=self.actor)
        return self.say("Invoice approved successfully.", _shown(invoice))

    def reject(self, request: Request, id: str) -> Response:  # noqa: A002
        """Send an invoice that waits for approval back to its writer: it is a draft again."""
        invoice = self.waiting(id)
        body = read_body(RejectInput, request)
        reason = "\n".join(part for part in (body["reason"], body.get("comments")) if part)
        reject_invoice(invoice, reason=reason, actor=self.actor)
        return self.say("Invoice rejected successfully.", _shown(invoice))

    def pdf(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """The invoice as PDF, to be saved."""
        invoice = self.invoice(id)
        sent = pdf_answer(
            document_pdf(invoice), f"invoice-{invoice.number}", self.request.headers.get("If-None-Match", "")
        )
        if disposition := sent.get("Content-Disposition"):
            sent["Content-Disposition"] = disposition.replace("inline", "attachment", 1)
        return sent

    # What they need ------------------------------------------------------------------------------------------------------
    def invoice(self, identifier: str) -> Invoice:
        """The caller's invoice in the path."""
        rows = Invoice.objects.live().select_related("business", "customer")
        return self.find_named(rows, identifier, "Invoice")

    def waiting(self, identifier: str) -> Invoice:
        """The caller's invoice, locked; Conflict unless it waits for approval."""
        invoice = Invoice.objects.lock(self.invoice(identifier).pk)
        if (status := _status(invoice)) != "PENDING_APPROVAL":
            raise Conflict(f"The invoice is not in PENDING_APPROVAL status; it is {status}.")
        return invoice

    def customer_of(self, body: Mapping[str, Any]) -> Customer:
        """The customer that a body names; Invalid where there is none to bill."""
        return find_reference(Customer, self.business, body["customerId"], "customerId")  # type: ignore[return-value]

    def shown_waiting(self, invoice: Invoice) -> dict[str, Any]:
        """The draft as it is now, after approval was asked for where the business wants one: Earnipay has no call for that."""
        if self.business.require_approval:
            request_approval(invoice, actor=self.actor)
        return _shown(invoice)


def _readable(body: dict[str, Any]) -> dict[str, Any]:
    """The body; NotBuilt for what would make another document of it than was asked for."""
    kind = body.get("invoiceType")
    if kind not in {None, "STANDARD"}:
        raise envelope.NotBuilt(f"invoiceType {kind}")
    if body.get("paymentDetailId"):
        raise envelope.NotBuilt("paymentDetailId (send paymentDetails)")
    return body


def _status(invoice: Invoice) -> str:
    return mapping.status_of(invoice.status, invoice.approval)


def _shown(invoice: Invoice) -> dict[str, Any]:
    return _represent(Invoice.objects.filter(pk=invoice.pk).values(*COLUMNS))[0]


def _represent(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = [dict(row) for row in rows]
    shown = represent_invoices(found)
    return [mapping.show_invoice(one, row["extra"]) for one, row in zip(shown, found, strict=True)]
