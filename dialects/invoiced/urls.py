"""Paths under /invoiced, without a version and without a trailing slash."""

from __future__ import annotations

from typing import Any

from django.urls import re_path

from dialects.invoiced.contacts import ContactView, NoteView
from dialects.invoiced.credit_notes import CreditNoteView
from dialects.invoiced.credits import CreditView
from dialects.invoiced.customers import CustomerView
from dialects.invoiced.estimates import EstimateView
from dialects.invoiced.events import EventView
from dialects.invoiced.files import (
    CreditNoteAttachmentsView,
    EstimateAttachmentsView,
    FileView,
    InvoiceAttachmentsView,
)
from dialects.invoiced.invoices import InvoiceView
from dialects.invoiced.items import ItemView
from dialects.invoiced.line_items import CustomerInvoicesView, LineItemView
from dialects.invoiced.others import OtherView, everything
from dialects.invoiced.payments import ChargeView, PaymentView
from dialects.invoiced.tax_rates import TaxRateView

_CUSTOMER = r"^customers/(?P<id>[^/]+)"
_ONE: Any = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
_CONTACT = rf"{_CUSTOMER}/contacts/(?P<contact>[^/]+)"

urlpatterns = [
    re_path(r"^customers$", CustomerView.as_view({"get": "list", "post": "create"})),
    re_path(rf"{_CUSTOMER}$", CustomerView.as_view(_ONE)),
    re_path(rf"{_CUSTOMER}/balance$", CustomerView.as_view({"get": "balance"})),
    re_path(rf"{_CUSTOMER}/emails$", CustomerView.as_view({"post": "send_statement"})),
    re_path(rf"{_CUSTOMER}/text_messages$", CustomerView.as_view({"post": "send_text"})),
    re_path(rf"{_CUSTOMER}/letters$", CustomerView.as_view({"post": "send_letter"})),
    re_path(rf"{_CUSTOMER}/contacts$", ContactView.as_view({"get": "list", "post": "create"})),
    re_path(rf"{_CONTACT}$", ContactView.as_view(_ONE)),
    re_path(rf"{_CUSTOMER}/notes$", NoteView.as_view({"get": "list", "post": "create"})),
    re_path(rf"{_CUSTOMER}/notes/(?P<note>[^/]+)$", NoteView.as_view({"patch": "partial_update", "delete": "destroy"})),
    re_path(r"^notes$", NoteView.as_view({"get": "list", "post": "create"})),
    re_path(r"^notes/(?P<note>[^/]+)$", NoteView.as_view({"patch": "partial_update", "delete": "destroy"})),
    re_path(r"^payments$", PaymentView.as_view({"get": "list", "post": "create"})),
    re_path(r"^payments/(?P<id>[^/]+)$", PaymentView.as_view(_ONE)),
    re_path(r"^payments/(?P<id>[^/]+)/emails$", PaymentView.as_view({"post": "send_mail"})),
    re_path(r"^events$", EventView.as_view({"get": "list"})),
    re_path(r"^events/(?P<id>[^/]+)$", EventView.as_view({"get": "retrieve"})),
    re_path(r"^credit_balance_adjustments$", CreditView.as_view({"get": "list", "post": "create"})),
    re_path(r"^credit_balance_adjustments/(?P<id>[^/]+)$", CreditView.as_view(_ONE)),
    re_path(r"^files$", FileView.as_view({"post": "create"})),
    re_path(r"^files/(?P<id>[^/]+)$", FileView.as_view({"get": "retrieve", "delete": "destroy"})),
    re_path(r"^invoices/(?P<id>[^/]+)/attachments$", InvoiceAttachmentsView.as_view({"get": "list"})),
    re_path(r"^estimates/(?P<id>[^/]+)/attachments$", EstimateAttachmentsView.as_view({"get": "list"})),
    re_path(r"^credit_notes/(?P<id>[^/]+)/attachments$", CreditNoteAttachmentsView.as_view({"get": "list"})),
    re_path(r"^charges$", ChargeView.as_view({"post": "create"})),
    re_path(r"^charges/(?P<id>[^/]+)/refunds$", ChargeView.as_view({"post": "create"})),
    re_path(r"^items$", ItemView.as_view({"get": "list", "post": "create"})),
    re_path(r"^items/(?P<id>[^/]+)$", ItemView.as_view(_ONE)),
    re_path(r"^tax_rates$", TaxRateView.as_view({"get": "list", "post": "create"})),
    re_path(r"^tax_rates/(?P<id>[^/]+)$", TaxRateView.as_view(_ONE)),
    re_path(r"^invoices$", InvoiceView.as_view({"get": "list", "post": "create"})),
    re_path(r"^invoices/(?P<id>[^/]+)$", InvoiceView.as_view(_ONE)),
    re_path(r"^invoices/(?P<id>[^/]+)/emails$", InvoiceView.as_view({"post": "send_mail"})),
    re_path(r"^invoices/(?P<id>[^/]+)/text_messages$", InvoiceView.as_view({"post": "send_text"})),
    re_path(r"^invoices/(?P<id>[^/]+)/letters$", InvoiceView.as_view({"post": "send_letter"})),
    re_path(r"^invoices/(?P<id>[^/]+)/void$", InvoiceView.as_view({"post": "void"})),
    re_path(r"^invoices/(?P<id>[^/]+)/pay$", InvoiceView.as_view({"post": "pay"})),
    re_path(r"^estimates$", EstimateView.as_view({"get": "list", "post": "create"})),
    re_path(r"^estimates/(?P<id>[^/]+)$", EstimateView.as_view(_ONE)),
    re_path(r"^estimates/(?P<id>[^/]+)/emails$", EstimateView.as_view({"post": "send_mail"})),
    re_path(r"^estimates/(?P<id>[^/]+)/void$", EstimateView.as_view({"post": "void"})),
    re_path(r"^estimates/(?P<id>[^/]+)/invoice$", EstimateView.as_view({"post": "invoice"})),
    re_path(r"^credit_notes$", CreditNoteView.as_view({"get": "list", "post": "create"})),
    re_path(r"^credit_notes/(?P<id>[^/]+)$", CreditNoteView.as_view(_ONE)),
    re_path(r"^credit_notes/(?P<id>[^/]+)/emails$", CreditNoteView.as_view({"post": "send_mail"})),
    re_path(r"^credit_notes/(?P<id>[^/]+)/void$", CreditNoteView.as_view({"post": "void"})),
    re_path(rf"{_CUSTOMER}/line_items$", LineItemView.as_view({"get": "list", "post": "create"})),
    re_path(rf"{_CUSTOMER}/line_items/(?P<line>[^/]+)$", LineItemView.as_view(_ONE)),
    re_path(rf"{_CUSTOMER}/invoices$", CustomerInvoicesView.as_view({"post": "of_pending"})),
    re_path(rf"{_CUSTOMER}/consolidate_invoices$", CustomerInvoicesView.as_view({"post": "consolidate"})),
    re_path(r"^(?P<path>.*)$", OtherView.as_view(everything())),
]
