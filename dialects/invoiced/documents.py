"""What `/invoices`, `/estimates` and `/credit_notes` share: lists, PDF, what is written of them, and mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.files import pdf_answer
from billing.documents import PDF, document_pdf
from billing.models import Document, Invoice
from billing.payment_terms import due_date as due_by_terms
from billing.services.envelopes import Envelope
from billing.services.lines import LineDraft, drafts_of
from customers.models import Customer
from dialects.door import Refusal
from dialects.invoiced.changes import document_changes
from dialects.invoiced.customers import shown_customers
from dialects.invoiced.document_inputs import DocumentInput, Given, MailInput
from dialects.invoiced.document_lookups import Kind, shown_documents
from dialects.invoiced.document_mapping import document_fields, kept_fields
from dialects.invoiced.document_pricing import priced_lines
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.files import attach
from dialects.invoiced.lists import (
    Condition,
    between,
    currency_is,
    equals,
    expanded,
    filtered,
    numbered,
    order,
    whether,
)
from dialects.invoiced.mapping import day_of
from dialects.invoiced.messages import email_of, envelope_of
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.fields import read_body
from messaging.models import Message

# Names for what a view that has a `list` of its own cannot spell.
Pks = list[int]
Objects = list[dict[str, Any]]
Drafts = list[LineDraft]
SORTS = {
    "id": "pk",
    "number": "number",
    "date": "issue_date",
    "total": "total_minor",
    "created_at": "pk",
    "updated_at": "updated_at",
}
FILTERS: dict[str, Condition] = {
    "customer": numbered("customer_id"),
    "number": equals("number"),
    "currency": currency_is,
    "purchase_order": equals("purchase_order"),
    "draft": whether(Q(status="draft")),
}
# Ours → theirs, in what a refusal is about.
_THEIRS = {
    "issue_date": "date",
    "valid_until": "expiration_date",
    "unit_price": "unit_cost",
    "customer_id": "customer",
    "discount_value": "discounts",
    "discount_type": "discounts",
    "discount_amount": "discounts",
    "invoice_number": "number",
    "quotation_number": "number",
    "credit_note_number": "number",
    "tax_rate": "taxes",
    "allocations": "invoice",
    "allocations.0.invoice_id": "invoice",
    "address": "address1",
    "status": "draft",
}


class DocumentView(InvoicedView):
    """Documents of the business, of one kind."""

    kind: ClassVar[Kind]
    filters: ClassVar[Mapping[str, Condition]]
    sorts: ClassVar[Mapping[str, str]] = SORTS
    template: ClassVar[str]  # of its mail

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """What it is about in their words."""
        fields = [(_theirs(field), message) for field, message in refusal.fields]
        message = refusal.message
        if refusal.fields and message.startswith(f"{refusal.fields[0][0]}:"):
            message = f"{fields[0][0]}{message[len(refusal.fields[0][0]) :]}"
        return InvoicedView.refuse(Refusal(refusal.status, message, fields, refusal.code))

    # Reads ---------------------------------------------------------------------------------------------------------------
    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[…], metadata[…], start_date, end_date, updated_after."""
        rows = filtered(self.kind.model.objects.of(self.business).live(), self.asked, self.filters)
        rows = between(rows, self.asked, "issue_date", lambda moment: day_of(moment, self.business.time_zone))
        return self.send_page(rows, self.shown, *order(self.asked, self.sorts))

    def retrieve(self, request: Request, id: str) -> Response | HttpResponse:  # noqa: A002
        """One document; its PDF where that alone is accepted."""
        document = self.document(id)
        if PDF in request.headers.get("Accept", ""):
            content = document_pdf(document)
            return pdf_answer(content, document.number, request.headers.get("If-None-Match", ""))
        return self.send(self.shown_one(document))

    def document(self, text: str) -> Any:
        """The document in the path."""
        rows = self.kind.model.objects.live().select_related("business", "customer")
        return self.find_numbered(rows, text, self.kind.show.__name__.removeprefix("show_").replace("_", " ").title())

    def shown(self, pks: Pks) -> Objects:
        """Documents by primary key, expanded where that is asked."""
        objects = shown_documents(self.kind, self.business, pks)
        return expanded(objects, self.parameters.get("expand", ""), self.loaders())

    def loaders(self) -> dict[str, Callable[[Pks], Objects]]:
        """What `expand` may name."""
        return {"customer": lambda pks: shown_customers(self.business, pks)}

    def shown_one(self, document: Document) -> dict[str, Any]:
        """One document as it is now."""
        return self.shown([document.pk])[0]

    # Writes --------------------------------------------------------------------------------------------------------------
    def customer_of(self, body: Mapping[str, Any]) -> Customer:
        """The customer that a body names; Invalid where there is none to bill."""
        rows = Customer.objects.of(self.business).live().select_related("business")
        customer = rows.filter(pk=body["customer"]).first()
        if customer is None:
            raise Invalid.field("customer", "No such customer.")
        return customer

    def new_document(self, body: dict[str, Any]) -> tuple[Customer, Drafts, dict[str, Any]]:
        """Customer, lines and details of a new document."""
        customer = self.customer_of(body)
        if "taxes" not in body and body.get("calculate_taxes", True) and customer.taxable:
            own = customer.extra.get("invoiced", {}).get("taxes", [])
            body["taxes"] = [Given(code=code) for code in own]
        if not body.get("items"):
            raise Invalid.field("items", "Expected at least one line item.")
        inherit(body, self.kind.model.noun, customer)
        details = self.details(body, None)
        document = self.kind.model(business=self.business, customer=customer)
        for name, value in details.items():
            setattr(document, name, value)
        document.currency = document.currency or customer.billing_currency
        document.rounding = self.business.rounding
        lines, kept = priced_lines(document, body, {}, [])
        details["extra"] = {"invoiced": {**kept_fields(body, self.kind.model.noun), **kept}}
        return customer, lines, details

    def read_changes(self, serializer: type[DocumentInput], request: Request, document: Document) -> dict[str, Any]:
        """The body of a change, without what it says as it is shown."""
        body = read_body(serializer, request, partial=True)
        return document_changes(body, request.data, shown_documents(self.kind, self.business, [document.pk])[0])

    def changed_document(self, document: Any, body: dict[str, Any]) -> tuple[Drafts | None, dict[str, Any]]:
        """Lines (None: as they are) and changed details of a stored document; Conflict for another number."""
        if body.get("number") not in (None, document.number):
            message = "A number is given once, and does not change."
            raise Conflict(message, details=[Detail("number", message)])
        changes = self.details(body, document)
        if "customer" in body:
            changes["customer"] = self.customer_of(body)
        own = document.extra.get("invoiced", {})
        kept = {**own, **kept_fields(body, self.kind.model.noun)}
        lines = None
        if body.keys() & {"items", "taxes"} or (document.is_draft and "discounts" in body):
            for name in ("discount_type", "discount_value", "currency", "customer"):
                if changes.get(name, ...) is not ...:
                    setattr(document, name, changes[name])
            lines, priced = priced_lines(document, body, own, drafts_of(document))
            kept |= priced
        if kept != own:
            changes["extra"] = {**document.extra, "invoiced": kept}
        return lines, changes

    def details(self, body: Mapping[str, Any], document: Any) -> dict[str, Any]:
        """The native fields of a body; payment terms set the due date unless that is given."""
        fields = document_fields(body, self.kind.model.noun, self.business.time_zone)
        if self.kind.model is Invoice and body.get("payment_terms") and "due_date" not in body:
            issued = fields.get("issue_date") or (document.issue_date if document else None)
            fields["due_date"] = due_by_terms(body["payment_terms"], issued or clock.today(self.business.time_zone))
        return fields

    # Mail ----------------------------------------------------------------------------------------------------------------
    def envelope(self, request: Request) -> Envelope:
        """To whom a document goes, and what the mail says."""
        return envelope_of(read_body(MailInput, request))

    def send_emails(self, message: Message) -> Response:
        """What was mailed: an object for each recipient."""
        return self.send([email_of(message, address, self.template) for address in message.to], 201)

    def attach(self, document: Any, body: Mapping[str, Any]) -> None:
        """Let the files that a body names hang on a document, and no others."""
        if "attachments" in body:
            attach(document, body["attachments"], actor=self.actor)


def inherit(body: dict[str, Any], noun: str, customer: Customer) -> None:
    """What an invoice takes from its customer where nothing else is given."""
    if noun == "invoice":
        for name in ("autopay", "payment_terms"):
            body.setdefault(name, getattr(customer, name))


def _theirs(field: str) -> str:
    return _THEIRS.get(field) or ".".join(_THEIRS.get(part, part) for part in field.split("."))


def read_new(serializer: type[DocumentInput], request: Request) -> dict[str, Any]:
    """The body of a new document."""
    body = read_body(serializer, request)
    if body.get("sent") and body.get("draft"):
        raise Conflict("A draft is not sent.")
    return body
