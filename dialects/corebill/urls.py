"""Paths under /corebill/v1: changes are POSTs of the row's own path."""

from __future__ import annotations

from typing import Any

from django.urls import re_path

from dialects.corebill.companies import CompanyView
from dialects.corebill.customers import CustomerView
from dialects.corebill.invoices import InvoiceView
from dialects.corebill.items import ItemView
from dialects.corebill.quotes import QuoteView

_MANY: dict[str, Any] = {"get": "list", "post": "create"}
_ONE: dict[str, Any] = {"get": "retrieve", "post": "update", "delete": "destroy"}
_ID = r"(?P<id>[^/]+)"

urlpatterns = [
    re_path(r"^companies/?$", CompanyView.as_view({"get": "list"})),
    re_path(r"^customers/?$", CustomerView.as_view(_MANY)),
    re_path(rf"^customers/{_ID}/?$", CustomerView.as_view(_ONE)),
    re_path(r"^items/?$", ItemView.as_view(_MANY)),
    re_path(rf"^items/{_ID}/?$", ItemView.as_view(_ONE)),
    re_path(r"^invoices/?$", InvoiceView.as_view(_MANY)),
    re_path(rf"^invoices/{_ID}/?$", InvoiceView.as_view(_ONE)),
    re_path(rf"^invoices/{_ID}/send/?$", InvoiceView.as_view({"post": "send_mail"})),
    re_path(rf"^invoices/{_ID}/record_payment/?$", InvoiceView.as_view({"post": "record_payment"})),
    re_path(r"^quotes/?$", QuoteView.as_view(_MANY)),
    re_path(rf"^quotes/{_ID}/?$", QuoteView.as_view(_ONE)),
    re_path(rf"^quotes/{_ID}/send/?$", QuoteView.as_view({"post": "send_mail"})),
    re_path(rf"^quotes/{_ID}/approve/?$", QuoteView.as_view({"post": "approve"})),
    re_path(rf"^quotes/{_ID}/reject/?$", QuoteView.as_view({"post": "reject"})),
    re_path(rf"^quotes/{_ID}/convert_to_invoice/?$", QuoteView.as_view({"post": "convert"})),
]
