"""Messages through a real SMTP connection."""

from __future__ import annotations

from datetime import timedelta

import pytest

from businesses.audit import SYSTEM
from businesses.files import store_file
from businesses.services import update_business
from invoicing.lib import clock
from messaging import sending, tasks
from messaging.models import State
from messaging.services import retry_message
from messaging.tests.conftest import NOON
from messaging.transports import open_mail

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def test_a_message_arrives_whole(inbox, queue, alice):
    update_business(alice, changes={"name": 'Müller & Söhne, "Bau"', "reply_to": "answers@alice.test"}, actor=SYSTEM)
    file = store_file(alice, PDF, "application/pdf")
    message = queue(
        to=["ann@customer.test"],
        cc=["cc@customer.test"],
        bcc=["secret@alice.test"],
        subject="Rechnung für Café – 1",
        body_text="Grüße\n.\n.. dots\n",
        body_html="<p>Grüße</p>",
        attachments=[(file, "Rechnung für Café №1.pdf")],
    )
    tasks.send_message(message.pk)

    message.refresh_from_db()
    assert (message.state, message.attempts, message.resends, message.last_error) == (State.SENT, 1, 0, "")
    assert message.sent_at is not None
    [envelope], [mail] = inbox.envelopes, inbox.mails
    assert envelope.rcpt_tos == ["ann@customer.test", "cc@customer.test", "secret@alice.test"]
    assert envelope.mail_from == "invoicing@localhost"
    assert mail["Message-ID"] == message.message_id == f"<{message.uuid}@testserver>"
    assert (mail["To"], mail["Cc"], mail["Bcc"]) == ("ann@customer.test", "cc@customer.test", None)
    assert b"secret@alice.test" not in envelope.content
    assert mail["From"].addresses[0].display_name == 'Müller & Söhne, "Bau"'
    assert mail["From"].addresses[0].addr_spec == "invoicing@localhost"
    assert (mail["Reply-To"], mail["Subject"]) == ("answers@alice.test", "Rechnung für Café – 1")
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_body(("plain",)).get_content().splitlines() == ["Grüße", ".", ".. dots"]
    assert "<p>Grüße</p>" in mail.get_body(("html",)).get_content()
    [attachment] = mail.iter_attachments()
    assert attachment.get_filename() == "Rechnung für Café №1.pdf"
    assert (attachment.get_content_type(), attachment.get_content()) == ("application/pdf", PDF)


def test_long_names_and_foreign_domains_fit_into_headers(inbox, queue, alice):
    update_business(alice, changes={"name": "Ä" * 150}, actor=SYSTEM)
    message = queue(to=["käufer@bücher.example".replace("ä", "ae")])
    tasks.send_message(message.pk)
    assert inbox.envelopes[0].rcpt_tos == ["kaeufer@xn--bcher-kva.example"]
    # Python's parser puts a space between encoded words, which RFC 2047 6.2 says to ignore.
    assert inbox.mails[0]["From"].addresses[0].display_name.replace(" ", "") == "Ä" * 150
    assert max(map(len, inbox.envelopes[0].content.split(b"\r\n"))) <= 998


def test_a_sweep_uses_one_connection_and_sends_each_message_once(inbox, queue):
    for _ in range(3):
        queue()
    assert sending.send_due() == 3
    assert sending.send_due() == 0
    assert len(inbox.envelopes) == 3
    assert len(inbox.sessions) == 1


@pytest.mark.parametrize("where", ["recipient", "data"])
def test_a_permanent_refusal_fails_at_once_and_can_be_tried_again_by_hand(inbox, queue, where):
    if where == "recipient":
        inbox.answers["ann@customer.test"] = "550 5.1.1 No such user"
    else:
        inbox.data_answer = "554 5.7.1 Spam"
    message = queue()
    sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.FAILED, 1)
    assert message.last_error in {"550 5.1.1 No such user", "554 5.7.1 Spam"}
    assert sending.send_due() == 0

    inbox.answers.clear()
    inbox.data_answer = "250 OK"
    retry_message(message, actor=SYSTEM)
    sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.resends) == (State.SENT, 1, 0)
    assert inbox.mails[0]["Message-ID"] == message.message_id


