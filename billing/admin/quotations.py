"""Quotations: written as drafts, sent, accepted or rejected, converted into an invoice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.decorators import display

from billing.admin import amounts, pages
from billing.admin.documents import DocumentAdmin
from billing.admin.drafts import Editor
from billing.admin.filters import QuotationState
from billing.admin.forms import Form, QuotationTextsForm
from billing.models import Quotation
from billing.services.envelopes import Envelope
from billing.services.quotations import convert_quotation, create_quotation, delete_quotation, update_quotation
from billing.services.sending import send_quotation
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError


@admin.register(Quotation)
class QuotationAdmin(DocumentAdmin):
    """Quotations."""

    icon = "request_quote"
    texts_form = QuotationTextsForm
    state_filter = QuotationState
    list_display = ("number", "customer_name", "issued_on", "valid_on", "badge", "total")
    list_filter = (QuotationState, ("customer", AutocompleteSelectFilter), ("issue_date", RangeDateFilter))
    actions = ("download",)

    @display(description="Valid until", ordering="valid_until")
    def valid_on(self, obj: Quotation) -> str:
        return amounts.day(obj.valid_until, obj.business) or "–"

    def row_views(self) -> dict[str, Callable[..., Any]]:
        own = {"accept": self.accept_view, "reject": self.reject_view, "convert": self.convert_view}
        return {**super().row_views(), **own}

    # Services ------------------------------------------------------------------------------------------------------------
    def store(self, request: AdminRequest, editor: Editor, *, issue: bool) -> Quotation:
        details, data = editor.head.details(), editor.head.cleaned_data
        status = Quotation.Status.SENT if issue else None
        if editor.row is not None:
            changes = {**details, "customer": data["customer"]}
            lines = editor.changed_lines()
            return update_quotation(editor.row, changes=changes, lines=lines, status=status, actor=self.actor(request))
        return create_quotation(
            request.business,
            customer=data["customer"],
            lines=editor.drafts(),
            number=data["number"] or None,
            status=status or Quotation.Status.DRAFT,
            details=details,
            actor=self.actor(request),
        )

    def mail(self, row: Quotation, envelope: Envelope, request: AdminRequest) -> object:
        return send_quotation(row, envelope, actor=self.actor(request))

    def discard(self, row: Quotation, reason: str, request: AdminRequest) -> None:
        delete_quotation(row, actor=self.actor(request), reason=reason)

    def change_texts(self, row: Quotation, changes: dict[str, Any], request: AdminRequest) -> None:
        update_quotation(row, changes=changes, actor=self.actor(request))

    def move(self, row: Quotation, status: str, request: AdminRequest) -> object:
        return update_quotation(row, changes={}, status=status, actor=self.actor(request))

    # Pages ---------------------------------------------------------------------------------------------------------------
    def accept_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then note that the customer accepted."""
        return self._answer(request, object_id, "accepted", "Accept")

    def reject_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then note that the customer declined."""
        return self._answer(request, object_id, "rejected", "Reject")

    def _answer(self, request: AdminRequest, object_id: str, status: str, verb: str) -> HttpResponseBase:
        row = self.find(request, object_id)
        self.insist(request, "issue", row)
        form = self.form_of(request, Form)
        done = self.submit(request, row, form, lambda _: self.move(row, status, request), done=f"{row} is {status}.")
        text = f"The customer has {status} it. This cannot be undone."
        return done or pages.ask(
            self, request, f"{verb} {row}?", form, submit=verb, text=text, original=row, **self.about(row)
        )

    def convert_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then make the draft invoice and go there."""
        row = self.find(request, object_id)
        self.insist(request, "edit_drafts", row)
        if request.method == "POST":
            try:
                invoice = convert_quotation(row, actor=self.actor(request))
            except DomainError as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
                return HttpResponseRedirect(self.url_of(row.pk))
            self.message_user(request, f"{row} is now the draft {invoice.number}.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:billing_invoice_change", args=[invoice.pk]))
        text = "One draft invoice is made with the same lines. A quotation is converted once."
        return pages.ask(
            self,
            request,
            f"Convert {row}?",
            Form(),
            submit="Make the invoice",
            text=text,
            original=row,
            **self.about(row),
        )
