"""What surrounds every request: its id, its true client address, security headers; sessions and CSRF for browsers only."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import structlog
from axes.middleware import AxesMiddleware as Axes
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware as Authentication
from django.contrib.messages.middleware import MessageMiddleware as Messages
from django.contrib.sessions.middleware import SessionMiddleware as Sessions
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware as Csrf

Answer = Callable[[HttpRequest], HttpResponse]

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")
_STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)
# Alpine, which draws the admin, evaluates its attributes.
_ADMIN = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
# Paths of programs: the native API and the other wire formats.
API = ("/api/", "/corebill/", "/earnipay/", "/invoiced/")


def client_ip(request: HttpRequest) -> str:
    """The caller's address: the right-most of X-Forwarded-For that is not one of TRUSTED_PROXIES, else the peer."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if not _is_proxy(address):
        return address
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if hop.strip():
            address = hop.strip()
            if not _is_proxy(address):
                break
    return address


def _is_proxy(address: str) -> bool:
    try:
        value = ip_address(address)
    except ValueError:
        return False
    return any(value in ip_network(net) for net in settings.TRUSTED_PROXIES)


def _policy(path: str) -> str:
    if path.rstrip("/") == "/api/v1/docs":
        return _DOCS
    return _STRICT if path.startswith(API) else _ADMIN


class RequestContextMiddleware:
    """Give every request an id (taken from X-Request-ID or made), log with it, and send it back with the CSP."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        proxied = _is_proxy(str(request.META.get("REMOTE_ADDR", "")))
        if proxied and request.META.get("HTTP_X_FORWARDED_PROTO") == "https":
            request.environ["wsgi.url_scheme"] = "https"  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        response.setdefault("Content-Security-Policy", _policy(request.path))
        return response


class _BrowserOnly:
    """Let the API pass by: it has no session, cookie or form, and a lean stack is a third of its time."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(API):
            return self.get_response(request)  # type: ignore[attr-defined,no-any-return]
        return super().__call__(request)  # type: ignore[misc,no-any-return]

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponse | None:
        if request.path.startswith(API) or not hasattr(super(), "process_view"):
            return None
        return super().process_view(request, *args)  # type: ignore[misc,no-any-return]


class SessionMiddleware(_BrowserOnly, Sessions):
    """Django's, for browsers."""


class CsrfViewMiddleware(_BrowserOnly, Csrf):  # type: ignore[misc]
    """Django's, for browsers."""


class AuthenticationMiddleware(_BrowserOnly, Authentication):
    """Django's, for browsers."""


class MessageMiddleware(_BrowserOnly, Messages):
    """Django's, for browsers."""


class AxesMiddleware(_BrowserOnly, Axes):
    """The lockout's, for browsers."""
