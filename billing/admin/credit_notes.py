"""Credit notes: of an invoice or of the account; written as drafts, issued, sent, applied, refunded, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.decorators import display

from billing.admin import amounts, pages
from billing.admin.credit_invoice import change_credit_view
from billing.admin.credit_pages import CreditPages
from billing.admin.documents import DocumentAdmin
from billing.admin.drafts import Editor
from billing.admin.filters import CreditNoteState
from billing.admin.forms import CreditNoteTextsForm, Form
from billing.models import CreditNote
from billing.services.credit_notes import create_credit_note, delete_credit_note, update_credit_note
from billing.services.envelopes import Envelope
from billing.services.sending import send_credit_note
from businesses.membership import AdminRequest


@admin.register(CreditNote)
class CreditNoteAdmin(CreditPages, DocumentAdmin):
    """Credit notes."""

    icon = "assignment_return"
    texts_form = CreditNoteTextsForm
    state_filter = CreditNoteState
    list_display = ("number", "customer_name", "issued_on", "of_invoice", "badge", "total", "credit")
    list_select_related = ("customer", "business", "invoice")
    list_filter = (CreditNoteState, ("customer", AutocompleteSelectFilter), ("issue_date", RangeDateFilter))
    actions = ("download",)

    @display(description="Credits", ordering="invoice__number")
    def of_invoice(self, obj: CreditNote) -> str:
        return obj.invoice.number if obj.invoice else "The account"

    @display(description="Credit left", ordering="unallocated_minor", label="info")
    def credit(self, obj: CreditNote) -> str | None:
        left = obj.unallocated_minor
        return amounts.money(left, obj.currency, obj.business) if left else None

    def row_views(self) -> dict[str, Callable[..., Any]]:
        return {**super().row_views(), "credit": self.credit_view, "cancel": self.cancel_view}

    def about(self, row: CreditNote) -> dict[str, Any]:
        shown = super().about(row)
        of = [("Invoice", row.invoice.number)] if row.invoice else []
        return {**shown, "facts": [*shown["facts"], *of]}

    # Services ------------------------------------------------------------------------------------------------------------
    def store(self, request: AdminRequest, editor: Editor, *, issue: bool) -> CreditNote:
        details, data = editor.head.details(), editor.head.cleaned_data
        status = CreditNote.Status.SENT if issue else CreditNote.Status.DRAFT
        if editor.row is not None:
            return update_credit_note(
                editor.row,
                changes={**details, "customer": data["customer"]},
                lines=editor.changed_lines(),
                status=status,
                actor=self.actor(request),
            )
        return create_credit_note(
            request.business,
            customer=data["customer"],
            lines=editor.drafts(),
            number=data["number"] or None,
            status=status,
            details=details,
            actor=self.actor(request),
        )

    def mail(self, row: CreditNote, envelope: Envelope, request: AdminRequest) -> object:
        return send_credit_note(row, envelope, actor=self.actor(request))

    def discard(self, row: CreditNote, reason: str, request: AdminRequest) -> None:
        delete_credit_note(row, actor=self.actor(request), reason=reason)

    def change_texts(self, row: CreditNote, changes: dict[str, Any], request: AdminRequest) -> None:
        update_credit_note(row, changes=changes, actor=self.actor(request))

    def move(self, row: CreditNote, status: str, request: AdminRequest) -> object:
        return update_credit_note(row, changes={}, status=status, actor=self.actor(request))

    # Pages ---------------------------------------------------------------------------------------------------------------
    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """A draft of an invoice has no lines to type: its sheet leads to what it credits."""
        row = self.find(request, object_id)
        if row.status != CreditNote.Status.DRAFT or row.invoice_id is None:
            return super().change_view(request, str(row.pk), form_url, extra_context)
        if request.method == "POST":
            self.message_user(request, f"{row} is edited by what it credits of {row.invoice}.", messages.ERROR)
            return HttpResponseRedirect(self.url_of(row.pk))
        return self.show_sheet(request, row)

    def credit_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Change what a draft credits of its invoice."""
        row = self.find(request, object_id)
        self.insist(request, "edit_drafts", row)
        if row.invoice is None or row.status != CreditNote.Status.DRAFT:
            raise Http404
        return change_credit_view(self, request, row)

    def cancel_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then take it back."""
        row = self.find(request, object_id)
        self.insist(request, "cancel", row)
        form = self.form_of(request, Form)
        done = self.submit(
            request, row, form, lambda _: self.move(row, "cancelled", request), done=f"{row} is cancelled."
        )
        text = "What it is applied to is owed again. This cannot be undone."
        context = {"text": text, "tone": "danger solid", "original": row, **self.about(row)}
        return done or pages.ask(self, request, f"Cancel {row}?", form, submit="Cancel the credit note", **context)
