"""Text messages through Twilio: `POST /2010-04-01/Accounts/{AccountSid}/Messages.json`, as its reference of 2010-04-01 says.

Twilio knows no idempotency key: a message whose outcome nobody knows can arrive twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from messaging.models import Connection, Message
from messaging.providers.transport import Request
from messaging.transports import Delivered

name = Connection.Provider.TWILIO
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")  # a sender in letters may begin as one does


def request(connection: Connection, credential: str, message: Message) -> Request:
    """From a number of the account's, or from whichever its messaging service chooses."""
    sender = "MessagingServiceSid" if _SERVICE.fullmatch(connection.sender) else "From"
    form = {"To": message.to[0], sender: connection.sender, "Body": message.full_text()}
    path = f"/2010-04-01/Accounts/{connection.account}/Messages.json"
    return Request(path, connection.account, credential, _FORM, urlencode(form).encode())


def receipt(body: Mapping[str, Any]) -> Delivered:
    """The message's SID."""
    sid = body.get("sid")
    return Delivered(provider_id=sid if isinstance(sid, str) and _SID.fullmatch(sid) else "")


def complaint(body: Mapping[str, Any]) -> str:
    """Its sentence, and the code under which its pages explain it."""
    text, code = body.get("message"), body.get("code")
    if not isinstance(text, str):
        return ""
    return f"{text} ({code})" if isinstance(code, int) else text
