"""Invoices: written as drafts, issued, sent, paid, credited, written off, cancelled; every one of it by the services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.decorators import action, display

from billing.admin import amounts, pages
from billing.admin.approval import approval_buttons, approval_of, approve_view, ask_view, is_held, reject_view
from billing.admin.channels import send_letter_view, send_text_view
from billing.admin.credit_invoice import credit_invoice_view
from billing.admin.documents import DocumentAdmin
from billing.admin.drafts import Editor
from billing.admin.filters import InvoiceState
from billing.admin.forms import Form, InvoiceTextsForm, PaymentForm
from billing.admin.settled import offer_of
from billing.admin.write_offs import reverse_view, small_balances_view, write_off_view
from billing.models import Invoice
from billing.services.approval import approve_invoice, request_approval
from billing.services.customer_credit import apply_credit
from billing.services.envelopes import Envelope
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.payments import record_payment
from billing.services.sending import send_invoice
from businesses.membership import AdminRequest
from invoicing.lib import clock


@admin.register(Invoice)
class InvoiceAdmin(DocumentAdmin):
    """Invoices."""

    icon = "receipt_long"
    texts_form = InvoiceTextsForm
    state_filter = InvoiceState
    list_display = ("number", "customer_name", "issued_on", "due_on", "badge", "total", "due")
    list_filter = (
        InvoiceState,
        ("customer", AutocompleteSelectFilter),
        ("issue_date", RangeDateFilter),
        ("due_date", RangeDateFilter),
    )
    actions = ("ask_approval", "approve", "issue", "issue_and_send", "download", "cancel")

    @display(description="Due", ordering="due_date")
    def due_on(self, obj: Invoice) -> str:
        return amounts.day(obj.due_date, obj.business) or "–"

    @display(description="Amount due", ordering="due_minor")
    def due(self, obj: Invoice) -> str:
        return amounts.money(obj.due_minor, obj.currency, obj.business) if obj.due_minor else "–"

    def row_views(self) -> dict[str, Callable[..., Any]]:
        own: dict[str, Callable[..., Any]] = {"pay": self.pay_view, "cancel": self.cancel_view}
        own |= {"credit": self.credit_view, "apply": self.apply_view}
        own |= {"write-off": self.write_off_view, "reverse-write-off": self.reverse_write_off_view}
        own |= {"send-text": self.send_text_view, "send-letter": self.send_letter_view}
        own |= {"request-approval": self.ask_view, "approve": self.approve_view, "reject": self.reject_view}
        return {**super().row_views(), **own}

    def editor_context(self, request: AdminRequest, row: Invoice | None) -> dict[str, Any]:
        """With what is said of the draft; one that is to be approved first cannot be issued from here."""
        may = super().editor_context(request, row)["may"]
        if is_held(request.business, row):
            may = dict.fromkeys(may, False)
        approval = approval_of(row) if row is not None else None
        return {"may": {**may, **approval_buttons(row, request.role)}, "approval": approval}

    def list_views(self) -> dict[str, Callable[..., Any]]:
        return {**super().list_views(), "small-balances": self.small_balances_view}

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> Any:
        """With the way to the small balances beside the tabs."""
        leads = [{"title": "Write off small balances", "icon": "content_cut", "href": self.url_to("small-balances")}]
        more = {"leads": leads if self.allows(request, "write_off") else []}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    # Services ------------------------------------------------------------------------------------------------------------
    def store(self, request: AdminRequest, editor: Editor, *, issue: bool) -> Invoice:
        details, data = editor.head.details(), editor.head.cleaned_data
        status = Invoice.Status.SENT if issue else None
        if editor.row is not None:
            changes = {**details, "customer": data["customer"]}
            lines = editor.changed_lines()
            return update_invoice(editor.row, changes=changes, lines=lines, status=status, actor=self.actor(request))
        if details["due_date"] is None:
            del details["due_date"]  # by the payment terms
        return create_invoice(
            request.business,
            customer=data["customer"],
            lines=editor.drafts(),
            number=data["number"] or None,
            status=status or Invoice.Status.DRAFT,
            details=details,
            actor=self.actor(request),
        )

    def mail(self, row: Invoice, envelope: Envelope, request: AdminRequest) -> object:
        return send_invoice(row, envelope, actor=self.actor(request))

    def discard(self, row: Invoice, reason: str, request: AdminRequest) -> None:
        delete_invoice(row, actor=self.actor(request), reason=reason)

    def change_texts(self, row: Invoice, changes: dict[str, Any], request: AdminRequest) -> None:
        update_invoice(row, changes=changes, actor=self.actor(request))

    def move(self, row: Invoice, status: str, request: AdminRequest) -> object:
        return update_invoice(row, changes={}, status=status, actor=self.actor(request))

    # Pages ---------------------------------------------------------------------------------------------------------------
    def pay_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Record a payment; the amount due is filled in."""
        row = self.find(request, object_id)
        self.insist(request, "record_payment", row)
        shown = {
            "amount": row.due_minor,
            "payment_date": clock.today(row.business.time_zone),
            "method": "bank_transfer",
        }
        form = self.form_of(request, PaymentForm, invoice=row, initial=shown)

        def call(typed: Any) -> None:
            details = {name: value or None for name, value in typed.cleaned_data.items() if name != "amount"}
            amount = typed.cleaned_data["amount"]
            record_payment(row, amount_minor=amount, details=details, actor=self.actor(request))

        done = self.submit(request, row, form, call, done=f"The payment of {row} is recorded.")
        title = f"Record a payment of {row}"
        return done or pages.ask(self, request, title, form, submit="Record payment", original=row, **self.about(row))

    def credit_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Make a credit note of it."""
        return credit_invoice_view(self, request, self.find(request, object_id))

    def apply_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then pay it from the customer's credit."""
        row = self.find(request, object_id)
        self.insist(request, "apply_credit", row)
        form = self.form_of(request, Form)
        done = self.submit(
            request, row, form, lambda _: apply_credit(row, actor=self.actor(request)), done=f"Credit pays {row}."
        )
        offer = offer_of(row)
        about = self.about(row)
        facts = [*about["facts"], *(offer["sources"] if offer else [])]
        text = (
            f"{offer['fits']} of the customer’s credit, the oldest first." if offer else "There is no credit to apply."
        )
        return done or pages.ask(
            self,
            request,
            f"Apply credit to {row}?",
            form,
            submit="Apply credit",
            text=text,
            original=row,
            **{**about, "facts": facts},
        )

    def send_text_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Text a link to it."""
        return send_text_view(self, request, self.find(request, object_id))

    def send_letter_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Post it."""
        return send_letter_view(self, request, self.find(request, object_id))

    def ask_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask for a draft to be approved."""
        return ask_view(self, request, self.find(request, object_id))

    def approve_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Approve a draft."""
        return approve_view(self, request, self.find(request, object_id))

    def reject_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Send a draft back."""
        return reject_view(self, request, self.find(request, object_id))

    def write_off_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Give up what is due of it, or a part."""
        return write_off_view(self, request, self.find(request, object_id))

    def reverse_write_off_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Take its write-offs back."""
        return reverse_view(self, request, self.find(request, object_id))

    def small_balances_view(self, request: AdminRequest) -> HttpResponseBase:
        """Write off every small balance."""
        return small_balances_view(self, request)

    def cancel_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then cancel."""
        row = self.find(request, object_id)
        self.insist(request, "cancel", row)
        form = self.form_of(request, Form)
        done = self.submit(
            request, row, form, lambda _: self.move(row, "cancelled", request), done=f"{row} is cancelled."
        )
        text = "It is owed no more, and what was paid of it becomes the customer’s credit. This cannot be undone."
        context = {"original": row, "tone": "danger solid", **self.about(row)}
        return done or pages.ask(
            self, request, f"Cancel {row}?", form, submit="Cancel the invoice", text=text, **context
        )

    # Many at once ----------------------------------------------------------------------------------------------------------
    @action(description="Ask for approval", permissions=["edit_drafts"], icon="approval")
    def ask_approval(self, request: AdminRequest, queryset: QuerySet[Invoice]) -> HttpResponseBase | None:
        """Ask for each draft to be approved."""
        question = "An owner or admin looks at them as they are."
        call = lambda row: request_approval(row, actor=self.actor(request))  # noqa: E731 - one line that reads as a sentence
        return self.each(request, queryset, "Ask for the approval of", question, "Waiting for approval", call)

    @action(description="Approve", permissions=["approve"], icon="task_alt")
    def approve(self, request: AdminRequest, queryset: QuerySet[Invoice]) -> HttpResponseBase | None:
        """Approve each draft that waits."""
        question = "They can be issued then, as they are."
        call = lambda row: approve_invoice(row, actor=self.actor(request))  # noqa: E731 - one line that reads as a sentence
        return self.each(request, queryset, "Approve", question, "Approved", call)

    @action(description="Issue", permissions=["issue"], icon="verified")
    def issue(self, request: AdminRequest, queryset: QuerySet[Invoice]) -> HttpResponseBase | None:
        """Issue each draft."""
        question = "Their lines are frozen from then on."
        return self.each(request, queryset, "Issue", question, "Issued", lambda row: self.move(row, "sent", request))

    @action(description="Issue and send", permissions=["issue", "send"], icon="send")
    def issue_and_send(self, request: AdminRequest, queryset: QuerySet[Invoice]) -> HttpResponseBase | None:
        """Mail each to its customer, drafts after issuing them."""
        question = "Each goes to its customer’s own address, with the business’s text and the PDF."
        call = lambda row: self.mail(row, Envelope(), request)  # noqa: E731 - one line that reads as a sentence
        return self.each(request, queryset, "Issue and send", question, "On their way", call)

    @action(description="Cancel", permissions=["cancel"], icon="cancel")
    def cancel(self, request: AdminRequest, queryset: QuerySet[Invoice]) -> HttpResponseBase | None:
        """Cancel each."""
        question = "They are owed no more; what was paid of them becomes credit. This cannot be undone."
        return self.each(
            request, queryset, "Cancel", question, "Cancelled", lambda row: self.move(row, "cancelled", request)
        )

    def each(
        self,
        request: AdminRequest,
        queryset: QuerySet[Invoice],
        verb: str,
        question: str,
        done: str,
        call: Callable[[Invoice], object],
    ) -> HttpResponseBase | None:
        """Ask, then call the service once per invoice."""
        rows = self.few(request, queryset)
        if not rows:
            return None
        title = f"{verb} {len(rows)} invoice{'s' if len(rows) > 1 else ''}?"
        if page := self.confirm(
            request, title=title, question=question, rows=rows, submit=f"{verb} them" if len(rows) > 1 else f"{verb} it"
        ):
            return page
        self.run_each(request, rows, call, done=done)
        return None
