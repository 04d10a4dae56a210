"""Paths of this app under /api/v1."""

from __future__ import annotations

from typing import Any

from django.urls import re_path

from customers.api.contacts import ContactView
from customers.api.notes import NoteView
from customers.api.views import CustomerView

MANY: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
_CUSTOMER = "customers/(?P<customer_id>[^/]+)"

urlpatterns = [
    re_path(r"^customers/?$", CustomerView.as_view(MANY), name="customers"),
    re_path(rf"^{_CUSTOMER}/?$", CustomerView.as_view(ONE), name="customer"),
    re_path(rf"^{_CUSTOMER}/restore/?$", CustomerView.as_view({"post": "restore"}), name="customer_restore"),
    re_path(rf"^{_CUSTOMER}/contacts/?$", ContactView.as_view(MANY), name="contacts"),
    re_path(rf"^{_CUSTOMER}/contacts/(?P<contact_id>[^/]+)/?$", ContactView.as_view(ONE), name="contact"),
    re_path(rf"^{_CUSTOMER}/notes/?$", NoteView.as_view(MANY), name="notes"),
    re_path(rf"^{_CUSTOMER}/notes/(?P<note_id>[^/]+)/?$", NoteView.as_view(ONE), name="note"),
]
