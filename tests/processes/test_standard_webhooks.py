"""What a receiver in JavaScript makes of our requests: the public library of Standard Webhooks and OIM's few lines, in node."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_httpserver import HTTPServer
from werkzeug import Request

from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api
from invoicing.lib import clock, money
from invoicing.lib.secrets import encrypt
from webhooks.dispatch import drain
from webhooks.models import Delivery, Endpoint
from webhooks.outbox import publish
from webhooks.signing import standard_secret

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

# npm is not asked, for it is not there: these files, and no other version of them (dist.integrity of the registry).
PACKAGES = {
    "standardwebhooks": (
        "standardwebhooks/-/standardwebhooks-1.1.1.tgz",
        "bCbX9ZEyFkWPsRz7Bl3NuQUJohmwGSev/yhr7vhaGPlc4AfIrspIRa6cPTBuI1ItmrTDJ4d/S2hCsfe4+vQGnQ==",
    ),
    "@stablelib/base64": (
        "@stablelib/base64/-/base64-1.0.1.tgz",
        "1bnPQqSxSuc3Ii6MhBysoWCg58j97aUjuCSZrGSmDxNqtytIi0k8utUenAwTZN4V5mXXYGsVUI9zeBqy+jBOSQ==",
    ),
    "fast-sha256": (
        "fast-sha256/-/fast-sha256-1.3.0.tgz",
        "n11RGP/lrWEFI/bWdygLxhI+pVeo1ZYIVwvvPkW7azl/rOy+F3HYRZ2K5zeE9mmkhQppyv9sQFx0JM9UabnpPQ==",
    ),
}
KEPT = Path(tempfile.gettempdir()) / "invoicing-npm"

# Each request as {body, headers, secret, standard}; out comes what each way of checking says.
RECEIVER = r"""
const crypto = require("node:crypto");
const { Webhook } = require("standardwebhooks");

function oim(secret, headers, text) {
  const timestamp = headers["x-webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = crypto.createHmac("sha256", secret).update(`${timestamp}.${text}`).digest("hex");
  const given = Buffer.from(headers["x-webhook-signature"]);
  return given.length === expected.length && crypto.timingSafeEqual(given, Buffer.from(expected));
}

function standard(secret, headers, body) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    if (error.name !== "WebhookVerificationError") throw error;
    return false;
  }
}

const requests = JSON.parse(require("node:fs").readFileSync(0));
console.log(JSON.stringify(requests.map(({ body, headers, secret, whsec }) => {
  const bytes = Buffer.from(body, "base64");
  const parsedAndBack = JSON.stringify(JSON.parse(bytes.toString()));
  return {
    standard: standard(whsec, headers, bytes),
    oim: oim(secret, headers, bytes),
    parsedAndBack: Buffer.from(parsedAndBack).equals(bytes) ? "the same" : parsedAndBack,
    oimParsedAndBack: oim(secret, headers, parsedAndBack),
  };
})));
"""
GOOD = {"standard": True, "oim": True, "parsedAndBack": "the same", "oimParsedAndBack": True}
BAD = {**GOOD, "standard": False, "oim": False, "oimParsedAndBack": False}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder node_modules with the packages above."""
    folder = tmp_path_factory.mktemp("npm") / "node_modules"
    for name, (path, digest) in PACKAGES.items():
        with tarfile.open(fileobj=io.BytesIO(_fetched(path, digest))) as archive:
            archive.extractall(folder / name, filter="data")
        (folder / name / "package").rename(folder / name / "new")
        for item in (folder / name / "new").iterdir():
            item.rename(folder / name / item.name)
    return folder


def _fetched(path: str, digest: str) -> bytes:
    """A package's file, from the registry once and from a folder of this machine ever after; checked each time."""
    kept = KEPT / path.rpartition("/")[2]
    if not kept.exists():
        KEPT.mkdir(exist_ok=True)
        with urllib.request.urlopen(f"https://registry.npmjs.org/{path}", timeout=60) as answer:
            kept.write_bytes(answer.read())
    data = kept.read_bytes()
    assert base64.b64encode(hashlib.sha512(data).digest()).decode() == digest, f"{kept} is not what it was"
    return data


@pytest.fixture
def server(settings: Any) -> Iterator[HTTPServer]:
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    with HTTPServer(threaded=True) as server:
        server.expect_request("/hook").respond_with_data("")
        yield server


SECRET, NEXT, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4, "ab" * 32


@pytest.fixture
def endpoint(alice: Business, server: HTTPServer) -> Endpoint:
    return Endpoint.objects.create(business=alice, url=server.url_for("/hook"), events=["*"], secret=encrypt(SECRET))


def tell(business: Business, **data: Any) -> None:
    """Publish an event, committed."""
    with transaction.atomic():
        publish(business, "invoice.paid", data, actor=SYSTEM)


