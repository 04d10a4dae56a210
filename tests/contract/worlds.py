"""Businesses with so many rows of everything and so many children of each row: what may not cost more queries when it grows."""

from __future__ import annotations

from typing import Any

from billing import tasks
from billing.models import StatementRun
from billing.services.files import upload_file
from businesses.audit import SYSTEM
from businesses.authentication import create_api_key
from businesses.models import Business, Member
from businesses.services import add_member
from businesses.tests.people import make_member
from conftest import Api, make_api, make_business
from messaging.services import save_text
from webhooks.models import Attempt, Delivery

LINE = {"description": "Work", "quantity": 1, "unit_price": 100, "tax_rate": 10}
LANGUAGES = ("en", "de", "fr", "es")
CONNECTIONS = (
    {"provider": "lob", "credential": "x" * 32},
    {"provider": "twilio", "credential": "x" * 32, "account": "AC" + "0" * 32, "sender": "+14155550123"},
)


class World:
    """A business with `rows` of each kind, each with `each` children; `ids` are those of the first row of each kind."""

    def __init__(self, rows: int, each: int) -> None:
        self.rows, self.each = rows, each
        self.business: Business = make_business(f"World of {rows}", email="office@world.test")
        self.member = make_member(self.business)
        self.api: Api = make_api(self.business)
        self.ids = {"business": str(self.business.uuid)}
        self.files: list[str] = []
        self._make_few()
        for kind in ("people", "catalogue", "customers", "runs", "endpoints"):
            for number in range(rows):
                getattr(self, f"_make_{kind}")(number)
        self.ids["events"] = self.newest("/events?type=invoice.created")

    def post(self, path: str, body: Any = None, kind: str = "") -> str:
        """Make a row; the first of its kind is remembered."""
        answer: Any = self.api.post(path, {} if body is None else body)
        assert answer.status_code < 300, (path, answer.content)
        made = str(answer.json()["id"])
        self.ids.setdefault(kind, made)
        return made

    def newest(self, path: str) -> str:
        """The first row of a list."""
        answer: Any = self.api.get(path)
        return str(answer.json()["data"][0]["id"])

    def _make_few(self) -> None:
        """What there cannot be `rows` of."""
        for language in LANGUAGES[: self.each]:
            save_text(self.business, kind="invoice", language=language, subject="S", body="B", actor=SYSTEM)
        for account in CONNECTIONS[: self.each]:
            self.post("/connections", account, "connections")

    def _make_people(self, number: int) -> None:
        email = f"p{number}.of.{self.rows}@world.test"
        add_member(self.business, email=email, role="viewer", actor=SYSTEM)
        create_api_key(self.business, name=f"Program {number}", scope="read", actor=SYSTEM)
        other: Business = make_business(f"Other {number} of {self.rows}")
        Member.objects.create(business=other, user=self.member.user, role="owner")

    def _make_catalogue(self, number: int) -> None:
        self.post("/products", {"name": f"Product {number}", "unit_price": 1}, "products")
        self.post("/tax-rates", {"name": f"VAT {number}", "rate": 19}, "tax-rates")
        file = upload_file(self.business, name="a.txt", content=f"File {number}".encode(), actor=SYSTEM)
        self.files.append(str(file.uuid))
        self.ids["files"] = self.files[0]

    # Customers -------------------------------------------------------------------------------------------------------
    def _make_customers(self, number: int) -> None:
        parent = {"parent_id": self.ids["customers"]} if number else {}
        body = {"name": f"Customer {number}", "email": f"c{number}@world.test", **parent}
        customer = self.post("/customers", body, "customers")
        for child in range(self.each):
            self.post(f"/customers/{customer}/contacts", {"name": f"Contact {child}"}, "contacts")
            self.post(f"/customers/{customer}/notes", {"text": "A note"}, "notes")
            self.post(f"/customers/{customer}/pending-items", LINE, "pending-items")
        self._make_documents(customer)
        self.post(f"/customers/{customer}/statement/send", kind="messages")
        if "public-links" not in self.ids:
            self.ids["public-links"] = self.newest("/public-links")

    def _make_documents(self, customer: str) -> None:
        head = {"customer_id": customer, "items": [LINE] * self.each}
        invoices = [self.post("/invoices", {**head, "status": "sent"}, "invoices") for _ in range(self.each)]
        quotation = self.post("/quotations", head, "quotations")
        credit_note = self.post("/credit-notes", {**head, "status": "sent"}, "credit-notes")
        for path in (f"/invoices/{invoices[0]}", f"/quotations/{quotation}", f"/credit-notes/{credit_note}"):
            for file in self.files[: self.each]:
                self.post(f"{path}/attachments", {"file_id": file}, "attachments")
            self.post(f"{path}/send", kind="messages")
        self._make_accounts(customer, credit_note, [{"invoice_id": invoice, "amount": 1} for invoice in invoices])
        lost = self.post("/invoices", {**head, "status": "sent"}, "lost invoices")
        self.post(f"/invoices/{lost}/write-off", {"reason": "Bankrupt"}, "write-offs")

    def _make_accounts(self, customer: str, credit_note: str, shares: list[dict[str, Any]]) -> None:
        account = {"customer_id": customer, "amount": 100}
        payments = [self.post("/payments", {**account, "allocations": shares}, "payments") for _ in range(self.each)]
        adjustment = self.post("/adjustments", {**account, "reason": "Gift"}, "adjustments")
        for path in (f"/adjustments/{adjustment}", f"/credit-notes/{credit_note}"):
            self.post(f"{path}/allocations", {"allocations": shares}, "allocations")
        for path in (f"/payments/{payments[0]}", f"/adjustments/{adjustment}", f"/credit-notes/{credit_note}"):
            for _ in range(self.each):
                self.post(f"{path}/refund", {"amount": 1}, "refunds")

    # What is told ----------------------------------------------------------------------------------------------------
    def _make_runs(self, number: int) -> None:
        run = self.post("/statement-runs", {"type": "open_item"}, "statement-runs")
        if number == 0:
            tasks.run_statements(StatementRun.objects.get(uuid=run).pk)

    def _make_endpoints(self, number: int) -> None:
        webhook = self.post("/webhooks", {"url": "https://example.com/hook", "events": ["*"]}, "webhooks")
        for attempt in range(self.each):
            self.post(f"/webhooks/{webhook}/test", kind="deliveries")
            if number == 0:
                delivery = Delivery.objects.get(uuid=self.ids["deliveries"])
                Attempt.objects.create(business=self.business, delivery=delivery, number=attempt + 1, error="timeout")
            self.post(f"/webhooks/{webhook}/recover", {"since": "2026-01-01"}, "replays")
