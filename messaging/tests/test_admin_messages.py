from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from businesses.audit import SYSTEM
from businesses.files import store_file
from businesses.models import AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from messaging.models import Message, State
from messaging.services import queue_message

LIST = "/admin/messaging/message/"
HOSTILE = "<p>Hello</p><script>alert(1)</script>\"'>"


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser_of(make_member(alice))


def test_html_is_shown_in_a_frame_that_runs_nothing(owner: Client, queue: Callable[..., Message]) -> None:
    message = queue(body_html=HOSTILE)
    page = text_of(owner.get(f"{LIST}{message.pk}/change/"))
    assert '<iframe sandbox="" ' in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_attachment_is_downloaded(alice: Business, owner: Client, queue: Callable[..., Message]) -> None:
    message = queue(attachments=[(store_file(alice, b"<html>", "text/html"), "Rechnung Ü.html")])
    attachment = message.attachments.get()
    response = owner.get(f"{LIST}{message.pk}/attachments/{attachment.pk}/")
    assert response.content == b"<html>"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_attachments_of_others_are_not_there(bob: Business, owner: Client, queue: Callable[..., Message]) -> None:
    file = store_file(bob, b"secret", "text/plain")
    foreign = queue_message(
        bob, kind="invoice", to=["x@y.test"], subject="s", body_text="t", attachments=[(file, "a.txt")], actor=SYSTEM
    )
    path = f"attachments/{foreign.attachments.get().pk}/"
    assert owner.get(f"{LIST}{foreign.pk}/{path}").status_code == 404
    assert owner.get(f"{LIST}{queue().pk}/{path}").status_code == 404


def test_failed_messages_are_sent_again_and_others_refused(
    alice: Business, owner: Client, queue: Callable[..., Message]
) -> None:
    failed, sent = queue(), queue(to=["other@customer.test"])
    Message.objects.filter(pk=failed.pk).update(state=State.FAILED)
    Message.objects.filter(pk=sent.pk).update(state=State.SENT)
    chosen = {"action": "retry_selected", "_selected_action": [failed.pk, sent.pk], "confirmed": "yes"}
    page = text_of(owner.post(LIST, chosen, follow=True))
    assert "Queued again: Invoice to ann@customer.test." in page
    assert "Invoice to other@customer.test: Only a message that failed" in page
    assert Message.objects.get(pk=failed.pk).state == State.QUEUED
    assert AuditEntry.objects.of(alice).get(action="message.retried").actor_label == "owner@alice.test"


def test_the_button_is_there_only_where_it_does_something(owner: Client, queue: Callable[..., Message]) -> None:
    message = queue()
    assert "Send again" not in text_of(owner.get(f"{LIST}{message.pk}/change/"))
    Message.objects.filter(pk=message.pk).update(state=State.FAILED)
    assert "Send again" in text_of(owner.get(f"{LIST}{message.pk}/change/"))


def test_a_viewer_cannot_send_again(alice: Business, queue: Callable[..., Message]) -> None:
    message = queue()
    Message.objects.filter(pk=message.pk).update(state=State.FAILED)
    viewer = browser_of(make_member(alice, "viewer"))
    assert viewer.post(f"{LIST}{message.pk}/retry/", {"_form_submitted": "on"}).status_code == 403
    viewer.post(LIST, {"action": "retry_selected", "_selected_action": [message.pk], "confirmed": "yes"})
    assert Message.objects.get(pk=message.pk).state == State.FAILED
