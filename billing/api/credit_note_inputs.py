"""The bodies that credit notes are made from: of an invoice, or of the account."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers

from billing.api.inputs import DocumentInput
from billing.api.payment_inputs import minor_or_all
from billing.models import CreditNote
from billing.services.credit_notes import Credit
from billing.services.lines import MAX_LINES
from businesses.models import Business
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.fields import Day, LongText, Metadata, Number, Reference, Strict, Text

_NUMBER_HELP = "Default: the next number of the series."
_EITHER = "Give either invoice_id, to credit an invoice, or customer_id, to credit the account."


class CreditedItem(Strict):
    """How many units of an invoice's line are credited; of a line with a negative quantity it is negative too."""

    invoice_item_id = Reference()
    quantity = Number(required=False, allow_null=True, help_text="Default: whatever is left of the line.")


class InvoiceCreditChange(Strict):
    """What changes of a credit note of an invoice; once it is issued only status, notes, terms and metadata may.

    `amount` or `items` draw it anew.
    """

    amount = Number(
        required=False,
        allow_null=True,
        help_text="With tax, spread over all that is left of the invoice; not with items.",
    )
    items = CreditedItem(  # type: ignore[call-arg]
        many=True,
        allow_empty=False,
        max_length=MAX_LINES,
        required=False,
        allow_null=True,
        help_text="Which lines are credited; not with amount. Neither of them: all that is left.",
    )
    credit_note_number = Text(max_length=50, help_text=_NUMBER_HELP)
    issue_date = Day(required=False, allow_null=True, help_text="Default: today. Not before the invoice's.")
    status = serializers.ChoiceField(choices=CreditNote.Status.choices, required=False)
    notes = LongText()
    terms = LongText()
    template_type = serializers.ChoiceField(
        choices=Business.Template.choices, required=False, allow_null=True, help_text="Default: the invoice's."
    )
    purchase_order = Text(max_length=100, help_text="Default: the invoice's.")
    reference = Text(max_length=100, help_text="Default: the invoice's.")
    metadata = Metadata()


class InvoiceCreditInput(InvoiceCreditChange):
    """A new credit note of an invoice: of an amount, of lines, or (neither) of all that is left."""

    invoice_id = Reference()
    status = serializers.ChoiceField(choices=CreditNote.Status.choices, required=False, default=CreditNote.Status.DRAFT)


class AccountCreditInput(DocumentInput):
    """A new credit note of the account, with lines of its own, priced like an invoice's."""

    credit_note_number = Text(max_length=50, help_text=_NUMBER_HELP)
    status = serializers.ChoiceField(choices=CreditNote.Status.choices, required=False, default=CreditNote.Status.DRAFT)


class AccountCreditChange(AccountCreditInput):
    """What changes of a credit note of the account; once it is issued only status, notes, terms and metadata may."""

    status = serializers.ChoiceField(choices=CreditNote.Status.choices, required=False)


def credits_invoice(body: Any) -> bool:
    """Whether a new credit note's body names an invoice; Invalid where it names the customer as well, or neither."""
    names = [name for name in ("invoice_id", "customer_id") if isinstance(body, Mapping) and name in body]
    if len(names) != 1:
        raise Invalid(_EITHER, details=[Detail("invoice_id", _EITHER), Detail("customer_id", _EITHER)])
    return names == ["invoice_id"]


def take_credit(body: dict[str, Any], currency: str) -> Credit | None:
    """What a body wants credited of an invoice in `currency`, taken out of it; None where it does not say."""
    amount, items = body.pop("amount", None), body.pop("items", None)
    if amount is not None and items is not None:
        raise Invalid.field("amount", "Give amount or items, not both.")
    if amount is None and items is None:
        return None
    return Credit(amount_minor=minor_or_all(amount, currency), quantities=None if items is None else _quantities(items))


def _quantities(items: list[dict[str, Any]]) -> dict[UUID, Decimal | None]:
    quantities: dict[UUID, Decimal | None] = {}
    for index, item in enumerate(items):
        if item["invoice_item_id"] in quantities:
            raise Invalid.field(f"items.{index}.invoice_item_id", "Named twice.")
        quantities[item["invoice_item_id"]] = item.get("quantity")
    return quantities
