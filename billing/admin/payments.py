"""Payments: recorded for an invoice or for a customer, applied, refunded, voided; the receipt to download or send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from billing.admin import amounts, pages
from billing.admin.credit_list import CreditList
from billing.admin.credit_pages import TakeBackForm, buttons_of, credit_of
from billing.admin.filters import CreditState
from billing.admin.forms import Form, LetterForm, text, words
from billing.admin.letters import letter_to
from billing.admin.payment_new import new_payment_view, open_invoices_view
from billing.admin.sheet import mails_about, timeline
from billing.documents import keep_receipt
from billing.models import Payment
from billing.services.payments import update_payment, void_payment
from billing.services.sending import send_receipt
from businesses.membership import AdminRequest


class PaymentTextsForm(Form):
    """What may change on a payment."""

    reference = words(100, help_text="What stands on the bank statement.")
    notes = text(3)


@admin.register(Payment)
class PaymentAdmin(CreditList):
    """Payments."""

    icon = "payments"
    add_action = "record_payment"
    list_display = ("number", "customer_name", "received", "method", "badge", "amount", "credit")
    list_filter = (
        CreditState,
        ("customer", AutocompleteSelectFilter),
        ("method", ChoicesDropdownFilter),
        ("payment_date", RangeDateFilter),
    )
    searched_text = "reference"
    search_help_text = "Receipt number, reference or customer"

    # The list ------------------------------------------------------------------------------------------------------------
    @display(description="Received", ordering="payment_date")
    def received(self, obj: Payment) -> str:
        return amounts.day(obj.payment_date, obj.business)

    @display(description="Status", label=amounts.BADGES)
    def badge(self, obj: Payment) -> tuple[str, str]:
        return _state(obj)

    # Addresses -----------------------------------------------------------------------------------------------------------
    def list_views(self) -> dict[str, Callable[..., Any]]:
        return {**super().list_views(), "open": self.open_view}

    def row_views(self) -> dict[str, Callable[..., Any]]:
        own = {"receipt": self.receipt_view, "send": self.send_view, "texts": self.texts_view, "void": self.void_view}
        return {**super().row_views(), **own}

    def add_view(self, request: AdminRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """Record a payment of a customer."""
        self.insist(request, "record_payment")
        return new_payment_view(self, request)

    def open_view(self, request: AdminRequest) -> HttpResponseBase:
        """The table of a customer's open invoices, asked for while a person fills in a new payment."""
        self.insist(request, "record_payment")
        return open_invoices_view(self, request)

    # Pages ---------------------------------------------------------------------------------------------------------------
    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        state, shown = _state(row)
        untouched = row.status != Payment.Status.VOIDED and not row.refunded_minor
        context = {
            "row": row,
            "state": shown,
            "badge": amounts.BADGES[state],
            "amount": self.amount(row),
            "facts": _facts(row),
            "mails": mails_about(row),
            "timeline": timeline(row),
            "links": {name: self.url_to(name, row) for name in self.row_views()},
            "may": {
                **buttons_of(row, request.role),
                "send": row.is_live and self.allows(request, "send"),
                "texts": self.allows(request, "record_payment"),
                "void": untouched and self.allows(request, "void"),
            },
            **credit_of(row),
        }
        return pages.show(self, request, "credit", row.number, original=row, media=self.media, **context)

    def receipt_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The receipt, rendered once and kept."""
        row = self.find(request, object_id)
        return pages.pdf(bytes(keep_receipt(row).content), row.number)

    def send_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Write the letter that carries the receipt."""
        row = self.find(request, object_id)
        self.insist(request, "send", row)
        form = self.form_of(request, LetterForm, initial=letter_to(row.customer, "receipt", row.number))
        done = self.submit(
            request,
            row,
            form,
            lambda typed: send_receipt(row, typed.envelope(), actor=self.actor(request)),
            done=f"The receipt {row} is on its way.",
        )
        context = {"text": "The receipt is attached.", "original": row, **self.about(row)}
        return done or pages.ask(self, request, f"Send receipt {row}", form, submit="Send", **context)

    def texts_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Change reference and notes, by which nothing is posted."""
        row = self.find(request, object_id)
        self.insist(request, "record_payment", row)
        shown = {"reference": row.reference, "notes": row.notes}
        form = self.form_of(request, PaymentTextsForm, initial=shown)

        def call(typed: Any) -> None:
            changes = {name: value or None for name, value in typed.cleaned_data.items()}
            update_payment(row, changes=changes, actor=self.actor(request))

        done = self.submit(request, row, form, call, done=f"{row} is changed.")
        why = "The receipt stays as it was printed; amount and date change only by voiding the payment."
        context = {"text": why, "original": row, **self.about(row)}
        return done or pages.ask(self, request, f"Edit {row}", form, submit="Save", **context)

    def void_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then take the payment back."""
        row = self.find(request, object_id)
        self.insist(request, "void", row)
        form = self.form_of(request, TakeBackForm)
        done = self.submit(
            request,
            row,
            form,
            lambda typed: void_payment(row, reason=typed.cleaned_data["reason"], actor=self.actor(request)),
            done=f"{row} is voided.",
        )
        why = "As if it had not been made: what it paid is owed again. This cannot be undone. Money that went back is a refund."
        context = {"text": why, "tone": "danger solid", "original": row, **self.about(row)}
        return done or pages.ask(self, request, f"Void {row}?", form, submit="Void the payment", **context)


def _state(row: Payment) -> tuple[str, str]:
    if row.status == Payment.Status.RECORDED and row.refunded_minor:
        return "refunded", "Partly refunded"
    return row.status, row.get_status_display()


def _facts(row: Payment) -> list[tuple[str, str, str]]:
    customer = reverse("admin:customers_customer_change", args=[row.customer_id])
    refunded = amounts.money(row.refunded_minor, row.currency, row.business) if row.refunded_minor else ""
    found = [
        ("Customer", row.customer.name, customer),
        ("Received", amounts.day(row.payment_date, row.business), ""),
        ("Method", row.get_method_display(), ""),
        ("Reference", row.reference or "", ""),
        ("Currency", row.currency, ""),
        ("Refunded", refunded, ""),
        ("Notes", row.notes or "", ""),
    ]
    return [fact for fact in found if fact[1]]
