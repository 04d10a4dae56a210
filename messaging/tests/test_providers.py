"""Text messages and letters through local servers that implement the documented endpoints."""

from __future__ import annotations

import os
import socketserver
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from threading import Thread
from typing import Any
from urllib.parse import quote_plus

import pytest
from pypdf import PdfWriter

from businesses.audit import SYSTEM
from businesses.files import store_file
from businesses.models import AuditEntry, Business
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Invalid
from invoicing.lib.ids import secret_hex
from messaging import sending, tasks
from messaging.connections import connection_of, disconnect_provider
from messaging.models import Connection, Message, State
from messaging.postal import PostalAddress
from messaging.private_links import PrivateLink
from messaging.services import attach_and_queue, queue_letter, queue_text, retry_message
from messaging.tests.conftest import NOON
from messaging.tests.local_providers import (
    SID,
    TOKEN,
    Lob,
    Local,
    Twilio,
    connect_lob,
    connect_twilio,
    local_providers,
)

ADA = PostalAddress("Ada GmbH", "Ms Lovelace", "1 Main St", "Floor 2", "Austin", "TX", "78735", "US")


@pytest.fixture
def local(settings: Any) -> Iterator[Local]:
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    with local_providers() as local:
        yield local


@pytest.fixture
def text(alice: Business, local: Local) -> Callable[..., Message]:
    """Queue a text message of Alice's, who is connected."""
    connect_twilio(local, alice)

    def make(body: str = "Grüße & mehr", to: str = "+15125551212", **more: Any) -> Message:
        return queue_text(alice, kind="invoice", to=to, subject="Invoice 1", body=body, actor=SYSTEM, **more)

    return make


@pytest.fixture
def letter(alice: Business, local: Local) -> Callable[..., Message]:
    """Queue a letter of Alice's with a PDF of one US Letter page."""
    connect_lob(local, alice)
    alice.refresh_from_db()

    def make(to: PostalAddress = ADA, pdf: bytes = b"") -> Message:
        message = queue_letter(alice, kind="invoice", to=to, subject="Invoice 1", actor=SYSTEM)
        return attach_and_queue(message, [(store_file(alice, pdf or a_pdf(), "application/pdf"), "INV-1.pdf")])

    return make


def a_pdf(weight: int = 0) -> bytes:
    """One page of 8.5 × 11 inches; `weight` bytes that nobody can compress are in it."""
    writer, content = PdfWriter(), BytesIO()
    writer.add_blank_page(612, 792)
    if weight:
        writer.add_attachment("noise", os.urandom(weight))
    writer.write(content)
    return content.getvalue()


# Text messages -------------------------------------------------------------------------------------------------------
def test_a_text_message_as_twilio_documents_it(text: Any, local: Local) -> None:
    link = PrivateLink.to("https://example.com/s/i/secret")
    message = text(f"Grüße & mehr: {link.marker}", private_link=link)
    assert (message.channel, message.state, message.message_id) == ("sms", State.QUEUED, "")
    tasks.send_message(message.pk)
    [call] = local.twilio.calls
    assert call.path == Twilio.path
    assert call.form == {
        "To": "+15125551212",
        "From": "+14155550100",
        "Body": "Grüße & mehr: https://example.com/s/i/secret",
    }
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == (State.SENT, 1, "")
    assert [message.provider_id] == list(local.twilio.sent)
    assert message.sealed_link == ""
    assert "secret" not in message.full_text()


def test_a_messaging_service_chooses_the_number(alice: Business, text: Any, local: Local) -> None:
    service = "MG" + "0" * 32
    connect_twilio(local, alice, sender=service)
    tasks.send_message(text().pk)
    assert local.twilio.calls[0].form["MessagingServiceSid"] == service
    assert "From" not in local.twilio.calls[0].form


@pytest.mark.parametrize("sender", ["MG Motors", "MGM"])
def test_a_name_that_begins_as_a_service_is_a_name(alice: Business, text: Any, local: Local, sender: str) -> None:
    connect_twilio(local, alice, sender=sender)
    tasks.send_message(text().pk)
    assert local.twilio.calls[0].form["From"] == sender


