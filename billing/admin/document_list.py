"""The list of invoices, of quotations or of credit notes: tabs, search, columns, and their PDFs in one file."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.db.models import QuerySet
from django.http import FileResponse
from django.http.response import HttpResponseBase
from unfold.decorators import action, display

from billing.admin import amounts, pages
from billing.admin.filters import StateFilter
from billing.admin.row_pages import RowPages
from billing.documents import document_pdf
from billing.models import Document
from billing.selectors.search import search_documents
from businesses.membership import AdminRequest
from invoicing.lib.text import fold

MOST = 500  # documents in one bulk action


class DocumentList(RowPages):
    """Documents of a kind, many at once."""

    add_action = "edit_drafts"
    change_action = "edit_drafts"
    delete_action = "edit_drafts"
    global_search = True
    state_filter: ClassVar[type[StateFilter]]

    search_fields = ("number",)
    search_help_text = "Number, reference, purchase order or customer"
    list_select_related: ClassVar[tuple[str, ...]] = ("customer", "business")
    list_filter_submit = True
    list_before_template = "admin/billing/tabs.html"
    list_display_links = ("number",)
    show_facets = ShowFacets.NEVER  # each would be a count of everything

    class Media:
        css = {"all": ("billing/admin.css",)}

    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).live()

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By our own folded columns."""
        needle = fold(search_term.strip())
        if not needle:
            return queryset, False
        return search_documents(queryset, request.business, needle), False

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"tabs": self.state_filter.links(request), **(extra_context or {})})

    @display(description="Customer", ordering="customer__name_folded")
    def customer_name(self, obj: Document) -> str:
        return obj.customer.name

    @display(description="Status", ordering="status", label=amounts.BADGES)
    def badge(self, obj: Document) -> tuple[str, str]:
        return obj.status, obj.get_status_display()  # type: ignore[attr-defined]

    @display(description="Total", ordering="total_minor")
    def total(self, obj: Document) -> str:
        return amounts.money(obj.total_minor, obj.currency, obj.business)

    @display(description="Issued", ordering="issue_date")
    def issued_on(self, obj: Document) -> str:
        return amounts.day(obj.issue_date, obj.business)

    @action(description="Download PDFs as ZIP", icon="folder_zip")
    def download(self, request: AdminRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        """One file per document."""
        rows = self.few(request, queryset)
        return _zip(rows, f"{self.opts.model_name}s") if rows else None

    def few(self, request: AdminRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The chosen rows, oldest first; none, and a message, where they are too many."""
        rows = list(queryset.select_related("customer", "business").order_by("pk")[: MOST + 1])
        if len(rows) > MOST:
            self.message_user(request, f"At most {MOST} at a time.", messages.ERROR)
            return []
        return rows


def _zip(rows: Iterable[Any], name: str) -> FileResponse:
    """The PDFs one after the other into a file on disk, then streamed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for row in rows:
            bundle.writestr(f"{pages.safe_name(row.number)}.pdf", document_pdf(row))
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")
