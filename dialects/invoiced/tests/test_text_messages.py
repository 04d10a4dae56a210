"""`/customers/:id/text_messages` and `/letters`, as the page's curl calls spell them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from billing import tasks
from businesses.models import Business
from dialects.invoiced.tests.conftest import Invoiced
from messaging import sending
from messaging.models import Message
from messaging.tests.local_providers import Local, connect_lob, connect_twilio, local_providers

TEXT = {
    "to[0][phone]": "11234567890",
    "to[0][name]": "Bob Loblaw",
    "message": "{{company_name}}: You have a new statement {{url}}",
    "type": "open_item",
}


@pytest.fixture
def local(alice: Business, invoiced: Invoiced, settings: Any) -> Iterator[Local]:
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    with local_providers() as local:
        connect_twilio(local, alice)
        connect_lob(local, alice)
        yield local


@pytest.fixture
def customer(invoiced: Invoiced) -> str:
    body = {"name": "Acme Inc.", "address1": "5301 Southwest Pkwy", "city": "Austin", "state": "TX", "country": "US"}
    return str(invoiced.post("/customers", {**body, "postal_code": "78735"}).json()["id"])


def test_a_text_message(invoiced: Invoiced, local: Local, customer: str, alice: Business) -> None:
    response = invoiced.post(f"/customers/{customer}/text_messages", form=TEXT)
    assert response.status_code == 201, response.content
    [text] = response.json()
    assert {name: text[name] for name in ("object", "state", "to")} == {
        "object": "text_message",
        "state": "sent",
        "to": "+11234567890",
    }
    assert len(bytes.fromhex(text["id"])) == 16
    assert text["created_at"] == text["updated_at"] > 1_700_000_000
    start, _, url = text["message"].partition("http://testserver")
    assert start == f"{alice.name}: You have a new statement "
    assert Client().get(url).status_code == 200
    sending.send_due()
    assert local.twilio.calls[0].form["Body"] == text["message"]


def test_to_contacts_that_want_it(invoiced: Invoiced, local: Local, customer: str) -> None:
    path = f"/customers/{customer}"
    assert invoiced.post(f"{path}/text_messages", {}).json()["param"] == "to"
    invoiced.post(f"{path}/contacts", {"name": "Eve", "phone": "+15125551212", "sms_enabled": True})
    invoiced.post(f"{path}/contacts", {"name": "Bob", "phone": "+15125551213", "sms_enabled": False})
    [text] = invoiced.post(f"{path}/text_messages", {"message": "{{customer_name}} {{url}} {{other}}"}).json()
    assert text["to"] == "+15125551212"
    assert text["message"].startswith("Acme Inc. http://testserver/s/")
    assert text["message"].endswith(" {{other}}")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"to": [{"name": "x"}]}, "to.0"),
        ({"to": [{"phone": "nonsense"}]}, "to.0"),
        ({"to": "x"}, "to"),
        ({"type": "weekly"}, "type"),
        ({"type": "balance_forward"}, "start"),
        ({"message": "x" * 1601}, "message"),
    ],
)
def test_bodies_that_cannot_be(invoiced: Invoiced, local: Local, customer: str, body: Any, param: str) -> None:
    response = invoiced.post(f"/customers/{customer}/text_messages", body)
    assert response.status_code == 400
    assert response.json()["param"] == param


def test_the_key_sent_again_texts_once_and_is_kept_encrypted(invoiced: Invoiced, local: Local, customer: str) -> None:
    from businesses.models import IdempotencyKey

    path = f"/customers/{customer}/text_messages"
    first, second = (invoiced.post(path, form=TEXT, **{"idempotency-key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert Message.objects.count() == 1
    kept = IdempotencyKey.objects.get(key="k")
    assert kept.encrypted
    assert b"/s/" not in bytes(kept.answer)


def test_a_letter(invoiced: Invoiced, local: Local, customer: str) -> None:
    response = invoiced.post(f"/customers/{customer}/letters", form={"type": "open_item"})
    assert response.status_code == 201, response.content
    [letter] = response.json()
    assert {name: letter[name] for name in ("object", "state", "to")} == {
        "object": "letter",
        "state": "queued",
        "to": "Acme Inc.\n5301 Southwest Pkwy\nAustin, TX 78735",
    }
    assert {"num_pages", "expected_delivery_date", "created_at", "updated_at"} < set(letter)
    tasks.prepare_messages()
    sending.send_due()
    assert len(local.lob.sent) == 1
    incomplete = invoiced.post("/customers", {"name": "B"}).json()["id"]
    assert invoiced.post(f"/customers/{incomplete}/letters", {}).json()["param"] == "address"


def test_an_invoice_is_texted_and_posted(invoiced: Invoiced, local: Local, customer: str) -> None:
    made = invoiced.post("/invoices", {"customer": int(customer), "items": [{"name": "A", "unit_cost": 5}]}).json()
    path = f"/invoices/{made['id']}"
    (text,) = invoiced.post(f"{path}/text_messages", {"to": [{"phone": "+11234567890"}]}).json()
    assert Client().get(text["message"].rpartition("http://testserver")[2]).status_code == 200
    posted = invoiced.post(f"{path}/letters")
    assert (posted.status_code, posted.json()[0]["object"]) == (201, "letter")
    for message in Message.objects.filter(state="preparing"):
        tasks.prepare_message(message.pk)
    sending.send_due()
    assert (len(local.twilio.calls), len(local.lob.calls)) == (1, 1)
