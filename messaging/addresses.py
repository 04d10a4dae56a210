"""Who may be written to: e-mail addresses checked, each once, and not too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from invoicing.lib.errors import Detail, Invalid

MAX_RECIPIENTS = 50
_MAX_LENGTH = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
_is_email = EmailValidator()


@dataclass(frozen=True, slots=True)
class Recipients:
    """Checked addresses; none is in two of the lists."""

    to: list[str]
    cc: list[str]
    bcc: list[str]


def is_address(text: object) -> bool:
    """Whether mail can go to `text`: one bare address, its domain perhaps in letters beyond ASCII."""
    if not isinstance(text, str) or len(text) > _MAX_LENGTH or text != "".join(text.split()):
        return False
    try:
        _is_email(text)
        text.rpartition("@")[2].encode("idna")
    except (ValidationError, UnicodeError):
        return False
    return True


def clean_recipients(to: Sequence[str], cc: Sequence[str] = (), bcc: Sequence[str] = ()) -> Recipients:
    """The addresses, trimmed and each once; Invalid names `email` when there is none, or each that is wrong (`cc.1`)."""
    given = {"to": to, "cc": cc, "bcc": bcc}
    if not to:
        raise Invalid.field("email", "There is no e-mail address to send to.")
    if sum(map(len, given.values())) > MAX_RECIPIENTS:
        raise Invalid.field("to", f"At most {MAX_RECIPIENTS} recipients, cc and bcc included.")
    wrong = [
        Detail(f"{name}.{index}", "This is not an e-mail address.")
        for name, addresses in given.items()
        for index, address in enumerate(addresses)
        if not is_address(_trim(address))
    ]
    if wrong:
        raise Invalid(f"{wrong[0].field}: {wrong[0].message}", details=wrong)
    seen: set[str] = set()
    return Recipients(*(_new(addresses, seen) for addresses in given.values()))


def _trim(address: str) -> str:
    return address.strip(" ") if isinstance(address, str) else address


def _new(addresses: Sequence[str], seen: set[str]) -> list[str]:
    result = []
    for address in map(_trim, addresses):
        if address.lower() not in seen:
            seen.add(address.lower())
            result.append(address)
    return result
