"""What the read-only page of a document shows: facts, lines, totals, payments, revisions, messages, and what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse

from billing.admin.amounts import BADGES, day, discounts, money, plain, written
from billing.admin.approval import approval_buttons, approval_of, is_held
from billing.admin.attachments import attachments_of
from billing.admin.channels import channel_buttons
from billing.admin.credit_pages import buttons_of, credit_of
from billing.admin.settled import offer_of, settlements_of
from billing.models import CreditNote, Document, Invoice, Quotation, Revision
from billing.selectors.credit import creditable_lines
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
    "sent_by_text": "sms",
    "sent_by_post": "local_post_office",
    "paid": "check_circle",
    "overdue": "schedule",
    "cancelled": "cancel",
    "accepted": "thumb_up",
    "rejected": "thumb_down",
    "approval_requested": "approval",
    "approved": "task_alt",
    "expired": "hourglass_bottom",
    "converted": "swap_horiz",
    "applied": "call_split",
    "refunded": "undo",
    "voided": "block",
    "written_off": "content_cut",
    "write_off_reversed": "restore",
    "attached": "attach_file",
    "detached": "link_off",
}
_SAID = {
    "invoice.sent": "Issued",
    "quotation.sent": "Issued",
    "credit_note.sent": "Issued",
    "payment.created": "Payment recorded",
    "payment.applied": "Payment applied",
    "payment.refunded": "Payment refunded",
    "invoice.approval_requested": "Approval asked for",
    "invoice.write_off_reversed": "Write-off reversed",
}


def sheet_of(row: Any, request: AdminRequest) -> dict[str, Any]:
    """The context of templates/admin/billing/sheet.html."""
    settled = settlements_of(row) if isinstance(row, Invoice) else []
    buttons = _buttons(row, request)
    also = [one["uuid"] for one in settled if one["kind"] == "Payment"]
    return {
        "row": row,
        "badge": BADGES[row.status],
        "headline": _headline(row),
        "facts": _facts(row),
        "lines": [_line(line, row) for line in row.lines.order_by("position")],
        "totals": _totals(row, settled),
        "settled": settled,
        "approval": approval_of(row) if isinstance(row, Invoice) else None,
        "offer": offer_of(row) if buttons["apply"] and isinstance(row, Invoice) else None,
        "attachments": attachments_of(row),
        "revisions": _revisions(row),
        "mails": mails_about(row),
        "timeline": timeline(row, also),
        "may": buttons,
        **(credit_of(row) if isinstance(row, CreditNote) and not row.is_draft else {}),
    }


def _buttons(row: Any, request: AdminRequest) -> dict[str, bool]:
    """Which buttons there are: what the role may and the status allows."""
    role, moves = request.role, row.MOVES[row.status]
    closed = row.status in {"cancelled", "rejected", "expired", "converted"}
    return {
        **dict.fromkeys(
            ("pay", "credit", "write_off", "unwrite", "apply", "refund", "redraw", "accept", "convert"), False
        ),
        **dict.fromkeys(("send_text", "send_letter"), False),
        "issue": row.status == "draft" and may(role, "issue"),
        "send": not closed and may(role, "send"),
        "texts": row.status != "draft" and may(role, "issue"),
        "cancel": not isinstance(row, Quotation) and "cancelled" in moves and may(role, "cancel"),
        **_OWN_BUTTONS[type(row)](row, role),
    }


def _of_invoice(row: Invoice, role: str) -> dict[str, bool]:
    is_open, given_up = row.status in Invoice.OPEN, bool(row.written_off_minor)
    issued = not row.is_draft and row.status != Invoice.Status.CANCELLED
    return {
        "pay": is_open and may(role, "record_payment"),
        "apply": is_open and may(role, "apply_credit"),
        "credit": issued and not given_up and may(role, "edit_drafts") and _is_creditable(row),
        "write_off": is_open and may(role, "write_off"),
        "unwrite": issued and given_up and may(role, "write_off"),
        **approval_buttons(row, role),
        **(channel_buttons(row.business, role) if issued else {}),
        **(dict.fromkeys(("issue", "send"), False) if is_held(row.business, row) else {}),
    }


def _is_creditable(row: Invoice) -> bool:
    return any(rest.amount for _, rest in creditable_lines(row))


def _of_quotation(row: Quotation, role: str) -> dict[str, bool]:
    return {
        "accept": "accepted" in row.MOVES[row.status] and may(role, "issue"),
        "convert": row.status in Quotation.CONVERTIBLE and may(role, "edit_drafts"),
    }


def _of_credit_note(row: CreditNote, role: str) -> dict[str, bool]:
    drawn = row.status == CreditNote.Status.DRAFT and row.invoice_id is not None
    movable = not row.refunded_minor or row.is_draft
    return {
        **buttons_of(row, role),
        "redraw": drawn and may(role, "edit_drafts"),
        "cancel": movable and row.status == CreditNote.Status.SENT and may(role, "cancel"),
    }


_OWN_BUTTONS: dict[type[Document], Callable[[Any, str], dict[str, bool]]] = {
    Invoice: _of_invoice,
    Quotation: _of_quotation,
    CreditNote: _of_credit_note,
}


def _headline(row: Any) -> dict[str, str]:
    """The figure that matters most, and a sentence about it."""
    if isinstance(row, CreditNote):
        left = f"{money(row.unallocated_minor, row.currency, row.business)} of it is credit"
        note = left if row.is_live and row.unallocated_minor else ""
        return {"amount": money(row.total_minor, row.currency, row.business), "note": note}
    if isinstance(row, Quotation):
        until = f"Valid until {day(row.valid_until, row.business)}" if row.valid_until else ""
        return {"amount": money(row.total_minor, row.currency, row.business), "note": until}
    if row.status in Invoice.OPEN:
        return {"amount": money(row.due_minor, row.currency, row.business), "note": _when_due(row), "due": "due"}
    return {"amount": money(row.total_minor, row.currency, row.business), "note": _when_paid(row)}


def _when_paid(row: Invoice) -> str:
    if row.paid_at is None:
        return ""
    on = day(row.paid_at.date(), row.business)
    if row.written_off_minor:
        return f"Closed on {on}, {money(row.written_off_minor, row.currency, row.business)} of it written off"
    return f"Paid on {on}"


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
        ("Opening balance", "Billed before; no revenue" if getattr(row, "opening_balance", False) else "", ""),
        *_relatives(row),
    ]
    return [fact for fact in found if fact[1]]


def _relatives(row: Any) -> list[tuple[str, str, str]]:
    """The quotation an invoice was made from and what credits it, the invoice made from a quotation or credited by a note."""
    found: list[tuple[str, Document | None]]
    if isinstance(row, Invoice):
        notes = CreditNote.objects.live().filter(invoice=row).exclude(status=CreditNote.Status.CANCELLED)
        credited = [("Credit note, draft" if note.is_draft else "Credit note", note) for note in notes.order_by("pk")]
        found = [("Quotation", row.quotation), *credited]
    elif isinstance(row, CreditNote):
        found = [("Invoice", row.invoice)]
    else:
        found = [("Invoice", Invoice.objects.filter(quotation=row).first())]
    return [
        (name, other.number, reverse(f"admin:billing_{other._meta.model_name}_change", args=[other.pk]))
        for name, other in found
        if other is not None
    ]


def _paid_by(settled: list[dict[str, Any]]) -> str:
    """What the paid part is called: a credit note is no payment."""
    kinds = {one["kind"] for one in settled} - {"Write-off"}
    if kinds <= {"Payment"}:
        return "Paid"
    return "Paid and credited" if "Payment" in kinds else "Credited"


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


def _totals(row: Any, settled: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Of what the calculator stored; nothing is computed a second time."""
    taxes: dict[Decimal, int] = defaultdict(int)
    for rate, tax in row.lines.values_list("tax_rate", "tax_minor"):
        taxes[rate] += tax
    of_lines = sum(row.lines.values_list("discount_minor", flat=True))
    found = [("", name, minor) for _, name, minor in discounts(row.gross_minor, row.discount_minor, of_lines)]
    found.append(("", "Subtotal", row.subtotal_minor))
    found += [("", f"Tax {plain(rate)} %", tax) for rate, tax in sorted(taxes.items(), reverse=True) if rate or tax]
    found.append(("grand", "Total", row.total_minor))
    gone = [(_paid_by(settled), getattr(row, "paid_minor", 0)), ("Written off", getattr(row, "written_off_minor", 0))]
    if any(minor for _, minor in gone):
        found += [("", name, -minor) for name, minor in gone if minor]
        found.append(("grand", "Amount due", row.due_minor))
    return [
        {"kind": kind, "name": name, "amount": money(minor, row.currency, row.business)} for kind, name, minor in found
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
    return [_told(entry, row) for entry in entries]


def _told(entry: AuditEntry, row: Any) -> dict[str, Any]:
    verb = entry.action.rpartition(".")[2]
    changes = entry.changes
    minor = changes.get("amount_minor")
    amount = money(minor, row.currency, row.business) if isinstance(minor, int) else ""
    note = ", ".join(str(name).replace("_", " ") for name in changes.get("fields", [])) or ", ".join(
        changes.get("to", [])
    )
    return {
        "icon": "payments" if entry.action == "payment.created" else ICONS.get(verb, "bolt"),
        "text": _SAID.get(entry.action, verb.replace("_", " ").capitalize()),
        "note": " · ".join(part for part in (amount, note or changes.get("reason")) if part)
        or (entry.subject_label if entry.subject_kind == "payment" else ""),
        "actor": entry.actor_label,
        "at": entry.created_at,
    }
