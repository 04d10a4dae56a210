"""The approval of a draft by somebody else before it is issued: asked for, given, refused, and lost when the draft changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from billing.events import publish_document
from billing.models import Invoice
from businesses import audit
from businesses.audit import Actor
from invoicing.lib.errors import Conflict, Detail, Invalid

Approval = Invoice.Approval

MAX_COMMENT = 1_000  # characters

# From what a draft may come to be what: null or rejected → pending → approved or rejected.
_BEFORE: dict[str, frozenset[str | None]] = {
    Approval.PENDING: frozenset({None, Approval.REJECTED}),
    Approval.APPROVED: frozenset({Approval.PENDING}),
    Approval.REJECTED: frozenset({Approval.PENDING}),
}
_SAID: dict[str, str] = {
    Approval.PENDING: "approval_requested",
    Approval.APPROVED: "approved",
    Approval.REJECTED: "rejected",
}
# What nobody looks at before approving: our client's own words, and another format's.
_NOT_LOOKED_AT = frozenset({"metadata", "extra"})


@transaction.atomic
def request_approval(invoice: Invoice, *, actor: Actor) -> Invoice:
    """Ask an owner or admin to look at a draft; nothing happens to one that waits already. Conflict for all others."""
    return _move(invoice, Approval.PENDING, None, actor)


@transaction.atomic
def approve_invoice(invoice: Invoice, *, actor: Actor, comment: str | None = None) -> Invoice:
    """Let a draft that waits be issued; Conflict where nobody asked, Invalid for more than MAX_COMMENT characters."""
    return _move(invoice, Approval.APPROVED, _checked("comment", comment), actor)


@transaction.atomic
def reject_invoice(invoice: Invoice, *, actor: Actor, reason: str) -> Invoice:
    """Send a draft that waits back with a reason; Conflict where nobody asked, Invalid without a reason or for too long a one."""
    if not reason:
        raise Invalid.field("reason", "Say why.")
    return _move(invoice, Approval.REJECTED, _checked("reason", reason), actor)


def check_approved(invoice: Invoice) -> None:
    """Conflict where the business wants drafts to be approved before they are issued, and this one is not."""
    if invoice.business.require_approval and invoice.approval != Approval.APPROVED:
        message = "This business has its invoices approved before they are issued, and this one is not."
        raise Conflict(message, code="approval_required", details=[Detail("approval", message)])


def lose_approval(invoice: Invoice, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Take back, from a locked draft that `changed`, what was said of it as it was; the previous values of what is lost."""
    if invoice.approval not in {Approval.PENDING, Approval.APPROVED} or not changed.keys() - _NOT_LOOKED_AT:
        return {}
    lost = {name: getattr(invoice, name) for name in ("approval", "approval_comment") if getattr(invoice, name)}
    invoice.approval = invoice.approval_comment = None
    return lost


def _checked(field: str, text: str | None) -> str | None:
    if text is not None and len(text) > MAX_COMMENT:
        raise Invalid.field(field, f"At most {MAX_COMMENT} characters.")
    return text or None


def _move(invoice: Invoice, approval: str, comment: str | None, actor: Actor) -> Invoice:
    invoice = Invoice.objects.lock(invoice.pk)
    _check_draft(invoice)
    before = invoice.approval
    if before == approval:
        return invoice
    if before not in _BEFORE[approval]:
        raise _refused(before, approval)
    previous = {"approval": before, "approval_comment": invoice.approval_comment}
    invoice.approval, invoice.approval_comment = approval, comment
    invoice.save(update_fields=["approval", "approval_comment", "updated_at"])
    audit.record(invoice.business, actor, f"invoice.{_SAID[approval]}", invoice, {"reason": comment} if comment else {})
    previous = {name: value for name, value in previous.items() if getattr(invoice, name) != value}
    publish_document(invoice, "updated", actor=actor, previous_status=invoice.status, previous=previous)
    return invoice


def _check_draft(invoice: Invoice) -> None:
    if invoice.status != Invoice.Status.DRAFT:
        raise Conflict(f"A {invoice.status} invoice needs no approval.", code="state_does_not_allow")


def _refused(before: str | None, approval: str) -> Conflict:
    if approval == Approval.PENDING:
        message = "This invoice is approved already."
    elif before is None:
        message = "Nobody has asked for the approval of this invoice."
    else:
        message = f"This invoice is {before}, and waits for no approval."
    return Conflict(message, code="state_does_not_allow")
