"""What may be asked about a statement, in a query or a body, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions, serializers

from billing.api.inputs import SendInput, TextInput
from billing.selectors.statement_plans import RunOrder
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM, Wanted
from businesses.filters import MomentField
from businesses.models import Business
from customers.api.inputs import Tags
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.fields import CurrencyCode, Day, Flag, Number, OneOf, Reference, Strict
from invoicing.lib.money import exponent, to_minor_exact

_TYPES = Business.StatementType.choices


class Moment(serializers.DateTimeField):
    """An ISO 8601 time with its zone, or a date, which counts as its first moment in UTC; not in the future."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment: datetime | None = MomentField().clean(value) if isinstance(value, str) else None
        except ValidationError as error:
            raise exceptions.ValidationError(error.messages) from None
        if moment is None or moment.year < 1900:
            raise exceptions.ValidationError("Expected an ISO 8601 time such as 2026-04-01T10:00:00.000Z.")
        if moment > clock.now():
            raise exceptions.ValidationError("Must not be in the future.")
        return moment


class _PeriodInput(Strict):
    type = OneOf(_TYPES, default=OPEN_ITEM.value)
    start = Day(required=False, allow_null=True, help_text="First day; balance_forward needs it, open_item has none.")
    end = Day(required=False, allow_null=True, help_text="Last day of balance_forward; default today.")
    on = Day(required=False, allow_null=True, help_text="Day of open_item; default today.")


class StatementInput(_PeriodInput):
    """Which statement."""

    known_at = Moment(required=False, allow_null=True, help_text="As it was known then; default now.")
    items = OneOf([("past_due", "Only what is past due")], help_text="Of open_item.")
    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    include_children = Flag(
        required=False, default=False, help_text="One statement with the accounts of everybody below the customer."
    )


class StatementSendInput(SendInput, StatementInput):
    """Which statement, whom to mail it to, and what to say."""


class StatementTextInput(TextInput, StatementInput):
    """Which statement, which numbers to text its link to, and what to say."""


class RunInput(_PeriodInput):
    """Which statements, to whom."""

    customer_ids = serializers.ListField(
        child=Reference(), required=False, allow_null=True, min_length=1, max_length=1_000, help_text="Default: all."
    )
    minimum_balance = Number(
        required=False, allow_null=True, min_value=0, help_text="In the business's currency; default: none."
    )
    only_past_due = Flag(required=False, default=False)
    tags = Tags(help_text="Only customers with one of these; default: all.")
    roll_up = Flag(
        required=False, default=False, help_text="A parent gets one statement with its children, and they none."
    )


def typed(parameters: Mapping[str, str]) -> dict[str, Any]:
    """A query as the body that it stands for."""
    body: dict[str, Any] = {name: text for name, text in parameters.items() if name != "fields"}
    if (text := body.get("include_children")) in {"true", "false"}:
        body["include_children"] = text == "true"
    return body


def wanted(body: Mapping[str, Any]) -> Wanted:
    """The statement that a StatementInput describes; Invalid names what contradicts its type."""
    start, end = _days(body)
    past_due = body.get("items") is not None
    if past_due and body["type"] == BALANCE_FORWARD:
        raise Invalid.field("items", "Only with type=open_item.")
    return Wanted(
        type=body["type"],
        start=start,
        end=end,
        known_at=body.get("known_at"),
        currency=body.get("currency"),
        only_past_due=past_due,
        include_children=body.get("include_children", False),
    )


def _days(body: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """Start (None for open_item) and end (None for today)."""
    start, end, on = (body.get(name) for name in ("start", "end", "on"))
    if body["type"] == OPEN_ITEM:
        for name, day in (("start", start), ("end", end)):
            if day is not None:
                raise Invalid.field(name, "Only with type=balance_forward; open_item takes `on`.")
        return None, on
    if on is not None:
        raise Invalid.field("on", "Only with type=open_item; balance_forward takes `start` and `end`.")
    if start is None:
        raise Invalid.field("start", "This field is required with type=balance_forward.")
    if end is not None and end < start:
        raise Invalid.field("end", f"Must not be before start ({start}).")
    return start, end


def run_order(business: Business, body: Mapping[str, Any]) -> RunOrder:
    """The run that a RunInput describes; Invalid names the customer that is not there."""
    start, end = _days(body)
    today = clock.today(business.time_zone)
    if start is not None and end is None and start > today:
        raise Invalid.field("start", f"Must not be after end ({today}).")
    return RunOrder(
        type=body["type"],
        start=start,
        end=end or today,
        minimum_minor=_minimum(business, body),
        only_past_due=body["only_past_due"],
        customer_pks=_customers(business, body),
        tags=tuple(body.get("tags", ())),
        roll_up=body["roll_up"],
    )


def _minimum(business: Business, body: Mapping[str, Any]) -> int:
    minimum = to_minor_exact(body.get("minimum_balance") or Decimal(0), business.currency)
    if minimum is None:
        raise Invalid.field("minimum_balance", f"At most {exponent(business.currency)} decimals.")
    return minimum


def _customers(business: Business, body: Mapping[str, Any]) -> tuple[int, ...] | None:
    wanted = body.get("customer_ids")
    if wanted is None:
        return None
    rows = Customer.objects.of(business).live().filter(uuid__in=wanted)
    known: dict[Any, int] = dict(rows.values_list("uuid", "pk"))
    missing = [
        Detail(f"customer_ids.{index}", "No such row.") for index, value in enumerate(wanted) if value not in known
    ]
    if missing:
        raise Invalid(f"{missing[0].field}: {missing[0].message}", details=missing)
    return tuple(sorted(known.values()))
