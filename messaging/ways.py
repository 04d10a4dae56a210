"""The ways out of one worker: a transport for each channel, opened when first needed, and whom it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from messaging.models import Channel, Message
from messaging.providers import lob, twilio
from messaging.providers.transport import ProviderTransport
from messaging.transports import Transport, open_mail


@dataclass(frozen=True, slots=True)
class Way:
    """What fails together: mail for everybody, a provider's account for its business."""

    channel: str
    business_id: int | None

    @property
    def rows(self) -> dict[str, Any]:
        """The messages that go this way, as a filter."""
        own = {} if self.business_id is None else {"business_id": self.business_id}
        return {"channel": self.channel, **own}


def way_of(message: Message) -> Way:
    """Which way a message goes."""
    return Way(message.channel, None if message.channel == Channel.EMAIL else message.business_id)


class Ways:
    """The transports."""

    def __init__(self) -> None:
        self._open: dict[str, Transport] = {}

    def of(self, message: Message) -> Transport:
        """The transport of its channel."""
        if message.channel not in self._open:
            self._open[message.channel] = _open(message.channel)
        return self._open[message.channel]

    def close(self) -> None:
        """Close what was opened."""
        for transport in self._open.values():
            transport.close()


def _open(channel: str) -> Transport:
    if channel == Channel.SMS:
        return ProviderTransport(twilio)
    return ProviderTransport(lob) if channel == Channel.LETTER else open_mail()
