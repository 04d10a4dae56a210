"""Fill the frozen dataclasses of `einvoicing/document.py` from rows."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from babel import Locale

from billing.models import CreditNote, DocumentLine, Invoice, Payment, Quotation
from billing.models import Document as DocumentRow
from businesses.models import Business, StoredFile
from customers.models import Customer
from einvoicing.document import (
    BankDetails,
    Brand,
    Document,
    Line,
    Party,
    Receipt,
    ReceiptAllocation,
    TaxTotal,
)

LANGUAGES = ("en", "de", "fr", "es")
_PARTY = (
    "name",
    "legal_name",
    "address",
    "address2",
    "city",
    "state",
    "postal_code",
    "country",
    "tax_id",
    "email",
    "phone",
)


def language_of(customer: Customer) -> str:
    """The customer's language where we have labels for it, else that of the business's locale, else English."""
    choices = (customer.language, Locale.parse(customer.business.locale).language)
    return next((language for language in choices if language in LANGUAGES), "en")


def seller(business: Business) -> Party:
    """The business as a party."""
    own = {name: getattr(business, name) for name in (*_PARTY, "registration_number", "website")}
    return Party(**own)


def buyer(customer: Customer) -> Party:
    """The customer as a party."""
    own = {name: getattr(customer, name) for name in (*_PARTY, "attention_to", "buyer_reference")}
    return Party(**own)


def bank(business: Business) -> BankDetails:
    """Where the business is paid."""
    names = ("account_holder", "bank_name", "iban", "bic", "account_number", "routing_number")
    return BankDetails(**{name: getattr(business, name) or None for name in names})


def brand(business: Business, template: str) -> Brand:
    """How the business looks."""
    logo = business.logo.sha256 if business.logo_id and business.logo else None
    return Brand(template=template, accent_color=business.accent_color, logo_sha256=logo)


def logo_bytes(business: Business, sha256: str | None) -> bytes | None:
    """The picture that a frozen view names."""
    if sha256 is None:
        return None
    file = StoredFile.objects.of(business).filter(sha256=sha256).first()
    return bytes(file.content) if file else None


def document_view(row: DocumentRow) -> Document:
    """An invoice, quotation or credit note as it would be printed now."""
    business, customer = row.business, row.customer
    lines = list(row.lines.order_by("position"))  # type: ignore[attr-defined]
    return Document(
        kind=row.noun,
        number=row.number,
        issue_date=row.issue_date,
        currency=row.currency,
        language=language_of(customer),
        locale=business.locale,
        seller=seller(business),
        buyer=buyer(customer),
        brand=brand(business, row.template_type),
        bank=bank(business),
        lines=tuple(_line(line) for line in lines),
        taxes=_taxes(lines),
        gross_minor=row.gross_minor,
        discount_minor=row.discount_minor,
        subtotal_minor=row.subtotal_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        purchase_order=row.purchase_order,
        reference=row.reference,
        payment_terms=customer.payment_terms or business.payment_terms,
        notes=row.notes,
        terms=row.terms,
        **_own_fields(row),
    )


def _own_fields(row: DocumentRow) -> dict[str, Any]:
    if isinstance(row, Quotation):
        return {"valid_until": row.valid_until}
    if isinstance(row, CreditNote):
        of = row.invoice
        return {"invoice_number": of.number, "invoice_date": of.issue_date} if of else {}
    assert isinstance(row, Invoice)  # noqa: S101 - the third kind there is
    dates = {name: getattr(row, name) for name in ("due_date", "delivery_date", "period_start", "period_end")}
    return {**dates, "ship_to": Party(**row.ship_to) if row.ship_to else None}


def _line(line: DocumentLine) -> Line:
    return Line(
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount_minor=line.discount_minor,
        discount_rate=line.discount_rate,
        net_minor=line.net_minor,
        tax_rate=line.tax_rate,
        tax_category=line.tax_category,
        tax_minor=line.tax_minor,
        amount_minor=line.amount_minor,
        product_code=line.product_code,
        exemption_reason=line.exemption_reason,
    )


def _taxes(lines: list[Any]) -> tuple[TaxTotal, ...]:
    """Sums of what the calculator stored on the lines; nothing is computed a second time."""
    groups: dict[tuple[Decimal, str], list[Any]] = defaultdict(list)
    for line in lines:
        groups[line.tax_rate, line.tax_category].append(line)
    return tuple(
        TaxTotal(
            rate=rate,
            category=category,
            base_minor=sum(line.net_minor for line in members),
            tax_minor=sum(line.tax_minor for line in members),
            exemption_reason=next((line.exemption_reason for line in members if line.exemption_reason), None),
        )
        for (rate, category), members in sorted(groups.items(), key=lambda item: (-item[0][0], item[0][1]))
    )


def receipt_view(payment: Payment, applied: list[tuple[Invoice, int]]) -> Receipt:
    """A payment as its receipt is printed; `applied` is what it pays of each invoice, in minor units."""
    business, customer = payment.business, payment.customer
    return Receipt(
        number=payment.number,
        payment_date=payment.payment_date,
        currency=payment.currency,
        language=language_of(customer),
        locale=business.locale,
        seller=seller(business),
        buyer=buyer(customer),
        brand=brand(business, business.template),
        amount_minor=payment.amount_minor,
        unallocated_minor=payment.unallocated_minor,
        method=payment.method,
        reference=payment.reference,
        notes=payment.notes,
        allocations=tuple(
            ReceiptAllocation(
                invoice_number=invoice.number,
                invoice_date=invoice.issue_date,
                invoice_total_minor=invoice.total_minor,
                amount_minor=amount,
                amount_due_minor=invoice.due_minor,
            )
            for invoice, amount in applied
        ),
    )
