"""Adjustments: credit given to an account without a document; added, applied, refunded, voided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.decorators import display

from billing.admin import amounts, pages
from billing.admin.credit_list import CreditList
from billing.admin.credit_pages import TakeBackForm, buttons_of, credit_of
from billing.admin.filters import CreditState
from billing.admin.forms import day, words
from billing.admin.payment_new import AccountForm, chosen_customer
from billing.admin.sheet import timeline
from billing.models import Adjustment
from billing.services.adjustments import create_adjustment, void_adjustment
from businesses.membership import AdminRequest
from invoicing.lib import clock
from invoicing.lib.errors import DomainError


class AdjustmentForm(AccountForm):
    """Credit for an account."""

    model = Adjustment
    widths = {"customer": "w6", "currency": "w3", "amount": "w3", "adjustment_date": "w4", "reason": "w8"}

    adjustment_date = day(required=True, label="Effective on")
    reason = words(255, help_text="Shown in the customer’s account and in the audit trail.")


@admin.register(Adjustment)
class AdjustmentAdmin(CreditList):
    """Adjustments."""

    icon = "balance"
    add_action = "adjust"
    list_display = ("number", "customer_name", "effective", "why", "badge", "amount", "credit")
    list_filter = (CreditState, ("customer", AutocompleteSelectFilter), ("adjustment_date", RangeDateFilter))
    searched_text = "reason"
    search_help_text = "Number, reason or customer"

    # The list ------------------------------------------------------------------------------------------------------------
    @display(description="Effective", ordering="adjustment_date")
    def effective(self, obj: Adjustment) -> str:
        return amounts.day(obj.adjustment_date, obj.business)

    @display(description="Reason")
    def why(self, obj: Adjustment) -> str:
        return obj.reason or "–"

    @display(description="Status", label=amounts.BADGES)
    def badge(self, obj: Adjustment) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    # Pages ---------------------------------------------------------------------------------------------------------------
    def row_views(self) -> dict[str, Callable[..., Any]]:
        return {**super().row_views(), "void": self.void_view}

    def add_view(self, request: AdminRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """Give an account credit."""
        self.insist(request, "adjust")
        customer = chosen_customer(request.business, request.GET)
        shown = {
            "customer": customer and customer.pk,
            "adjustment_date": clock.today(request.business.time_zone),
        }
        form = AdjustmentForm(request.POST or None, business=request.business, initial=shown)
        if form.is_valid():
            try:
                row = _create(form, self.actor(request))
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                self.message_user(request, f"The adjustment {row} is recorded.", messages.SUCCESS)
                return HttpResponseRedirect(self.url_of(row.pk))
        text = (
            "The customer owes that much less, without a document: what it had to its credit with a former system, or"
            " goodwill. What it owed there is an invoice marked as opening balance."
        )
        context = {"text": text, "back": self.url_of_list(), "media": self.media + form.media}
        return pages.ask(self, request, "New adjustment", form, submit="Record adjustment", **context)

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        context = {
            "row": row,
            "state": row.get_status_display(),
            "badge": amounts.BADGES[row.status],
            "amount": self.amount(row),
            "facts": _facts(row),
            "timeline": timeline(row),
            "links": {name: self.url_to(name, row) for name in self.row_views()},
            "may": {
                **buttons_of(row, request.role),
                "void": row.is_live and not row.refunded_minor and self.allows(request, "adjust"),
            },
            **credit_of(row),
        }
        return pages.show(self, request, "credit", row.number, original=row, media=self.media, **context)

    def void_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then take the adjustment back."""
        row = self.find(request, object_id)
        self.insist(request, "adjust", row)
        form = self.form_of(request, TakeBackForm)
        done = self.submit(
            request,
            row,
            form,
            lambda typed: void_adjustment(row, reason=typed.cleaned_data["reason"], actor=self.actor(request)),
            done=f"{row} is voided.",
        )
        text = "What it is applied to is owed again. This cannot be undone."
        context = {"text": text, "tone": "danger solid", "original": row, **self.about(row)}
        return done or pages.ask(self, request, f"Void {row}?", form, submit="Void the adjustment", **context)


def _create(form: AdjustmentForm, actor: Any) -> Adjustment:
    data = form.cleaned_data
    return create_adjustment(
        data["customer"],
        currency=data["currency"],
        amount_minor=data["amount"],
        day=data["adjustment_date"],
        reason=data["reason"] or None,
        actor=actor,
    )


def _facts(row: Adjustment) -> list[tuple[str, str, str]]:
    customer = reverse("admin:customers_customer_change", args=[row.customer_id])
    refunded = amounts.money(row.refunded_minor, row.currency, row.business) if row.refunded_minor else ""
    found = [
        ("Customer", row.customer.name, customer),
        ("Effective on", amounts.day(row.adjustment_date, row.business), ""),
        ("Currency", row.currency, ""),
        ("Refunded", refunded, ""),
        ("Reason", row.reason or "", ""),
    ]
    return [fact for fact in found if fact[1]]
