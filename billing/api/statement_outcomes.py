"""`/statement-runs/{id}/outcomes`: what became of each customer and currency of a run, page by page."""

from __future__ import annotations

from typing import Any

from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import StatementOutcome, StatementRun
from billing.serializers.statement_runs import KINDS, OutcomeOutput, represent_outcomes
from businesses import paging
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.errors import Invalid

_PARAMETERS = [
    OpenApiParameter("outcome", enum=KINDS),
    OpenApiParameter("page", OpenApiTypes.INT, description="From 1; the answer then counts all rows."),
    OpenApiParameter("limit", OpenApiTypes.INT, description="1–100, default 25."),
    OpenApiParameter("fields", description="Only these keys, separated by commas."),
]


class StatementOutcomeView(BusinessView):
    """Outcomes of one run."""

    scopes = READ_WRITE
    query = {"outcomes": frozenset({"outcome", "page", "limit", "fields"})}

    @extend_schema(parameters=_PARAMETERS, responses=paged(OutcomeOutput), tags=["Statements"])
    def outcomes(self, request: Request, id: str) -> Response:  # noqa: A002
        """Who gets a statement in this run and what became of it, with the amount that it says is due; as planned, in order."""
        runs = StatementRun.objects.select_related("business")
        run = self.find(runs, id, "Statement run")
        rows = StatementOutcome.objects.of(self.business).filter(run=run)
        if (kind := self.parameters.get("outcome")) is not None:
            if kind not in KINDS:
                raise Invalid.field("outcome", f"Expected one of {', '.join(KINDS)}.")
            rows = rows.filter(outcome=kind)
        page = paging.paginate(
            rows,
            {**self.parameters, "sort": "planned"},
            among=rows,
            sorts={"planned": Order("pk", False)},
            columns=("pk",),
        )
        return self.send(page.answer(lambda found: self._represent(run, found)))

    def _represent(self, run: StatementRun, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self.trim(represent_outcomes(run, [row["pk"] for row in found]))


urlpatterns = [
    re_path(
        r"^statement-runs/(?P<id>[^/]+)/outcomes/?$",
        StatementOutcomeView.as_view({"get": "outcomes"}),
        name="statement-run-outcomes",
    )
]
