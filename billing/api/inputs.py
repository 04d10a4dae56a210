"""The bodies that documents and payments are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

from billing.models import Document, Invoice, Payment, Product, Quotation, TaxCategory
from billing.services.channels import Texting
from billing.services.envelopes import Envelope
from billing.services.lines import MAX_LINES, LineDraft
from businesses.models import Business
from customers.models import Customer
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.fields import CurrencyCode, Day, Flag, LongText, Metadata, Number, Reference, Strict, Text

PERCENT = [MinValueValidator(0, "Must not be less than 0."), MaxValueValidator(100, "At most 100.")]
NOT_NEGATIVE = [MinValueValidator(0, "Must not be less than 0.")]


class PartyInput(Strict):
    """An address."""

    name = Text(required=True, max_length=200)
    attention_to = Text(max_length=200)
    address = Text()
    address2 = Text()
    city = Text(max_length=100)
    state = Text(max_length=100)
    postal_code = Text(max_length=20)
    country = Text(max_length=100)


class LineInput(Strict):
    """A line. With `product_id`, description, unit price, tax rate and unit come from the product unless given."""

    id = Reference(required=False, help_text="A line's own id keeps it, in a PATCH.")
    product_id = Reference(required=False, allow_null=True)
    description = LongText(help_text="Required without product_id.", max_length=5_000)
    quantity = Number()
    unit = Text(max_length=30)
    unit_price = Number(required=False, allow_null=True, help_text="Required without product_id.")
    product_code = Text(max_length=50)
    discount_rate = Number(decimal_places=4, required=False, allow_null=True, validators=PERCENT)
    discount_amount = Number(required=False, allow_null=True, validators=NOT_NEGATIVE)
    tax_rate = Number(decimal_places=4, required=False, allow_null=True, validators=PERCENT)
    tax_category = serializers.ChoiceField(choices=TaxCategory.choices, required=False, allow_null=True)
    exemption_reason = Text()


class DocumentInput(Strict):
    """What an invoice and a quotation are made from."""

    customer_id = Reference()
    items = LineInput(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    issue_date = Day(required=False, allow_null=True, help_text="Default: today in the business's time zone.")
    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    notes = LongText()
    terms = LongText()
    template_type = serializers.ChoiceField(choices=Business.Template.choices, required=False, allow_null=True)
    purchase_order = Text(max_length=100)
    reference = Text(max_length=100)
    metadata = Metadata()
    discount_type = serializers.ChoiceField(choices=Document.Discount.choices, required=False, allow_null=True)
    discount_value = Number(required=False, allow_null=True, validators=NOT_NEGATIVE)


class InvoiceInput(DocumentInput):
    """A new invoice."""

    invoice_number = Text(max_length=50, help_text="Default: the next number of the series.")
    due_date = Day(required=False, allow_null=True, help_text="Default: by the payment terms, if there are any.")
    status = serializers.ChoiceField(choices=Invoice.Status.choices, required=False, default=Invoice.Status.DRAFT)
    delivery_date = Day(required=False, allow_null=True)
    period_start = Day(required=False, allow_null=True)
    period_end = Day(required=False, allow_null=True)
    ship_to = PartyInput(required=False, allow_null=True)
    opening_balance = Flag(required=False, default=False, help_text="Billed by a former system: owed, but no revenue.")


class InvoiceChange(InvoiceInput):
    """What changes; once the invoice is issued only status, notes, terms, due_date and metadata may."""

    status = serializers.ChoiceField(choices=Invoice.Status.choices, required=False)


class QuotationInput(DocumentInput):
    """A new quotation."""

    quotation_number = Text(max_length=50, help_text="Default: the next number of the series.")
    valid_until = Day(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=Quotation.Status.choices, required=False, default=Quotation.Status.DRAFT)


class QuotationChange(QuotationInput):
    """What changes; after draft only status, notes, terms, valid_until and metadata may."""

    status = serializers.ChoiceField(choices=Quotation.Status.choices, required=False)


class PaymentInput(Strict):
    """A payment of one invoice."""

    amount = Number()
    payment_date = Day(required=False, allow_null=True, help_text="Default: today.")
    method = serializers.ChoiceField(choices=Payment.Method.choices, required=False, default=Payment.Method.OTHER)
    reference = Text(max_length=100)
    notes = LongText()
    metadata = Metadata()


class SendInput(Strict):
    """Whom to mail to, and what to say; the default is the customer's address and the business's text."""

    to = serializers.ListField(child=Text(required=True, max_length=254), required=False, max_length=50)
    cc = serializers.ListField(child=Text(required=True, max_length=254), required=False, max_length=50)
    bcc = serializers.ListField(child=Text(required=True, max_length=254), required=False, max_length=50)
    subject = Text()
    message = LongText()


class TextInput(Strict):
    """Which numbers to text to, and what to say; the default is the customer's contacts that want text messages."""

    to = serializers.ListField(child=Text(required=True, max_length=50), required=False, max_length=50)
    message = Text(max_length=1_600, help_text="`{link}` and the names of a mail's text are filled in.")


def texting(body: Mapping[str, Any]) -> Texting:
    """What a TextInput describes."""
    return Texting(to=body.get("to"), message=body.get("message"))


def envelope(body: Mapping[str, Any]) -> Envelope:
    """The envelope that a SendInput describes."""
    return Envelope(
        to=body.get("to"),
        cc=body.get("cc"),
        bcc=body.get("bcc") or (),
        subject=body.get("subject"),
        message=body.get("message"),
    )


def line_drafts(business: Business, items: list[dict[str, Any]]) -> list[LineDraft]:
    """Lines with their products found in one query; Invalid names the line whose product is not there."""
    wanted = {item["product_id"] for item in items if item.get("product_id")}
    products: dict[UUID, Product] = {}
    if wanted:
        products = {row.uuid: row for row in Product.objects.of(business).live().filter(uuid__in=wanted)}
    missing = [
        Detail(f"items.{index}.product_id", "No such row.")
        for index, item in enumerate(items)
        if item.get("product_id") and item["product_id"] not in products
    ]
    if missing:
        raise Invalid(f"{missing[0].field}: {missing[0].message}", details=missing)
    return [_draft(item, products.get(item.get("product_id"))) for item in items]  # type: ignore[arg-type]


def _draft(item: dict[str, Any], product: Product | None) -> LineDraft:
    given = {name: value for name, value in item.items() if name not in {"id", "product_id"}}
    return LineDraft(uuid=item.get("id"), product=product, **given)


def split_body(
    business: Business, body: dict[str, Any], number: str, customer: Customer | None
) -> tuple[dict[str, Any], list[LineDraft] | None, str | None, str | None]:
    """A document's body taken apart: fields, lines, number, status."""
    items = body.pop("items", None)
    lines = line_drafts(business, items) if items is not None else None
    taken, status = body.pop(number, None), body.pop("status", None)
    body.pop("customer_id", None)
    if customer is not None:
        body["customer"] = customer
    return body, lines, taken, status
