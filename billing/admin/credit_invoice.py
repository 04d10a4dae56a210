"""Credit an invoice: all that is left of it, units of its lines, or an amount; and the same question again for a draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from billing.admin import pages
from billing.admin.amounts import AmountField, NumberField, money, plain, written
from billing.admin.forms import Form, day, text
from billing.admin.row_pages import RowPages
from billing.crediting import Creditable
from billing.models import CreditNote, Invoice, InvoiceLine
from billing.selectors.credit import creditable_lines
from billing.services.credit_notes import Credit, credit_invoice, update_credit_note
from businesses.membership import AdminRequest
from businesses.permissions import may
from invoicing.lib import clock
from invoicing.lib.errors import Detail, DomainError

Left = Sequence[tuple[InvoiceLine, Creditable]]


class CreditForm(Form):
    """What is to be credited of an invoice, on which day, and why."""

    what = forms.ChoiceField(
        choices=[("all", "Everything that is left"), ("lines", "Units of lines"), ("amount", "An amount")],
        widget=forms.RadioSelect,
        initial="all",
        label="Credit",
    )
    issue_date = day(required=True)
    notes = text(2, label="Reason", help_text="Printed on the credit note, below the lines.")

    def __init__(self, *args: Any, invoice: Invoice, left: Left, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invoice, self.left = invoice, left
        amount = AmountField(currency=invoice.currency, required=False, label=f"Amount with tax, in {invoice.currency}")
        self.fields["amount"] = amount
        for index, (line, rest) in enumerate(left):
            attrs = {"aria-label": f"Units of {line.description}", "placeholder": "0"}
            self.fields[f"units-{index}"] = NumberField(required=False, attrs=attrs, disabled=not rest.quantity)

    @property
    def chosen(self) -> list[int]:
        """The lines of which units are credited, in the order in which the service is given them."""
        return [index for index in range(len(self.left)) if self.cleaned_data.get(f"units-{index}")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("what") == "amount" and data.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "How much?")
        if data.get("what") == "lines" and not self.chosen and not self.errors:
            self.add_error(None, "Say how many units of which line.")
        return data

    def credit(self) -> Credit:
        """What was asked for, as the services take it."""
        data = self.cleaned_data
        if data["what"] == "amount":
            return Credit(amount_minor=data["amount"])
        if data["what"] == "all":
            return Credit()
        units: dict[UUID, Decimal | None] = {self.left[i][0].uuid: data[f"units-{i}"] for i in self.chosen}
        return Credit(quantities=units)

    def refuse(self, error: DomainError) -> None:
        """Put `items.1.quantity` on the second line that was asked for."""
        for detail in error.details or [Detail("", error.message)]:
            head, _, rest = detail.field.partition(".")
            index = rest.partition(".")[0]
            if head == "items" and index.isdigit() and int(index) < len(self.chosen):
                self.add_error(f"units-{self.chosen[int(index)]}", detail.message)
            else:
                self.add_error(head if head in self.fields else None, detail.message)

    def lines(self) -> list[dict[str, Any]]:
        """The table: each line with what is left of it."""
        business, currency = self.invoice.business, self.invoice.currency
        return [
            {
                "description": line.description,
                "billed": f"{written(line.quantity, business)} {line.unit or ''}".strip(),
                "left": written(rest.quantity, business),
                "amount": money(rest.amount, currency, business),
                "field": self[f"units-{index}"],
            }
            for index, (line, rest) in enumerate(self.left)
        ]


def credit_invoice_view(admin: RowPages, request: AdminRequest, invoice: Invoice) -> HttpResponseBase:
    """Make a credit note of an invoice: a draft, or issued at once."""
    admin.insist(request, "edit_drafts", invoice)
    initial = {"issue_date": max(clock.today(invoice.business.time_zone), invoice.issue_date)}

    def call(form: CreditForm, status: str) -> CreditNote:
        details = {"issue_date": form.cleaned_data["issue_date"], "notes": form.cleaned_data["notes"] or None}
        return credit_invoice(invoice, form.credit(), status=status, details=details, actor=admin.actor(request))

    return _ask(admin, request, invoice, invoice, f"Credit {invoice}", initial, call)


def change_credit_view(admin: RowPages, request: AdminRequest, note: CreditNote) -> HttpResponseBase:
    """Change what a draft credits of its invoice."""
    admin.insist(request, "edit_drafts", note)
    assert note.invoice is not None  # noqa: S101 - the caller has looked

    def call(form: CreditForm, status: str) -> CreditNote:
        changes = {"issue_date": form.cleaned_data["issue_date"], "notes": form.cleaned_data["notes"] or None}
        return update_credit_note(
            note, credit=form.credit(), changes=changes, status=status, actor=admin.actor(request)
        )

    return _ask(admin, request, note, note.invoice, f"Edit {note}", _initial(note), call)


def _initial(note: CreditNote) -> dict[str, Any]:
    """What the draft says already."""
    assert note.invoice is not None  # noqa: S101 - the caller has looked
    basis = note.basis or {}
    shown = {"issue_date": note.issue_date, "notes": note.notes, "what": "lines"}
    if basis.get("amount_minor") is not None:
        return {**shown, "what": "amount", "amount": basis["amount_minor"]}
    places = dict(note.invoice.lines.order_by("position").values_list("pk", "position"))
    order = {pk: index for index, pk in enumerate(places)}
    for line in note.lines.all():
        shown[f"units-{order[line.invoice_line_id or 0]}"] = plain(line.units) if line.units else ""
    return shown


def _ask(
    admin: RowPages,
    request: AdminRequest,
    row: Any,
    invoice: Invoice,
    title: str,
    initial: dict[str, Any],
    call: Callable[[CreditForm, str], CreditNote],
) -> HttpResponseBase:
    left = creditable_lines(invoice)
    form = CreditForm(request.POST or None, invoice=invoice, left=left, initial=initial)
    if form.is_valid():
        issue = "_issue" in request.POST
        if issue:
            admin.insist(request, "issue", row)
        try:
            note = call(form, CreditNote.Status.SENT if issue else CreditNote.Status.DRAFT)
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            admin.message_user(request, f"{note} is {'issued' if issue else 'saved'}.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:billing_creditnote_change", args=[note.pk]))
    context = {
        "form": form,
        "left": money(sum(rest.amount for _, rest in left), invoice.currency, invoice.business),
        "may_issue": may(request.role, "issue"),
        "original": row,
        **admin.about(row),
    }
    return pages.show(admin, request, "credit_invoice", title, status=400 if form.is_bound else 200, **context)
