"""Paths under /invoiced, without a version and without a trailing slash."""

from __future__ import annotations

from django.urls import re_path

from dialects.invoiced.contacts import ContactView, NoteView
from dialects.invoiced.customers import CustomerView
from dialects.invoiced.others import OtherView, everything

_CUSTOMER = r"^customers/(?P<id>[^/]+)"
_CONTACT = rf"{_CUSTOMER}/contacts/(?P<contact>[^/]+)"

urlpatterns = [
    re_path(r"^customers$", CustomerView.as_view({"get": "list", "post": "create"})),
    re_path(
        rf"{_CUSTOMER}$",
        CustomerView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    re_path(rf"{_CUSTOMER}/balance$", CustomerView.as_view({"get": "balance"})),
    re_path(rf"{_CUSTOMER}/emails$", CustomerView.as_view({"post": "send_statement"})),
    re_path(rf"{_CUSTOMER}/text_messages$", CustomerView.as_view({"post": "send_text"})),
    re_path(rf"{_CUSTOMER}/letters$", CustomerView.as_view({"post": "send_letter"})),
    re_path(rf"{_CUSTOMER}/contacts$", ContactView.as_view({"get": "list", "post": "create"})),
    re_path(
        rf"{_CONTACT}$",
        ContactView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    re_path(rf"{_CUSTOMER}/notes$", NoteView.as_view({"get": "list", "post": "create"})),
    re_path(rf"{_CUSTOMER}/notes/(?P<note>[^/]+)$", NoteView.as_view({"patch": "partial_update", "delete": "destroy"})),
    re_path(r"^notes$", NoteView.as_view({"get": "list", "post": "create"})),
    re_path(r"^notes/(?P<note>[^/]+)$", NoteView.as_view({"patch": "partial_update", "delete": "destroy"})),
    re_path(r"^(?P<path>.*)$", OtherView.as_view(everything())),
]
