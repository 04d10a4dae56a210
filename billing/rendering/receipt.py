"""Receipts: what was paid, how, and which invoices it settled."""

from __future__ import annotations

from billing.rendering.compose import compose
from billing.rendering.content import Column, Content, Fact, Headline, Row, Table
from billing.rendering.formats import Formats, formats
from billing.rendering.labels import Labels
from einvoicing.document import Receipt


def render_receipt(receipt: Receipt, *, logo: bytes | None = None) -> bytes:
    """The PDF of a receipt."""
    labels, shown = Labels(receipt.language), formats(receipt.locale, receipt.currency)
    method = labels.get(f"method_{receipt.method}", receipt.method)
    content = Content(
        title=labels["receipt"], number=receipt.number, labels=labels, formats=shown, brand=receipt.brand,
        seller=receipt.seller, buyer=receipt.buyer, buyer_heading=labels["received_from"],
        headline=Headline(labels["amount_received"], shown.money(receipt.amount_minor), method),
        facts=_facts(receipt, method, labels, shown), table=_table(receipt, labels, shown),
        totals=_totals(receipt, labels, shown),
        grand_total=(labels["amount_received"], shown.money(receipt.amount_minor)),
        texts=((labels["notes"], receipt.notes),) if receipt.notes and receipt.notes.strip() else (),
    )  # fmt: skip
    return compose(content, logo=logo)


def _facts(receipt: Receipt, method: str, labels: Labels, shown: Formats) -> tuple[Fact, ...]:
    known = (("payment_date", shown.day(receipt.payment_date)), ("method", method),
             ("reference", receipt.reference))  # fmt: skip
    return tuple((labels[key], value) for key, value in known if value)


def _table(receipt: Receipt, labels: Labels, shown: Formats) -> Table:
    columns = (Column(labels["invoice"], wraps=True), Column(labels["date"], number=False),
               Column(labels["invoice_total"]), Column(labels["still_due"]), Column(labels["amount"]))  # fmt: skip
    rows = [
        Row((each.invoice_number, shown.day(each.invoice_date), shown.amount(each.invoice_total_minor),
             shown.amount(each.amount_due_minor), shown.amount(each.amount_minor)))
        for each in receipt.allocations
    ]  # fmt: skip
    return Table(columns, tuple(rows))


def _totals(receipt: Receipt, labels: Labels, shown: Formats) -> tuple[Fact, ...]:
    if not receipt.unallocated_minor:
        return ()
    kept = (labels["unallocated"], shown.amount(receipt.unallocated_minor))
    applied = receipt.amount_minor - receipt.unallocated_minor
    return ((labels["allocated"], shown.amount(applied)), kept) if applied else (kept,)
