"""What payments, credit notes and adjustments share in the admin: apply them to invoices, refund them, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import reverse

from billing.admin import amounts, pages
from billing.admin.amounts import AmountField
from billing.admin.forms import Form, choice, day, text, words
from billing.admin.row_pages import RowPages
from billing.admin.shares import Room, SharesForm, rooms_of, spread
from billing.models import Allocation, Invoice, Payment, Refund, Source
from billing.services.allocations import applied_to, change_allocations
from billing.services.refunds import refund, refundable
from businesses.membership import AdminRequest
from businesses.permissions import may
from invoicing.lib import clock


class RefundForm(Form):
    """Money that goes back."""

    widths = {"amount": "w6", "refund_date": "w6", "method": "w6", "reference": "w6"}

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            "amount": AmountField(currency=source.currency, label=f"Amount in {source.currency}"),
            "refund_date": day(required=True, label="Refunded on"),
            "method": choice(Payment.Method.choices, required=True),
            "reference": words(100, help_text="What stands on the bank statement."),
            "notes": text(2),
        }


class TakeBackForm(Form):
    """Why a payment, a credit note or an adjustment is taken back."""

    reason = words(255, help_text="Kept in the audit trail.")


class CreditPages(RowPages):
    """An admin of sources: rows of which an amount can be applied to invoices."""

    def row_views(self) -> dict[str, Callable[..., Any]]:
        return {**super().row_views(), "apply": self.apply_view, "refund": self.refund_view}

    def about(self, row: Any) -> dict[str, Any]:
        """What stands beside a form: whose source this is, and what is left of it."""
        facts = [
            ("Customer", row.customer.name),
            ("Amount", amounts.money(row.amount, row.currency, row.business)),
            ("Date", amounts.day(row.day, row.business)),
            ("Refunded", _unless_zero(row.refunded_minor, row)),
            ("Credit left", _unless_zero(row.unallocated_minor, row)),
        ]
        return {**super().about(row), "facts": [fact for fact in facts if fact[1]]}

    def apply_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Apply it to the invoices of the table, and to no others."""
        row = self.find(request, object_id)
        self.insist(request, "apply_credit", row)
        rooms = rooms_of(row.customer, row.currency, row)
        whole = row.amount - row.refunded_minor
        if "_fill" in request.POST:  # the button for browsers without scripts
            form = SharesForm(initial=filled(rooms, spread(rooms, whole)), rooms=rooms, currency=row.currency)
            return self._ask_shares(request, row, form, whole)
        form = SharesForm(request.POST or None, rooms=rooms, currency=row.currency)
        done = self.submit(
            request,
            row,
            form,
            lambda typed: change_allocations(row, typed.shares(), actor=self.actor(request)),
            done=f"{row} is applied as you said.",
        )
        return done or self._ask_shares(request, row, form, whole)

    def _ask_shares(self, request: AdminRequest, row: Any, form: SharesForm, whole: int) -> HttpResponseBase:
        context = {
            "shares": form,
            "whole": whole,
            "available": amounts.money(whole, row.currency, row.business),
            "original": row,
            "tone": "primary",
            **self.about(row),
        }
        status = 400 if form.is_bound else 200
        return pages.show(self, request, "apply", f"Apply {row} to invoices", status=status, **context)

    def refund_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Give money back; what is not applied is filled in, or, where all is, what can be refunded."""
        row = self.find(request, object_id)
        self.insist(request, "refund", row)
        shown = {
            "amount": row.unallocated_minor or refundable(row),
            "refund_date": clock.today(row.business.time_zone),
            "method": getattr(row, "method", Payment.Method.BANK_TRANSFER),
        }
        form = self.form_of(request, RefundForm, source=row, initial=shown)

        def call(typed: Any) -> None:
            details = {name: value or None for name, value in typed.cleaned_data.items() if name != "amount"}
            refund(row, amount_minor=typed.cleaned_data["amount"], details=details, actor=self.actor(request))

        done = self.submit(request, row, form, call, done=f"The refund of {row} is recorded.")
        most = amounts.money(refundable(row), row.currency, row.business)
        why = f"At most {most}. What is not applied goes first." + (
            " Beyond that it is taken from the invoices it paid, the last one first: they are owed again."
            if isinstance(row, Payment) and applied_to(row)
            else ""
        )
        context = {"original": row, "tone": "danger solid", **self.about(row)}
        return done or pages.ask(self, request, f"Refund {row}", form, submit="Record refund", text=why, **context)


def filled(rooms: list[Room], parts: dict[int, int]) -> dict[str, int | None]:
    """The initial values of a SharesForm."""
    return {SharesForm.name_of(room): parts.get(room.invoice.pk) for room in rooms}


def buttons_of(row: Any, role: str) -> dict[str, bool]:
    """Which buttons a source has: what the role may and the state allows."""
    used = row.amount - row.refunded_minor
    return {
        "apply": row.is_live and used > 0 and may(role, "apply_credit"),
        "refund": row.is_live and refundable(row) > 0 and may(role, "refund"),
    }


def credit_of(row: Any) -> dict[str, Any]:
    """What became of a source: where it is applied now, what was refunded, what is left."""
    return {
        "applied": _applied(row),
        "refunds": _refunds(row),
        "left": _unless_zero(row.unallocated_minor, row) if row.is_live else "",
    }


def _unless_zero(minor: int, row: Any) -> str:
    return amounts.money(minor, row.currency, row.business) if minor else ""


def _applied(row: Any) -> list[dict[str, str]]:
    """Per invoice, and since when."""
    found = applied_to(row)
    since = dict(
        Allocation.objects.filter(**{row.noun: row}, amount_minor__gt=0)
        .order_by("id")
        .values_list("invoice_id", "effective_on")
    )
    return [
        {
            "number": invoice.number,
            "href": reverse("admin:billing_invoice_change", args=[invoice.pk]),
            "day": amounts.day(since[invoice.pk], row.business),
            "status": invoice.get_status_display(),
            "badge": amounts.BADGES[invoice.status],
            "total": amounts.money(invoice.total_minor, row.currency, row.business),
            "amount": amounts.money(found[invoice.pk], row.currency, row.business),
        }
        for invoice in Invoice.objects.filter(pk__in=found).order_by("pk")
    ]


def _refunds(row: Any) -> list[dict[str, str]]:
    rows = Refund.objects.of(row.business_id).filter(**{row.noun: row}).order_by("pk")
    methods = dict(Payment.Method.choices)
    return [
        {
            "day": amounts.day(one.refund_date, row.business),
            "method": str(methods.get(one.method, one.method)),
            "reference": one.reference or "",
            "notes": one.notes or "",
            "amount": amounts.money(one.amount_minor, one.currency, row.business),
        }
        for one in rows
    ]
