"""Paths under /earnipay/v1: what is served, what is not built yet, and a 404 in the envelope for the rest."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, re_path

from dialects.earnipay.auth import AuthView
from dialects.earnipay.businesses import BusinessesView, SettingsView
from dialects.earnipay.customers import CustomerView
from dialects.earnipay.door import LaterView, NowhereView
from dialects.earnipay.invoices import InvoiceView
from dialects.earnipay.products import ProductView
from dialects.earnipay.team import AcceptView, TeamView
from dialects.earnipay.users import MeView, PasswordView

_ID = r"(?P<id>[^/]+)"
_MANY: dict[str, Any] = {"get": "list", "post": "create"}
_ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
_VERBS = ("get", "post", "patch", "delete")
_NOWHERE: dict[str, Any] = dict.fromkeys(_VERBS, "nothing")
_LATER: dict[str, Any] = dict.fromkeys(_VERBS, "later")
_BUSINESSES: dict[str, Any] = {"get": "list", "post": "later"}
_BUSINESS: dict[str, Any] = {"get": "retrieve", "patch": "later", "delete": "later"}

# What Earnipay has and this server does not have yet.
LATER = (
    r"invoices/validate",
    rf"invoices/{_ID}/(?:generate-qr|submit-to-app)",
    r"(?:irn-generator|qr-generator)/generate",
    rf"businesses/(?:upload|providers/supported|{_ID}/[a-z-]+)",
    r"payment-details(?:/[^/]+)*",
    r"banks/(?:list|verify-account)",
    r"users/me/completion",
)

# The calls of people whom nobody knows yet, those that are not built yet among them.
AUTH = {
    "login": "login",
    "refresh": "refresh",
    "logout": "logout",
    "forgot-password": "forgot",
    "reset-password": "reset",
    **dict.fromkeys(("signup", "verify-email", "resend-code"), "later"),
}

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^customers/?$", CustomerView.as_view(_MANY)),
    re_path(rf"^customers/{_ID}/?$", CustomerView.as_view(_ONE)),
    re_path(r"^products/?$", ProductView.as_view(_MANY)),
    re_path(rf"^products/{_ID}/?$", ProductView.as_view(_ONE)),
    re_path(r"^invoices/?$", InvoiceView.as_view(_MANY)),
    re_path(r"^invoices/(?P<id>(?!validate/?$)[^/]+)/?$", InvoiceView.as_view(_ONE)),
    re_path(rf"^invoices/{_ID}/approve/?$", InvoiceView.as_view({"post": "approve"})),
    re_path(rf"^invoices/{_ID}/reject/?$", InvoiceView.as_view({"post": "reject"})),
    re_path(rf"^invoices/{_ID}/pdf/?$", InvoiceView.as_view({"get": "pdf"})),
    re_path(r"^businesses/?$", BusinessesView.as_view(_BUSINESSES)),
    re_path(r"^businesses/(?P<id>(?!upload/?$)[^/]+)/?$", BusinessesView.as_view(_BUSINESS)),
    re_path(rf"^businesses/{_ID}/settings/?$", SettingsView.as_view({"patch": "partial_update"})),
    *(re_path(rf"^auth/{name}/?$", AuthView.as_view({"post": call})) for name, call in AUTH.items()),
    re_path(r"^users/me/?$", MeView.as_view({"get": "retrieve", "patch": "partial_update"})),
    re_path(r"^users/change-password/?$", PasswordView.as_view({"post": "create"})),
    re_path(r"^team/?$", TeamView.as_view({"get": "list"})),
    re_path(r"^team/invite/?$", TeamView.as_view({"post": "invite"})),
    re_path(rf"^team/members/{_ID}/?$", TeamView.as_view({"delete": "remove"})),
    re_path(rf"^team/members/{_ID}/role/?$", TeamView.as_view({"patch": "change_role"})),
    re_path(rf"^team/invitations/{_ID}/?$", TeamView.as_view({"delete": "revoke"})),
    re_path(r"^team/invitations/(?P<token>[^/]+)/accept/?$", AcceptView.as_view({"post": "create"})),
    *(re_path(rf"^{path}/?$", LaterView.as_view(_LATER)) for path in LATER),
    re_path(r"^", NowhereView.as_view(_NOWHERE)),
]
