"""`/reports`: ageing, revenue, taxes and numbering, each as JSON and as CSV."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.files import csv_answer
from billing.api.report_inputs import (
    PAGE,
    AgeingInput,
    NumberingInput,
    RevenueInput,
    TaxesInput,
    ageing_wanted,
    read_query,
    rows_asked,
    span,
)
from billing.selectors.reports.ageing import ageing
from billing.selectors.reports.numbering import numbering
from billing.selectors.reports.revenue import revenue
from billing.selectors.reports.taxes import taxes
from billing.serializers.reports.ageing import AgeingReportOutput, ageing_table, represent_ageing_report
from billing.serializers.reports.numbering import NumberingOutput, numbering_table, represent_numbering
from billing.serializers.reports.revenue import RevenueOutput, represent_revenue, revenue_table
from billing.serializers.reports.shared import Table
from billing.serializers.reports.taxes import TaxesOutput, represent_taxes, taxes_table
from businesses.permissions import READ
from businesses.views import BusinessView
from invoicing.lib.csv import MEDIA_TYPE as CSV
from invoicing.lib.fields import Strict

_TAGS = ["Reports"]
_CSV = {(200, CSV): OpenApiResponse(OpenApiTypes.STR)}


class ReportView(BusinessView):
    """A report: JSON, or the same rows as CSV by `Accept: text/csv` or the path's suffix."""

    scopes = {"GET": READ}
    asked: ClassVar[type[Strict]]

    def read(self) -> dict[str, Any]:
        """The query."""
        return read_query(self.asked, self.parameters)

    def is_for_csv(self, request: Request) -> bool:
        """Whether a table is asked for where both can be had."""
        return CSV in request.headers.get("Accept", "")

    def table(self, found: Table, name: str) -> HttpResponse:
        """A file."""
        return csv_answer(found.header, found.rows, name)


def _page(query: dict[str, Any]) -> tuple[int, int]:
    first, limit = rows_asked(query, every=False)
    return first, limit or PAGE


def _slice(query: dict[str, Any]) -> slice:
    first, limit = rows_asked(query, every=True)
    return slice(first, None if limit is None else first + limit)


class AgeingView(ReportView):
    """What is owed, by age."""

    asked = AgeingInput
    query = dict.fromkeys(("retrieve", "csv"), frozenset(AgeingInput().fields))

    @extend_schema(
        parameters=[AgeingInput], responses={(200, "application/json"): AgeingReportOutput, **_CSV}, tags=_TAGS
    )
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """Who owes how much since when, on any day and as known at any moment; per currency. As CSV where `Accept` says so."""
        if self.is_for_csv(request):
            return self.csv(request)
        return self.send(represent_ageing_report(ageing(self.business, ageing_wanted(self.business, self.read()))))

    @extend_schema(parameters=[AgeingInput], responses=_CSV, tags=_TAGS)
    def csv(self, request: Request) -> HttpResponse:
        """The ageing as CSV: every row, unless a page is asked for."""
        wanted = ageing_wanted(self.business, self.read(), every=True)
        return self.table(ageing_table(ageing(self.business, wanted)), f"Ageing-{wanted.on}")


class RevenueView(ReportView):
    """What was earned."""

    asked = RevenueInput
    query = dict.fromkeys(("retrieve", "csv"), frozenset(RevenueInput().fields))

    @extend_schema(parameters=[RevenueInput], responses={(200, "application/json"): RevenueOutput, **_CSV}, tags=_TAGS)
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """Revenue net of tax as it was earned, by month, customer or product; per currency. As CSV where `Accept` says so."""
        if self.is_for_csv(request):
            return self.csv(request)
        query = self.read()
        days = span(self.business, query)
        return self.send(represent_revenue(revenue(self.business, days, query["by"]), days, *_page(query)))

    @extend_schema(parameters=[RevenueInput], responses=_CSV, tags=_TAGS)
    def csv(self, request: Request) -> HttpResponse:
        """Revenue as CSV: every row, unless a page is asked for."""
        query = self.read()
        days = span(self.business, query)
        found = revenue_table(revenue(self.business, days, query["by"]), _slice(query))
        return self.table(found, f"Revenue-{days.start}-{days.end}")


class TaxesView(ReportView):
    """What was charged for the state."""

    asked = TaxesInput
    query = dict.fromkeys(("retrieve", "csv"), frozenset(TaxesInput().fields))

    @extend_schema(parameters=[TaxesInput], responses={(200, "application/json"): TaxesOutput, **_CSV}, tags=_TAGS)
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """Base and tax per period, tax category and rate; per currency. As CSV where `Accept` says so."""
        if self.is_for_csv(request):
            return self.csv(request)
        query = self.read()
        days, period = span(self.business, query), query["period"]
        return self.send(represent_taxes(taxes(self.business, days, period), days, period, *_page(query)))

    @extend_schema(parameters=[TaxesInput], responses=_CSV, tags=_TAGS)
    def csv(self, request: Request) -> HttpResponse:
        """Taxes as CSV: every row, unless a page is asked for."""
        query = self.read()
        days = span(self.business, query)
        found = taxes_table(taxes(self.business, days, query["period"]), _slice(query))
        return self.table(found, f"Taxes-{days.start}-{days.end}")


class NumberingView(ReportView):
    """What became of every number."""

    asked = NumberingInput
    query = dict.fromkeys(("retrieve", "csv"), frozenset(NumberingInput().fields))

    @extend_schema(
        parameters=[NumberingInput], responses={(200, "application/json"): NumberingOutput, **_CSV}, tags=_TAGS
    )
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """Every number of a series in order, and whether one is missing. As CSV where `Accept` says so."""
        if self.is_for_csv(request):
            return self.csv(request)
        query = self.read()
        series, period = query["series"], query.get("period")
        first, limit = _page(query)
        report = numbering(self.business, series, period=period, first=first, count=limit)
        return self.send(represent_numbering(report, series, period, first, limit))

    @extend_schema(parameters=[NumberingInput], responses=_CSV, tags=_TAGS)
    def csv(self, request: Request) -> HttpResponse:
        """A series as CSV: every number, unless a page is asked for, and those that are missing."""
        query = self.read()
        first, count = rows_asked(query, every=True)
        series = query["series"]
        report = numbering(self.business, series, period=query.get("period"), first=first, count=count)
        return self.table(numbering_table(report), f"Numbers-{series}")


_VIEWS: dict[str, type[ReportView]] = {
    "ageing": AgeingView,
    "revenue": RevenueView,
    "taxes": TaxesView,
    "numbering": NumberingView,
}
urlpatterns = [
    *(
        re_path(rf"^reports/{name}/?$", view.as_view({"get": "retrieve"}), name=f"report-{name}")
        for name, view in _VIEWS.items()
    ),
    *(
        re_path(rf"^reports/{name}\.csv$", view.as_view({"get": "csv"}), name=f"report-{name}-csv")
        for name, view in _VIEWS.items()
    ),
]
