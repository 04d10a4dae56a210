"""Local servers that implement the two documented endpoints: Twilio's messages and Lob's letters, with what they refuse."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import uuid4

from pypdf import PdfReader
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

SID, TOKEN = "AC" + "0123456789abcdef" * 2, "a-twilio-token-of-thirty-2-bytes"
KEY = "test_0123456789abcdef0123456789abcdef012"
_FLAGS = {"true", "false"}
_LETTER_FIELDS = ("name", "address_line1", "address_city", "address_zip", "address_country")


@dataclass
class Call:
    """What arrived: headers, fields, and a file's bytes."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]
    file: bytes = b""


@dataclass
class Provider:
    """One endpoint. `next_answers` go before what it would say itself; `sent` has what it really took."""

    calls: list[Call] = field(default_factory=list)
    next_answers: list[Response] = field(default_factory=list)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, request: Request) -> Call:
        uploaded = request.files.get("file")
        call = Call(
            request.path,
            {name.lower(): value for name, value in request.headers.items()},
            request.form.to_dict(),
            uploaded.read() if uploaded else b"",
        )
        self.calls.append(call)
        return call


def answer(status: int, body: Any, **headers: str) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body), status, headers=headers, content_type="application/json")


def is_authorized(call: Call, user: str, password: str) -> bool:
    """Whether the call carries these as HTTP Basic credentials."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return call.headers.get("authorization") == f"Basic {pair}"


class Twilio(Provider):
    """POST /2010-04-01/Accounts/{sid}/Messages.json."""

    path = f"/2010-04-01/Accounts/{SID}/Messages.json"

    def take(self, request: Request) -> Response:
        call = self.read(request)
        if self.next_answers:
            return self.next_answers.pop(0)
        if not is_authorized(call, SID, TOKEN):
            return self.refuse(401, 20003, "Authenticate")
        if call.headers["content-type"] != "application/x-www-form-urlencoded":
            return self.refuse(400, 21604, "A 'To' phone number is required.")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", call.form.get("To", "")):
            return self.refuse(400, 21211, f"Invalid 'To' Phone Number: {call.form.get('To')}")
        if not ("From" in call.form) ^ ("MessagingServiceSid" in call.form):
            return self.refuse(400, 21603, "A 'From' phone number is required.")
        if not 0 < len(call.form.get("Body", "")) <= 1600:
            return self.refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        sid = f"SM{uuid4().hex}"
        self.sent[sid] = call.form
        said = {"sid": sid, "status": "queued", "to": call.form["To"], "body": call.form["Body"], "error_code": None}
        return answer(201, {**said, "account_sid": SID, "num_segments": "1", "direction": "outbound-api"})

    @staticmethod
    def refuse(status: int, code: int, message: str) -> Response:
        more = f"https://www.twilio.com/docs/errors/{code}"
        return answer(status, {"code": code, "message": message, "more_info": more, "status": status})


class Lob(Provider):
    """POST /v1/letters; the same Idempotency-Key gives the same letter."""

    path = "/v1/letters"

    def take(self, request: Request) -> Response:
        call = self.read(request)
        if self.next_answers:
            return self.next_answers.pop(0)
        if not is_authorized(call, KEY, ""):
            return self.refuse(401, "invalid_api_key", "Your API key is not valid.")
        if wrong := self.wrong(call):
            return self.refuse(422, "invalid", wrong)
        pages = PdfReader(BytesIO(call.file)).pages
        key = call.headers["idempotency-key"]
        if key not in self.sent:
            pictures = [{"small": f"https://lob-assets.com/{key}_thumb_small_{n}.png"} for n in range(len(pages) + 1)]
            identity = {"id": f"ltr_{uuid4().hex[:16]}", "object": "letter", "carrier": "USPS"}
            self.sent[key] = {**identity, "thumbnails": pictures, "expected_delivery_date": "2026-05-11"}
        return answer(200, self.sent[key])

    def wrong(self, call: Call) -> str:
        """What is wrong with a letter, as Lob's document says."""
        for side in ("to", "from"):
            for name in _LETTER_FIELDS:
                if not call.form.get(f"{side}[{name}]"):
                    return f"{side}.{name} is required"
            if any(len(call.form.get(f"{side}[{name}]", "")) > 40 for name in ("name", "company")):
                return f"{side}.name length must be less than 40 characters"
        if call.form.get("use_type") not in {"marketing", "operational"} or call.form.get("color") not in _FLAGS:
            return "use_type and color are required"
        sizes = {
            (round(page.mediabox.width), round(page.mediabox.height)) for page in PdfReader(BytesIO(call.file)).pages
        }
        return "" if sizes == {(612, 792)} else 'All pages must be sized at 8.5"x11".'

    @staticmethod
    def refuse(status: int, code: str, message: str) -> Response:
        return answer(status, {"error": {"message": message, "status_code": status, "code": code}})


@dataclass
class Local:
    """Both, on one port of this machine."""

    url: str
    twilio: Twilio
    lob: Lob


@contextmanager
def local_providers() -> Iterator[Local]:
    """The two endpoints; OUTGOING_ALLOW_NETS must allow the loopback."""
    with HTTPServer(threaded=True) as server:
        local = Local(server.url_for(""), Twilio(), Lob())
        for provider in (local.twilio, local.lob):
            server.expect_request(provider.path, method="POST").respond_with_handler(provider.take)
        yield local


def connect_twilio(local: Local, business: Any, sender: str = "+14155550100") -> None:
    """Connect a business to the local Twilio."""
    from businesses.audit import SYSTEM
    from messaging.connections import connect_provider

    account = {"account": SID, "credential": TOKEN, "sender": sender, "base_url": local.url}
    connect_provider(business, provider="twilio", **account, actor=SYSTEM)


def connect_lob(local: Local, business: Any) -> None:
    """Connect a business, which gets an address, to the local Lob."""
    from businesses.audit import SYSTEM
    from businesses.services import update_business
    from messaging.connections import connect_provider

    where = {"address": "185 Berry St", "city": "San Francisco", "state": "CA", "postal_code": "94107", "country": "US"}
    update_business(business, changes=where, actor=SYSTEM)
    connect_provider(business, provider="lob", credential=KEY, base_url=local.url, actor=SYSTEM)
