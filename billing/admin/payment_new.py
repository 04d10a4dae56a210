"""A new payment of a customer: the amount, and the open invoices that it pays; what they do not take is credit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Sum
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase

from billing.admin import pages
from billing.admin.amounts import NumberField, money
from billing.admin.credit_pages import filled
from billing.admin.forms import CustomerPicker, Form, choice, day, text, words
from billing.admin.row_pages import RowPages
from billing.admin.shares import SharesForm, rooms_of, spread
from billing.models import Invoice, Payment
from billing.services.payments import record_account_payment
from businesses import choices
from businesses.membership import AdminRequest
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import DomainError
from invoicing.lib.money import EXPONENTS, exponent, to_minor_exact


class AccountForm(Form):
    """Whose account, in which currency, how much and when: of a payment or of an adjustment."""

    names = {"customer_id": "customer"}
    model: Any = Payment

    customer = forms.ModelChoiceField(Customer.objects.none())
    currency = choice([], help_text="The customer’s, where it is left open.")
    amount = NumberField(low=Decimal(0))

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        picked = self.fields["customer"]
        picked.queryset = Customer.objects.of(business).live()  # type: ignore[attr-defined]
        picked.widget = CustomerPicker(self.model._meta.get_field("customer"), admin.site)
        picked.widget.choices = picked.choices  # type: ignore[attr-defined]
        known = choices.of("currency") or []
        self.fields["currency"].choices = [("", "Automatic"), *known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """With the amount in minor units of the currency that is meant."""
        data = super().clean() or self.cleaned_data
        customer, amount = data.get("customer"), data.get("amount")
        if customer is None:
            return data
        data["currency"] = data.get("currency") or customer.billing_currency
        if amount is not None:
            data["amount"] = to_minor_exact(amount, data["currency"])
            if data["amount"] is None:
                decimals = exponent(data["currency"])
                self.add_error("amount", f"At most {decimals} decimals in {data['currency']}.")
        return data


class NewPaymentForm(AccountForm):
    """A payment of a customer."""

    widths = {
        "customer": "w6",
        "currency": "w3",
        "amount": "w3",
        "payment_date": "w3",
        "method": "w3",
        "reference": "w6",
    }

    payment_date = day(required=True, label="Received on")
    method = choice(Payment.Method.choices, required=True)
    reference = words(100, help_text="What stands on the bank statement.")
    notes = text(2, help_text="Printed on the receipt.")

    def details(self) -> dict[str, Any]:
        """What the service takes beside amount and currency."""
        names = ("payment_date", "method", "reference", "notes")
        return {name: self.cleaned_data[name] or None for name in names}


class _Account:
    """The customer and the currency that an address or a form names, and what is open there."""

    def __init__(self, business: Business, given: Mapping[str, Any]) -> None:
        self.customer = chosen_customer(business, given)
        currency = str(given.get("currency") or "")
        own = self.customer.billing_currency if self.customer else business.currency
        self.currency = currency if currency in EXPONENTS else own
        self.rooms = rooms_of(self.customer, self.currency) if self.customer else []

    @property
    def seen(self) -> str:
        """What the form sends back: an amount is only spread over a table that the person has seen."""
        return f"{self.customer.pk}:{self.currency}" if self.customer else ""

    def suggested(self, amount: Any) -> SharesForm:
        """The table with an amount, as it was typed, spread over it."""
        parts = spread(self.rooms, _minor(amount, self.currency))
        return SharesForm(initial=filled(self.rooms, parts), rooms=self.rooms, currency=self.currency)

    def context(self, shares: SharesForm) -> dict[str, Any]:
        """Of templates/admin/billing/shares.html."""
        return {"shares": shares, "customer": self.customer, "seen": self.seen, "elsewhere": self._elsewhere()}

    def _elsewhere(self) -> list[str]:
        """What the customer owes in other currencies: a person may have meant that."""
        if self.customer is None:
            return []
        rows = Invoice.objects.of(self.customer.business_id).filter(customer=self.customer, status__in=Invoice.OPEN)
        sums = rows.exclude(currency=self.currency).order_by("currency").values("currency")
        found = sums.annotate(sum=Sum("due_minor"), count=Count("pk"))
        return [money(row["sum"], row["currency"], self.customer.business) for row in found]


def new_payment_view(admin: RowPages, request: AdminRequest) -> HttpResponseBase:
    """Show the form; record what was typed once its invoices have been seen."""
    posted = request.method == "POST"
    given = request.POST if posted else request.GET
    account = _Account(request.business, given)
    if not posted:
        form = NewPaymentForm(business=request.business, initial=_initial(request, account))
        return _page(admin, request, form, account, account.suggested(None))
    if account.customer and ("_fill" in given or "_open" in given or given.get("seen") != account.seen):
        form = NewPaymentForm(business=request.business, initial=given.dict())
        return _page(admin, request, form, account, account.suggested(given.get("amount")))
    form = NewPaymentForm(given, business=request.business)
    shares = SharesForm(given, rooms=account.rooms, currency=account.currency)
    if form.is_valid() & shares.is_valid():
        try:
            payment = _record(form, shares, admin.actor(request))
        except DomainError as refusal:
            refuse(form, shares, refusal)
        else:
            admin.message_user(request, f"The payment {payment} is recorded.", messages.SUCCESS)
            return HttpResponseRedirect(admin.url_of(payment.pk))
    return _page(admin, request, form, account, shares, status=400)


def open_invoices_view(admin: RowPages, request: AdminRequest) -> HttpResponseBase:
    """Only the table, for the script."""
    account = _Account(request.business, request.GET)
    shares = account.suggested(request.GET.get("amount"))
    return pages.show(admin, request, "shares", "Open invoices", **account.context(shares))


def chosen_customer(business: Business, given: Mapping[str, Any]) -> Customer | None:
    """The live customer that `customer` names, if it is this business's."""
    key = str(given.get("customer") or "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    return Customer.objects.of(business).live().select_related("business").filter(pk=int(key)).first()


def refuse(form: Form, shares: SharesForm, refusal: DomainError) -> None:
    """Show what a service refused: about an allocation in its row, else above."""
    about = [detail for detail in refusal.details if detail.field.startswith("allocations")]
    rest = [detail for detail in refusal.details if detail not in about]
    if about:
        shares.refuse(type(refusal)(refusal.message, details=about))
    if rest or not about:
        form.refuse(type(refusal)(refusal.message, details=rest))


def _record(form: NewPaymentForm, shares: SharesForm, actor: Any) -> Payment:
    data = form.cleaned_data
    return record_account_payment(
        data["customer"],
        currency=data["currency"],
        amount_minor=data["amount"],
        shares=shares.shares(),
        details=form.details(),
        actor=actor,
    )


def _initial(request: AdminRequest, account: _Account) -> dict[str, Any]:
    return {
        "customer": account.customer and account.customer.pk,
        "currency": account.currency if "currency" in request.GET else "",
        "payment_date": clock.today(request.business.time_zone),
        "method": Payment.Method.BANK_TRANSFER,
    }


def _minor(typed: Any, currency: str) -> int:
    """What was typed so far in minor units; 0 where it is no amount yet."""
    try:
        number = NumberField(required=False, low=Decimal(0)).clean(typed)
    except ValidationError:
        return 0
    return (to_minor_exact(number, currency) or 0) if number is not None else 0


def _page(
    admin: RowPages, request: AdminRequest, form: Form, account: _Account, shares: SharesForm, *, status: int = 200
) -> HttpResponseBase:
    context = {"form": form, "back": admin.url_of_list(), "open_url": admin.url_to("open"), **account.context(shares)}
    media = admin.media + form.media
    return pages.show(admin, request, "payment_new", "Record payment", status=status, media=media, **context)
