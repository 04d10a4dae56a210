"""`/customers/{id}/statement` and `/statement-runs`: parse, get, call the service, represent."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.files import csv_answer, statement_answer
from billing.api.inputs import envelope, texting
from billing.api.statement_inputs import (
    RunInput,
    StatementInput,
    StatementSendInput,
    StatementTextInput,
    run_order,
    typed,
    wanted,
)
from billing.models import StatementRun
from billing.selectors.statements import Wanted
from billing.serializers.statement_runs import (
    RUN_COLUMNS,
    StatementRunOutput,
    represent_run,
    represent_runs,
    represent_unsaved_run,
)
from billing.serializers.statement_tables import tabulate_statement
from billing.serializers.statements import SendingOutput, StatementOutput, represent_sending, represent_statement
from billing.services.statement_runs import plan_manual_run, preview_run
from billing.services.statements import (
    post_statement,
    proved_statement,
    read_statement,
    send_statement,
    text_statement,
)
from businesses.filters import ListFilter, OneOfFilter
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from customers.models import Customer
from invoicing.lib.fields import read_body
from messaging.serializers import LetterOutput, TextsOutput, represent_post, represent_text

_TAGS = ["Statements"]
_ASKED = frozenset(StatementInput().fields)
_PDF = {(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)}
_CSV = {(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)}


class StatementView(BusinessView):
    """What one customer owes, on any day."""

    scopes = READ_WRITE
    query = {"retrieve": _ASKED | {"fields"}, "pdf": _ASKED, "csv": _ASKED}

    @extend_schema(
        parameters=[StatementInput], responses={(200, "application/json"): StatementOutput, **_PDF, **_CSV}, tags=_TAGS
    )
    def retrieve(self, request: Request, customer_id: str) -> Response | HttpResponse:
        """A customer's statement of account; as PDF or CSV where `Accept` says so."""
        if "application/pdf" in request.headers.get("Accept", ""):
            return self.pdf(request, customer_id)
        if "text/csv" in request.headers.get("Accept", ""):
            return self.csv(request, customer_id)
        return self.send_one(represent_statement(read_statement(self.customer(customer_id), self.wanted())))

    @extend_schema(parameters=[StatementInput], responses=_PDF, tags=_TAGS)
    def pdf(self, request: Request, customer_id: str) -> HttpResponse:
        """A customer's statement of account as PDF; 409 where the books contradict it."""
        statement = proved_statement(self.customer(customer_id), self.wanted())
        return statement_answer(statement, self.business, self.request.headers.get("If-None-Match", ""))

    @extend_schema(parameters=[StatementInput], responses=_CSV, tags=_TAGS)
    def csv(self, request: Request, customer_id: str) -> HttpResponse:
        """A customer's statement of account as CSV, amounts in major units; 409 where the books contradict it.

        `row` says what a line is: opening_balance, entry or item, closing_balance, total_due.
        """
        statement = proved_statement(self.customer(customer_id), self.wanted())
        return csv_answer(*tabulate_statement(statement), f"Statement-{statement.end}")

    @extend_schema(request=StatementSendInput, responses={202: SendingOutput}, tags=_TAGS)
    def send_mail(self, request: Request, customer_id: str) -> Response:
        """Mail a statement with its PDF; 409 where the books contradict it."""
        customer = self.customer(customer_id)
        body = read_body(StatementSendInput, request)
        sending = represent_sending(send_statement(customer, wanted(body), envelope(body), actor=self.actor))
        return self.send(self.unmade(sending) if self.dry_run else sending, 202)

    @extend_schema(request=StatementTextInput, responses={202: TextsOutput}, tags=_TAGS)
    def send_text(self, request: Request, customer_id: str) -> Response:
        """Text a link to a statement through Twilio; 409 where that is not connected, or the books contradict it."""
        customer = self.customer(customer_id)
        body = read_body(StatementTextInput, request)
        messages = text_statement(customer, wanted(body), texting(body), actor=self.actor)
        texts = [represent_text(message) for message in messages]
        return self.send({"messages": [self.unmade(text) for text in texts] if self.dry_run else texts}, 202)

    @extend_schema(request=StatementInput, responses={202: LetterOutput}, tags=_TAGS)
    def send_letter(self, request: Request, customer_id: str) -> Response:
        """Post a statement to the customer's address through Lob; 409 where that is not connected, or the books contradict it."""
        customer = self.customer(customer_id)
        letter = represent_post(post_statement(customer, wanted(read_body(StatementInput, request)), actor=self.actor))
        return self.send(self.unmade(letter) if self.dry_run else letter, 202)

    def customer(self, customer_id: str) -> Customer:
        """The customer in the path."""
        return self.find(Customer.objects.live().select_related("business"), customer_id, "Customer")

    def wanted(self) -> Wanted:
        """The statement that the query asks for."""
        reader = StatementInput(data=typed(self.parameters))
        reader.is_valid(raise_exception=True)
        return wanted(reader.validated_data)


class StatementRunFilter(ListFilter):
    """Of runs."""

    state = OneOfFilter(choices=StatementRun.State.choices)
    type = OneOfFilter(choices=StatementRun._meta.get_field("type").choices)


class StatementRunView(BusinessView):
    """Statements to many customers."""

    scopes = READ_WRITE
    filters = StatementRunFilter
    sorts = {"created_at": Order("pk", False), "updated_at": Order("updated_at", False)}

    @extend_schema(request=RunInput, responses={201: StatementRunOutput, 200: StatementRunOutput}, tags=_TAGS)
    def create(self, request: Request) -> Response:
        """Send statements to many customers, or, with dry_run, list who would get what and who is skipped and why."""
        order = run_order(self.business, read_body(RunInput, request))
        if self.dry_run:
            return self.send(represent_unsaved_run(*preview_run(self.business, order)))
        run = plan_manual_run(self.business, order, actor=self.actor)
        return self.send(represent_run(run.pk), 201)

    @extend_schema(responses=paged(StatementRunOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Runs, newest first."""
        return self.send_list(
            StatementRun.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=RUN_COLUMNS,
            represent=represent_runs,
        )

    @extend_schema(responses=StatementRunOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One run, with what became of each customer and currency."""
        return self.send_one(represent_run(self.find(StatementRun.objects.all(), id, "Statement run").pk))


_CUSTOMER = "^customers/(?P<customer_id>[^/]+)"
urlpatterns = [
    re_path(rf"{_CUSTOMER}/statement/?$", StatementView.as_view({"get": "retrieve"}), name="statement"),
    re_path(rf"{_CUSTOMER}/statement\.pdf$", StatementView.as_view({"get": "pdf"}), name="statement-pdf"),
    re_path(rf"{_CUSTOMER}/statement\.csv$", StatementView.as_view({"get": "csv"}), name="statement-csv"),
    re_path(rf"{_CUSTOMER}/statement/send/?$", StatementView.as_view({"post": "send_mail"}), name="statement-send"),
    re_path(rf"{_CUSTOMER}/statement/text/?$", StatementView.as_view({"post": "send_text"}), name="statement-text"),
    re_path(
        rf"{_CUSTOMER}/statement/letter/?$", StatementView.as_view({"post": "send_letter"}), name="statement-letter"
    ),
    re_path(r"^statement-runs/?$", StatementRunView.as_view({"get": "list", "post": "create"}), name="statement-runs"),
    re_path(r"^statement-runs/(?P<id>[^/]+)/?$", StatementRunView.as_view({"get": "retrieve"}), name="statement-run"),
]
