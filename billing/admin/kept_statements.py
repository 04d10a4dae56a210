"""Statements that left, as they left."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from billing.admin import amounts, pages
from billing.documents import keep_statement
from billing.models import KeptStatement
from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from businesses.models import Business
from customers.models import Customer
from einvoicing.document import Statement, from_json
from invoicing.lib.text import fold

_TYPE = Business.StatementType


@admin.register(KeptStatement)
class KeptStatementAdmin(BusinessAdmin):
    """Statements that left."""

    icon = "history_edu"
    list_display = ("customer_name", "sent", "figures", "file_link")
    list_display_links = None
    list_filter = (("customer", AutocompleteSelectFilter),)
    list_filter_submit = True
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("customer", "business")
    search_fields = ("uuid",)
    search_help_text = "Customer"

    class Media:
        css = {"all": ("billing/admin.css",)}

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        needle = fold(search_term.strip())
        customers = Customer.objects.of(request.business).filter(search_text__contains=needle).values("pk")
        return (queryset.filter(customer__in=customers) if needle else queryset), False

    @display(description="Customer")
    def customer_name(self, obj: KeptStatement) -> str:
        return obj.customer.name

    @display(description="Sent", ordering="id")
    def sent(self, obj: KeptStatement) -> Any:
        return obj.created_at

    @display(description="Statement")
    def figures(self, obj: KeptStatement) -> str:
        view = from_json(Statement, obj.view.encode())
        total = amounts.money(view.total_due_minor, view.currency, obj.business)
        return f"{_TYPE(view.kind).label} of {amounts.day(view.end, obj.business)}: {total}"

    @display(description="PDF")
    def file_link(self, obj: KeptStatement) -> str:
        address = reverse("admin:billing_keptstatement_pdf", args=[obj.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">Download</a>', address)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pdf_view)
        return [path("<path:object_id>/pdf/", view, name="billing_keptstatement_pdf"), *super().get_urls()]

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """Its PDF is all there is to see."""
        return self.pdf_view(request, object_id)

    def pdf_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The bytes that were attached."""
        row = self.find(request, object_id)
        end = from_json(Statement, row.view.encode()).end
        return pages.pdf(bytes(keep_statement(row).content), f"Statement-{row.customer.number}-{end}")
