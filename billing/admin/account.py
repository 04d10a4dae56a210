"""What stands above a customer's form: balances, open invoices, credit, payments of late, and what can be done."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse

from billing.admin.amounts import BADGES, day, money
from billing.admin.filters import late
from billing.models import Invoice, Payment, PendingLine, Source
from billing.services.allocations import sources_with_credit
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
        "credits": [_credit(row, customer) for row in _credits(customer)],
        "pending": _pending(customer),
        "invoice_pending": reverse("admin:customers_customer_invoice_pending", args=[customer.pk]),
        "all_invoices": f"{reverse('admin:billing_invoice_changelist')}?customer__id__exact={customer.pk}",
        "new_invoice": f"{reverse('admin:billing_invoice_add')}?customer={customer.pk}",
        "new_payment": f"{reverse('admin:billing_payment_add')}?customer={customer.pk}",
        "new_credit_note": f"{reverse('admin:billing_creditnote_add')}?customer={customer.pk}",
        "new_adjustment": f"{reverse('admin:billing_adjustment_add')}?customer={customer.pk}",
        "statement": reverse("admin:customers_customer_statement", args=[customer.pk]),
        "restore": reverse("admin:customers_customer_restore", args=[customer.pk]),
        "may": {
            "draft": here and may(request.role, "edit_drafts"),
            "pay": here and may(request.role, "record_payment"),
            "adjust": here and may(request.role, "adjust"),
            "apply": here and may(request.role, "apply_credit"),
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


def _credits(customer: Customer) -> list[Source]:
    """What has something left, in every currency of the account, the oldest first."""
    currencies = customer.balances.filter(credit_minor__gt=0).order_by("currency").values_list("currency", flat=True)
    found = [sources_with_credit(customer.business, customer.pk, currency)[:_SHOWN] for currency in currencies]
    return [source for sources in found for source in sources]


def _pending(customer: Customer) -> list[dict[str, Any]]:
    """How many lines wait for the next invoice, and what they come to without tax, per currency."""
    rows = PendingLine.objects.of(customer.business_id).filter(customer=customer).order_by().values("currency")
    return [
        {
            "currency": row["currency"],
            "text": f"{row['count']} pending item{'s' if row['count'] > 1 else ''}",
            "amount": money(row["net"], row["currency"], customer.business),
        }
        for row in rows.annotate(count=Count("pk"), net=Sum("net_minor")).order_by("currency")
    ]


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


def _credit(row: Source, customer: Customer) -> dict[str, Any]:
    name = f"admin:billing_{row._meta.model_name}"
    return {
        "number": row.number,
        "href": reverse(f"{name}_change", args=[row.pk]),
        "apply": reverse(f"{name}_apply", args=[row.pk]),
        "kind": f"{row._meta.verbose_name}".capitalize(),
        "day": day(row.day, customer.business),
        "amount": money(row.unallocated_minor, row.currency, customer.business),
    }


def _payment(row: Payment, customer: Customer) -> dict[str, Any]:
    return {
        "number": row.number,
        "href": reverse("admin:billing_payment_change", args=[row.pk]),
        "day": day(row.payment_date, customer.business),
        "method": row.get_method_display(),
        "amount": money(row.amount_minor, row.currency, customer.business),
    }
