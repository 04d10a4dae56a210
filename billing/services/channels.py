"""Whom a document is texted or posted to: one way for documents and statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.models import Invoice, KeptStatement
from billing.selectors.documents import language_of
from businesses.audit import Actor
from customers.models import Contact, Customer
from invoicing.lib.errors import Invalid
from invoicing.lib.wake import wake
from messaging.models import Message
from messaging.phones import clean_phones
from messaging.postal import PostalAddress
from messaging.private_links import PrivateLink
from messaging.services import queue_letter, queue_text
from messaging.texts import render_short


@dataclass(frozen=True, slots=True, kw_only=True)
class Texting:
    """Which numbers are texted and what it says; what is None has a default. `{link}` is where the link goes."""

    to: Sequence[str] | None = None
    message: str | None = None


def numbers_of(texting: Texting, customer: Customer) -> list[str]:
    """The numbers that are given, else those of the customer's contacts that want text messages.

    Invalid on `to` where there is none, or on each that is wrong (`to.0`).
    """
    country = customer.country or customer.business.country
    if texting.to:
        return clean_phones(texting.to, country)
    wanting = Contact.objects.of(customer.business_id).filter(customer=customer, sms_enabled=True)
    phones = wanting.exclude(phone=None).order_by("id").values_list("phone", flat=True)
    if not phones:
        raise Invalid.field("to", "No contact of the customer takes text messages: give numbers in `to`.")
    return clean_phones([str(phone) for phone in phones], country)


def queue_texts(
    row: Invoice | KeptStatement,
    customer: Customer,
    kind: str,
    values: Mapping[str, str],
    texting: Texting,
    *,
    link: PrivateLink,
    actor: Actor,
) -> list[Message]:
    """Queue a text message to each number; Conflict without Twilio, Invalid for numbers and for too long a text."""
    named = {"customer_name": customer.name, **values, "link": link.marker}
    text = render_short(row.business, kind, language_of(customer), named, message=texting.message)
    return [
        queue_text(
            row.business,
            kind=kind,
            to=number,
            subject=text.subject,
            body=text.body_text,
            language=text.language,
            subject_row=row,
            private_link=link,
            actor=actor,
        )
        for number in numbers_of(texting, customer)
    ]


def queue_post(
    row: Invoice | KeptStatement, customer: Customer, kind: str, values: Mapping[str, str], *, actor: Actor
) -> Message:
    """Queue the letter that carries the row's PDF to the customer's address; it leaves once a worker has rendered that.

    Conflict without Lob or a return address, Invalid naming what is missing of the customer's address.
    """
    named = {"customer_name": customer.name, **values}
    text = render_short(row.business, kind, language_of(customer), named)
    address = PostalAddress.of(customer, name=customer.legal_name or "", attention_to=customer.attention_to or "")
    message = queue_letter(
        row.business,
        kind=kind,
        to=address,
        subject=text.subject,
        language=text.language,
        subject_row=row,
        actor=actor,
    )
    wake("billing.tasks.prepare_message", message.pk)
    return message
