"""Invoices, quotations and credit notes: their content in words and numbers."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from billing.rendering.compose import Paper, compose
from billing.rendering.content import Column, Content, Fact, Headline, Row, Table
from billing.rendering.formats import Formats, formats
from billing.rendering.labels import Labels
from billing.rendering.qr import epc_payload
from einvoicing.document import BankDetails, Document, Line

_VAT = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK AE NG SA ZA".split()  # noqa: SIM905
)
_EXPLAINED = frozenset({"AE", "E", "K", "G", "O"})
_BUYER = {"invoice": "bill_to", "quotation": "quote_for", "credit_note": "customer"}


def render_document(
    document: Document, *, logo: bytes | None = None, draft: bool = False, paper: Paper | None = None
) -> bytes:
    """The PDF of an invoice, quotation or credit note; a draft is marked and carries no code to pay by."""
    return compose(document_content(document, draft=draft), logo=logo, paper=paper)


def document_content(document: Document, *, draft: bool = False) -> Content:
    """Everything a document shows."""
    labels, shown = Labels(document.language), formats(document.locale, document.currency)
    payable = document.kind == "invoice"
    return Content(
        title=labels[document.kind], number=f"{document.number}  ·  {labels['draft']}" if draft else document.number,
        labels=labels, formats=shown, brand=document.brand,
        seller=document.seller, buyer=document.buyer, ship_to=document.ship_to,
        buyer_heading=labels[_BUYER[document.kind]],
        headline=_headline(document, labels, shown), facts=_facts(document, labels, shown),
        table=_table(document, labels, shown), totals=_totals(document, labels, shown),
        grand_total=(labels["total"], shown.money(document.total_minor)),
        payment=_payment(document, labels) if payable else (), qr=None if draft else epc_payload(document),
        texts=_texts(document, labels), watermark=labels["draft"] if draft else "",
    )  # fmt: skip


def _headline(document: Document, labels: Labels, shown: Formats) -> Headline:
    amount = shown.money(document.total_minor)
    if document.kind == "invoice":
        note = labels["due_on"].format(date=shown.day(document.due_date)) if document.due_date else ""
        return Headline(labels["amount_due"], amount, note)
    if document.kind == "quotation":
        note = labels["valid_to"].format(date=shown.day(document.valid_until)) if document.valid_until else ""
        return Headline(labels["total"], amount, note)
    return Headline(labels["credit_total"], amount)


def _facts(document: Document, labels: Labels, shown: Formats) -> tuple[Fact, ...]:
    period = [shown.day(day) for day in (document.period_start, document.period_end) if day]
    dates = [(key, getattr(document, key)) for key in ("issue_date", "due_date", "valid_until", "delivery_date")]
    facts = [(labels[key], shown.day(day)) for key, day in dates if day]
    words = (("period", " – ".join(period)), ("purchase_order", document.purchase_order),
             ("reference", document.reference), ("buyer_reference", document.buyer.buyer_reference),
             ("payment_terms", None if document.kind == "credit_note" else document.payment_terms))  # fmt: skip
    facts += _credited(document, labels, shown)
    return (*facts, *((labels[key], text) for key, text in words if text))


def _credited(document: Document, labels: Labels, shown: Formats) -> list[Fact]:
    """The invoice that a credit note credits (EN 16931 BG-3)."""
    if document.invoice_number is None or document.invoice_date is None:
        return []
    of = labels["number_of"].format(number=document.invoice_number, date=shown.day(document.invoice_date))
    return [(labels["credits_invoice"], of)]


def _table(document: Document, labels: Labels, shown: Formats) -> Table:
    discounted = any(line.discount_minor for line in document.lines)
    taxed = any(line.tax_rate for line in document.lines)
    columns = [Column(labels["description"], wraps=True), Column(labels["quantity"]), Column(labels["unit_price"])]
    columns += [Column(labels["deductions" if document.invoice_number else "discount"])] if discounted else []
    columns += [Column(_tax_name(document, labels))] if taxed else []
    columns.append(Column(labels["amount"]))
    amounts = line_amounts(document)
    rows = []
    for line, amount in zip(document.lines, amounts, strict=True):
        title, _, detail = line.description.partition("\n")
        code = f"{line.product_code}\n" if line.product_code else ""
        cells = [title, _quantity(line, shown), shown.price(line.unit_price)]
        cells += [_discount(line, shown)] if discounted else []
        cells += [shown.percent(line.tax_rate)] if taxed else []
        rows.append(Row((*cells, shown.amount(amount)), detail=code + detail))
    return Table(tuple(columns), tuple(rows))


def line_amounts(document: Document) -> list[int]:
    """What each line comes to before tax, in minor units, so that the column adds up to a printed total.

    Without a document discount that is its net; with one, quantity × price less the line's own discount (domain.md), as
    the document's share is taken off below. Should that not add up, it is the net again.
    """
    nets = [line.net_minor for line in document.lines]
    own = sum(line.discount_minor for line in document.lines)
    if own == document.discount_minor:
        return nets
    unit = Decimal(10) ** formats(document.locale, document.currency).exponent
    gross = [
        int((line.quantity * line.unit_price * unit).quantize(Decimal(1), ROUND_HALF_UP)) for line in document.lines
    ]
    if sum(gross) != document.gross_minor:
        return nets
    return [amount - line.discount_minor for amount, line in zip(gross, document.lines, strict=True)]


def _quantity(line: Line, shown: Formats) -> str:
    return f"{shown.quantity(line.quantity)} {line.unit}" if line.unit else shown.quantity(line.quantity)


def _discount(line: Line, shown: Formats) -> str:
    if line.discount_rate:
        return shown.percent(-line.discount_rate)
    return shown.amount(-line.discount_minor) if line.discount_minor else ""


def _tax_name(document: Document, labels: Labels) -> str:
    return labels["vat" if document.seller.country in _VAT else "tax"]


def _discounts(document: Document, labels: Labels, shown: Formats) -> list[Fact]:
    """What was taken off: on the lines and on the whole apart, where there is both.

    Of what an invoice's lines cost a credit note deducts both the invoice's discounts and what was credited before.
    """
    if not document.discount_minor:
        return []
    if document.invoice_number:
        rows = (("before_deductions", document.gross_minor), ("deductions", -document.discount_minor))
        return [(labels[name], shown.amount(minor)) for name, minor in rows]
    of_lines = sum(line.discount_minor for line in document.lines)
    parts = [("discount", document.discount_minor)]
    if of_lines and of_lines != document.discount_minor:
        parts = [("line_discounts", of_lines), ("total_discount", document.discount_minor - of_lines)]
    return [
        (labels["gross"], shown.amount(document.gross_minor)),
        *((labels[name], shown.amount(-minor)) for name, minor in parts),
    ]


def _totals(document: Document, labels: Labels, shown: Formats) -> tuple[Fact, ...]:
    rows = _discounts(document, labels, shown)
    rows.append((labels["subtotal"], shown.amount(document.subtotal_minor)))
    for tax in document.taxes:
        words = labels["tax_on"].format(
            tax=_tax_name(document, labels), rate=shown.percent(tax.rate), base=shown.amount(tax.base_minor)
        )
        rows.append((words, shown.amount(tax.tax_minor)))
    return tuple(rows)


def _payment(document: Document, labels: Labels) -> tuple[Fact, ...]:
    facts = bank_facts(document.bank, labels)
    return (*facts, (labels["payment_reference"], document.number)) if facts else ()


def bank_facts(bank: BankDetails, labels: Labels) -> tuple[Fact, ...]:
    """Where to pay to, an IBAN in groups of four."""
    keys = ("account_holder", "bank_name", "iban", "bic", "account_number", "routing_number")
    known = [(key, getattr(bank, key)) for key in keys if getattr(bank, key)]
    return tuple((labels[key], _grouped(value) if key == "iban" else value) for key, value in known)


def _grouped(iban: str) -> str:
    plain = "".join(iban.split())
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def _texts(document: Document, labels: Labels) -> tuple[Fact, ...]:
    reasons = [(tax.category, tax.exemption_reason) for tax in document.taxes]
    reasons += [(line.tax_category, line.exemption_reason) for line in document.lines]
    found = [reason or labels.get(f"tax_{category}", "") for category, reason in reasons
             if reason or category in _EXPLAINED]  # fmt: skip
    texts = ((labels["tax_notes"], "\n".join(dict.fromkeys(found))), (labels["notes"], document.notes or ""),
             (labels["terms"], document.terms or ""))  # fmt: skip
    return tuple(text for text in texts if text[1].strip())
