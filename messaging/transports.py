"""What a way out is, and the two of mail: an SMTP connection, and a folder of files where there is none.

`deliver` calls `commit` just before the point from which on the message may have left, so that the caller can step back
until then.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from smtplib import SMTP, SMTPDataError
from typing import Protocol, cast

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from messaging.mime import Mail, build_mail
from messaging.models import Message


class Refused(Exception):
    """The answer is no, and will be (RFC 5321: 5yz)."""


class TryLater(Exception):
    """It has certainly not left; another time it may."""


class ServerAway(TryLater):
    """There is nobody to give any message to."""


class OutcomeUnknown(Exception):
    """It may have left: the connection broke while the server was taking it."""


class NoAnswer(OutcomeUnknown):
    """It may have left, and whoever took it says nothing: the next would wait as long."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """It has left. `refused` are recipients that were not accepted (address → answer); the rest is what a provider says."""

    refused: dict[str, str] = field(default_factory=dict)
    provider_id: str = ""
    expected_delivery_date: date | None = None
    num_pages: int | None = None


class Transport(Protocol):
    """A way out."""

    def deliver(self, message: Message, *, patient: bool, commit: Callable[[], None]) -> Delivered: ...

    def close(self) -> None: ...


def open_mail() -> Transport:
    """The way out of mail that the environment chose."""
    return FileTransport() if settings.EMAIL_TO_FILES else SmtpTransport()


class FileTransport:
    """DATA_DIR/mail/<message uuid>.eml: written whole or not at all, and the same file when repeated."""

    def deliver(self, message: Message, *, patient: bool, commit: Callable[[], None]) -> Delivered:
        """Write the file; TryLater when the disk says no."""
        mail = build_mail(message)
        commit()
        try:
            folder = Path(settings.DATA_DIR) / "mail"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(folder / f"{mail.name}.eml", mail.content)
        except OSError as error:
            raise TryLater(f"{type(error).__name__}: {error}") from error
        return Delivered()

    def close(self) -> None:
        """Nothing is open."""


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class SmtpTransport:
    """One SMTP connection (EMAIL_URL), opened when first needed and used for message after message."""

    def __init__(self) -> None:
        self._backend = EmailBackend()

    def deliver(self, message: Message, *, patient: bool, commit: Callable[[], None]) -> Delivered:
        """Hand the mail over to all who are accepted; `patient` waits for those who are only refused for now.

        Raises Refused, TryLater, ServerAway or OutcomeUnknown.
        """
        mail = build_mail(message)
        smtp = self._open()
        try:
            refused = _address(smtp, mail, patient=patient)
        except OSError as error:
            self.close()
            raise TryLater(f"The mail server hung up: {error}") from error
        commit()
        self._hand_over(smtp, mail.content)
        return Delivered(refused)

    def close(self) -> None:
        """Say goodbye; a server that does not answer is left alone."""
        with suppress(OSError):
            self._backend.close()
        self._backend.connection = None

    def _open(self) -> SMTP:
        if self._backend.connection is not None and not _is_alive(self._backend.connection):
            self.close()
        try:
            self._backend.open()
            smtp = cast("SMTP", self._backend.connection)
            smtp.ehlo_or_helo_if_needed()
        except OSError as error:
            self.close()
            raise ServerAway(f"The mail server is away: {error}") from error
        return smtp

    def _hand_over(self, smtp: SMTP, content: bytes) -> None:
        try:
            code, answer = smtp.data(content)
        except SMTPDataError as error:
            code, answer = error.smtp_code, _bytes(error.smtp_error)
        except OSError as error:
            self.close()
            raise OutcomeUnknown(f"The connection broke while sending: {error}") from error
        if not 200 <= code < 300:
            raise _refusal(code, answer)


def _is_alive(smtp: SMTP) -> bool:
    """Whether a connection used before still answers; whatever was begun on it is forgotten."""
    try:
        return smtp.rset()[0] == 250
    except OSError:
        return False


def _address(smtp: SMTP, mail: Mail, *, patient: bool) -> dict[str, str]:
    options = [f"size={len(mail.content)}"] if smtp.has_extn("size") else []
    code, answer = smtp.mail(mail.sender, options)
    if code != 250:
        raise _refusal(code, answer)
    answers = {address: smtp.rcpt(address) for address in mail.recipients}
    refused = {address: (code, text) for address, (code, text) in answers.items() if code not in {250, 251}}
    not_yet = [reply for reply in refused.values() if reply[0] < 500]
    if not_yet and (patient or len(refused) == len(answers)):
        raise _refusal(*not_yet[0])
    if len(refused) == len(answers):
        raise _refusal(*next(iter(refused.values())))
    return {address: f"{code} {_text(text)}" for address, (code, text) in refused.items()}


def _refusal(code: int, answer: bytes) -> Exception:
    text = f"{code} {_text(answer)}"
    return Refused(text) if 500 <= code < 600 else TryLater(text)


def _text(answer: bytes) -> str:
    return " ".join(answer.decode("utf-8", "replace").split())[:500]


def _bytes(answer: bytes | str) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer
