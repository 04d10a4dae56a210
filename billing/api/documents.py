"""What the views of invoices and quotations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample
from rest_framework.response import Response

from billing.api.files import pdf_answer
from billing.documents import document_pdf
from billing.models import Document
from billing.selectors.explanation import explain
from billing.serializers.documents import as_created
from businesses.paging import Order
from businesses.views import BusinessView, find_reference
from customers.models import Customer
from customers.serializers import CUSTOMER_COLUMNS, represent_customers
from invoicing.lib.errors import Invalid

EXAMPLE = OpenApiExample(
    "Two lines",
    value={
        "customer_id": "550e8400-e29b-41d4-a716-446655440000",
        "issue_date": "2026-04-01",
        "currency": "USD",
        "notes": "Thank you for your business!",
        "items": [
            {"description": "Website Design", "quantity": 1, "unit_price": 2500, "tax_rate": 10},
            {"description": "Hosting (12 months)", "quantity": 12, "unit_price": 29.99},
        ],
    },
    request_only=True,
)
SORTS = {
    "created_at": Order("pk", False),
    "updated_at": Order("updated_at", False),
    "number": Order("number", False),
    "issue_date": Order("issue_date", False),
    "total": Order("total_minor", False),
    "status": Order("status", False),
}


class DocumentView(BusinessView):
    """Parsing and answering that invoices and quotations have in common."""

    query = {
        "create": frozenset({"explain"}),
        "retrieve": frozenset({"fields", "expand", "explain"}),
        "pdf": frozenset({"revision"}),
    }
    expands = ("customer",)
    has_metadata = True

    def customer_of(self, body: dict[str, Any]) -> Customer | None:
        """The customer that a body names; Invalid where there is none to bill."""
        return find_reference(Customer, self.business, body.get("customer_id"), "customer_id")

    def expanded(self, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """With the whole customer under `customer`, where `expand=customer` asks for it."""
        text = self.parameters.get("expand")
        if text is None:
            return objects
        if text != "customer":
            raise Invalid.field("expand", "Expected customer.")
        ids = {item["customer_id"] for item in objects}
        rows = list(Customer.objects.of(self.business).filter(uuid__in=ids).values(*CUSTOMER_COLUMNS))
        customers = {item["id"]: item for item in represent_customers(rows)}
        return [{**item, "customer": customers[item["customer_id"]]} for item in objects]

    def send_shown(self, shown: dict[str, Any], find: Callable[[str], Document]) -> Response:
        """A single document with its ETag; expanded or explained it has none, for it then shows more than its own row."""
        if "explain" in self.parameters:
            shown = {**shown, **self.explanation(find(str(shown["id"])))}
        if self.parameters.keys() & {"expand", "explain"}:
            return self.send(self.trim(self.expanded([shown]))[0])
        return self.send_one(shown)

    def send_new(self, shown: dict[str, Any], document: Document) -> Response:
        """A document that was just created, with its lines under `items`."""
        created = {**as_created(shown), **self.explanation(document)}
        return self.send_created(created, number=f"{document.noun}_number", children=["items"])

    def explanation(self, document: Document) -> dict[str, Any]:
        """Where every amount comes from, when `explain=true` asks."""
        text = self.parameters.get("explain", "false")
        if text not in {"true", "false"}:
            raise Invalid.field("explain", "Expected true or false.")
        return {"explanation": explain(document)} if text == "true" else {}

    @property
    def compares(self) -> bool:
        """Whether the row must be read under its lock before it changes: for If-Match, or to tell in a dry run what is new."""
        return self.dry_run or "If-Match" in self.request.headers

    def send_changed(self, shown: dict[str, Any], before: dict[str, Any] | None, children: str) -> Response:
        """A changed document with its ETag; in a dry run the lines that it would get have no id."""
        if before is not None and self.dry_run:
            known = {line["id"] for line in before[children]}
            lines = [line if line["id"] in known else {**line, "id": None} for line in shown[children]]
            shown = {**shown, children: lines}
        return self.send_one(shown)

    def send_pdf(self, document: Document) -> HttpResponse:
        """The PDF's bytes, with their SHA-256 as ETag; a revision's by `revision=n`."""
        text = self.parameters.get("revision")
        if text is not None and not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text)):
            raise Invalid.field("revision", "Expected a number from 1.")
        content = document_pdf(document, int(text) if text else None)
        return pdf_answer(content, document.number, self.request.headers.get("If-None-Match", ""))
