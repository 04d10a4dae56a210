"""Messages where there is no mail server: one file each."""

from __future__ import annotations

from businesses.audit import SYSTEM
from businesses.files import store_file
from invoicing.lib import clock
from messaging import sending, tasks
from messaging.models import Message, State
from messaging.private_links import PrivateLink
from messaging.services import attach_and_queue
from messaging.tests.conftest import read


def test_a_message_becomes_one_file(mail_folder, queue):
    message = queue(bcc=["secret@alice.test"])
    tasks.send_message(message.pk)
    message.refresh_from_db()
    assert message.state == State.SENT
    [path] = mail_folder.iterdir()
    assert path.name == f"{message.uuid}.eml"
    mail = read(path.read_bytes())
    assert (mail["Message-ID"], mail["To"], mail["Bcc"]) == (message.message_id, "ann@customer.test", None)


def test_a_disk_that_refuses_is_tried_again(mail_folder, queue):
    mail_folder.write_text("a file where the folder should be")
    message = queue()
    tasks.send_due_messages()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 1)
    assert "FileExistsError" in message.last_error


def test_a_message_in_preparation_waits_for_its_file_and_leaves_once(mail_folder, queue, alice):
    message = queue(preparing=True)
    assert (message.state, message.public_state) == (State.PREPARING, "queued")
    assert sending.send_due() == 0
    file = store_file(alice, b"%PDF", "application/pdf")
    attach_and_queue(message, [(file, "INV-1.pdf")])
    attach_and_queue(message, [(file, "INV-1.pdf")])
    assert sending.send_due() == 1
    attach_and_queue(message, [(file, "INV-1.pdf")])
    assert Message.objects.get().state == State.SENT
    [attachment] = read((mail_folder / f"{message.uuid}.eml").read_bytes()).iter_attachments()
    assert attachment.get_content() == b"%PDF"


def test_a_private_link_is_only_in_what_leaves(mail_folder, queue):
    message = queue(
        body_text="Open m4rker, not {link}",
        body_html="<a href='m4rker'>x</a>",
        private_link=PrivateLink("m4rker", "http://testserver/s3cret"),
    )
    assert "s3cret" not in "".join(map(str, Message.objects.values_list().get()))
    sending.send_due()
    mail = read((mail_folder / f"{message.uuid}.eml").read_bytes())
    assert mail.get_body(("plain",)).get_content().strip() == "Open http://testserver/s3cret, not {link}"
    assert "href='http://testserver/s3cret'" in mail.get_body(("html",)).get_content()
    message.refresh_from_db()
    assert (message.body_text, message.sealed_link) == ("Open m4rker, not {link}", "")


def test_the_audit_trail_names_who_queued(mail_folder, queue, alice):
    from businesses.models import AuditEntry

    message = queue()
    entry = AuditEntry.objects.of(alice).get(action="message.queued")
    assert (entry.subject_id, entry.actor_label) == (message.uuid, SYSTEM.label)


def test_a_message_sent_again_is_the_same_to_the_byte(mail_folder, queue, alice):
    from messaging.mime import build_mail

    file = store_file(alice, b"%PDF", "application/pdf")
    message = queue(body_text="Hello", body_html="<p>Hello</p>", attachments=[(file, "a.pdf")])
    first = build_mail(message)
    with clock.at(clock.later(minutes=5)):
        assert build_mail(message) == first