def test_temporary_refusals_wait_longer_each_time_and_then_fail(inbox, queue):
    inbox.answers["ann@customer.test"] = "451 4.3.0 Try later"
    moment = NOON
    with clock.at(moment):
        message = queue()
    for minutes in (1, 5, 30, 120, 480):
        with clock.at(moment):
            assert sending.send_due() == 1
            message.refresh_from_db()
            assert (message.state, message.due_at - moment) == (State.QUEUED, timedelta(minutes=minutes))
            assert message.last_error == "451 4.3.0 Try later"
        moment += timedelta(minutes=minutes)
        with clock.at(moment - timedelta(seconds=1)):
            assert sending.send_due() == 0
    with clock.at(moment):
        sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.attempts, message.resends, inbox.envelopes) == (State.FAILED, 6, 0, [])


def test_who_is_refused_does_not_keep_the_others_from_their_mail(inbox, queue):
    inbox.answers["gone@customer.test"] = "550 Gone"
    message = queue(cc=["gone@customer.test"])
    sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.SENT, "gone@customer.test: 550 Gone")
    assert inbox.envelopes[0].rcpt_tos == ["ann@customer.test"]


def test_greylisting_is_waited_for_but_not_for_ever(inbox, queue):
    inbox.answers["grey@customer.test"] = "450 Greylisted"
    with clock.at(NOON):
        message = queue(cc=["grey@customer.test"])
        sending.send_due()
    assert inbox.envelopes == []
    for minutes in (1, 6, 36):
        with clock.at(NOON + timedelta(minutes=minutes)):
            sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.SENT, "grey@customer.test: 450 Greylisted")
    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [["ann@customer.test"]]


def test_a_server_that_is_away_costs_one_message_one_attempt(inbox, queue, settings):
    settings.EMAIL_PORT = 1
    with clock.at(NOON):
        first, second = queue(), queue()
        assert sending.send_due() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempts, first.due_at) == (State.QUEUED, 1, NOON + timedelta(minutes=1))
    assert first.last_error.startswith("The mail server is away")
    assert (second.state, second.attempts) == (State.QUEUED, 0)


def test_one_bad_row_does_not_stop_the_others(inbox, queue):
    bad, good = queue(), queue()
    type(bad).objects.filter(pk=bad.pk).update(sealed_link="not ours")
    assert sending.send_due() == 2
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.attempts) == (State.QUEUED, 1)
    assert "InvalidToken" in bad.last_error
    assert good.state == State.SENT


def test_a_message_claimed_by_a_worker_that_died_is_sent_again_with_the_same_id(inbox, queue):
    with clock.at(NOON):
        message = queue()
        claimed = sending.claim()
        assert claimed is not None
        transport = open_mail()
        # The worker sends, and dies before it can record that.
        transport.deliver(claimed, patient=True, commit=lambda: None)
        transport.close()
        assert sending.send_due() == 0
    with clock.at(NOON + timedelta(seconds=119)):
        sending.send_one(message.pk)
        assert len(inbox.envelopes) == 1
    with clock.at(NOON + sending.LEASE):
        assert sending.send_due() == 1
        assert sending.send_due() == 0
    message.refresh_from_db()
    assert (message.state, message.resends, message.attempts) == (State.SENT, 1, 2)
    assert [mail["Message-ID"] for mail in inbox.mails] == [message.message_id] * 2


def test_a_connection_that_breaks_while_the_server_takes_the_message_counts_as_unknown(inbox, queue):
    inbox.hang_up = True
    with clock.at(NOON):
        message = queue()
        sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.resends, message.lease_until) == (State.SENDING, 0, NOON + timedelta(minutes=1))
    inbox.hang_up = False
    with clock.at(NOON + timedelta(minutes=1)):
        sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.resends) == (State.SENT, 1)
    assert [mail["Message-ID"] for mail in inbox.mails] == [message.message_id] * 2


def test_a_worker_that_was_overtaken_steps_back_before_anything_left(inbox, queue):
    with clock.at(NOON):
        queue()
        slow = sending.claim()
    with clock.at(NOON + sending.LEASE):
        sending.send_due()
        assert slow is not None
        transport = open_mail()
        sending.deliver(slow, transport)
        transport.close()
    assert len(inbox.envelopes) == 1


def test_a_message_that_kills_every_worker_is_given_up(queue):
    moment = NOON
    with clock.at(moment):
        message = queue()
    for _ in range(sending.MAX_ATTEMPTS):
        with clock.at(moment):
            assert sending.claim() is not None
        moment += sending.LEASE
    with clock.at(moment):
        assert sending.claim() is None
    message.refresh_from_db()
    assert (message.state, message.resends) == (State.FAILED, 5)
    assert "unknown" in message.last_error
