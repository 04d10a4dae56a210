"""`/customers`, their balance, and their statements by mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact
from rest_framework.request import Request
from rest_framework.response import Response

from billing.public.account_statement import account_statement_url
from billing.selectors.balances import BalanceAsked
from billing.selectors.statements import BALANCE_FORWARD, OPEN_ITEM, Wanted
from billing.services.balances import read_balance
from billing.services.envelopes import Envelope
from billing.services.statements import send_statement
from businesses.models import Business
from customers.models import Customer, CustomerBalance
from customers.serializers import CUSTOMER_COLUMNS, represent_customers
from customers.services import create_customer, delete_customer, update_customer
from dialects.door import rows_in_order
from dialects.invoiced import mapping
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.inputs import CustomerInput, Flag, Seconds, StatementInput
from invoicing.lib import clock, money
from invoicing.lib.errors import Conflict, Invalid
from invoicing.lib.fields import read_body
from messaging.models import Message

_SORTS = {"name": "name_folded", "number": "number", "created_at": "pk", "updated_at": "updated_at", "id": "pk"}
_FILTERS = ("name", "number", "email", "city", "state", "postal_code", "country", "type", "payment_terms", "phone")
_FLAGS = {"autopay": "autopay", "credit_hold": "credit_hold", "taxable": "taxable", "chase": "reminders"}


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

    def create(self, request: Request) -> Response:
        """A new customer."""
        customer = create_customer(self.business, actor=self.actor, **self._columns(request, {}))
        return self.send(self._shown(customer), 201)

    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[…], metadata[…], payment_source, open_balance, updated_after."""
        rows = self._filtered(Customer.objects.of(self.business).live())
        return self.send_page(rows, lambda pks: shown_customers(self.business, pks), *self._order())

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One customer."""
        return self.send(self._shown(self.find_customer(id)))

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change what is given; null clears."""
        customer = self.find_customer(id)
        changes = self._columns(request, customer.extra, partial=True)
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
        copies = [part.strip() for part in (body.get("bcc") or "").split(",") if part.strip()]
        words = {name: body.get(name) for name in ("subject", "message")}
        envelope = Envelope(to=body.get("to") or None, bcc=copies, **words)
        message = send_statement(customer, _wanted(body), envelope, actor=self.actor)
        return self.send([_email(message, address) for address in message.to], 201)

    def send_text(self, request: Request, id: str) -> Response:  # noqa: A002
        """Refused: nothing that sends text messages is connected."""
        self.find_customer(id)
        raise Conflict("Twilio must be connected to send text messages; it is not.", code="not_connected")

    def send_letter(self, request: Request, id: str) -> Response:  # noqa: A002
        """Refused: nothing that sends letters is connected."""
        self.find_customer(id)
        raise Conflict("Lob must be connected to send letters; it is not.", code="not_connected")

    def find_customer(self, text: str) -> Customer:
        """The customer in the path."""
        return self.find_numbered(Customer.objects.live().select_related("business", "parent"), text, "Customer")

    def _columns(self, request: Request, extra: dict[str, Any], *, partial: bool = False) -> dict[str, Any]:
        body = read_body(CustomerInput, request, partial=partial)
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

    # Lists -----------------------------------------------------------------------------------------------------------
    def _filtered(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        asked = self.asked
        for name, value in _pairs(asked, "filter").items():
            if name in _FLAGS:
                rows = rows.filter(**{_FLAGS[name]: Flag().run_validation(value)})
            elif name in _FILTERS:
                rows = rows.filter(**{mapping.CUSTOMER_FIELDS[name]: value})
            else:
                raise Invalid.field(f"filter[{name[:50]}]", f"Expected one of {', '.join((*_FILTERS, *_FLAGS))}.")
        for name, value in _pairs(asked, "metadata").items():
            rows = rows.filter(Exact(KeyTextTransform(name, "metadata"), value))
        if "payment_source" in asked and Flag().run_validation(asked["payment_source"]):
            rows = rows.none()  # nothing is charged here, so nobody has one
        if "open_balance" in asked:
            owes = Exists(CustomerBalance.objects.filter(customer=OuterRef("pk"), outstanding_minor__gt=0))
            rows = rows.filter(owes if Flag().run_validation(asked["open_balance"]) else ~owes)
        if asked.get("updated_after"):
            rows = rows.filter(updated_at__gt=Seconds().run_validation(asked["updated_after"]))
        return rows

    def _order(self) -> Sequence[str]:
        order = []
        for part in filter(None, (part.strip() for part in self.parameters.get("sort", "").split(","))):
            name, _, direction = part.partition(" ")
            if name not in _SORTS or direction.lower() not in ("", "asc", "desc"):
                raise Invalid.field(
                    "sort", f"Expected a column ({', '.join(_SORTS)}) and asc or desc, such as name asc."
                )
            order.append(("-" if direction.lower() == "desc" else "") + _SORTS[name])
        return [*order, "-pk"]


def _pairs(asked: dict[str, Any], name: str) -> dict[str, str]:
    value = asked.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Invalid.field(name, f"Expected {name}[name]=value.")
    return value


def _wanted(body: dict[str, Any]) -> Wanted:
    kind = body.get("type") or OPEN_ITEM.value
    if kind == BALANCE_FORWARD.value and not body.get("start"):
        raise Invalid.field("start", "A balance is carried forward from a moment.")
    return Wanted(
        type=kind,
        start=mapping.day_of(body.get("start")),
        end=mapping.day_of(body.get("end")),
        only_past_due=body.get("items") == "past_due",
    )


def _email(message: Message, address: str) -> dict[str, Any]:
    """A queued mail as one of Invoiced's; each recipient's has an id of its own, which never changes."""
    created = int(message.created_at.timestamp())
    return {
        "id": uuid5(UUID(str(message.uuid)), address).hex,
        "object": "email",
        "state": "sent",
        "reject_reason": None,
        "email": address,
        "template": "statement_email",
        "subject": message.subject,
        "message": message.body_text,
        "opens": 0,
        "opens_detail": [],
        "created_at": created,
        "updated_at": created,
    }
