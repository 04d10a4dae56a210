"""Whom a document is mailed to and in which words: one way for documents, receipts and statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.models import CreditNote, Invoice, KeptStatement, Payment, Quotation
from billing.selectors.documents import language_of
from businesses.audit import Actor
from businesses.models import StoredFile
from customers.models import Contact, Customer
from invoicing.lib.errors import Invalid
from invoicing.lib.wake import wake
from messaging.models import Message
from messaging.private_links import PrivateLink
from messaging.services import queue_message
from messaging.texts import render_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Whom a message goes to and what it says; what is None has a default."""

    to: Sequence[str] | None = None
    cc: Sequence[str] | None = None
    bcc: Sequence[str] = ()
    subject: str | None = None
    message: str | None = None


def addressed(envelope: Envelope, customer: Customer) -> tuple[list[str], list[str]]:
    """To and cc: the given ones, else the customer's e-mail with its primary contacts copied.

    Invalid on `email` where there is no address at all.
    """
    if envelope.to:
        return list(envelope.to), list(envelope.cc or ())
    contacts = Contact.objects.filter(customer=customer, primary=True).exclude(email=None).order_by("id")
    copied = [str(contact.email) for contact in contacts]
    to = [customer.email] if customer.email else copied[:1]
    if not to:
        raise Invalid.field("email", "The customer has no e-mail address: give one in `to`.")
    cc = list(envelope.cc) if envelope.cc is not None else [address for address in copied if address not in to]
    return to, cc


def queue_mail(
    row: Invoice | Quotation | CreditNote | Payment | KeptStatement,
    customer: Customer,
    kind: str,
    values: Mapping[str, str],
    envelope: Envelope,
    *,
    private_link: PrivateLink | None = None,
    file: tuple[StoredFile, str] | None = None,
    actor: Actor,
) -> Message:
    """Queue the message that carries the row's PDF: the `file`, or it leaves once a worker has rendered that.

    `private_link` becomes a button; what is stored has its marker alone. Invalid where there is no address, or one is wrong.
    """
    to, cc = addressed(envelope, customer)
    link = {"link": private_link.marker} if private_link else {}
    named = {"customer_name": customer.name, **values, **link}
    words = {"subject": envelope.subject, "message": envelope.message}
    text = render_text(row.business, kind, language_of(customer), named, **words)
    message = queue_message(
        row.business,
        kind=kind,
        to=to,
        cc=cc,
        bcc=envelope.bcc,
        subject=text.subject,
        body_text=text.body_text,
        body_html=text.body_html,
        language=text.language,
        subject_row=row,
        attachments=[file] if file else (),
        preparing=file is None,
        private_link=private_link,
        actor=actor,
    )
    if file is None:
        wake("billing.tasks.prepare_message", message.pk)
    return message