def test_what_twilio_refuses_has_failed_for_good(text: Any, local: Local) -> None:
    local.twilio.next_answers.append(Twilio.refuse(400, 21610, "Attempt to send to unsubscribed recipient"))
    message = text()
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert message.state == State.FAILED
    assert message.last_error == "400 Attempt to send to unsubscribed recipient (21610)"
    assert sending.send_due() == 0
    retry_message(message, actor=SYSTEM)
    assert sending.send_due() == 1
    message.refresh_from_db()
    assert message.state == State.SENT


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_another_time_it_may(text: Any, local: Local, status: int) -> None:
    local.twilio.next_answers.append(Twilio.refuse(status, 20500, "An internal server error has occurred"))
    with clock.at(NOON):
        message = text()
        tasks.send_message(message.pk)
        message.refresh_from_db()
        assert (message.state, message.resends) == (State.QUEUED, 0)
        assert message.last_error.startswith(f"{status} An internal")
        assert sending.send_due() == 0
    with clock.at(NOON + sending.DELAYS[0]):
        assert sending.send_due() == 1
    message.refresh_from_db()
    assert (message.state, message.attempts, len(local.twilio.sent)) == (State.SENT, 2, 1)


def test_too_many_at_once_costs_the_others_no_attempt(text: Any, local: Local, bob: Business) -> None:
    local.twilio.next_answers.append(Twilio.refuse(429, 20429, "Too Many Requests"))
    first = [text(), text(), text()]
    assert sending.send_due() == 1
    assert [Message.objects.get(pk=message.pk).attempts for message in first] == [1, 0, 0]
    assert sending.send_due() == 2


def test_killed_between_sending_and_recording_is_one_repeat(text: Any, local: Local, alice: Business) -> None:
    with clock.at(NOON):
        message = text()
        claimed = sending.claim(message.pk)
        assert claimed is not None
        ways = sending.Ways()
        ways.of(claimed).deliver(claimed, patient=True, commit=lambda: None)  # and nobody records it
        ways.close()
        assert sending.send_due() == 0
    with clock.at(NOON + sending.LEASE + timedelta(seconds=1)):
        assert sending.send_due() == 1
        assert sending.send_due() == 0
    message.refresh_from_db()
    assert (message.state, message.resends, len(local.twilio.calls)) == (State.SENT, 1, 2)


def test_no_answer_is_not_a_refusal(text: Any, local: Local, settings: Any) -> None:
    """A port where nobody listens has certainly not taken it; a host that may not be dialled neither."""
    Connection.objects.update(base_url="http://127.0.0.1:9")
    message = text()
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.QUEUED, "The connection was refused or not possible.")
    settings.OUTGOING_ALLOW_NETS = []
    with clock.at(clock.later(hours=1)):
        tasks.send_message(message.pk)
    message.refresh_from_db()
    assert (message.state, message.resends) == (State.QUEUED, 0)
    assert "https://" in message.last_error


class _HangsUp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(65_536)


def test_who_hangs_up_may_have_taken_it(text: Any, local: Local) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _HangsUp) as server:
        Thread(target=server.handle_request, daemon=True).start()
        Connection.objects.update(base_url=f"http://127.0.0.1:{server.server_address[1]}")
        with clock.at(NOON):
            message = text()
            tasks.send_message(message.pk)
    message.refresh_from_db()
    assert (message.state, message.lease_until) == (State.SENDING, NOON + sending.DELAYS[0])
    assert message.last_error == "The connection was closed before an answer."
    Connection.objects.update(base_url=local.url.rstrip("/"))
    with clock.at(NOON + sending.DELAYS[0]):
        assert sending.send_due() == 1
    message.refresh_from_db()
    assert (message.state, message.resends) == (State.SENT, 1)


