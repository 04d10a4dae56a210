"""Balances as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.selectors.balances import HISTORY, Balance
from billing.serializers.statements import AgeingOutput, represent_ageing
from invoicing.lib import clock
from invoicing.lib.money import major_number


def represent_balance(balance: Balance) -> dict[str, Any]:
    """A balance on a day, as it was known at a moment."""
    currency = balance.currency
    return {
        "customer_id": balance.customer.uuid,
        "currency": currency,
        "on": balance.on.isoformat(),
        "known_at": clock.iso(balance.known_at),
        "outstanding": major_number(balance.outstanding_minor, currency),
        "past_due": major_number(balance.past_due_minor, currency),
        "due_now": major_number(balance.due_now_minor, currency),
        "credit": major_number(balance.credit_minor, currency),
        "balance": major_number(balance.balance_minor, currency),
        "ageing": represent_ageing(balance.ageing, currency),
        "history": [
            {"date": day.isoformat(), "balance": major_number(credit, currency)} for day, credit in balance.history
        ],
    }


# For the schema ------------------------------------------------------------------------------------------------------
class CreditHistoryOutput(serializers.Serializer[Any]):
    """A day on which the credit changed, and what it was at its end."""

    date = serializers.DateField()
    balance = serializers.FloatField()


class BalanceOutput(serializers.Serializer[Any]):
    """What a customer owes and has in credit."""

    customer_id = serializers.UUIDField()
    currency = serializers.CharField()
    on = serializers.DateField()
    known_at = serializers.DateTimeField()
    outstanding = serializers.FloatField(help_text="Due of all invoices.")
    past_due = serializers.FloatField(help_text="Of those whose due date lies before the day.")
    due_now = serializers.FloatField(help_text="Of those whose due date is the day or lies before it.")
    credit = serializers.FloatField(help_text="Of payments and credit, what is applied to no invoice; at least 0.")
    balance = serializers.FloatField(help_text="Outstanding less credit.")
    ageing = AgeingOutput()
    history = CreditHistoryOutput(many=True, help_text=f"Of the credit, the newest day first, at most {HISTORY}.")
