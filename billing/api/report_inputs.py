"""What may be asked of a report, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions, serializers

from billing.api.statement_inputs import Moment
from billing.selectors.reports.ageing import AgeingWanted, own_buckets, read_buckets
from billing.selectors.reports.sales import Span, year_until
from billing.selectors.series import SERIES
from businesses.models import Business
from businesses.validators import validate_buckets
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import CurrencyCode, Day, OneOf, Reference, Strict

PAGE, MOST = 100, 1_000


class Whole(serializers.IntegerField):
    """A whole number from 1 to `max_value`, in digits."""

    def __init__(self, *, max_value: int, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=max_value, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        text = str(data)
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= (self.max_value or 0)):
            raise exceptions.ValidationError(f"Expected a whole number from 1 to {self.max_value}.")
        return int(text)


class Buckets(serializers.CharField):
    """The last days of the buckets: 30,60,90."""

    def to_internal_value(self, data: Any) -> tuple[int, ...]:  # type: ignore[override]
        try:
            validate_buckets(data)
        except ValidationError as error:
            raise exceptions.ValidationError(error.messages) from None
        return read_buckets(data)


class Year(serializers.CharField):
    """Four digits."""

    def to_internal_value(self, data: Any) -> str:
        if not (data.isascii() and data.isdigit() and len(data) == 4 and 1900 <= int(data) <= 9000):
            raise exceptions.ValidationError("Expected a year such as 2026.")
        return str(data)


class PagedInput(Strict):
    """Which rows; a CSV without these has all."""

    page = Whole(max_value=10_000_000, help_text="Default 1.")
    limit = Whole(max_value=MOST, help_text=f"Rows of a page; default {PAGE}. A CSV without page and limit has all.")


class AgeingInput(PagedInput):
    """Who owes how much since when."""

    on = Day(required=False, help_text="Default: today in the business's time zone.")
    known_at = Moment(required=False, help_text="As it was known then; default now.")
    by = OneOf([("customer", "Customer"), ("invoice", "Invoice")], default="customer")
    currency = CurrencyCode(help_text="Default: every currency, each for itself.")
    customer_id = Reference(required=False)
    buckets = Buckets(required=False, help_text="Last days of the buckets, such as 30,60,90; default: the business's.")
    sort = OneOf(
        [("name", "By name"), ("-balance", "The largest first")],
        help_text="Of customers; default name. Invoices come in the order of their dates, the oldest first.",
    )


class SpanInput(Strict):
    """From which day to which, both inclusive, as known when."""

    start = Day(required=False, help_text="Default: the first of January of the end's year.")
    end = Day(required=False, help_text="Default: today in the business's time zone.")
    currency = CurrencyCode(help_text="Default: every currency, each for itself.")
    known_at = Moment(required=False, help_text="As it was known then; default now.")


class RevenueInput(SpanInput, PagedInput):
    """Which revenue."""

    by = OneOf([("month", "Month"), ("customer", "Customer"), ("product", "Product")], default="month")


class TaxesInput(SpanInput, PagedInput):
    """Which taxes."""

    period = OneOf([("month", "Month"), ("quarter", "Quarter"), ("year", "Year"), ("all", "All")], default="month")


class NumberingInput(PagedInput):
    """Which series."""

    series = OneOf([(noun, noun.replace("_", " ").capitalize()) for noun in SERIES], default="invoice")
    period = Year(required=False, help_text="A year, of a series that starts again each year; default: all.")


def read_query(reader: type[Strict], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The validated parameters; 400 names the one that is wrong."""
    read = reader(data=dict(parameters))
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)


def rows_asked(query: Mapping[str, Any], *, every: bool) -> tuple[int, int | None]:
    """The first row (0) and how many: a page, or all where `every` row is meant unless a page is asked for."""
    if every and "page" not in query and "limit" not in query:
        return 0, None
    limit = query.get("limit", PAGE)
    return (query.get("page", 1) - 1) * limit, limit


def span(business: Business, query: Mapping[str, Any]) -> Span:
    """The days that are meant: without any, this year's until today. Invalid where they end before they start."""
    today = clock.today(business.time_zone)
    end: date = query.get("end") or today
    start: date = query.get("start") or year_until(end)[0]
    if start > end:
        if "end" in query:
            raise Invalid.field("end", f"Must not be before start ({start}).")
        raise Invalid.field("start", f"Must not be after end ({end}).")
    known_at = query.get("known_at") or clock.now()
    return Span(start=start, end=end, known_at=known_at, currency=query.get("currency"))


def ageing_wanted(business: Business, query: Mapping[str, Any], *, every: bool = False) -> AgeingWanted:
    """The report that an AgeingInput describes; a customer that is not there owes nothing."""
    if query["by"] == "invoice" and "sort" in query:
        raise Invalid.field("sort", "Only with by=customer.")
    customers = None
    if "customer_id" in query:
        found = Customer.objects.of(business).filter(uuid=query["customer_id"]).values_list("pk", flat=True)
        customers = tuple(found)
    offset, limit = rows_asked(query, every=every)
    return AgeingWanted(
        on=query.get("on") or clock.today(business.time_zone),
        known_at=query.get("known_at") or clock.now(),
        buckets=query.get("buckets") or own_buckets(business),
        by=query["by"],
        currency=query.get("currency"),
        customer_pks=customers,
        largest=query.get("sort") == "-balance",
        limit=limit,
        offset=offset,
    )
