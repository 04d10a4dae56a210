"""A message as it goes over the wire: its MIME bytes, and the envelope that alone names the bcc."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime, parseaddr, quote

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address

from messaging.models import Message
from messaging.placeholders import one_line


@dataclass(frozen=True, slots=True)
class Mail:
    """Bytes (CRLF) and envelope of one message; `name` is the message's UUID."""

    name: str
    sender: str
    recipients: list[str]
    content: bytes


def build_mail(message: Message) -> Mail:
    """The message as RFC 5322 text with its fixed Message-ID."""
    business = message.business
    sender = parseaddr(settings.EMAIL_FROM)[1] or settings.EMAIL_FROM
    answers_to = business.reply_to or business.email
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.full_text(),
        from_email=f'"{quote(one_line(business.name))}" <{sender}>',
        to=message.to,
        cc=message.cc,
        reply_to=[answers_to] if answers_to else None,
        headers={"Message-ID": message.message_id, "Date": format_datetime(message.created_at)},
    )
    if message.body_html:
        mail.attach_alternative(message.with_link(message.body_html), "text/html")
    for attachment in message.attachments.select_related("file"):
        mail.attach(attachment.name, bytes(attachment.file.content), attachment.file.media_type)
    recipients = [sanitize_address(address, "ascii") for address in (*message.to, *message.cc, *message.bcc)]
    mime = mail.message()
    # Sent again after a crash it is the same message to the byte, so its boundaries are not left to chance.
    for number, part in enumerate(part for part in mime.walk() if part.is_multipart()):
        part.set_boundary(f"=_{message.uuid.hex}_{number}")
    content = mime.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own message
    return Mail(str(message.uuid), sanitize_address(sender, "ascii"), recipients, content)