def test_a_text_without_an_answer_is_repeated_once_only(text: Any, local: Local) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _HangsUp) as server:
        Thread(target=lambda: [server.handle_request() for _ in range(2)], daemon=True).start()
        Connection.objects.update(base_url=f"http://127.0.0.1:{server.server_address[1]}")
        with clock.at(NOON):
            message = text()
            tasks.send_message(message.pk)
        with clock.at(NOON + sending.DELAYS[0]):
            assert sending.send_due() == 1
    message.refresh_from_db()
    assert (message.state, message.resends) == (State.FAILED, 1)
    assert "it may have arrived" in message.last_error


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"sid": 7}',
        b'{"sid": "\\u0000"}',
        b'{"sid": "' + b"x" * 99_000,
        b"\xff\xfe",
        b"[" * 40_000,
    ],
)
def test_whatever_an_acceptance_says_it_is_one(text: Any, local: Local, body: bytes) -> None:
    from werkzeug import Response

    local.twilio.next_answers.append(Response(body, 201))
    message = text()
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert (message.state, message.provider_id) == (State.SENT, "")


def test_one_that_is_away_holds_nobody_up(text: Any, local: Local, bob: Business) -> None:
    first = [text(), text(), text()]
    Connection.objects.update(base_url="http://127.0.0.1:9")
    connect_twilio(local, bob)
    other = queue_text(bob, kind="invoice", to="+15125551299", subject="s", body="Hello", actor=SYSTEM)
    assert sending.send_due() == 2
    other.refresh_from_db()
    assert other.state == State.SENT
    tried = [Message.objects.get(pk=message.pk).attempts for message in first]
    assert tried == [1, 0, 0]


def test_disconnected_meanwhile(text: Any, alice: Business, local: Local) -> None:
    message = text()
    connection = connection_of(alice, "twilio")
    assert connection is not None
    disconnect_provider(connection, actor=SYSTEM)
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.FAILED, "Twilio is not connected any more.")
    assert local.twilio.calls == []
    with pytest.raises(Conflict, match=r"^Twilio must be connected to send text messages\.$") as refusal:
        text()
    assert refusal.value.code == "not_connected"


@pytest.mark.parametrize("body", ["", "   ", "x" * 1601])
def test_texts_that_cannot_be(text: Any, body: str) -> None:
    with pytest.raises(Invalid) as refusal:
        text(body)
    assert refusal.value.details[0].field == "message"


# Letters -------------------------------------------------------------------------------------------------------------
def test_a_letter_as_lob_documents_it(letter: Any, local: Local, alice: Business) -> None:
    pdf = a_pdf()
    message = letter(pdf=pdf)
    assert message.to == ["Ada GmbH\nMs Lovelace\n1 Main St\nFloor 2\nAustin, TX 78735"]
    tasks.send_message(message.pk)
    [call] = local.lob.calls
    assert call.path == Lob.path
    assert call.headers["idempotency-key"] == str(message.uuid)
    assert call.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert call.file == pdf
    assert call.form == {
        "to[name]": "Ms Lovelace",
        "to[company]": "Ada GmbH",
        "to[address_line1]": "1 Main St",
        "to[address_line2]": "Floor 2",
        "to[address_city]": "Austin",
        "to[address_state]": "TX",
        "to[address_zip]": "78735",
        "to[address_country]": "US",
        "from[name]": alice.name,
        "from[address_line1]": "185 Berry St",
        "from[address_city]": "San Francisco",
        "from[address_state]": "CA",
        "from[address_zip]": "94107",
        "from[address_country]": "US",
        "color": "true",
        "address_placement": "insert_blank_page",
        "use_type": "operational",
    }
    message.refresh_from_db()
    assert (message.state, message.provider_id) == (State.SENT, local.lob.sent[str(message.uuid)]["id"])
    assert (message.num_pages, message.expected_delivery_date) == (2, date(2026, 5, 11))


def test_a_letter_of_megabytes(letter: Any, local: Local) -> None:
    pdf = a_pdf(weight=6_000_000)
    message = letter(pdf=pdf)
    tasks.send_message(message.pk)
    assert local.lob.calls[0].file == pdf
    message.refresh_from_db()
    assert message.state == State.SENT


