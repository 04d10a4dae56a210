"""Statements that are read under the customer's lock, and those that leave, by whatever way: proved, frozen, queued, told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.documents import freeze_statement, statement_name
from billing.models import KeptStatement
from billing.selectors.statement_proof import Ledger, prove
from billing.selectors.statements import Wanted, posted_for, statement_from, statement_of
from billing.serializers.statements import represent_statement
from billing.services.channels import Texting, queue_post, queue_texts
from billing.services.envelopes import Envelope, queue_mail
from businesses import audit
from businesses.audit import Actor
from businesses.links import create_link
from businesses.models import Business, StoredFile
from customers.families import family as family_of
from customers.models import Customer
from einvoicing.document import Statement
from invoicing.lib.errors import DomainError, NotFound
from invoicing.lib.money import to_major
from messaging.connections import require_connected
from messaging.models import Channel, Connection, Kind, Message
from messaging.private_links import PrivateLink
from webhooks.outbox import publish

PUBLIC_KIND = "statement"  # of a link to a kept statement


@transaction.atomic
def read_statement(customer: Customer, wanted: Wanted) -> Statement:
    """The statement; under the lock of its accounts nothing can be committed later that was recorded by its `known_at`.

    NotFound where the customer is deleted.
    """
    return _read(customer, wanted)


@transaction.atomic
def proved_statement(customer: Customer, wanted: Wanted) -> Statement:
    """The statement, fit to leave; StatementDoesNotProve (409) where the books contradict it."""
    return _proved(customer, wanted)


@transaction.atomic
def proved_statements(
    business: Business, asked: Sequence[tuple[Customer, str]], wanted: Wanted
) -> list[Statement | DomainError]:
    """The statement of each customer and currency, or why it has none; as many queries for many as for one, but for families."""
    return _prove_all(business, asked, wanted)


@transaction.atomic
def send_statement(customer: Customer, wanted: Wanted, envelope: Envelope, *, actor: Actor) -> Message:
    """Prove a statement, freeze it, and queue the mail that carries its PDF and a link to it that needs no login.

    Raises StatementDoesNotProve where the books contradict it, Invalid where there is no address, or one is wrong.
    """
    return mail_statement(customer, _proved(customer, wanted), envelope, actor=actor)


def mail_statement(
    customer: Customer, statement: Statement, envelope: Envelope, *, file: StoredFile | None = None, actor: Actor
) -> Message:
    """Freeze a statement that is proved and queue its mail, in the caller's transaction; without `file` a worker renders it."""
    kept = freeze_statement(customer.business, customer, statement, file)
    link = _link_to(kept, statement, actor)
    named = None if file is None else (file, statement_name(statement))
    message = queue_mail(
        kept, customer, Kind.STATEMENT, _values(statement), envelope, private_link=link, file=named, actor=actor
    )
    _tell(kept, statement, [message], actor)
    return message


@transaction.atomic
def text_statement(customer: Customer, wanted: Wanted, texting: Texting, *, actor: Actor) -> list[Message]:
    """Prove a statement, freeze it, and queue a text message to each number with a link to it that needs no login.

    Raises StatementDoesNotProve where the books contradict it, Conflict where Twilio is not connected, Invalid where there
    is no number, one is wrong, or the text is too long.
    """
    require_connected(customer.business, Connection.Provider.TWILIO)
    statement = _proved(customer, wanted)
    kept = freeze_statement(customer.business, customer, statement)
    link = _link_to(kept, statement, actor)
    values = _values(statement)
    messages = queue_texts(kept, customer, Kind.STATEMENT, values, texting, link=link, actor=actor)
    _tell(kept, statement, messages, actor)
    return messages


@transaction.atomic
def post_statement(customer: Customer, wanted: Wanted, *, actor: Actor) -> Message:
    """Prove a statement, freeze it, and queue the letter that carries it to the customer's address.

    Raises StatementDoesNotProve where the books contradict it, Conflict where Lob is not connected or the business has no
    full address, Invalid naming what is missing of the customer's.
    """
    require_connected(customer.business, Connection.Provider.LOB)
    statement = _proved(customer, wanted)
    kept = freeze_statement(customer.business, customer, statement)
    message = queue_post(kept, customer, Kind.STATEMENT, _values(statement), actor=actor)
    _tell(kept, statement, [message], actor)
    return message


def _tell(kept: KeptStatement, statement: Statement, messages: list[Message], actor: Actor) -> None:
    """Record that it has been sent: one event and one entry, to however many."""
    customer = kept.customer
    data = {"id": kept.uuid, "customer_id": customer.uuid, "statement": represent_statement(statement)}
    publish(kept.business, "statement.sent", data, actor=actor)
    sent = ", ".join(str(message.uuid) for message in messages)
    changes = {"customer": customer.number, "message": sent, "sha256": kept.sha256}
    changes |= {} if messages[0].channel == Channel.EMAIL else {"channel": messages[0].channel}
    audit.record(kept.business, actor, "statement.sent", kept, changes)


def _proved(customer: Customer, wanted: Wanted) -> Statement:
    (found,) = _prove_all(customer.business, [(customer, wanted.currency)], wanted)
    if isinstance(found, DomainError):
        raise found
    return found


def _prove_all(
    business: Business, asked: Sequence[tuple[Customer, str | None]], wanted: Wanted
) -> list[Statement | DomainError]:
    """Under the lock of everybody whose account is on one of them, read and proved together."""
    members = {head.pk: _members(head, wanted) for head, _ in asked}
    locked = {row.pk: row for row in _lock({pk for pks in members.values() for pk in pks})}
    posted = posted_for(business, [*locked.values()], wanted)
    ledger = Ledger([*locked.values()], posted.end, posted.known_at)

    def proved(head: Customer, currency: str | None) -> Statement | DomainError:
        try:
            family = _family(head, [locked[pk] for pk in members[head.pk]])
            statement = statement_from(posted, locked[head.pk], replace(wanted, currency=currency), family)
            prove(statement, ledger)
        except DomainError as refusal:
            return refusal
        return statement

    return [proved(*each) for each in asked]


def _read(customer: Customer, wanted: Wanted) -> Statement:
    family = _family(customer, _lock(_members(customer, wanted)))
    head = next(member for member in family if member.pk == customer.pk)
    return statement_of(head, wanted, family)


def _members(customer: Customer, wanted: Wanted) -> Collection[int]:
    return family_of(customer) if wanted.include_children else [customer.pk]


def _lock(pks: Collection[int]) -> list[Customer]:
    return list(Customer.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))


def _family(head: Customer, locked: list[Customer]) -> list[Customer]:
    """Whose accounts are on the statement of `head`; NotFound where that is deleted."""
    for member in locked:
        if member.pk == head.pk:
            if member.deleted_at is not None:
                raise NotFound("Customer not found")
            member.business = head.business
    return locked


def _link_to(kept: KeptStatement, statement: Statement, actor: Actor) -> PrivateLink:
    label = f"Statement of {statement.buyer.name}, {statement.end}"
    _, token = create_link(kept.business, kind=PUBLIC_KIND, subject=kept, label=label, actor=actor)
    return PrivateLink.to(f"{settings.PUBLIC_URL}{reverse('public-statement', args=[token])}")


def _values(statement: Statement) -> dict[str, str]:
    language = statement.language
    locale = statement.locale if statement.locale.startswith(language) else language
    total = to_major(statement.total_due_minor, statement.currency)
    return {
        "statement_date": format_date(statement.end, "long", locale=locale),
        "total": str(format_currency(total, statement.currency, locale=locale)),
    }
