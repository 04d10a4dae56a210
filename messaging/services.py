"""Every write to messages and texts by people and by other apps; what sending writes is in `sending.py`."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from businesses import audit
from businesses.audit import Actor, Subject
from businesses.models import Business, StoredFile
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Invalid
from invoicing.lib.new_rows import insert, insert_all
from invoicing.lib.wake import send_now, to_come
from messaging.addresses import clean_recipients
from messaging.connections import require_connected
from messaging.models import Channel, Connection, Kind, Language, Message, MessageAttachment, MessageText, State
from messaging.placeholders import EDITABLE, one_line, validate_text
from messaging.postal import PostalAddress
from messaging.private_links import PrivateLink

MAX_TEXT = 1_600  # characters that Twilio takes


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
    message = _new(business, kind, subject, subject_row, private_link, actor)
    message.to, message.cc, message.bcc = recipients.to, recipients.cc, recipients.bcc
    message.state = State.PREPARING if preparing else State.QUEUED
    message.body_text, message.body_html, message.language = body_text, body_html, language
    message.message_id = message.fixed_id()
    return _write(message, actor, _attached(message, attachments))


def queue_text(
    business: Business,
    *,
    kind: str,
    to: str,
    subject: str,
    body: str,
    language: str = "en",
    subject_row: Subject | None = None,
    private_link: PrivateLink | None = None,
    actor: Actor,
) -> Message:
    """Write a text message to one number, as `clean_phones` gives it; `private_link` as in `queue_message`.

    Invalid on `message` where it is empty, or longer than MAX_TEXT with the link in it. Conflict without Twilio.
    """
    require_connected(business, Connection.Provider.TWILIO)
    message = _new(business, kind, subject, subject_row, private_link, actor)
    message.channel, message.to, message.body_text, message.language = Channel.SMS, [to], body.strip(), language
    if not 0 < len(message.full_text()) <= MAX_TEXT:
        raise Invalid.field("message", f"Expected 1–{MAX_TEXT} characters, the link included.")
    return _write(message, actor)


def queue_letter(
    business: Business,
    *,
    kind: str,
    to: PostalAddress,
    subject: str,
    language: str = "en",
    subject_row: Subject | None = None,
    actor: Actor,
) -> Message:
    """Write a letter, which leaves once `attach_and_queue` has given it its PDF.

    Invalid names what is missing of the address; Conflict without Lob, and where the business has no full address itself.
    """
    require_connected(business, Connection.Provider.LOB)
    sender = PostalAddress.of(business, name=business.legal_name or "")
    if wrong := to.missing():
        raise Invalid(f"{wrong[0].field}: {wrong[0].message}", details=wrong)
    if gaps := sender.missing():
        names = ", ".join(detail.field for detail in gaps)
        raise Conflict(f"The business's own address lacks {names}: letters need it.", code="no_return_address")
    message = _new(business, kind, subject, subject_row, None, actor)
    message.channel, message.state, message.language = Channel.LETTER, State.PREPARING, language
    message.to = ["\n".join(to.lines(sender.country))]
    message.postal = {"to": to.as_json(), "from": sender.as_json()}
    return _write(message, actor)


def _new(
    business: Business, kind: str, subject: str, about: Subject | None, link: PrivateLink | None, actor: Actor
) -> Message:
    return Message(
        business=business,
        kind=Kind(kind),
        subject=one_line(subject)[:255],
        sealed_link=link.seal() if link else "",
        subject_kind=type(about).__name__.lower() if about else "",
        subject_id=about.uuid if about else None,
        actor_label=actor.label[:255],
        due_at=clock.now(),
    )


@transaction.atomic(savepoint=False)  # whatever can be refused has been by now
def _write(message: Message, actor: Actor, attachments: Sequence[MessageAttachment] = ()) -> Message:
    insert(message)
    insert_all(attachments)
    facts = {"kind": message.kind, "subject_id": str(message.subject_id or "")}
    facts |= {} if message.channel == Channel.EMAIL else {"channel": message.channel}
    audit.record(message.business, actor, "message.queued", message, facts)
    if message.state == State.QUEUED:
        _let_leave(message)
    return message


def _attached(message: Message, files: Sequence[tuple[StoredFile, str]]) -> list[MessageAttachment]:
    """The message's attachments, unsaved; Invalid for a file of another business."""
    attached = []
    for position, (file, name) in enumerate(files):
        if file.business_id != message.business_id:
            raise Invalid.field(f"attachments.{position}", "No such file.")
        name = one_line(name).replace("/", "-").replace("\\", "-")[-200:]
        own = {"business": message.business, "message": message, "position": position}
        attached.append(MessageAttachment(file=file, name=name, **own))
    return attached


@transaction.atomic
def attach_and_queue(message: Message, files: Sequence[tuple[StoredFile, str]]) -> Message:
    """Give a message in preparation its files and let it leave; one that is past that stays as it is."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state != State.PREPARING:
        return message
    insert_all(_attached(message, files))
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
    """Send a failed message again, with the same Message-ID or provider's key; Conflict for one that has not failed."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state != State.FAILED:
        raise Conflict("Only a message that failed can be sent again.", code="not_failed")
    message.attempts = 0
    audit.record(message.business, actor, "message.retried", message, {"error": message.last_error})
    return _queue(message)


def _queue(message: Message) -> Message:
    message.state, message.due_at = State.QUEUED, clock.now()
    message.save(update_fields=["state", "due_at", "attempts", "updated_at"])
    _let_leave(message)
    return message


class _Departure(list[Message]):
    """What a worker is told on commit: to send this message, or, where they are several, all that is due, over one connection."""

    def __call__(self) -> None:
        if len(self) == 1:
            send_now("messaging.tasks.send_message", self[0].pk)
        else:
            send_now("messaging.tasks.send_due_messages")
        self.clear()


def _let_leave(message: Message) -> None:
    departure = next((call for call in to_come() if isinstance(call, _Departure) and call), None)
    if departure is None:
        transaction.on_commit(_Departure([message]))
    else:
        departure.append(message)


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
