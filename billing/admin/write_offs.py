"""Write off what will not be paid: of one invoice, or every small balance; and take it back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from billing.admin import amounts, pages
from billing.admin.amounts import AmountField, NumberField
from billing.admin.document_list import MOST
from billing.admin.forms import Form, choice, day, words
from billing.admin.row_pages import RowPages
from billing.models import Invoice
from billing.services.write_offs import SmallBalances, reverse_write_off, small_balances, write_off
from businesses import choices
from businesses.membership import AdminRequest
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.money import exponent, to_minor_exact


class WriteOffForm(Form):
    """How much of an invoice is given up, when and why."""

    widths = {"amount": "w6", "date": "w6"}

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            "amount": AmountField(currency=invoice.currency, label=f"Amount in {invoice.currency}"),
            "date": day(required=True, label="Effective on"),
            "reason": words(255, help_text="Kept in the audit trail."),
        }


class SmallBalancesForm(Form):
    """Which balances are too small to be asked for."""

    widths = {"currency": "w3", "maximum": "w3", "reason": "w6"}

    currency = choice([], required=True)
    maximum = NumberField(low=Decimal(0), label="At most", help_text="What is due of an invoice.")
    reason = words(255, help_text="Kept in the audit trail.")

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, initial={"currency": business.currency, "reason": "Small balance"}, **kwargs)
        known: Any = choices.of("currency") or []
        self.fields["currency"].choices = known  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """With the maximum in minor units."""
        data = super().clean() or self.cleaned_data
        currency, maximum = data.get("currency"), data.get("maximum")
        if currency and maximum is not None:
            data["maximum"] = to_minor_exact(maximum, currency)
            if not data["maximum"]:
                decimals = exponent(currency)
                wrong = (
                    "Must be more than 0." if data["maximum"] == 0 else f"At most {decimals} decimals in {currency}."
                )
                self.add_error("maximum", wrong)
        return data


def write_off_view(admin: RowPages, request: AdminRequest, row: Invoice) -> HttpResponseBase:
    """Give up an amount of an invoice; all that is due is filled in."""
    admin.insist(request, "write_off", row)
    shown = {"amount": row.due_minor, "date": max(clock.today(row.business.time_zone), row.issue_date)}
    form = admin.form_of(request, WriteOffForm, invoice=row, initial=shown)

    def call(typed: Any) -> None:
        data = typed.cleaned_data
        asked = {"amount_minor": data["amount"], "day": data["date"], "reason": data["reason"]}
        write_off(row, actor=admin.actor(request), **asked)

    done = admin.submit(request, row, form, call, done=f"The write-off of {row} is recorded.")
    text = "It is given up and owed no more. A write-off is no correction of what was billed: that is a credit note."
    context = {"text": text, "tone": "danger solid", "original": row, **admin.about(row)}
    return done or pages.ask(admin, request, f"Write off {row}", form, submit="Write off", **context)


def reverse_view(admin: RowPages, request: AdminRequest, row: Invoice) -> HttpResponseBase:
    """Ask, then take all write-offs of an invoice back."""
    admin.insist(request, "write_off", row)
    form = admin.form_of(request, Form)
    done = admin.submit(
        request,
        row,
        form,
        lambda _: reverse_write_off(row, actor=admin.actor(request)),
        done=f"The write-off of {row} is taken back.",
    )
    amount = amounts.money(row.written_off_minor, row.currency, row.business)
    context = {"text": f"{amount} is owed again, from today.", "original": row, **admin.about(row)}
    return done or pages.ask(
        admin, request, f"Reverse the write-off of {row}?", form, submit="Reverse the write-off", **context
    )


def small_balances_view(admin: RowPages, request: AdminRequest) -> HttpResponseBase:
    """Describe what is small, look at the invoices, write them off: only those that were shown, and no more than was shown."""
    admin.insist(request, "write_off")
    form = SmallBalancesForm(request.POST or None, business=request.business)
    rows: list[Invoice] = []
    if form.is_valid():
        data = form.cleaned_data
        small = SmallBalances(currency=data["currency"], maximum_minor=data["maximum"])
        rows = small_balances(request.business, small)[:MOST]
        if "_do" in request.POST:
            seen = set(request.POST.getlist("seen"))
            chosen = [row for row in rows if _seen(row) in seen]
            _write_off_each(admin, request, chosen, data["reason"])
            return HttpResponseRedirect(admin.url_of_list())
    context = {
        "form": form,
        "looked": form.is_bound and not form.errors,
        "rows": [_shown(row) for row in rows],
        "sum": amounts.money(sum(row.due_minor for row in rows), rows[0].currency, request.business) if rows else "",
        "back": admin.url_of_list(),
        "media": admin.media,
    }
    status = 400 if form.errors else 200
    return pages.show(admin, request, "small_balances", "Write off small balances", status=status, **context)


def _write_off_each(admin: RowPages, request: AdminRequest, rows: list[Invoice], reason: str) -> None:
    actor = admin.actor(request)
    admin.run_each(
        request,
        rows,
        lambda row: write_off(row, amount_minor=row.due_minor, reason=reason, actor=actor),
        done="Written off",
    )


def _seen(row: Invoice) -> str:
    """What the page sends back: an invoice of which something else is due by now was not seen."""
    return f"{row.pk}:{row.due_minor}"


def _shown(row: Invoice) -> dict[str, str]:
    return {
        "seen": _seen(row),
        "number": row.number,
        "href": reverse("admin:billing_invoice_change", args=[row.pk]),
        "customer": row.customer.name,
        "issued": amounts.day(row.issue_date, row.business),
        "total": amounts.money(row.total_minor, row.currency, row.business),
        "due": amounts.money(row.due_minor, row.currency, row.business),
    }
