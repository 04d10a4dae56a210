"""The way out: which URLs are taken, which addresses are dialled, and how calls end."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug import Request, Response

from invoicing.lib import clock
from invoicing.lib.errors import Invalid
from invoicing.lib.http import Answer, Client, check_url, parse_url

SPELLINGS = [
    *("https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/"),
    *("https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://0177.1/", "https://127.0.0.1./", "https://127.0.0.01/"),
    *("https://１２７.0.0.1/", "https://127。0。0。1/", "https://①②⑦.0.0.1/", "https://%31%32%37.0.0.1/"),
    *("https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
    *("https://[fe80::1%25eth0]/", "https://[::1%25lo]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/"),
    *("https://localhost/", "https://LOCALHOST./", "https://ⓛocalhost/", "https://a.localhost/", "https://db/"),
    *("https://metadata.google.internal/", "https://169.254.169.254/latest/", "https://0/", "https://0.0.0.0/"),
    *("https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/"),
    *("https://example.com@127.0.0.1/", "https://127.0.0.1\\@example.com/", "https://exa mple.com/"),
    *("https://example.com\t/", "https://example.com/\nHost:x", "https://example.com\x00/", "https://exa%6dple.com/"),
    *("https://example.com/\n", "https://example.com\n"),
    *("https:///path", "https://", "https:example.com", "//example.com/", "example.com", "", "https://[::1/"),
    *("https://example.com:0/", "https://example.com:65536/", "https://example.com:-1/", "https://example.com:a/"),
    *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "unix:///x"),
    *("https://a..example.com/", "https://-a.example.com/", "https://" + "a" * 64 + ".com/", "https://*.example.com/"),
    "https://example.com/" + "a" * 2000,
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_spellings_are_refused_when_given(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_url(url)
    assert refusal.value.details[0].field == "url"


@pytest.mark.parametrize("url", SPELLINGS)
def test_spellings_are_refused_when_dialled(url: str, guard: Guard) -> None:
    answer = call(url, deadline=3)
    assert answer.status is None
    assert answer.error
    assert not guard.dialled


@pytest.mark.parametrize(
    "url",
    [
        *("https://1.1.1.1/hook", "https://8.8.8.8:8443/a?b=c#d", "https://[2606:4700::1111]/"),
        *("https://bücher.example/", "HTTPS://Hooks.Example.COM/x", "https://a_b.example.com./"),
    ],
)
def test_public_urls_are_taken(url: str) -> None:
    check_url(url)


def test_idn_is_dialled_as_punycode() -> None:
    assert parse_url("https://bücher.example/").raw_host == "xn--bcher-kva.example"


def test_http_needs_an_allowed_net(settings: Any) -> None:
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    check_url("http://localhost:9/")
    check_url("http://127.0.0.1:9/")
    for url in ("http://1.1.1.1/", "http://10.0.0.1/", "http://no-such-host.invalid/"):
        with pytest.raises(Invalid):
            check_url(url)


class Guard:
    """A listener inside that must never be called."""

    def __init__(self) -> None:
        self.dialled = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        try:
            while True:
                self.listener.accept()[0].close()
                self.dialled = True
        except OSError:
            return


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    yield guard
    guard.listener.shutdown(socket.SHUT_RDWR)
    guard.listener.close()


def call(url: str, **kwargs: Any) -> Answer:
    async def run() -> Answer:
        async with Client() as client:
            return await client.post(url, b"{}", {"X-Test": "1", "User-Agent": "me"}, **kwargs)

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "localhost.", "127.1"])
def test_nothing_inside_is_dialled(host: str, guard: Guard) -> None:
    answer = call(f"https://{host}:{guard.port}/")
    assert (answer.status, bool(answer.error)) == (None, True)
    assert not guard.dialled


def test_a_name_with_one_bad_address_is_not_dialled(guard: Guard, settings: Any, monkeypatch: Any) -> None:
    """Rebinding: the name server (here the system's, replaced) answers with an allowed and a forbidden address."""
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.1/32"]
    answers = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", guard.port)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", guard.port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)
    answer = call(f"https://rebind.example:{guard.port}/")
    assert answer.error == "This host's address is not on the public internet."
    assert not guard.dialled


def test_an_answer(receiver: Any) -> None:
    seen: list[Request] = []

    def take(request: Request) -> Response:
        seen.append(request)
        return Response(b"\xff\0ok", 201, {"Set-Cookie": "a=b"})

    receiver.expect_request("/", method="POST").respond_with_handler(take)
    answer = call(receiver.url_for("/"))
    assert (answer.status, answer.excerpt, answer.error) == (201, "\ufffd\ufffdok", None)
    assert seen[0].headers["User-Agent"] == "me"
    assert seen[0].headers["Host"] == f"localhost:{receiver.port}"
    assert "Accept-Encoding" not in seen[0].headers


