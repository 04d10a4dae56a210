"""Statements of account: open items, or a balance carried forward, and how old what is owed is."""

from __future__ import annotations

from dataclasses import fields

from billing.rendering.compose import Paper, compose
from billing.rendering.content import Column, Content, Fact, Headline, Row, Table, Tile
from billing.rendering.document import bank_facts
from billing.rendering.formats import Formats, formats
from billing.rendering.labels import Labels
from einvoicing.document import Ageing, Statement, StatementEntry, StatementItem


def render_statement(statement: Statement, *, logo: bytes | None = None, paper: Paper | None = None) -> bytes:
    """The PDF of a statement of either kind."""
    return compose(statement_content(statement), logo=logo, paper=paper)


def statement_content(statement: Statement) -> Content:
    """Everything a statement shows, on paper and on its public page."""
    labels, shown = Labels(statement.language), formats(statement.locale, statement.currency)
    forward = statement.kind == "balance_forward"
    total = shown.money(statement.total_due_minor)
    return Content(
        title=labels["statement"], number=_period(statement, shown), labels=labels, formats=shown,
        brand=statement.brand, seller=statement.seller, buyer=statement.buyer, buyer_heading=labels["customer"],
        headline=Headline(labels["total_due"], total, "" if forward else _as_of(statement, labels, shown)),
        facts=_facts(statement, labels, shown),
        table=(_entries if forward else _items)(statement, labels, shown),
        grand_total=(labels["total_due"], total),
        tiles=_tiles(statement.ageing, labels, shown), payment=bank_facts(statement.bank, labels),
    )  # fmt: skip


def _period(statement: Statement, shown: Formats) -> str:
    days = (statement.start, statement.end) if statement.kind == "balance_forward" else (statement.end,)
    return " – ".join(shown.day(day) for day in days if day)


def _as_of(statement: Statement, labels: Labels, shown: Formats) -> str:
    words = f"{labels['as_of']} {shown.day(statement.end)}"
    return f"{words}, {labels['only_past_due']}" if statement.only_past_due else words


def _facts(statement: Statement, labels: Labels, shown: Formats) -> tuple[Fact, ...]:
    if statement.kind == "balance_forward":
        return ((labels["period"], _period(statement, shown)),
                (labels["opening"], shown.money(statement.opening_minor)),
                (labels["closing"], shown.money(statement.closing_minor)))  # fmt: skip
    return ((labels["as_of"], shown.day(statement.end)), (labels["balance"], shown.money(statement.closing_minor)))


def _entries(statement: Statement, labels: Labels, shown: Formats) -> Table:
    whose = bool(statement.accounts)
    columns = (Column(labels["date"], number=False), *_whose_column(whose, labels),
               Column(labels["transaction"], wraps=not whose, number=False), Column(labels["number"], number=False),
               Column(labels["amount"]), Column(labels["balance"]))  # fmt: skip
    start = shown.day(statement.start) if statement.start else ""
    blank = [""] * whose
    rows = [
        Row((start, *blank, labels["opening"], "", "", shown.amount(statement.opening_minor)), strong=True),
        *(
            Row((shown.day(entry.date), *_whose(whose, entry), labels.get(f"entry_{entry.kind}", entry.kind),
                 entry.number or "", shown.amount(entry.amount_minor), shown.amount(entry.balance_minor)))
            for entry in statement.entries
        ),
        *([] if statement.entries else [Row(("", *blank, labels["nothing_moved"], "", "", ""))]),
        Row((shown.day(statement.end), *blank, labels["closing"], "", "", shown.amount(statement.closing_minor)),
            strong=True),
    ]  # fmt: skip
    return Table(columns, tuple(rows))


def _items(statement: Statement, labels: Labels, shown: Formats) -> Table:
    whose = bool(statement.accounts)
    columns = (*_whose_column(whose, labels), Column(labels["invoice"], wraps=not whose, number=False),
               *(() if whose else (Column(labels["issue_date"], number=False),)), Column(labels["due_date"], number=False),
               Column(labels["days_overdue"]), Column(labels["total"]), Column(labels["paid"]),
               Column(labels["due"]))  # fmt: skip
    rows = [
        Row((*_whose(whose, item), item.invoice_number, *(() if whose else (shown.day(item.issue_date),)),
             shown.day(item.due_date) if item.due_date else "–",
             str(item.days_overdue) if item.days_overdue > 0 else "–", shown.amount(item.total_minor),
             shown.amount(item.paid_minor), shown.amount(item.due_minor)))
        for item in statement.items
    ]  # fmt: skip
    empty = Row((labels["nothing_due"], *[""] * (len(columns) - 1)))
    return Table(columns, tuple(rows) or (empty,))


def _whose_column(whose: bool, labels: Labels) -> tuple[Column, ...]:
    """On a statement of several accounts their names take the room that is left, and that of the issue dates."""
    return (Column(labels["customer"], wraps=True),) if whose else ()


def _whose(whose: bool, row: StatementEntry | StatementItem) -> tuple[str, ...]:
    return (row.customer_name or "",) if whose else ()


def _tiles(ageing: Ageing, labels: Labels, shown: Formats) -> tuple[Tile, ...]:
    parts = {part.name: int(getattr(ageing, part.name)) for part in fields(ageing)}
    owed = sum(amount for amount in parts.values() if amount > 0) or 1
    return tuple(Tile(labels[name], shown.amount(amount), max(amount, 0) / owed) for name, amount in parts.items())
