"""Statements and invoices by text message and letter, from the call to what the provider has received."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from billing import tasks
from billing.models import Invoice, KeptStatement
from billing.tests.conftest import Make
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business, PublicLink
from businesses.services import update_business
from conftest import Api
from messaging import sending
from messaging.models import Message
from messaging.tests.local_providers import Local, connect_lob, connect_twilio, local_providers

ADDRESS = {"address": "5301 Southwest Pkwy", "city": "Austin", "state": "TX", "postal_code": "78735", "country": "US"}


@pytest.fixture
def local(alice: Business, settings: Any) -> Iterator[Local]:
    """Alice is connected to both."""
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    with local_providers() as local:
        connect_twilio(local, alice)
        connect_lob(local, alice)
        alice.refresh_from_db()
        yield local


@pytest.fixture
def reachable(api: Api, customer: str) -> str:
    """Acme, with an address and a contact that wants text messages."""
    api.patch(f"/customers/{customer}", ADDRESS)
    api.post(f"/customers/{customer}/contacts", {"name": "Eve", "phone": "(512) 555-1212", "sms_enabled": True})
    api.post(f"/customers/{customer}/contacts", {"name": "Bob", "phone": "+15125551213"})
    return customer


def leave() -> None:
    """What the workers do."""
    tasks.prepare_messages()
    sending.send_due()


def path_of(text: str) -> str:
    """Where the link in a text leads on this server."""
    return text.rsplit("http://testserver", 1)[1]


# Statements ----------------------------------------------------------------------------------------------------------
def test_a_statement_by_text(api: Api, local: Local, reachable: str, make_invoice: Make, events: Any) -> None:
    make_invoice(status="sent")
    answer = api.post(f"/customers/{reachable}/statement/text", {})
    assert answer.status_code == 202, answer.content
    [text] = answer.json()["messages"]
    assert (text["state"], text["to"]) == ("queued", "+15125551212")
    assert events()[-1] == "statement.sent"
    leave()
    [call] = local.twilio.calls
    assert call.form["To"] == "+15125551212"
    assert call.form["Body"].startswith("Alice")
    assert "$100.00" in call.form["Body"]
    page = Client().get(path_of(call.form["Body"]))
    assert (page.status_code, b"100.00" in page.content) == (200, True)
    message = Message.objects.get()
    assert "http" not in message.body_text
    assert message.subject_id == KeptStatement.objects.get().uuid
    entry = AuditEntry.objects.get(action="statement.sent")
    assert entry.changes["channel"] == "sms"


def test_in_other_words_to_others(api: Api, local: Local, reachable: str) -> None:
    body = {"to": ["+49 30 1234567", "512 555 1214"], "message": "{customer_name}! {link} {nonsense}"}
    api.patch(f"/customers/{reachable}", {"language": "de"})
    messages = api.post(f"/customers/{reachable}/statement/text", body).json()["messages"]
    assert [text["to"] for text in messages] == ["+49301234567", "+15125551214"]
    leave()
    texts = {call.form["Body"] for call in local.twilio.calls}
    assert len(texts) == 1
    assert texts.pop().startswith("Acme Corp! http://testserver/s/")
    api.post(f"/customers/{reachable}/statement/text", {})
    leave()
    assert "Kontoauszug" in local.twilio.calls[-1].form["Body"]


def test_a_statement_by_letter(api: Api, local: Local, reachable: str, make_invoice: Make, events: Any) -> None:
    make_invoice(status="sent")
    answer = api.post(f"/customers/{reachable}/statement/letter", {"type": "open_item"})
    assert answer.status_code == 202, answer.content
    letter = answer.json()
    assert (letter["state"], letter["num_pages"], letter["expected_delivery_date"]) == ("queued", None, None)
    assert letter["to"] == "Acme Corp\n5301 Southwest Pkwy\nAustin, TX 78735"
    assert events()[-1] == "statement.sent"
    leave()
    [call] = local.lob.calls
    assert "100.00" in PdfReader(BytesIO(call.file)).pages[0].extract_text()
    assert call.file == bytes(KeptStatement.objects.get().file.content)  # type: ignore[union-attr]
    message = Message.objects.get()
    assert (message.state, message.num_pages) == ("sent", 2)
    assert not PublicLink.objects.exists()


def test_letters_are_printed_on_us_letter_wherever_the_business_is(
    api: Api, local: Local, reachable: str, make_invoice: Make, alice: Business
) -> None:
    update_business(alice, changes={"country": "DE"}, actor=SYSTEM)
    invoice = make_invoice(status="sent")
    api.post(f"/invoices/{invoice['id']}/letter")
    api.post(f"/customers/{reachable}/statement/letter")
    leave()
    assert [message.last_error for message in Message.objects.all()] == ["", ""]
    assert len(local.lob.sent) == 2
    kept = api.get(f"/invoices/{invoice['id']}/pdf").content
    assert round(PdfReader(BytesIO(kept)).pages[0].mediabox.height) == 842
    assert local.lob.calls[0].form["to[address_country]"] == "US"


# Invoices ------------------------------------------------------------------------------------------------------------
def test_an_invoice_by_text(api: Api, local: Local, reachable: str, make_invoice: Make, events: Any) -> None:
    draft = make_invoice()
    answer = api.post(f"/invoices/{draft['id']}/text", {})
    assert (answer.status_code, answer.json()["status"]) == (202, "sent")
    assert events()[-1] == "invoice.sent"
    leave()
    [call] = local.twilio.calls
    assert f"Invoice {draft['invoice_number']} over $100.00" in call.form["Body"]
    stranger, path = Client(), path_of(call.form["Body"])
    response = stranger.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response.content == api.get(f"/invoices/{draft['id']}/pdf").content
    assert response["X-Robots-Tag"].startswith("noindex")
    link = PublicLink.objects.get()
    assert (str(link.subject_id), link.opened_at is not None) == (draft["id"], True)
    assert api.delete(f"/public-links/{link.uuid}").status_code == 204
    assert stranger.get(path).status_code == 404
    assert stranger.get("/s/i/" + "0" * 64).content == stranger.get(path).content
    assert stranger.get(path.replace("/s/i/", "/s/")).status_code == 404


def test_an_invoice_by_letter(api: Api, local: Local, reachable: str, make_invoice: Make) -> None:
    draft = make_invoice()
    answer = api.post(f"/invoices/{draft['id']}/letter")
    assert (answer.status_code, answer.json()["status"]) == (202, "sent")
    leave()
    [call] = local.lob.calls
    assert call.file == api.get(f"/invoices/{draft['id']}/pdf").content
    assert api.post(f"/invoices/{draft['id']}/letter", {}).status_code == 202
    leave()
    assert len(local.lob.sent) == 2  # asked for twice, it is sent twice


@pytest.mark.parametrize("way", ["text", "letter"])
def test_a_cancelled_invoice_goes_nowhere(api: Api, local: Local, reachable: str, make_invoice: Make, way: str) -> None:
    invoice = make_invoice(status="sent")
    api.patch(f"/invoices/{invoice['id']}", {"status": "cancelled"})
    answer = api.post(f"/invoices/{invoice['id']}/{way}", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "state_does_not_allow")
    assert not Message.objects.exists()


# Refused -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("text", "Twilio must be connected to send text messages."),
        ("letter", "Lob must be connected to send letters."),
    ],
)
def test_not_connected(api: Api, reachable: str, make_invoice: Make, way: str, sentence: str) -> None:
    draft = make_invoice()
    for path in (f"/customers/{reachable}/statement/{way}", f"/invoices/{draft['id']}/{way}"):
        answer = api.post(path, {})
        assert (answer.status_code, answer.json()["code"], answer.json()["error"]) == (409, "not_connected", sentence)
    assert Invoice.objects.get().status == "draft"
    assert not KeptStatement.objects.exists()


def test_anothers_connection_is_not_ones_own(bob_api: Api, local: Local) -> None:
    theirs = bob_api.post("/customers", {"name": "B", **ADDRESS}).json()["id"]
    assert bob_api.post(f"/customers/{theirs}/statement/text", {"to": ["+15125551212"]}).status_code == 409
    assert bob_api.post(f"/customers/{theirs}/statement/letter", {}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": []}, "to"),
        ({"to": ["nobody"]}, "to.0"),
        ({"to": ["+15125551212", "1"]}, "to.1"),
        ({"to": "+15125551212"}, "to"),
        ({"to": ["+15125551212"], "message": "x" * 1601}, "message"),
        ({"to": ["+15125551212"], "message": "{link} " * 30}, "message"),
        ({"to": ["+15125551212"], "subject": "x"}, "subject"),
    ],
)
def test_whom_and_what_cannot_be(
    api: Api, local: Local, customer: str, make_invoice: Make, body: Any, field: str
) -> None:
    draft = make_invoice()
    for path in (f"/customers/{customer}/statement/text", f"/invoices/{draft['id']}/text"):
        answer = api.post(path, body)
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)
    assert Invoice.objects.get().status == "draft"
    assert not Message.objects.exists()
    assert not PublicLink.objects.exists()


def test_what_is_missing_of_the_address(api: Api, local: Local, customer: str, make_invoice: Make) -> None:
    draft = make_invoice()
    for path in (f"/customers/{customer}/statement/letter", f"/invoices/{draft['id']}/letter"):
        answer = api.post(path, {})
        assert answer.status_code == 400
        fields = [detail["field"] for detail in answer.json()["details"]]
        assert fields == ["address", "city", "postal_code", "country"]
    assert Invoice.objects.get().status == "draft"


def test_a_dry_run_sends_nothing(api: Api, local: Local, reachable: str) -> None:
    texts = api.post(f"/customers/{reachable}/statement/text?dry_run=true", {}).json()["messages"]
    assert [(text["id"], text["to"]) for text in texts] == [(None, "+15125551212")]
    assert api.post(f"/customers/{reachable}/statement/letter?dry_run=true", {}).json()["id"] is None
    assert not Message.objects.exists()


def test_the_key_sent_again_sends_once(api: Api, local: Local, reachable: str) -> None:
    path = f"/customers/{reachable}/statement/text"
    first, second = (api.post(path, {}, Idempotency_Key="k") for _ in range(2))
    assert first.json() == second.json()
    leave()
    assert len(local.twilio.calls) == 1


def test_mail_goes_its_own_way(
    api: Api, local: Local, reachable: str, settings: Any, tmp_path: Any, make_invoice: Make
) -> None:
    settings.EMAIL_TO_FILES, settings.DATA_DIR = True, tmp_path
    invoice = make_invoice()
    api.post(f"/invoices/{invoice['id']}/send", {})
    api.post(f"/invoices/{invoice['id']}/text", {})
    api.post(f"/invoices/{invoice['id']}/letter", {})
    leave()
    channels = Message.objects.order_by("pk").values_list("channel", "state")
    assert list(channels) == [("email", "sent"), ("sms", "sent"), ("letter", "sent")]
    assert len(list((tmp_path / "mail").iterdir())) == 1


# The admin -----------------------------------------------------------------------------------------------------------
Browse = Callable[..., Client]


def test_buttons_where_a_provider_is_connected(
    api: Api, alice: Business, local: Local, reachable: str, make_invoice: Make
) -> None:
    from billing.tests.admin_cast import browser
    from customers.models import Customer

    row = Invoice.objects.get(uuid=make_invoice(status="sent")["id"])
    owner, page = browser(alice), f"/admin/billing/invoice/{row.pk}"
    shown = owner.get(f"{page}/change/").content.decode()
    assert f"{page}/send-text/" in shown
    assert f"{page}/send-letter/" in shown
    form = owner.get(f"{page}/send-text/").content.decode()
    assert "+15125551212" in form
    assert owner.post(f"{page}/send-text/", {"_do": "yes", "to": "x", "message": ""}).status_code == 400
    sent = owner.post(f"{page}/send-text/", {"_do": "yes", "to": "512-555-1299", "message": "Look: {link}"})
    assert sent.status_code == 302
    assert owner.get(f"{page}/send-letter/").status_code == 200
    assert owner.post(f"{page}/send-letter/", {"_do": "yes"}).status_code == 302
    customer = Customer.objects.get()
    statement = f"/admin/customers/customer/{customer.pk}/statement/"
    shown = owner.get(statement).content.decode()
    assert 'name="_text"' in shown
    assert 'name="_letter"' in shown
    body = {
        "type": "open_item",
        "currency": "USD",
        "end": "2026-05-04",
        "to": "",
        "cc": "",
        "subject": "",
        "message": "",
    }
    for button in ("_text", "_letter"):
        assert owner.post(statement, {**body, button: "yes"}).status_code == 302
    leave()
    assert sorted(call.form["To"] for call in local.twilio.calls) == ["+15125551212", "+15125551299"]
    assert len(local.lob.sent) == 2
    shown = owner.get(f"{page}/change/").content.decode()
    assert "Sent by text" in shown
    assert "Sent by post" in shown
    assert owner.get("/admin/messaging/message/").status_code == 200
    for message in Message.objects.all():
        assert owner.get(f"/admin/messaging/message/{message.pk}/change/").status_code == 200


def test_no_buttons_and_no_way_otherwise(
    api: Api, alice: Business, local: Local, reachable: str, make_invoice: Make
) -> None:
    from billing.tests.admin_cast import browser
    from messaging.models import Connection

    row = Invoice.objects.get(uuid=make_invoice(status="sent")["id"])
    page = f"/admin/billing/invoice/{row.pk}"
    viewer = browser(alice, "viewer")
    assert "send-text" not in viewer.get(f"{page}/change/").content.decode()
    assert viewer.post(f"{page}/send-text/", {"_do": "yes", "to": "+15125551212"}).status_code == 403
    Connection.objects.all().delete()
    owner = browser(alice)
    assert "send-text" not in owner.get(f"{page}/change/").content.decode()
    refused = owner.post(f"{page}/send-letter/", {"_do": "yes"})
    assert (refused.status_code, b"Lob must be connected" in refused.content) == (400, True)
    assert not Message.objects.exists()
