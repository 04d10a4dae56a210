"""A customer's statement: look at its figures, download it, send it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase
from unfold.widgets import UnfoldBooleanWidget

from billing.admin import amounts, pages
from billing.admin.forms import LetterForm, choice, day
from billing.admin.letters import letter_to
from billing.rendering import render_statement
from billing.selectors.documents import logo_bytes
from billing.selectors.statements import Wanted
from billing.services.channels import Texting
from billing.services.statements import (
    post_statement,
    proved_statement,
    read_statement,
    send_statement,
    text_statement,
)
from businesses.admin.base import BusinessAdmin
from businesses.audit import Actor
from businesses.membership import AdminRequest
from businesses.models import Business
from customers.families import family
from customers.models import Customer, CustomerBalance
from einvoicing.document import Statement
from invoicing.lib import clock
from invoicing.lib.errors import DomainError
from messaging.connections import connected
from messaging.models import Connection, Kind

_TYPE = Business.StatementType
AGES = (
    ("Not yet due", "current_minor"),
    ("1–30 days", "days_1_30_minor"),
    ("31–60 days", "days_31_60_minor"),
    ("61–90 days", "days_61_90_minor"),
    ("Over 90 days", "over_90_minor"),
    ("Credit", "credit_minor"),
)


class StatementForm(LetterForm):
    """Which statement, and the letter that carries it."""

    field_order = ("type", "currency", "start", "end", "only_past_due", "include_children")
    widths = LetterForm.widths | dict.fromkeys(field_order, "w6")
    names = {"on": "end"}

    type = choice(_TYPE.choices, required=True)
    currency = choice([])
    start = day(label="From", help_text="Of a balance carried forward.")
    end = day(label="Until", required=True)
    only_past_due = forms.BooleanField(required=False, widget=UnfoldBooleanWidget(), label="Only what is past due")
    include_children = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget(), label="With the accounts of its children"
    )

    def __init__(self, *args: Any, currencies: list[str], parent: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not parent:
            del self.fields["include_children"]
            self.widths = self.widths | {"only_past_due": ""}  # alone in its row
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        forward, start, end = data.get("type") == _TYPE.BALANCE_FORWARD, data.get("start"), data.get("end")
        if forward and start is None:
            self.add_error("start", "A balance is carried forward from a day.")
        if forward and start and end and end < start:  # open items are of one day, whatever the first day says
            self.add_error("end", "Must not be before its first day.")
        return data

    def wanted(self) -> Wanted:
        """The statement that is described."""
        data = self.cleaned_data
        start = data["start"] if data["type"] == _TYPE.BALANCE_FORWARD else None
        only = bool(data["only_past_due"]) and data["type"] == _TYPE.OPEN_ITEM
        currency = data["currency"] or None
        return Wanted(
            type=data["type"],
            start=start,
            end=data["end"],
            currency=currency,
            only_past_due=only,
            include_children=data.get("include_children", False),
        )


def statement_view(admin: BusinessAdmin, request: AdminRequest, customer: Customer) -> HttpResponseBase:
    """Figures at once; `_pdf` downloads, those of _SENDS send, `_second` shows the figures of what was typed."""
    data = request.POST if request.method == "POST" else None
    members = family(customer)
    form = StatementForm(
        data, currencies=_currencies(customer, members), parent=len(members) > 1, initial=_initial(customer)
    )
    wanted = _initial_wanted(customer)
    if data is not None and form.is_valid():
        wanted = form.wanted()
        try:
            if "_pdf" in data:
                return _download(customer, wanted)
            if send := next((_SENDS[name] for name in _SENDS if name in data), None):
                return _send(admin, request, customer, form, send)
        except DomainError as refusal:
            form.refuse(refusal)
    statement = read_statement(customer, wanted)
    may_send = admin.allows(request, "send_statements")
    known = connected(customer.business) if may_send else set()
    context: dict[str, Any] = {
        "statement": _figures(statement, customer),
        "may_send": may_send,
        "may_send_text": Connection.Provider.TWILIO in known,
        "may_send_letter": Connection.Provider.LOB in known,
    }
    title, back = f"Statement of {customer.name}", admin.url_of(customer.pk)
    return pages.show(
        admin, request, "statement", title, form=form, original=customer, back=back, media=admin.media, **context
    )


_Send = Callable[[Customer, StatementForm, Actor], object]
# The button → what it does; numbers and addresses are the customer's own.
_SENDS: dict[str, _Send] = {
    "_do": lambda customer, form, actor: send_statement(customer, form.wanted(), form.envelope(), actor=actor),
    "_text": lambda customer, form, actor: text_statement(customer, form.wanted(), Texting(), actor=actor),
    "_letter": lambda customer, form, actor: post_statement(customer, form.wanted(), actor=actor),
}


def _send(
    admin: BusinessAdmin, request: AdminRequest, customer: Customer, form: StatementForm, send: _Send
) -> HttpResponseBase:
    if not admin.allows(request, "send_statements"):
        raise PermissionDenied
    send(customer, form, admin.actor(request))
    admin.message_user(request, f"The statement of {customer.name} is on its way.")
    return admin.leave(request, admin.url_of(customer.pk))


def _download(customer: Customer, wanted: Wanted) -> HttpResponseBase:
    statement = proved_statement(customer, wanted)
    content = render_statement(statement, logo=logo_bytes(customer.business, statement.brand.logo_sha256))
    return pages.pdf(content, f"Statement-{customer.number}-{statement.end}")


def _currencies(customer: Customer, members: list[int]) -> list[str]:
    used = CustomerBalance.objects.of(customer.business_id).filter(customer__in=members).order_by("currency")
    return list(dict.fromkeys([customer.billing_currency, *used.values_list("currency", flat=True)]))


def _initial_wanted(customer: Customer) -> Wanted:
    return Wanted(end=clock.today(customer.business.time_zone), currency=customer.billing_currency)


def _initial(customer: Customer) -> dict[str, Any]:
    today = clock.today(customer.business.time_zone)
    first = today.replace(day=1)
    period = {"type": _TYPE.OPEN_ITEM, "currency": customer.billing_currency, "start": first, "end": today}
    return {**period, **letter_to(customer, Kind.STATEMENT)}


def _figures(statement: Statement, customer: Customer) -> dict[str, Any]:
    """What the statement says, in short."""
    business = customer.business

    def money(minor: int) -> str:
        return amounts.money(minor, statement.currency, business)

    forward = statement.kind == _TYPE.BALANCE_FORWARD
    return {
        "kind": _TYPE(statement.kind).label,
        "end": amounts.day(statement.end, business),
        "sums": [
            *([("Opening balance", money(statement.opening_minor))] if forward else []),
            *([("Movements", str(len(statement.entries)))] if forward else [("Invoices", str(len(statement.items)))]),
            ("Closing balance", money(statement.closing_minor)),
            ("Total due", money(statement.total_due_minor)),
        ],
        "ages": [(name, money(getattr(statement.ageing, column))) for name, column in AGES],
        "accounts": [(account.customer_name, money(account.balance_minor)) for account in statement.accounts],
        "items": [
            (
                item.invoice_number,
                amounts.day(item.due_date, business),
                item.days_overdue,
                money(item.due_minor),
                item.customer_name,
            )
            for item in statement.items[:50]
        ],
        "entries": [
            (
                amounts.day(entry.date, business),
                entry.kind.replace("_", " "),
                entry.number,
                money(entry.amount_minor),
                money(entry.balance_minor),
                entry.customer_name,
            )
            for entry in statement.entries[-50:]
        ],
    }
