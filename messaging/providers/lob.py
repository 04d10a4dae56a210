"""Letters through Lob: `POST /v1/letters`, as its OpenAPI document says.

It remembers an `Idempotency-Key` for 24 hours, longer than a letter is tried: unless somebody repeats it by hand after
that, it is printed once whatever happens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from textwrap import wrap
from typing import Any

from messaging.models import Connection, Message
from messaging.postal import PostalAddress
from messaging.providers.transport import Request
from messaging.transports import Delivered, Refused

name = Connection.Provider.LOB
_DEADLINE = 30.0  # it looks at the PDF before it answers
_LINE = 40  # characters of a name or company
_ID = re.compile(r"[A-Za-z0-9_]{1,64}")


def request(connection: Connection, credential: str, message: Message) -> Request:
    """The PDF behind a sheet with the address, which on our own first page would cover our words."""
    attachment = message.attachments.select_related("file").first()
    if attachment is None:
        raise Refused("There is no PDF to print.")
    fields = {
        **_address("to", PostalAddress(**message.postal["to"])),
        **_address("from", PostalAddress(**message.postal["from"])),
        "color": "true",
        "address_placement": "insert_blank_page",
        "use_type": "operational",
    }
    boundary = f"invoicing-{message.uuid.hex}"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": str(message.uuid)}
    body = _multipart(boundary, fields, bytes(attachment.file.content))
    return Request("/v1/letters", credential, "", headers, body, _DEADLINE)


def receipt(body: Mapping[str, Any]) -> Delivered:
    """The letter's id, when it should arrive, and how many pages there is a picture of."""
    identifier, pages = body.get("id"), body.get("thumbnails")
    return Delivered(
        provider_id=identifier if isinstance(identifier, str) and _ID.fullmatch(identifier) else "",
        expected_delivery_date=_day(body.get("expected_delivery_date")),
        num_pages=len(pages) if isinstance(pages, list) and pages else None,
    )


def complaint(body: Mapping[str, Any]) -> str:
    """The sentence in its `error`."""
    error = body.get("error")
    text = error.get("message") if isinstance(error, dict) else None
    return text if isinstance(text, str) else ""


def _address(prefix: str, address: PostalAddress) -> dict[str, str]:
    """As Lob spells it; a long name takes the company's line too."""
    names = [address.attention_to, address.name] if address.attention_to else wrap(address.name, _LINE)
    lines = {
        "name": names[0][:_LINE],
        "company": names[1][:_LINE] if len(names) > 1 else "",
        "address_line1": address.address,
        "address_line2": address.address2,
        "address_city": address.city,
        "address_state": address.state,
        "address_zip": address.postal_code,
        "address_country": address.country,
    }
    return {f"{prefix}[{key}]": text for key, text in lines.items() if text}


def _multipart(boundary: str, fields: Mapping[str, str], pdf: bytes) -> bytes:
    """multipart/form-data (RFC 7578); the boundary is this message's own, so that nothing in it looks like one."""
    part = 'Content-Disposition: form-data; name="{}"'
    texts = [f"--{boundary}\r\n{part.format(key)}\r\n\r\n{text}\r\n" for key, text in fields.items()]
    head = f'--{boundary}\r\n{part.format("file")}; filename="letter.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    return f"{''.join(texts)}{head}".encode() + pdf + f"\r\n--{boundary}--\r\n".encode()


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None