def test_redirects_are_not_followed(receiver: Any) -> None:
    receiver.expect_request("/from").respond_with_data("", 302, {"Location": receiver.url_for("/to")})
    receiver.expect_request("/to").respond_with_data("reached")
    assert call(receiver.url_for("/from")).status == 302
    assert [request.path for request, _ in receiver.log] == ["/from"]


def test_little_is_kept_and_not_much_read(receiver: Any) -> None:
    receiver.expect_request("/").respond_with_data(b"x" * 5_000_000)
    answer = call(receiver.url_for("/"))
    assert (answer.status, answer.excerpt) == (200, "x" * 16 * 1024)


def test_nothing_is_unpacked(receiver: Any) -> None:
    packed = gzip.compress(b"x" * 1000)
    receiver.expect_request("/").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert call(receiver.url_for("/")).excerpt == packed.decode("utf-8", "replace").replace("\0", "\ufffd")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("120", 120), ("0", 0), (" 7 ", 7), ("007", 7), ("86400", 86400), ("86401", 86400), ("9" * 5000, 86400)),
        *(("Wed, 01 Apr 2026 10:02:00 GMT", 120), ("Wednesday, 01-Apr-26 10:02:00 GMT", 120)),
        *(("Wed Apr  1 10:02:00 2026", 120), ("Fri, 31 Dec 9999 23:59:59 GMT", 86400)),
        *(("Wed, 01 Apr 2026 10:00:00 GMT", 0), ("Wed, 01 Apr 2026 09:59:59 GMT", None), ("-5", None), ("1.5", None)),
        *(("", None), ("soon", None), ("1e3", None), ("0x10", None), ("NaN", None), ("inf", None), ("\xb2", None)),
        *(("Wed, 31 Feb 2026 10:00:00 GMT", None), ("1 Jan 99999999999 00:00:00 GMT", None), ("," * 300, None)),
    ],
)
@pytest.mark.parametrize("status", [200, 429, 503])
def test_retry_after(receiver: Any, start: datetime, header: str, seconds: float | None, status: int) -> None:
    receiver.expect_request("/").respond_with_data("", status, {"Retry-After": header})
    with clock.at(start):
        answer = call(receiver.url_for("/"))
    assert (answer.status, answer.error, answer.retry_after) == (status, None, seconds)


def test_without_retry_after(receiver: Any) -> None:
    receiver.expect_request("/").respond_with_data("")
    assert call(receiver.url_for("/")).retry_after is None
    assert Answer(200, "", 5, None).retry_after is None


@pytest.mark.parametrize("drip", [False, True])
def test_one_deadline_for_everything(receiver: Any, drip: bool) -> None:
    release = threading.Event()

    def slow() -> Iterator[bytes]:
        while not release.wait(0.05):
            yield b"x"

    def handler(request: Request) -> Response:
        if drip:
            return Response(slow(), 200)
        release.wait(5)
        return Response("late")

    receiver.expect_request("/").respond_with_handler(handler)
    start = time.monotonic()
    answer = call(receiver.url_for("/"), deadline=0.3)
    release.set()
    assert answer.error == "No complete answer within 0.3 seconds."
    assert 290 <= answer.duration_ms < 1500
    assert time.monotonic() - start < 2


def test_nobody_listens(settings: Any) -> None:
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert call(f"http://127.0.0.1:{port}/").error == "The connection was refused or not possible."


def test_tls_is_verified_and_the_name_is_sent(settings: Any, tls_server: TlsServer) -> None:
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8", "::1/128"]
    answer = call(f"https://localhost:{tls_server.port}/", deadline=5)
    assert (answer.error or "").startswith("The certificate is not valid: ")
    assert tls_server.names == ["localhost"]


class TlsServer:
    """Shows a certificate that nobody trusts, and remembers which name was asked for."""

    def __init__(self, certificate: str) -> None:
        self.names: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.context = context
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            connection, _ = self.listener.accept()
            self.context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return


@pytest.fixture
def tls_server(tmp_path: Any) -> Iterator[TlsServer]:
    server = TlsServer(self_signed(tmp_path / "pair.pem"))
    yield server
    server.listener.close()


def self_signed(path: Any, *, common_name: str = "localhost", host: str = "localhost") -> str:
    """A certificate for a host and its key, in one file, whose path is handed back."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)
