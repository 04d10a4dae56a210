"""What the read-only page of a document shows: facts, lines, totals, payments, revisions, messages, and what happened."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.urls import reverse

from billing.admin.amounts import BADGES, day, discounts, money, plain, written
from billing.models import Allocation, Document, Invoice, Payment, Quotation, Revision
from businesses.membership import AdminRequest
from businesses.models import AuditEntry
from businesses.permissions import may
from invoicing.lib import clock
from messaging.models import Message

ICONS = {
    "created": "add_circle",
    "updated": "edit",
    "sent": "send",
    "mailed": "mail",
    "paid": "check_circle",
    "overdue": "schedule",
    "cancelled": "cancel",
    "accepted": "thumb_up",
    "rejected": "thumb_down",
    "expired": "hourglass_bottom",
    "converted": "swap_horiz",
}
_SAID = {"invoice.sent": "Issued", "quotation.sent": "Issued", "payment.created": "Payment recorded"}


def sheet_of(row: Any, request: AdminRequest) -> dict[str, Any]:
    """The context of templates/admin/billing/sheet.html."""
    payments = _payments(row) if isinstance(row, Invoice) else []
    return {
        "row": row,
        "badge": BADGES[row.status],
        "headline": _headline(row),
        "facts": _facts(row),
        "lines": [_line(line, row) for line in row.lines.order_by("position")],
        "totals": _totals(row),
        "payments": payments,
        "revisions": _revisions(row),
        "mails": mails_about(row),
        "timeline": timeline(row, [payment["uuid"] for payment in payments]),
        "may": _buttons(row, request),
    }


def _buttons(row: Any, request: AdminRequest) -> dict[str, bool]:
    """Which buttons there are: what the role may and the status allows."""
    invoice = isinstance(row, Invoice)
    closed = row.status in {"cancelled", "rejected", "expired", "converted"}
    return {
        "issue": row.status == "draft" and may(request.role, "issue"),
        "send": not closed and may(request.role, "send"),
        "pay": invoice and row.status in Invoice.OPEN and may(request.role, "record_payment"),
        "cancel": invoice and "cancelled" in row.MOVES[row.status] and may(request.role, "cancel"),
        "texts": row.status != "draft" and may(request.role, "issue"),
        "accept": not invoice and "accepted" in row.MOVES[row.status] and may(request.role, "issue"),
        "convert": not invoice and row.status in Quotation.CONVERTIBLE and may(request.role, "edit_drafts"),
    }


def _headline(row: Any) -> dict[str, str]:
    """The figure that matters most, and a sentence about it."""
    if not isinstance(row, Invoice):
        until = f"Valid until {day(row.valid_until, row.business)}" if row.valid_until else ""
        return {"amount": money(row.total_minor, row.currency, row.business), "note": until}
    if row.status in Invoice.OPEN:
        return {"amount": money(row.due_minor, row.currency, row.business), "note": _when_due(row), "due": "due"}
    paid = f"Paid on {day(row.paid_at.date(), row.business)}" if row.paid_at else ""
    return {"amount": money(row.total_minor, row.currency, row.business), "note": paid}


def _when_due(row: Invoice) -> str:
    if row.due_date is None:
        return "No due date"
    left = row.due_date - clock.today(row.business.time_zone)
    if left < timedelta(0):
        return f"{_days(-left.days)} overdue, since {day(row.due_date, row.business)}"
    return f"Due {'today' if not left else f'in {_days(left.days)}'}, on {day(row.due_date, row.business)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _facts(row: Any) -> list[tuple[str, str, str]]:
    """Label, value, and where it leads."""
    business = row.business
    customer = reverse("admin:customers_customer_change", args=[row.customer_id])
    period = [day(getattr(row, name, None), business) for name in ("period_start", "period_end")]
    found = [
        ("Customer", row.customer.name, customer),
        ("Issue date", day(row.issue_date, business), ""),
        ("Due date", day(getattr(row, "due_date", None), business), ""),
        ("Valid until", day(getattr(row, "valid_until", None), business), ""),
        ("Delivered on", day(getattr(row, "delivery_date", None), business), ""),
        ("Period", " – ".join(part for part in period if part), ""),
        ("Purchase order", row.purchase_order, ""),
        ("Reference", row.reference, ""),
        ("Currency", row.currency, ""),
        ("Template", row.get_template_type_display(), ""),
        *_relatives(row),
    ]
    return [fact for fact in found if fact[1]]


def _relatives(row: Any) -> list[tuple[str, str, str]]:
    """The quotation an invoice was made from, or the invoice made from a quotation."""
    other: Document | None
    if isinstance(row, Invoice):
        other, name = row.quotation, "Quotation"
    else:
        other, name = Invoice.objects.filter(quotation=row).first(), "Invoice"
    if other is None:
        return []
    return [(name, other.number, reverse(f"admin:billing_{name.lower()}_change", args=[other.pk]))]


def _line(line: Any, row: Document) -> dict[str, str]:
    rate = line.discount_rate
    less = f"{plain(rate)} %" if rate else money(line.discount_minor, row.currency, row.business)
    return {
        "description": line.description,
        "code": line.product_code or "",
        "quantity": f"{written(line.quantity, row.business)} {line.unit or ''}".strip(),
        "unit_price": written(line.unit_price, row.business),
        "discount": f"−{less}" if line.discount_minor else "",
        "tax": f"{plain(line.tax_rate)} %" if line.tax_rate else "",
        "amount": money(line.gross_minor - line.discount_minor, row.currency, row.business),
    }


def _totals(row: Any) -> list[dict[str, str]]:
    """Of what the calculator stored; nothing is computed a second time."""
    taxes: dict[Decimal, int] = defaultdict(int)
    for rate, tax in row.lines.values_list("tax_rate", "tax_minor"):
        taxes[rate] += tax
    of_lines = sum(row.lines.values_list("discount_minor", flat=True))
    found = [("", name, minor) for _, name, minor in discounts(row.gross_minor, row.discount_minor, of_lines)]
    found.append(("", "Subtotal", row.subtotal_minor))
    found += [("", f"Tax {plain(rate)} %", tax) for rate, tax in sorted(taxes.items(), reverse=True) if rate or tax]
    found.append(("grand", "Total", row.total_minor))
    if getattr(row, "paid_minor", 0):
        found += [("", "Paid", -row.paid_minor), ("grand", "Amount due", row.due_minor)]
    return [
        {"kind": kind, "name": name, "amount": money(minor, row.currency, row.business)} for kind, name, minor in found
    ]


def _payments(row: Invoice) -> list[dict[str, Any]]:
    """What is applied to the invoice now, per payment."""
    applied = Allocation.objects.filter(invoice=row).values("payment").annotate(sum=Sum("amount_minor")).exclude(sum=0)
    sums = {found["payment"]: found["sum"] for found in applied}
    return [
        {
            "uuid": payment.uuid,
            "number": payment.number,
            "href": reverse("admin:billing_payment_change", args=[payment.pk]),
            "day": day(payment.payment_date, row.business),
            "method": payment.get_method_display(),
            "reference": payment.reference or "",
            "amount": money(sums[payment.pk], row.currency, row.business),
        }
        for payment in Payment.objects.filter(pk__in=sums).order_by("pk")
    ]


def _revisions(row: Any) -> list[Revision]:
    return list(Revision.objects.of(row.business).filter(**{row.noun: row}).defer("view", "file").order_by("-number"))


def mails_about(row: Any) -> list[dict[str, Any]]:
    """The letters about it, newest first."""
    found = Message.objects.of(row.business).filter(subject_id=row.uuid).order_by("-pk")[:20]
    return [
        {
            "to": ", ".join(mail.to),
            "subject": mail.subject,
            "state": mail.public_state.capitalize(),
            "badge": BADGES[mail.public_state],
            "at": mail.sent_at or mail.created_at,
            "error": mail.last_error if mail.state == "failed" else "",
        }
        for mail in found
    ]


def timeline(row: Any, also: list[Any] | None = None) -> list[dict[str, Any]]:
    """Who did what to it, newest first; `also` are other rows whose entries belong here."""
    entries = AuditEntry.objects.of(row.business).filter(subject_id__in=[row.uuid, *(also or [])]).order_by("-pk")[:40]
    return [_told(entry) for entry in entries]


def _told(entry: AuditEntry) -> dict[str, Any]:
    verb = entry.action.rpartition(".")[2]
    changes = entry.changes
    note = ", ".join(str(name).replace("_", " ") for name in changes.get("fields", [])) or ", ".join(
        changes.get("to", [])
    )
    return {
        "icon": "payments" if entry.action == "payment.created" else ICONS.get(verb, "bolt"),
        "text": _SAID.get(entry.action, verb.replace("_", " ").capitalize()),
        "note": note or changes.get("reason") or (entry.subject_label if entry.subject_kind == "payment" else ""),
        "actor": entry.actor_label,
        "at": entry.created_at,
    }
