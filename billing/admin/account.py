"""What stands above a customer's form: balances, open invoices, payments of late, and what can be done."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.urls import reverse

from billing.admin.amounts import BADGES, day, money
from billing.admin.filters import late
from billing.models import Invoice, Payment
from businesses.membership import AdminRequest
from businesses.permissions import may
from customers.models import Customer
from invoicing.lib import clock

_SHOWN = 6


def account_of(customer: Customer, request: AdminRequest) -> dict[str, Any]:
    """The context of templates/admin/billing/account.html."""
    here = customer.deleted_at is None
    return {
        "tiles": _tiles(customer),
        "invoices": [_invoice(row, customer) for row in _open(customer)],
        "payments": [_payment(row, customer) for row in _payments(customer)],
        "all_invoices": f"{reverse('admin:billing_invoice_changelist')}?customer__id__exact={customer.pk}",
        "new_invoice": f"{reverse('admin:billing_invoice_add')}?customer={customer.pk}",
        "statement": reverse("admin:customers_customer_statement", args=[customer.pk]),
        "restore": reverse("admin:customers_customer_restore", args=[customer.pk]),
        "may": {
            "draft": here and may(request.role, "edit_drafts"),
            "restore": not here and may(request.role, "edit_customers"),
        },
    }


def _tiles(customer: Customer) -> list[dict[str, str]]:
    """Outstanding, overdue and credit per currency (its own where nothing was ever posted), and the credit limit."""
    rows = {row.currency: (row.outstanding_minor, row.credit_minor) for row in customer.balances.order_by("currency")}
    overdue = _late(customer)
    tiles = []
    for currency, (outstanding, credit) in (rows or {customer.billing_currency: (0, 0)}).items():
        shown = [
            ("Outstanding", outstanding, ""),
            ("Overdue", overdue.get(currency, 0), "danger"),
            ("Credit", credit, "success"),
        ]
        for name, minor, tone in shown:
            amount = money(minor, currency, customer.business)
            tiles.append({"name": name, "amount": amount, "tone": tone if minor else ""})
    limit, own = customer.credit_limit_minor, customer.billing_currency
    amount = "None" if limit is None else money(limit, own, customer.business)
    return [*tiles, {"name": "Credit limit", "amount": amount, "tone": ""}]


def _late(customer: Customer) -> dict[str, int]:
    rows = Invoice.objects.of(customer.business_id).filter(late(customer.business), customer=customer)
    return dict(rows.order_by().values_list("currency").annotate(Sum("due_minor")))


def _open(customer: Customer) -> Any:
    rows = Invoice.objects.of(customer.business_id).filter(customer=customer, status__in=Invoice.OPEN)
    return rows.order_by("due_date", "pk")[:_SHOWN]


def _payments(customer: Customer) -> Any:
    return Payment.objects.of(customer.business_id).filter(customer=customer).order_by("-pk")[:_SHOWN]


def _invoice(row: Invoice, customer: Customer) -> dict[str, Any]:
    today = clock.today(customer.business.time_zone)
    days = (today - row.due_date).days if row.due_date and row.due_date < today else 0
    return {
        "number": row.number,
        "href": reverse("admin:billing_invoice_change", args=[row.pk]),
        "due": day(row.due_date, customer.business) or "No due date",
        "late": f"{days} day{'s' if days > 1 else ''} late" if days else "",
        "amount": money(row.due_minor, row.currency, customer.business),
        "status": row.get_status_display(),
        "badge": BADGES[row.status],
    }


def _payment(row: Payment, customer: Customer) -> dict[str, Any]:
    return {
        "number": row.number,
        "href": reverse("admin:billing_payment_change", args=[row.pk]),
        "day": day(row.payment_date, customer.business),
        "method": row.get_method_display(),
        "amount": money(row.amount_minor, row.currency, customer.business),
    }
