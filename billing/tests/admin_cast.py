"""The cast of the admin's tests: members logged in to the browser, customers, products, and what an editor sends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.test import Client

from billing.models import Adjustment, Invoice, Payment, Product
from billing.services.adjustments import create_adjustment
from billing.services.allocations import Share
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_account_payment
from billing.services.products import create_product
from businesses.audit import SYSTEM
from businesses.models import AuditEntry
from businesses.services import add_member
from customers.models import Customer
from customers.services import create_customer

LIST = "/admin/billing/invoice/"


def browser(business: Any, role: str = "owner") -> Client:
    """A browser in which a member with this role is logged in."""
    name = f"{role}@{business.name.split()[0].lower()}.test"
    member = add_member(business, email=name, role=role, actor=SYSTEM)
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def a_customer(business: Any, **fields: Any) -> Customer:
    return create_customer(business, actor=SYSTEM, **{"name": "Acme", "email": "ap@acme.test", **fields})


def a_product(business: Any, **fields: Any) -> Product:
    given: dict[str, Any] = {"name": "Cloud", "unit_price": Decimal("29.99"), "tax_rate": Decimal(10), **fields}
    return create_product(business, actor=SYSTEM, **given)


def an_invoice(business: Any, status: str = "draft", *, price: str = "100", **fields: Any) -> Invoice:
    customer = fields.pop("customer", None) or Customer.objects.of(business).first() or a_customer(business)
    lines = [LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(price), tax_rate=Decimal(10))]
    return create_invoice(business, customer=customer, lines=lines, status=status, details=fields, actor=SYSTEM)


def an_adjustment(customer: Customer, amount: int = 2_000) -> Adjustment:
    return create_adjustment(customer, currency="USD", amount_minor=amount, reason="Goodwill", actor=SYSTEM)


def a_payment(customer: Customer, amount: int, *invoices: Invoice, **details: Any) -> Payment:
    shares = [Share(invoice) for invoice in invoices]
    return record_account_payment(
        customer, currency="USD", amount_minor=amount, shares=shares, details=details, actor=SYSTEM
    )


def again(row: Any) -> Any:
    row.refresh_from_db()
    return row


def page(row: Any, name: str) -> str:
    """The address of a page of a row."""
    return f"/admin/billing/{row._meta.model_name}/{row.pk}/{name}/"


def typed(customer: Any, *lines: dict[str, str], **head: str) -> dict[str, str]:
    """What the editor sends."""
    data = {"customer": str(customer.pk), "issue_date": "2026-03-01", "template_type": "modern", **head}
    data |= {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": "0"}
    for index, line in enumerate(lines):
        data |= {f"lines-{index}-{name}": value for name, value in line.items()}
    return data


def told(row: Any) -> list[tuple[str, str]]:
    """Who did what to a row, oldest first."""
    entries = AuditEntry.objects.filter(subject_id=row.uuid).order_by("pk")
    return list(entries.values_list("action", "actor_label"))
