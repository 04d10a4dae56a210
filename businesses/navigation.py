"""The admin's frame: whose business it shows, the way to one's other businesses, and the pages that a role may open."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from businesses.membership import enter
from businesses.models import Role
from businesses.permissions import may

# group → (title, model, symbol); what is not registered, or not for this role, is left out.
_GROUPS: tuple[tuple[str | None, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Sales",
        (
            ("Invoices", "billing.invoice", "receipt_long"),
            ("Quotations", "billing.quotation", "request_quote"),
            ("Credit notes", "billing.creditnote", "assignment_return"),
            ("Payments", "billing.payment", "payments"),
            ("Adjustments", "billing.adjustment", "balance"),
            ("Statements", "billing.keptstatement", "summarize"),
            ("Statement runs", "billing.statementrun", "event_repeat"),
        ),
    ),
    (
        "Catalogue",
        (
            ("Customers", "customers.customer", "group"),
            ("Products", "billing.product", "inventory_2"),
            ("Tax rates", "billing.taxrate", "percent"),
        ),
    ),
    (
        "Delivery",
        (
            ("Messages", "messaging.message", "mail"),
            ("Webhook endpoints", "webhooks.endpoint", "webhook"),
            ("Deliveries", "webhooks.delivery", "local_shipping"),
            ("Events", "webhooks.event", "bolt"),
        ),
    ),
    (
        "Settings",
        (
            ("Business", "businesses.business", "storefront"),
            ("Members", "businesses.member", "badge"),
            ("Message texts", "messaging.messagetext", "edit_note"),
            ("Connections", "messaging.connection", "cable"),
            ("API keys", "businesses.apikey", "key"),
            ("Audit trail", "businesses.auditentry", "history"),
        ),
    ),
)

_REPORTS = (
    ("Ageing", "reports:ageing", "hourglass_top"),
    ("Revenue", "reports:revenue", "monitoring"),
    ("Taxes", "reports:taxes", "account_balance"),
    ("Numbers", "reports:numbers", "pin"),
)


def header(request: HttpRequest) -> str:
    """The name of the business at hand; the product's where nobody is logged in."""
    member = enter(request)
    return member.business.name if member else "Invoicing"


def subheader(request: HttpRequest) -> str:
    """As what the person works here."""
    member = enter(request)
    return Role(member.role).label if member else ""


def switcher(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's site dropdown: the person's businesses, where there are several; posted by our site_dropdown.html."""
    here = enter(request)
    rows = request.memberships  # type: ignore[attr-defined]
    if len(rows) < 2:
        return []
    return [
        {
            "title": row.business.name,
            "link": reverse("admin:switch"),
            "icon": "check" if row == here else "storefront",
            "attrs": {"value": str(row.business.uuid), "role": Role(row.role).label, "current": row == here},
        }
        for row in rows
    ]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for this role."""
    dashboard = {"title": "Dashboard", "icon": "space_dashboard", "link": reverse("admin:index")}
    groups = [_group(request, *row) for row in _GROUPS]
    groups.insert(2, _reports(request))
    return [{"items": [dashboard]}, *(group for group in groups if group["items"])]


def _reports(request: HttpRequest) -> dict[str, Any]:
    """The reports, which are of no model."""
    known = _REPORTS if may(request.role, "view") else ()  # type: ignore[attr-defined]
    items = [{"title": name, "icon": icon, "link": reverse(page)} for name, page, icon in known]
    return {"title": "Reports", "separator": True, "items": items}


def _group(request: HttpRequest, title: str | None, entries: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    admins: dict[str, Any] = {model._meta.label_lower: found for model, found in admin.site._registry.items()}
    items = [
        {"title": name, "icon": icon, "link": admins[label].url_of_list()}
        for name, label, icon in entries
        if label in admins and admins[label].has_view_permission(request)
    ]
    return {"title": title, "separator": True, "items": items}
