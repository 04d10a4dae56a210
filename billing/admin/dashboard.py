"""The first page of the admin: figures, chart, ageing, the latest invoices and events, and whether the books are proved."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from django.urls import reverse

from billing.admin.amounts import BADGES, day, money
from billing.models import Invoice
from billing.selectors.dashboard import (
    BUCKETS,
    Figures,
    dashboard_of,
    latest_books_check,
    latest_events,
    latest_invoices,
)
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.permissions import may
from invoicing.lib import clock
from invoicing.lib.money import exponent

_AGES = {
    "current": "Not yet due",
    "1_30": "1–30 days",
    "31_60": "31–60 days",
    "61_90": "61–90 days",
    "over_90": "Over 90 days",
}
_SENTENCES = 20  # of a proof that failed; the command lists them all
_LIST = "admin:billing_invoice_changelist"
_ICONS = {
    "created": "add_circle",
    "updated": "edit",
    "sent": "send",
    "paid": "check_circle",
    "overdue": "schedule",
    "cancelled": "cancel",
    "deleted": "delete",
    "accepted": "thumb_up",
    "rejected": "thumb_down",
    "expired": "hourglass_bottom",
    "converted": "swap_horiz",
    "refunded": "undo",
    "voided": "block",
}


def dashboard(request: AdminRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: the context of templates/admin/index.html."""
    business = request.business
    found = dashboard_of(business)
    asked = request.GET.get("currency", "")
    figures = found.currencies.get(asked) or found.currencies[business.currency]
    return {
        **context,
        "title": "Dashboard",
        "currencies": [
            {"title": code, "link": f"?currency={code}", "active": code == figures.currency}
            for code in found.currencies
        ],
        "tiles": _tiles(figures, business),
        "chart": _chart(figures, business),
        "ageing": _ageing(figures, business),
        "latest_invoices": [_invoice(row, business) for row in latest_invoices(business)],
        "latest_events": [_event(row) for row in latest_events(business)],
        "books": _books(request),
        "as_of": found.as_of,
        "may_draft": may(request.role, "edit_drafts"),
    }


def _tiles(figures: Figures, business: Business) -> list[dict[str, Any]]:
    def tile(name: str, minor: int, note: str, query: str, tone: str = "") -> dict[str, Any]:
        address = f"{reverse(_LIST)}?{query}" if query else reverse("admin:billing_payment_changelist")
        amount = money(minor, figures.currency, business)
        return {"name": name, "amount": amount, "note": note, "href": address, "tone": tone}

    late = "danger" if figures.overdue_minor else ""
    credit = money(figures.credit_minor, figures.currency, business)
    owed = _count(figures.open_count, "open invoice")
    return [
        tile(
            "Outstanding",
            figures.outstanding_minor,
            f"{owed} · {credit} credit" if figures.credit_minor else owed,
            "state=open",
        ),
        tile("Overdue", figures.overdue_minor, _count(figures.overdue_count, "invoice"), "state=late", late),
        tile(
            "Collected, last 30 days",
            figures.collected_minor,
            f"{money(figures.collected_this_month_minor, figures.currency, business)} this month",
            "",
            "success",
        ),
        tile("Drafts", figures.draft_minor, _count(figures.draft_count, "draft"), "state=draft"),
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _chart(figures: Figures, business: Business) -> str:
    """What dashboard.js draws; amounts in major units, for the height of a bar is not money any more."""
    scale = 10 ** exponent(figures.currency)
    return json.dumps(
        {
            "labels": [format_date(month.start, "LLL yy", locale=business.locale) for month in figures.months],
            "invoiced": [month.invoiced_minor / scale for month in figures.months],
            "collected": [month.collected_minor / scale for month in figures.months],
            "currency": figures.currency,
            "locale": business.locale.replace("_", "-"),
        }
    )


def _ageing(figures: Figures, business: Business) -> list[dict[str, Any]]:
    most = max(figures.ageing.values())
    return [
        {
            "name": _AGES[name],
            "amount": money(figures.ageing[name], figures.currency, business),
            "width": figures.ageing[name] * 100 // most if most else 0,
            "tone": name,
        }
        for name in BUCKETS
    ]


def _invoice(row: Invoice, business: Business) -> dict[str, Any]:
    return {
        "number": row.number,
        "customer": row.customer.name,
        "status": row.get_status_display(),
        "badge": BADGES[row.status],
        "total": money(row.total_minor, row.currency, business),
        "day": day(row.issue_date, business),
        "href": reverse("admin:billing_invoice_change", args=[row.pk]),
    }


def _event(row: dict[str, Any]) -> dict[str, Any]:
    data = json.loads(row["data"])
    noun, verb = row["type"].split(".", 1)
    name = data.get(f"{noun}_number") or data.get("name") or data.get(noun, {}).get("payment_number") or ""
    listed = {"invoice", "quotation", "payment", "customer"}
    app = "customers" if noun == "customer" else "billing"
    known = noun in listed and verb != "deleted"
    return {
        "icon": _ICONS.get(verb, "bolt"),
        "text": f"{noun.replace('_', ' ').capitalize()} {verb}",
        "name": name,
        "actor": row["actor"].get("name") or "System",
        "at": row["created_at"],
        "href": reverse(f"admin:{app}_{noun}_change", args=[data["id"]]) if known else None,
    }


def _books(request: AdminRequest) -> dict[str, Any] | None:
    """The newest proof: everybody sees that there is one and how it ended, who sets up the business what it found."""
    business = request.business
    check = latest_books_check(business)
    if check is None:
        return None
    found = len(check.findings)
    shown = check.findings[:_SENTENCES] if may(request.role, "view_audit") else []
    return {
        "agree": not found,
        "verdict": _count(found, "contradiction") if found else "proved",
        "when": _moment(check.created_at, business),
        "checks": _count(check.checks, "check"),
        "sentences": shown,
        "more": found - len(shown) if shown else 0,
    }


def _moment(moment: datetime, business: Business) -> str:
    """Today 03:10, or a date and time, in the business's time zone."""
    local = moment.astimezone(ZoneInfo(business.time_zone))
    today = local.date() == clock.today(business.time_zone)
    at = format_time(local, "short", locale=business.locale)
    return f"{'today' if today else day(local.date(), business)} {at}"
