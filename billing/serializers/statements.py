"""Statements, and the mail that carries one, as the API and events show them."""

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers

from businesses.models import Business
from einvoicing.document import Ageing, Statement, StatementAccount, StatementEntry, StatementItem
from invoicing.lib import clock
from invoicing.lib.money import major_number
from messaging.models import Message
from messaging.serializers import STATES

FORWARD = Business.StatementType.BALANCE_FORWARD
_BUCKETS = {
    "current": "current_minor",
    "1_30": "days_1_30_minor",
    "31_60": "days_31_60_minor",
    "61_90": "days_61_90_minor",
    "over_90": "over_90_minor",
    "credit": "credit_minor",
}


def represent_statement(statement: Statement) -> dict[str, Any]:
    """A statement: `on` and `items` of an open_item, `start`, `end` and `entries` of a balance_forward one."""
    currency = statement.currency
    forward = statement.kind == FORWARD
    return {
        "customer_id": statement.customer_id,
        "type": statement.kind,
        "currency": currency,
        **represent_period(statement.kind, statement.start, statement.end),
        "known_at": clock.iso(statement.known_at),
        "opening_balance": major_number(statement.opening_minor, currency) if forward else None,
        **(
            {"entries": [_entry(entry, currency) for entry in statement.entries]}
            if forward
            else {"items": [_item(item, currency) for item in statement.items]}
        ),
        "closing_balance": major_number(statement.closing_minor, currency),
        "ageing": represent_ageing(statement.ageing, currency),
        "total_due": major_number(statement.total_due_minor, currency),
        **({"accounts": [_account(account, currency) for account in statement.accounts]} if statement.accounts else {}),
    }


def represent_period(kind: str, start: date | None, end: date) -> dict[str, str | None]:
    """The days of a statement: `start` and `end`, or `on`."""
    return {"start": _day(start), "end": _day(end)} if kind == FORWARD else {"on": _day(end)}


def represent_ageing(ageing: Ageing, currency: str) -> dict[str, Any]:
    """A balance by days past due."""
    return {name: major_number(getattr(ageing, column), currency) for name, column in _BUCKETS.items()}


def _entry(entry: StatementEntry, currency: str) -> dict[str, Any]:
    return {
        "date": _day(entry.date),
        "kind": entry.kind,
        "number": entry.number,
        "amount": major_number(entry.amount_minor, currency),
        "balance": major_number(entry.balance_minor, currency),
        **_whose(entry),
    }


def _item(item: StatementItem, currency: str) -> dict[str, Any]:
    return {
        "invoice_id": item.invoice_id,
        "invoice_number": item.invoice_number,
        "issue_date": _day(item.issue_date),
        "due_date": _day(item.due_date),
        "total": major_number(item.total_minor, currency),
        "amount_paid": major_number(item.paid_minor, currency),
        "amount_due": major_number(item.due_minor, currency),
        "days_overdue": item.days_overdue,
        **_whose(item),
    }


def _whose(row: StatementEntry | StatementItem) -> dict[str, Any]:
    """The customer of a row, where the statement has several."""
    return {} if row.customer_id is None else {"customer_id": row.customer_id, "customer_name": row.customer_name}


def _account(account: StatementAccount, currency: str) -> dict[str, Any]:
    return {
        "customer_id": account.customer_id,
        "customer_name": account.customer_name,
        "balance": major_number(account.balance_minor, currency),
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def represent_sending(message: Message) -> dict[str, Any]:
    """The message that carries a statement."""
    return {
        "id": message.uuid,
        "state": message.public_state,
        "to": message.to,
        "cc": message.cc,
        "bcc": message.bcc,
        "subject": message.subject,
        "created_at": clock.iso(message.created_at),
    }


# For the schema ------------------------------------------------------------------------------------------------------
class _WhoseOutput(serializers.Serializer[Any]):
    customer_id = serializers.UUIDField(required=False, help_text="On a statement with children.")
    customer_name = serializers.CharField(required=False, help_text="On a statement with children.")


class StatementAccountOutput(serializers.Serializer[Any]):
    """One customer of a statement with children, and its part of the closing balance."""

    customer_id = serializers.UUIDField()
    customer_name = serializers.CharField()
    balance = serializers.FloatField()


class StatementEntryOutput(_WhoseOutput):
    """A movement, and the balance after it."""

    date = serializers.DateField()
    kind = serializers.CharField()
    number = serializers.CharField(allow_null=True)
    amount = serializers.FloatField()
    balance = serializers.FloatField()


class StatementItemOutput(_WhoseOutput):
    """An invoice with an amount due."""

    invoice_id = serializers.UUIDField()
    invoice_number = serializers.CharField()
    issue_date = serializers.DateField()
    due_date = serializers.DateField(allow_null=True)
    total = serializers.FloatField()
    amount_paid = serializers.FloatField()
    amount_due = serializers.FloatField()
    days_overdue = serializers.IntegerField()


# Names such as 1_30 are no Python names.
AgeingOutput = type(
    "AgeingOutput",
    (serializers.Serializer,),
    {**{name: serializers.FloatField() for name in _BUCKETS}, "__doc__": "A balance by days past due; credit is ≤ 0."},
)


class StatementOutput(serializers.Serializer[Any]):
    """A statement of account."""

    customer_id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=Business.StatementType.choices)
    currency = serializers.CharField()
    on = serializers.DateField(required=False, help_text="Of open_item.")
    start = serializers.DateField(required=False, help_text="Of balance_forward.")
    end = serializers.DateField(required=False, help_text="Of balance_forward.")
    known_at = serializers.DateTimeField()
    opening_balance = serializers.FloatField(allow_null=True)
    entries = StatementEntryOutput(many=True, required=False, help_text="Of balance_forward.")
    items = StatementItemOutput(many=True, required=False, help_text="Of open_item.")
    closing_balance = serializers.FloatField()
    ageing = AgeingOutput()
    total_due = serializers.FloatField()
    accounts = StatementAccountOutput(many=True, required=False, help_text="Of a customer with children, where asked.")


class SendingOutput(serializers.Serializer[Any]):
    """A statement on its way."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    to = serializers.ListField(child=serializers.EmailField())
    cc = serializers.ListField(child=serializers.EmailField())
    bcc = serializers.ListField(child=serializers.EmailField())
    subject = serializers.CharField()
    created_at = serializers.DateTimeField()
