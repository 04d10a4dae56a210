"""`/customers`, their balance, and their statements by mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.public.account_statement import account_statement_url
from billing.selectors.balances import BalanceAsked
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM, Wanted
from billing.services.balances import read_balance
from billing.services.statements import post_statement, send_statement, text_statement
from businesses.models import Business
from customers.models import Customer, CustomerBalance
from customers.serializers import CUSTOMER_COLUMNS, represent_customers
from customers.services import create_customer, delete_customer, update_customer
from dialects.door import rows_in_order
from dialects.invoiced import mapping
from dialects.invoiced.changes import changes_of
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.inputs import CustomerInput, Flag, StatementInput
from dialects.invoiced.lists import equals, filtered, order, understood, whether
from dialects.invoiced.mapping import day_of
from dialects.invoiced.message_inputs import LetterInput, StatementTextInput, texting
from dialects.invoiced.messages import email_of, envelope_of, letter_of, text_of
from invoicing.lib import clock, money
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body

_SORTS = {"name": "name_folded", "number": "number", "created_at": "pk", "updated_at": "updated_at", "id": "pk"}
_TEXTS = ("name", "number", "email", "city", "state", "postal_code", "country", "type", "payment_terms", "phone")
_FLAGS = {"autopay": "autopay", "credit_hold": "credit_hold", "taxable": "taxable", "chase": "reminders"}
_FILTERS = {
    **{name: equals(mapping.CUSTOMER_FIELDS[name]) for name in _TEXTS},
    **{name: whether(Q(**{column: True})) for name, column in _FLAGS.items()},
}


def shown_customers(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Customers of a business by primary key, in that order."""
    rows = rows_in_order(Customer.objects.of(business), pks, (*CUSTOMER_COLUMNS, "parent_id", "extra"))
    return [
        mapping.customer(
            native,
            pk=row["pk"],
            parent_pk=row["parent_id"],
            extra=row["extra"],
            country=business.country,
            statement_pdf_url=account_statement_url(row["uuid"]),
        )
        for native, row in zip(represent_customers(rows), rows, strict=True)
    ]


class CustomerView(InvoicedView):
    """Customers of the business."""

    shows_secret = frozenset({"send_text"})

    def create(self, request: Request) -> Response:
        """A new customer."""
        customer = create_customer(
            self.business, actor=self.actor, **self._columns(read_body(CustomerInput, request), {})
        )
        return self.send(self._shown(customer), 201)

    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[…], metadata[…], payment_source, open_balance, updated_after."""
        rows = filtered(Customer.objects.of(self.business).live(), self.asked, _FILTERS)
        rows = _facts(rows, self.asked)
        return self.send_page(rows, lambda pks: shown_customers(self.business, pks), *order(self.asked, _SORTS))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One customer."""
        return self.send(self._shown(self.find_customer(id)))

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change what is given; null clears."""
        customer = self.find_customer(id)
        body = read_body(CustomerInput, request, partial=True)
        changes = self._columns(changes_of(body, request.data, self._shown(customer)), customer.extra)
        return self.send(self._shown(update_customer(customer, changes=changes, actor=self.actor)))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take it off lists and new documents."""
        delete_customer(self.find_customer(id), actor=self.actor)
        return Response(status=204)

    def balance(self, request: Request, id: str) -> Response:  # noqa: A002
        """What is owed, what is there in credit, and how that came, the newest day first."""
        customer = self.find_customer(id)
        currency = (self.parameters.get("currency") or customer.billing_currency).upper()
        if currency not in money.EXPONENTS:
            raise Invalid.field("currency", "Expected an ISO 4217 currency code such as usd.")
        found = read_balance(customer, BalanceAsked(currency=currency))
        zone, code = self.business.time_zone, currency.lower()
        history = [
            {
                "balance": money.major_number(minor, currency),
                "currency": code,
                "timestamp": int(clock.midnight(day, zone).timestamp()),
            }
            for day, minor in found.history
        ]
        return self.send(
            {
                "available_credits": money.major_number(found.credit_minor, currency),
                "currency": code,
                "due_now": money.major_number(found.due_now_minor, currency),
                "history": history,
                "past_due": found.past_due_minor > 0,
                "total_outstanding": money.major_number(found.outstanding_minor, currency),
            }
        )

    def send_statement(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail a statement with its PDF; an object for each recipient."""
        customer = self.find_customer(id)
        body = read_body(StatementInput, request)
        wanted = _wanted(body, self.business.time_zone)
        message = send_statement(customer, wanted, envelope_of(body), actor=self.actor)
        return self.send([email_of(message, address, "statement_email") for address in message.to], 201)

    def send_text(self, request: Request, id: str) -> Response:  # noqa: A002
        """Text a link to a statement; an object for each number."""
        customer = self.find_customer(id)
        body = read_body(StatementTextInput, request)
        messages = text_statement(customer, _wanted(body, self.business.time_zone), texting(body), actor=self.actor)
        return self.send([text_of(message) for message in messages], 201)

    def send_letter(self, request: Request, id: str) -> Response:  # noqa: A002
        """Post a statement to the billing address; one object in an array, as its SDK needs it."""
        customer = self.find_customer(id)
        message = post_statement(
            customer, _wanted(read_body(LetterInput, request), self.business.time_zone), actor=self.actor
        )
        return self.send([letter_of(message)], 201)

    def find_customer(self, text: str) -> Customer:
        """The customer in the path."""
        return self.find_numbered(Customer.objects.live().select_related("business", "parent"), text, "Customer")

    def _columns(self, body: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
        columns = mapping.customer_columns(body, extra)
        if "parent_customer" in body:
            columns["parent"] = self._parent(body["parent_customer"])
        return columns

    def _parent(self, pk: int | None) -> Customer | None:
        if pk is None:
            return None
        parent = Customer.objects.of(self.business).live().filter(pk=pk).first()
        if parent is None:
            raise Invalid.field("parent_customer", "No such customer.")
        return parent

    def _shown(self, customer: Customer) -> dict[str, Any]:
        return shown_customers(self.business, [customer.pk])[0]


def _facts(rows: QuerySet[Customer], asked: Mapping[str, Any]) -> QuerySet[Customer]:
    """Those with a payment source or an open balance, or those without, where that is asked."""
    if "payment_source" in asked and understood(Flag(), asked["payment_source"], "payment_source"):
        rows = rows.none()  # nothing is charged here, so nobody has one
    if "open_balance" in asked:
        owes = Exists(CustomerBalance.objects.filter(customer=OuterRef("pk"), outstanding_minor__gt=0))
        rows = rows.filter(owes if understood(Flag(), asked["open_balance"], "open_balance") else ~owes)
    return rows


def _wanted(body: dict[str, Any], time_zone: str) -> Wanted:
    kind = body.get("type") or OPEN_ITEM.value
    if kind == BALANCE_FORWARD.value and not body.get("start"):
        raise Invalid.field("start", "A balance is carried forward from a moment.")
    return Wanted(
        type=kind,
        start=day_of(body.get("start"), time_zone),
        end=day_of(body.get("end"), time_zone),
        only_past_due=body.get("items") == "past_due",
    )
