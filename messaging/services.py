"""Every write to messages and texts by people and by other apps; what sending writes is in `sending.py`."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from businesses import audit
from businesses.audit import Actor, Subject
from businesses.models import Business, StoredFile
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Invalid
from invoicing.lib.wake import wake
from messaging.addresses import clean_recipients
from messaging.models import Kind, Language, Message, MessageAttachment, MessageText, State
from messaging.placeholders import EDITABLE, one_line, validate_text
from messaging.private_links import PrivateLink


@transaction.atomic
def queue_message(
    business: Business,
    *,
    kind: str,
    to: Sequence[str],
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    subject: str,
    body_text: str,
    body_html: str = "",
    language: str = "en",
    subject_row: Subject | None = None,
    attachments: Sequence[tuple[StoredFile, str]] = (),
    preparing: bool = False,
    private_link: PrivateLink | None = None,
    actor: Actor,
) -> Message:
    """Write a message that leaves as soon as a worker finds it, or, `preparing`, once `attach_and_queue` was called.

    `private_link` is kept encrypted and takes the place of its marker only in what leaves. Invalid names the address that
    is wrong (`to.0`), or `email` when there is none.
    """
    recipients = clean_recipients(to, cc, bcc)
    message = Message(
        business=business,
        kind=Kind(kind),
        state=State.PREPARING if preparing else State.QUEUED,
        to=recipients.to,
        cc=recipients.cc,
        bcc=recipients.bcc,
        subject=one_line(subject)[:255],
        body_text=body_text,
        body_html=body_html,
        sealed_link=private_link.seal() if private_link else "",
        language=language,
        subject_kind=type(subject_row).__name__.lower() if subject_row else "",
        subject_id=subject_row.uuid if subject_row else None,
        actor_label=actor.label[:255],
        due_at=clock.now(),
    )
    message.message_id = message.fixed_id()
    message.save()
    _attach(message, attachments)
    audit.record(
        business, actor, "message.queued", message, {"kind": kind, "subject_id": str(message.subject_id or "")}
    )
    if not preparing:
        wake("messaging.tasks.send_message", message.pk)
    return message


def _attach(message: Message, files: Sequence[tuple[StoredFile, str]]) -> None:
    for position, (file, name) in enumerate(files):
        if file.business_id != message.business_id:
            raise Invalid.field(f"attachments.{position}", "No such file.")
        name = one_line(name).replace("/", "-").replace("\\", "-")[-200:]
        MessageAttachment.objects.create(
            business=message.business, message=message, file=file, name=name, position=position
        )


@transaction.atomic
def attach_and_queue(message: Message, files: Sequence[tuple[StoredFile, str]]) -> Message:
    """Give a message in preparation its files and let it leave; one that is past that stays as it is."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state != State.PREPARING:
        return message
    _attach(message, files)
    return _queue(message)


@transaction.atomic
def fail_preparing(message: Message, *, error: str) -> Message:
    """Give up a message whose files cannot be made, saying why; one that is past preparing stays as it is."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state == State.PREPARING:
        message.state, message.last_error = State.FAILED, error
        message.save(update_fields=["state", "last_error", "updated_at"])
    return message


@transaction.atomic
def retry_message(message: Message, *, actor: Actor) -> Message:
    """Send a failed message again, with the same Message-ID; Conflict for one that has not failed."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state != State.FAILED:
        raise Conflict("Only a message that failed can be sent again.", code="not_failed")
    message.attempts = 0
    audit.record(message.business, actor, "message.retried", message, {"error": message.last_error})
    return _queue(message)


def _queue(message: Message) -> Message:
    message.state, message.due_at = State.QUEUED, clock.now()
    message.save(update_fields=["state", "due_at", "attempts", "updated_at"])
    wake("messaging.tasks.send_message", message.pk)
    return message


@transaction.atomic
def save_text(business: Business, *, kind: str, language: str, subject: str, body: str, actor: Actor) -> MessageText:
    """Let a kind of message say this in a language from now on; Invalid names unknown placeholders and bad lengths."""
    if kind not in EDITABLE:
        raise Invalid.field("kind", "This text cannot be edited.")
    if language not in Language.values:
        raise Invalid.field("language", f"Expected one of {', '.join(Language.values)}.")
    if details := validate_text(kind, subject, body):
        raise Invalid(f"{details[0].field}: {details[0].message}", details=details)
    text, _ = MessageText.objects.update_or_create(
        business=business, kind=kind, language=language, defaults={"subject": one_line(subject), "body": body.strip()}
    )
    audit.record(business, actor, "message_text.saved", text)
    return text


@transaction.atomic
def reset_text(business: Business, *, kind: str, language: str, actor: Actor) -> None:
    """Go back to the default's words; without own ones nothing happens."""
    text = MessageText.objects.of(business).filter(kind=kind, language=language).first()
    if text is not None:
        audit.record(business, actor, "message_text.reset", text)
        text.delete()
