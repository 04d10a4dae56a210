"""What the tests of messages share: a mail server on the loopback, and a message to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from businesses.audit import SYSTEM
from businesses.models import Business
from messaging.models import Message
from messaging.services import queue_message

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Inbox:
    """A real SMTP server; `answers` has what it says to a recipient, `data_answer` what it says to a message."""

    envelopes: list[Envelope] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    hang_up: bool = False

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.sessions.add(id(session))
        if self.data_answer.startswith("250"):
            self.envelopes.append(envelope)
        if self.hang_up:
            server.transport.close()
        return self.data_answer

    @property
    def mails(self) -> list[EmailMessage]:
        return [read(envelope.content) for envelope in self.envelopes]


class AnyPort(Controller):
    """aiosmtpd's controller, on a port that the kernel chose."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def read(content: bytes) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(content)  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def public_address(settings: Any) -> None:
    """What links and Message-IDs are made of, whatever the environment says."""
    settings.PUBLIC_URL, settings.HOST_NAME = "http://testserver", "testserver"


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    """A mail server that takes everything, and settings that send to it."""
    handler = Inbox()
    controller = AnyPort(handler, hostname="127.0.0.1", port=0)
    controller.start()
    settings.EMAIL_TO_FILES = False
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield handler
    controller.stop()


@pytest.fixture
def mail_folder(settings: Any, tmp_path: Path) -> Path:
    """Where messages become files."""
    settings.EMAIL_TO_FILES, settings.DATA_DIR = True, tmp_path
    return tmp_path / "mail"


@pytest.fixture
def queue(alice: Business) -> Callable[..., Message]:
    """Queue a message of Alice's."""

    def make(**fields: Any) -> Message:
        words = {"kind": "invoice", "to": ["ann@customer.test"], "subject": "Invoice 1", "body_text": "Hello\n"}
        return queue_message(alice, **{**words, "actor": SYSTEM, **fields})

    return make
