"""The approval of drafts in the admin: asked for by who writes them, given or refused by an owner or admin."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from billing.admin import pages
from billing.admin.forms import Form, text
from billing.admin.row_pages import RowPages
from billing.models import Invoice
from billing.services.approval import MAX_COMMENT, approve_invoice, reject_invoice, request_approval
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.permissions import may

_BADGES = {
    Invoice.Approval.PENDING: "warning",
    Invoice.Approval.APPROVED: "success",
    Invoice.Approval.REJECTED: "danger",
}


class ApproveForm(Form):
    """What is said with an approval."""

    comment = text(3, MAX_COMMENT)


class RejectForm(Form):
    """Why a draft goes back."""

    reason = text(3, MAX_COMMENT, help_text="Shown to who writes the draft.")


def approval_of(row: Invoice) -> dict[str, str] | None:
    """What is said of a draft, for its page; None where nothing is."""
    if row.approval is None or row.status != Invoice.Status.DRAFT:
        return None
    comment = row.approval_comment or ""
    return {"state": row.approval, "text": row.get_approval_display(), "badge": _BADGES[row.approval], "note": comment}  # type: ignore[index]


def approval_buttons(row: Invoice | None, role: str) -> dict[str, bool]:
    """Which buttons there are: what the role may and the state allows; where approval is no habit the list's action asks."""
    if row is None or row.status != Invoice.Status.DRAFT:
        return {"ask": False, "approve": False}
    wanted = row.approval == Invoice.Approval.REJECTED or (row.approval is None and row.business.require_approval)
    return {
        "ask": wanted and may(role, "edit_drafts"),
        "approve": row.approval == Invoice.Approval.PENDING and may(role, "approve"),
    }


def is_held(business: Business, row: Invoice | None) -> bool:
    """Whether a draft, or a new one (`row` None), cannot be issued before it is approved."""
    approved = row is not None and row.approval == Invoice.Approval.APPROVED
    return business.require_approval and not approved and (row is None or row.status == Invoice.Status.DRAFT)


def ask_view(admin: RowPages, request: AdminRequest, row: Invoice) -> HttpResponseBase:
    """Ask for a draft to be approved."""
    admin.insist(request, "edit_drafts", row)
    form = admin.form_of(request, Form)
    done = admin.submit(
        request,
        row,
        form,
        lambda _: request_approval(row, actor=admin.actor(request)),
        done=f"{row} waits for approval.",
    )
    said = "An owner or admin looks at it as it is saved. A change of it takes the question back."
    context: dict[str, Any] = {"text": said, "original": row, **admin.about(row)}
    title = f"Ask for the approval of {row}?"
    return done or pages.ask(admin, request, title, form, submit="Ask for approval", **context)


def approve_view(admin: RowPages, request: AdminRequest, row: Invoice) -> HttpResponseBase:
    """Approve a draft, with a comment or without."""
    admin.insist(request, "approve", row)
    form = admin.form_of(request, ApproveForm)

    def call(typed: Any) -> None:
        approve_invoice(row, comment=typed.cleaned_data["comment"] or None, actor=admin.actor(request))

    done = admin.submit(request, row, form, call, done=f"{row} is approved.")
    context: dict[str, Any] = {"original": row, **admin.about(row)}
    return done or pages.ask(admin, request, f"Approve {row}?", form, submit="Approve", **context)


def reject_view(admin: RowPages, request: AdminRequest, row: Invoice) -> HttpResponseBase:
    """Send a draft back with a reason."""
    admin.insist(request, "approve", row)
    form = admin.form_of(request, RejectForm)

    def call(typed: Any) -> None:
        reject_invoice(row, reason=typed.cleaned_data["reason"], actor=admin.actor(request))

    done = admin.submit(request, row, form, call, done=f"{row} is rejected.")
    context: dict[str, Any] = {"original": row, "tone": "danger solid", **admin.about(row)}
    return done or pages.ask(admin, request, f"Reject {row}?", form, submit="Reject", **context)
