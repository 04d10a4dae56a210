"""Statements that are read under the customer's lock, and statements that leave: proved, frozen, queued, told."""

from __future__ import annotations

from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.documents import freeze_statement
from billing.models import KeptStatement
from billing.selectors.statement_proof import prove
from billing.selectors.statements import Wanted, statement_of
from billing.serializers.statements import represent_statement
from billing.services.envelopes import Envelope, queue_mail
from businesses import audit
from businesses.audit import Actor
from businesses.links import create_link
from customers.families import family
from customers.models import Customer
from einvoicing.document import Statement
from invoicing.lib.errors import NotFound
from invoicing.lib.money import to_major
from messaging.models import Kind, Message
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
def send_statement(customer: Customer, wanted: Wanted, envelope: Envelope, *, actor: Actor) -> Message:
    """Prove a statement, freeze it, and queue the mail that carries its PDF and a link to it that needs no login.

    Raises StatementDoesNotProve where the books contradict it, Invalid where there is no address, or one is wrong.
    """
    business = customer.business
    statement = _proved(customer, wanted)
    kept = freeze_statement(business, customer, statement)
    link = _link_to(kept, statement, actor)
    message = queue_mail(kept, customer, Kind.STATEMENT, _values(statement), envelope, private_link=link, actor=actor)
    data = {"id": kept.uuid, "customer_id": customer.uuid, "statement": represent_statement(statement)}
    publish(business, "statement.sent", data, actor=actor)
    changes = {"customer": customer.number, "message": str(message.uuid), "sha256": kept.sha256}
    audit.record(business, actor, "statement.sent", kept, changes)
    return message


def _proved(customer: Customer, wanted: Wanted) -> Statement:
    """In the caller's transaction: a run makes thousands, and each savepoint is two more round trips."""
    statement = _read(customer, wanted)
    prove(statement)
    return statement


def _read(customer: Customer, wanted: Wanted) -> Statement:
    members = family(customer) if wanted.include_children else [customer.pk]
    locked = list(Customer.objects.select_for_update(no_key=True).filter(pk__in=members).order_by("pk"))
    head = next(member for member in locked if member.pk == customer.pk)
    if head.deleted_at is not None:
        raise NotFound("Customer not found")
    head.business = customer.business
    return statement_of(head, wanted, locked)


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
