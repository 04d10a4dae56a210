"""A statement as a table for a spreadsheet: its lines, and the balances around them, told apart by the column `row`."""

from __future__ import annotations

from datetime import date
from typing import Any

from billing.serializers.statements import FORWARD
from einvoicing.document import Statement, StatementEntry, StatementItem
from invoicing.lib.money import to_major

_ENTRY = ("kind", "number", "currency", "amount", "balance")
_ITEM = ("invoice_number", "due_date", "days_overdue", "currency", "total", "amount_paid", "amount_due")
_WHOSE = ("customer_id", "customer_name")


def tabulate_statement(statement: Statement) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows, amounts in major units: opening_balance, each entry (or each item), closing_balance, total_due.

    On a statement with children each line names its customer.
    """
    forward, currency = statement.kind == FORWARD, statement.currency
    columns = ("row", "date", *(_WHOSE if statement.accounts else ()), *(_ENTRY if forward else _ITEM))

    def balance(row: str, day: date | None, minor: int) -> dict[str, Any]:
        return {"row": row, "date": day, "currency": currency, columns[-1]: to_major(minor, currency)}

    lines = [
        *([balance("opening_balance", statement.start, statement.opening_minor)] if forward else []),
        *(_entry(entry, currency) for entry in statement.entries),
        *(_item(item, currency) for item in statement.items),
        balance("closing_balance", statement.end, statement.closing_minor),
        balance("total_due", statement.end, statement.total_due_minor),
    ]
    return columns, [tuple(line.get(column) for column in columns) for line in lines]


def _entry(entry: StatementEntry, currency: str) -> dict[str, Any]:
    return {
        "row": "entry",
        "date": entry.date,
        "customer_id": entry.customer_id,
        "customer_name": entry.customer_name,
        "kind": entry.kind,
        "number": entry.number,
        "currency": currency,
        "amount": to_major(entry.amount_minor, currency),
        "balance": to_major(entry.balance_minor, currency),
    }


def _item(item: StatementItem, currency: str) -> dict[str, Any]:
    return {
        "row": "item",
        "date": item.issue_date,
        "customer_id": item.customer_id,
        "customer_name": item.customer_name,
        "invoice_number": item.invoice_number,
        "due_date": item.due_date,
        "days_overdue": item.days_overdue,
        "currency": currency,
        "total": to_major(item.total_minor, currency),
        "amount_paid": to_major(item.paid_minor, currency),
        "amount_due": to_major(item.due_minor, currency),
    }
