"""Which open invoices an amount pays, and how much of each: the table of a new payment and of every page that applies credit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import F
from django.urls import reverse

from billing.admin.amounts import AmountField, day, money
from billing.admin.forms import Form
from billing.models import Invoice, Source
from billing.services.allocations import Share, applied_to
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Detail, DomainError
from invoicing.lib.money import exponent
from invoicing.lib.spoken_numbers import write_number

MOST = 300  # rows in one table; a payment of more invoices than that is a program's work


@dataclass(frozen=True, slots=True)
class Room:
    """An invoice, and how much of it can be paid, in minor units: what is due and what this source pays of it already."""

    invoice: Invoice
    minor: int
    applied: int = 0


def rooms_of(customer: Customer, currency: str, source: Source | None = None) -> list[Room]:
    """What a source (None: a new payment) of this customer can be applied to, the first due first, at most MOST rows."""
    applied = applied_to(source) if source is not None else {}
    live = Invoice.objects.of(customer.business_id).live().select_related("business")
    own = live.filter(customer=customer, currency=currency)
    order = F("due_date").asc(nulls_last=True), "issue_date", "pk"
    rows = {row.pk: row for row in own.filter(status__in=Invoice.OPEN).order_by(*order)[:MOST]}
    rows |= {row.pk: row for row in own.filter(pk__in=set(applied) - set(rows))}
    rows = dict(sorted(rows.items(), key=lambda item: _order(item[1])))
    return [Room(row, row.due_minor + applied.get(pk, 0), applied.get(pk, 0)) for pk, row in rows.items()]


def _order(row: Invoice) -> tuple[date, date, int]:
    return row.due_date or date.max, row.issue_date, row.pk


def spread(rooms: Sequence[Room], minor: int) -> dict[int, int]:
    """An amount over the invoices, the first due first: invoice id → minor units."""
    parts: dict[int, int] = {}
    for room in rooms:
        parts[room.invoice.pk] = min(room.minor, max(minor, 0))
        minor -= parts[room.invoice.pk]
    return {pk: part for pk, part in parts.items() if part}


class SharesForm(Form):
    """An amount per invoice; what is left empty is not applied."""

    def __init__(self, *args: Any, rooms: Sequence[Room], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rooms, self.currency = rooms, currency
        self.fields = {self.name_of(room): _field(room, currency) for room in rooms}

    @staticmethod
    def name_of(room: Room) -> str:
        """The field of an invoice."""
        return f"share-{room.invoice.pk}"

    @property
    def asked(self) -> list[Room]:
        """The invoices into whose field something was typed, in the order in which `shares` gives them."""
        return [room for room in self.rooms if self.cleaned_data.get(self.name_of(room))]

    def shares(self) -> list[Share]:
        """What was typed, as the services take it."""
        return [Share(room.invoice, self.cleaned_data[self.name_of(room)]) for room in self.asked]

    def refuse(self, error: DomainError) -> None:
        """Put `allocations.1.amount` into the row of the second share; the rest above the table."""
        asked = self.asked
        for detail in error.details or [Detail("", error.message)]:
            head, _, rest = detail.field.partition(".")
            index = rest.partition(".")[0]
            known = head == "allocations" and index.isdigit() and int(index) < len(asked)
            self.add_error(self.name_of(asked[int(index)]) if known else None, detail.message)

    def rows(self) -> Iterable[tuple[Room, dict[str, Any], forms.BoundField]]:
        """The table's rows."""
        return [(room, _shown(room), self[self.name_of(room)]) for room in self.rooms]

    @property
    def digits(self) -> dict[str, Any]:
        """How the browser is to read and write amounts: decimals and the decimal sign."""
        return {"decimals": exponent(self.currency), "sign": write_number(Decimal(0), 1)[1]}


def _field(room: Room, currency: str) -> AmountField:
    attrs = {"data-room": room.minor, "aria-label": f"Amount applied to {room.invoice.number}"}
    return AmountField(currency=currency, required=False, low=Decimal(0), attrs=attrs, initial=room.applied or None)


def _shown(room: Room) -> dict[str, Any]:
    row, business = room.invoice, room.invoice.business
    return {
        "number": row.number,
        "href": reverse("admin:billing_invoice_change", args=[row.pk]),
        "issued": day(row.issue_date, business),
        "due": day(row.due_date, business) or "No due date",
        "late": _late(row, business),
        "total": money(row.total_minor, row.currency, business),
        "room": money(room.minor, row.currency, business),
    }


def _late(row: Invoice, business: Business) -> str:
    today = clock.today(business.time_zone)
    days = (today - row.due_date).days if row.due_date and row.status in Invoice.OPEN else 0
    return f"{days} day{'s' if days > 1 else ''} late" if days > 0 else ""
