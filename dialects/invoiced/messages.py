"""E-mails, text messages and letters as Invoiced shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID, uuid5

from billing.services.envelopes import Envelope
from messaging.models import Message, State

# Their placeholders in text messages → ours; others stay as they are typed.
_WORDS = {"company_name": "business_name", "customer_name": "customer_name", "url": "link"}


def native_words(text: str | None) -> str | None:
    """A text of theirs, such as `{{company_name}}: {{url}}`, with our placeholders."""
    for theirs, ours in _WORDS.items():
        text = text and text.replace(f"{{{{{theirs}}}}}", f"{{{ours}}}")
    return text


def envelope_of(body: Mapping[str, Any]) -> Envelope:
    """The envelope that a body describes: `to`, `bcc` (text, with commas), `subject` and `message`, all optional."""
    copies = [part.strip() for part in (body.get("bcc") or "").split(",") if part.strip()]
    return Envelope(to=body.get("to") or None, bcc=copies, subject=body.get("subject"), message=body.get("message"))


def email_of(message: Message, address: str, template: str) -> dict[str, Any]:
    """A queued mail to one of its recipients; each recipient's has an id of its own, which never changes."""
    created = int(message.created_at.timestamp())
    return {
        "id": uuid5(UUID(str(message.uuid)), address).hex,
        "object": "email",
        "state": "sent",
        "reject_reason": None,
        "email": address,
        "template": template,
        "subject": message.subject,
        "message": message.body_text,
        "opens": 0,
        "opens_detail": [],
        "created_at": created,
        "updated_at": created,
    }


def text_of(message: Message) -> dict[str, Any]:
    """A queued text message, with the link in it: whoever asked for it may see what it says.

    A view that answers with this names its action in `shows_secret`, so that the kept answer is encrypted.
    """
    created = int(message.created_at.timestamp())
    return {
        "id": message.uuid.hex,
        "object": "text_message",
        "state": "failed" if message.state == State.FAILED else "sent",
        "to": message.to[0],
        "message": message.full_text(),
        "created_at": created,
        "updated_at": created,
    }


def letter_of(message: Message) -> dict[str, Any]:
    """A queued letter; its pages and day of arrival are not known before the printer has it."""
    created, day = int(message.created_at.timestamp()), message.expected_delivery_date
    arrives = int(datetime.combine(day, time(), UTC).timestamp()) if day else None
    return {
        "id": message.uuid.hex,
        "object": "letter",
        "state": message.public_state,
        "num_pages": message.num_pages,
        "expected_delivery_date": arrives,
        "to": message.to[0],
        "created_at": created,
        "updated_at": created,
    }
