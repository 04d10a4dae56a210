"""Both signatures, against the public library of one and a receiver written from the other's contract."""

from __future__ import annotations

import hashlib
import hmac
import time
from uuid import uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks.signing import Call, Secrets, oim_headers, standard_secret

SECRET = "0123456789abcdef" * 4
ONE = Secrets(SECRET)
BODY = b'{"id":"evt_1","data":{"total":29.99,"name":"M\xc3\xbcller"}}'


def headers(secrets: Secrets = ONE) -> dict[str, str]:
    call = Call(attempt_id=uuid4(), event_id="evt_" + "a" * 32, event_type="invoice.paid", timestamp=int(time.time()))
    return oim_headers(BODY, secrets, call)


def test_standard_library_accepts_it() -> None:
    assert Webhook(standard_secret(SECRET)).verify(BODY, headers())


def test_standard_library_refuses_other_bytes() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(standard_secret(SECRET)).verify(BODY + b" ", headers())


def test_oim_receiver_accepts_it() -> None:
    sent = headers()
    signed = sent["X-Webhook-Timestamp"].encode() + b"." + BODY
    assert sent["X-Webhook-Signature"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


def test_headers_are_the_contracts() -> None:
    sent = headers()
    assert sent["Content-Type"] == "application/json"
    assert sent["User-Agent"] == "OnlineInvoiceMaker-Webhooks/1.0"
    assert sent["X-Webhook-Event"] == "invoice.paid"
    assert sent["X-Webhook-Event-ID"] == sent["webhook-id"] == "evt_" + "a" * 32
    assert sent["X-Webhook-Timestamp"] == sent["webhook-timestamp"]
    assert standard_secret("ab") == "whsec_YWI="


def test_both_secrets_sign_while_one_replaces_the_other() -> None:
    new = "f" * 64
    sent = headers(secrets=Secrets(SECRET, new))
    for secret in (SECRET, new):
        assert Webhook(standard_secret(secret)).verify(BODY, sent)
    signed = sent["X-Webhook-Timestamp"].encode() + b"." + BODY
    assert sent["X-Webhook-Signature"] == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    with pytest.raises(WebhookVerificationError):
        Webhook(standard_secret("e" * 64)).verify(BODY, sent)
