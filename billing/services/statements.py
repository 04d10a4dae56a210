"""Statements that are read under the customer's lock, and statements that leave: proved, frozen, queued, told."""

from __future__ import annotations

from babel.dates import format_date
from babel.numbers import format_currency
from django.db import transaction

from billing.documents import freeze_statement
from billing.selectors.statement_proof import prove
from billing.selectors.statements import Wanted, statement_of
from billing.serializers.statements import represent_statement
from billing.services.envelopes import Envelope, queue_mail
from businesses import audit
from businesses.audit import Actor
from customers.models import Customer
from einvoicing.document import Statement
from invoicing.lib.money import to_major
from messaging.models import Kind, Message
from webhooks.outbox import publish


@transaction.atomic
def read_statement(customer: Customer, wanted: Wanted) -> Statement:
    """The statement; under the customer's lock nothing can be committed later that was recorded by its `known_at`.

    NotFound where the customer is deleted.
    """
    return statement_of(Customer.objects.lock_live(customer.pk), wanted)


@transaction.atomic
def proved_statement(customer: Customer, wanted: Wanted) -> Statement:
    """The statement, fit to leave; StatementDoesNotProve (409) where the books contradict it."""
    statement = read_statement(customer, wanted)
    prove(statement)
    return statement


@transaction.atomic
def send_statement(customer: Customer, wanted: Wanted, envelope: Envelope, *, actor: Actor) -> Message:
    """Prove a statement, freeze it, and queue the mail that carries its PDF.

    Raises StatementDoesNotProve where the books contradict it, Invalid where there is no address, or one is wrong.
    """
    business = customer.business
    statement = proved_statement(customer, wanted)
    kept = freeze_statement(business, customer, statement)
    message = queue_mail(kept, customer, Kind.STATEMENT, _values(statement), envelope, actor=actor)
    data = {"id": kept.uuid, "customer_id": customer.uuid, "statement": represent_statement(statement)}
    publish(business, "statement.sent", data, actor=actor)
    audit.record(business, actor, "statement.sent", kept, {"customer": customer.number, "message": str(message.uuid)})
    return message


def _values(statement: Statement) -> dict[str, str]:
    language = statement.language
    locale = statement.locale if statement.locale.startswith(language) else language
    total = to_major(statement.total_due_minor, statement.currency)
    return {
        "statement_date": format_date(statement.end, "long", locale=locale),
        "total": str(format_currency(total, statement.currency, locale=locale)),
    }
