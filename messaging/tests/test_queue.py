"""What may be queued, and what is refused."""

from __future__ import annotations

import pytest
from celery import Celery
from django.db import transaction

from businesses.audit import SYSTEM
from businesses.files import store_file
from invoicing.lib.errors import Conflict, Invalid
from messaging.mime import build_mail
from messaging.models import Message
from messaging.services import attach_and_queue, fail_preparing, retry_message


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"to": []}, "email"),
        ({"to": [""]}, "to.0"),
        ({"to": ["ann@customer.test", "nobody"]}, "to.1"),
        ({"to": ["ann@customer.test\nBcc: eve@evil.test"]}, "to.0"),
        ({"to": ["ann@customer.test\r\n"]}, "to.0"),
        ({"to": ["Ann <ann@customer.test>"]}, "to.0"),
        ({"to": ["a@b.test,c@d.test"]}, "to.0"),
        ({"to": ["a" * 250 + "@customer.test"]}, "to.0"),
        ({"to": ["a@" + "ü" * 70 + ".test"]}, "to.0"),
        ({"to": [7]}, "to.0"),
        ({"cc": ["x"]}, "cc.0"),
        ({"bcc": ["ok@customer.test", "x y@z.test"]}, "bcc.1"),
        ({"bcc": [f"b{n}@customer.test" for n in range(50)]}, "to"),
    ],
)
def test_wrong_addresses_are_named(queue, fields, field):
    with pytest.raises(Invalid) as refusal:
        queue(**fields)
    assert refusal.value.details[0].field == field
    assert not Message.objects.exists()


def test_addresses_are_trimmed_and_written_to_once(queue):
    message = queue(to=[" ann@customer.test", "ANN@customer.test"], cc=["ann@customer.test", "b@bücher.example"])
    assert (message.to, message.cc) == (["ann@customer.test"], ["b@bücher.example"])


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0b"])
def test_a_subject_cannot_bring_headers(queue, alice, newline):
    file = store_file(alice, b"%PDF", "application/pdf")
    evil = f"Hello{newline}Bcc: eve@evil.test"
    message = queue(subject=evil, attachments=[(file, f"a{newline}X-Evil: 1.pdf")])
    assert message.subject == "Hello Bcc: eve@evil.test"
    head = build_mail(message).content
    assert b"\nBcc" not in head
    assert b"\nX-Evil" not in head


def test_a_file_of_another_business_is_refused(queue, bob):
    with pytest.raises(Invalid):
        queue(attachments=[(store_file(bob, b"%PDF", "application/pdf"), "x.pdf")])
    assert not Message.objects.exists()


def test_only_failed_messages_are_sent_again(queue):
    with pytest.raises(Conflict):
        retry_message(queue(), actor=SYSTEM)


def test_a_message_whose_file_cannot_be_made_says_so(queue):
    message = fail_preparing(queue(preparing=True), error="No font")
    assert (message.state, message.last_error) == ("failed", "No font")
    assert attach_and_queue(message, []).state == "failed"


@pytest.fixture
def told(monkeypatch):
    """What workers are told."""
    calls = []
    monkeypatch.setattr(Celery, "send_task", lambda app, task, args=(), **options: calls.append((task, args)))
    return calls


def test_a_worker_is_told_once_of_all_that_a_transaction_queues(queue, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        message = queue()
    with django_capture_on_commit_callbacks(execute=True):
        queue(), queue(), queue()
    assert told == [("messaging.tasks.send_message", (message.pk,)), ("messaging.tasks.send_due_messages", ())]


def test_a_worker_is_told_though_what_was_queued_first_was_undone(queue, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            queue()
            transaction.set_rollback(True)
        message = queue()
    assert told == [("messaging.tasks.send_message", (message.pk,))]