def test_killed_and_repeated_it_is_printed_once(letter: Any, local: Local) -> None:
    with clock.at(NOON):
        message = letter()
        claimed = sending.claim(message.pk)
        assert claimed is not None
        ways = sending.Ways()
        ways.of(claimed).deliver(claimed, patient=True, commit=lambda: None)
        ways.close()
    with clock.at(NOON + sending.LEASE + timedelta(seconds=1)):
        assert sending.send_due() == 1
    message.refresh_from_db()
    assert (message.state, message.resends) == (State.SENT, 1)
    assert (len(local.lob.calls), len(local.lob.sent)) == (2, 1)


def test_what_lob_refuses(letter: Any, local: Local, alice: Business) -> None:
    message = letter()
    local.lob.next_answers.append(Lob.refuse(422, "invalid", "to.address_zip must be a valid US zip code"))
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.FAILED, "422 to.address_zip must be a valid US zip code")
    local.lob.next_answers.append(Lob.refuse(500, "internal_server_error", "Sorry,\n try later"))
    retry_message(message, actor=SYSTEM)
    with clock.at(clock.later(minutes=1)):
        tasks.send_message(message.pk)
        message.refresh_from_db()
    assert (message.state, message.last_error) == (State.QUEUED, "500 Sorry, try later")


def test_long_names_take_two_lines(letter: Any, local: Local) -> None:
    name = "The Incorporated Society of Letterpress Printers and Bookbinders of Upper Austria"
    message = letter(PostalAddress(name, "", "1 Main St", "", "Linz", "", "4020", "AT"))
    assert message.to[0].splitlines()[-2:] == ["Linz, 4020", "AT"]
    tasks.send_message(message.pk)
    form = local.lob.calls[0].form
    assert form["to[name]"] == "The Incorporated Society of Letterpress"
    assert form["to[company]"] == "Printers and Bookbinders of Upper"
    assert form["to[address_country]"] == "AT"


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        *(("address", "", "address"), ("city", "", "city"), ("postal_code", "", "postal_code"), ("state", "", "state")),
        *(("country", "", "country"), ("country", "Austria", "country"), ("name", "", "name")),
    ],
)
def test_what_a_letter_needs(letter: Any, part: str, value: str, field: str) -> None:
    parts = {**ADA.as_json(), part: value}
    with pytest.raises(Invalid) as refusal:
        letter(PostalAddress(**parts))
    assert [detail.field for detail in refusal.value.details] == [field]
    assert not Message.objects.exists()


def test_a_business_without_an_address(letter: Any, alice: Business) -> None:
    Business.objects.filter(pk=alice.pk).update(city=None, postal_code="")
    alice.refresh_from_db()
    with pytest.raises(Conflict, match="lacks city, postal_code") as refusal:
        letter()
    assert refusal.value.code == "no_return_address"


@pytest.mark.parametrize("status", [400, 503])
@pytest.mark.parametrize("form", ["{}", '{{"message": "{}"}}'])
def test_a_server_that_repeats_what_it_got_gives_nothing_away(
    text: Any, local: Local, caplog: Any, status: int, form: str
) -> None:
    from werkzeug import Response

    token = secret_hex()
    link = PrivateLink.to(f"https://example.com/s/i/{token}")
    pair = b64encode(f"{SID}:{TOKEN}".encode()).decode()
    said = f"No: Basic {pair}, {TOKEN}, Body={quote_plus(link.url)}"
    local.twilio.next_answers.append(Response(form.format(said), status))
    message = text(link.marker, private_link=link)
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert message.last_error.startswith(f"{status} ")
    assert "No: Basic …, …, Body=" in message.last_error
    for secret in (pair, TOKEN, token):
        assert secret not in message.last_error + caplog.text


def test_no_secret_in_what_is_recorded(text: Any, letter: Any, caplog: Any) -> None:
    tasks.send_message(text().pk)
    tasks.send_message(letter().pk)
    entries = [f"{entry.changes} {entry.subject_label}" for entry in AuditEntry.objects.all()]
    kept = [*entries, *Connection.objects.values_list("credential", flat=True), caplog.text]
    for secret in ("a-twilio-token", "test_0123456789"):
        assert not [one for one in kept if secret in one]