def sent(server: HTTPServer) -> list[Request]:
    """Send what is due; the requests as they came."""
    drain()
    assert not Delivery.objects.exclude(state="delivered").exists()
    return [request for request, _ in server.log]


def checked(modules: Path, requests: list[tuple[bytes, dict[str, str], str]]) -> list[dict[str, Any]]:
    """What node says of requests (body, headers, secret)."""
    node = shutil.which("node")
    assert node, "These tests need node (Debian: apt-get install nodejs)."
    asked = [
        {"body": base64.b64encode(body).decode(), "headers": headers, "secret": key, "whsec": standard_secret(key)}
        for body, headers, key in requests
    ]
    environment = {**os.environ, "NODE_PATH": str(modules)}
    done = subprocess.run(
        [node, "-e", RECEIVER], input=json.dumps(asked).encode(), env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return list(json.loads(done.stdout))


def lower(request: Request) -> dict[str, str]:
    """The headers as node's http module hands them out."""
    return {name.lower(): value for name, value in request.headers.items()}


def test_one_secret(modules: Path, endpoint: Endpoint, server: HTTPServer, alice: Business) -> None:
    tell(alice, total=29.99)
    (request,) = sent(server)
    body, headers = request.get_data(), lower(request)
    old = {**headers, "webhook-timestamp": "1700000000", "x-webhook-timestamp": "1700000000"}
    assert checked(
        modules,
        [
            (body, headers, SECRET),
            (body, headers, OTHER),
            (body.replace(b"29", b"39"), headers, SECRET),
            (body, old, SECRET),
        ],
    ) == [GOOD, BAD, BAD, BAD]


def test_two_secrets(modules: Path, endpoint: Endpoint, server: HTTPServer, alice: Business) -> None:
    """While one is being replaced the library takes either; OIM's one signature is made with the old."""
    Endpoint.objects.update(next_secret=encrypt(NEXT), next_secret_since=clock.now())
    tell(alice)
    (request,) = sent(server)
    body, headers = request.get_data(), lower(request)
    assert len(headers["webhook-signature"].split(" ")) == 2
    found = checked(modules, [(body, headers, secret) for secret in (SECRET, NEXT, OTHER)])
    assert [(one["standard"], one["oim"]) for one in found] == [(True, True), (True, False), (False, False)]


NUMBERS = ["250.00", "29.99", "0.1", "0.000001", "-0.000001", "999999999.999999", "123456789012345", "1234567890.12345"]
TEXTS = [
    *(
        "Müller & Söhne <b>\"'`/\\",
        "naïve\u2028line\u2029end",
        "👩‍👩‍👧‍👦 🏳️‍🌈 𝒳",
        "\x01\x08\x09\x0a\x0b\x0c\x0d\x1f\x7f\x80\x9f",
    ),
    *(
        "\ufeffmark\ufffe\uffff",
        "العربية עברית",
        "漢字 かな 한글",
        "e\u0301 \u00e9",
        "\u202e reversed",
        "</script><!--",
        "",
    ),
]
KEYS = [
    "__proto__",
    "constructor",
    "toString",
    "a b",
    "1a",
    "01x",
    "-1",
    "1.5",
    "é",
    "👍",
    "\u2028",
    '"',
    "\\",
    "length",
]


def test_a_body_survives_being_parsed(
    modules: Path, endpoint: Endpoint, server: HTTPServer, alice: Business, api: Api
) -> None:
    """Receivers check OIM's signature over JSON.stringify(request.body): so our spelling has to be JavaScript's."""
    minors = [0, -1, 5, 2999, 25000, money.MAX_MINOR, -money.MAX_MINOR]
    numbers: list[Any] = [2**31, 2**53 - 1, -(2**53) + 1, *(money.number(Decimal(text)) for text in NUMBERS)]
    numbers += [money.major_number(minor, code) for minor in minors for code in ("USD", "JPY", "KWD")]
    tell(alice, numbers=numbers, texts=TEXTS, nothing=None, yes=True, empty={}, none=[], **dict.fromkeys(KEYS, "x"))
    for number, text in enumerate(TEXTS):
        metadata = dict.fromkeys(KEYS[number : number + 10], text)
        made = api.post("/customers", {"name": f"Customer {text.strip()}", "metadata": metadata})
        if made.status_code != 201:  # not every text is a name
            made = api.post("/customers", {"name": f"Customer {number}", "metadata": metadata})
        assert made.status_code == 201, made.content
    requests = sent(server)
    assert len(requests) == 1 + len(TEXTS)
    found = checked(modules, [(request.get_data(), lower(request), SECRET) for request in requests])
    assert found == [GOOD] * len(requests)
