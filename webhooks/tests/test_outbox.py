"""Events are recorded with the change, frozen, and queued for those who asked."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from businesses.audit import SYSTEM
from businesses.models import Business
from invoicing.lib import clock, json
from webhooks.catalog import EVENT_NAMES
from webhooks.models import Delivery, Endpoint, Event
from webhooks.outbox import publish
from webhooks.services.endpoints import create_endpoint, delete_endpoint, disable_endpoint

pytestmark = pytest.mark.django_db


def subscribe(business: Business, *events: str) -> Endpoint:
    return create_endpoint(business, url="https://example.com/hook", events=events, actor=SYSTEM)[0]


def test_body_is_the_contracts_envelope(alice: Business, tell: Any, start: Any) -> None:
    subscribe(alice, "*")
    customer = uuid.uuid4()
    with clock.at(start):
        event = tell(total=Decimal("29.99"), quantity=3, customer=customer, due=date(2026, 5, 1), note="Müller", x=None)
    assert bytes(Delivery.objects.get().body).decode() == (
        f'{{"id":"evt_{event.uuid.hex}","type":"invoice.paid","created_at":"2026-04-01T10:00:00.000Z",'
        f'"business_id":"{alice.uuid}","data":{{"total":29.99,"quantity":3,"customer":"{customer}",'
        '"due":"2026-05-01","note":"Müller","x":null}}'
    )


def test_only_who_asked_gets_it(alice: Business, bob: Business, tell: Any) -> None:
    everything, named, other = subscribe(alice, "*"), subscribe(alice, "invoice.paid"), subscribe(alice, "invoice.sent")
    stranger, gone = subscribe(bob, "*"), subscribe(alice, "*")
    delete_endpoint(gone, actor=SYSTEM)
    tell("invoice.paid")
    assert set(Delivery.objects.values_list("endpoint", flat=True)) == {everything.pk, named.pk}
    assert not Delivery.objects.filter(endpoint__in=[other, stranger]).exists()


def test_a_disabled_endpoint_holds(alice: Business, tell: Any) -> None:
    disable_endpoint(subscribe(alice, "*"), reason="tired", actor=SYSTEM)
    tell()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.next_attempt_at) == ("held", None)


def test_previous_and_actor_are_kept(alice: Business) -> None:
    with transaction.atomic():
        publish(alice, "customer.updated", {"id": 1}, actor=SYSTEM, previous={"name": "Old", "limit": Decimal("1.5")})
    event = Event.objects.get()
    assert json.decode((event.previous or "").encode()) == {"name": "Old", "limit": Decimal("1.5")}
    assert event.actor == {"kind": "system", "id": None, "name": "System"}


def test_names_come_from_the_catalogue(tell: Any) -> None:
    assert {"recurring_invoice.completed", "credit_note.sent", "statement.sent", "webhook.test"} <= EVENT_NAMES
    with pytest.raises(ValueError, match="not in webhooks/catalog"):
        tell("invoice.payed")


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_nothing(alice: Business) -> None:
    subscribe(alice, "*")
    with transaction.atomic():
        publish(alice, "invoice.paid", {}, actor=SYSTEM)
        assert Delivery.objects.exists()
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_refuses(alice: Business) -> None:
    with pytest.raises(TransactionManagementError):
        publish(alice, "invoice.paid", {}, actor=SYSTEM)
    assert not Event.objects.exists()
