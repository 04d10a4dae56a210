"""Where a draft is written: the form, and what it asks the server while a person types."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase

from billing.admin import amounts, pages
from billing.admin.document_list import DocumentList
from billing.admin.drafts import Editor, preview
from billing.models import Product
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError
from invoicing.lib.text import fold


class DocumentEditor(DocumentList):
    """Invoices or quotations while they are drafts."""

    def store(self, request: AdminRequest, editor: Editor, *, issue: bool) -> Any:
        """Create or change the draft that the editor describes, and issue it where asked."""
        raise NotImplementedError

    def links(self, row: Any) -> dict[str, Any]:
        """The addresses that a page of `row`, or of a new draft, leads to."""
        links = {name: self.url_to(name) for name in ("preview", "products")}
        if row is not None:
            links["preview"] = f"{links['preview']}?row={row.pk}"
        return {"links": links, "list_url": self.url_of_list()}

    def editor_context(self, request: AdminRequest, row: Any) -> dict[str, Any]:
        """What else the editor of `row`, or of a new draft, shows: which buttons there are."""
        return {"may": {name: self.allows(request, name) for name in ("issue", "send")}}

    def edit(self, request: AdminRequest, row: Any) -> HttpResponseBase:
        """Show the editor, or store what was typed."""
        data = request.POST if request.method == "POST" else None
        editor = Editor(request.business, self.model, row, data, _initial(request))
        if data is not None and editor.is_valid():
            issue = "_issue" in data
            if issue:
                self.insist(request, "issue")
            try:
                return self._stored(request, self.store(request, editor, issue=issue), data)
            except DomainError as refusal:
                editor.refuse(refusal)
        title = f"{row.number}" if row else f"New {self.opts.verbose_name}"
        media = self.media + editor.head.media
        context = {
            "editor": editor,
            "original": row,
            "media": media,
            **self.links(row),
            **self.editor_context(request, row),
        }
        return pages.show(self, request, "editor", title, status=400 if data is not None else 200, **context)

    def _stored(self, request: AdminRequest, row: Any, data: Any) -> HttpResponseBase:
        done = "issued" if "_issue" in data else "saved"
        self.message_user(request, f"{row.number} is {done}.", messages.SUCCESS)
        if "_send" in data:
            return HttpResponseRedirect(self.url_to("send", row))
        return HttpResponseRedirect(self.url_of(row.pk))

    # What the editor asks while a person types -----------------------------------------------------------------------------
    def preview_view(self, request: AdminRequest) -> HttpResponseBase:
        """The totals of what stands in the form, from the one calculator."""
        self.insist(request, "edit_drafts")
        row = self.find(request, request.GET["row"]) if "row" in request.GET else None
        return JsonResponse(preview(Editor(request.business, self.model, row, request.POST)))

    def products_view(self, request: AdminRequest) -> HttpResponseBase:
        """Up to eight products whose name, code or description holds `q`."""
        self.insist(request, "edit_drafts")
        rows = Product.objects.of(request.business).live().filter(active=True)
        if needle := fold(request.GET.get("q", "").strip()):
            rows = rows.filter(search_text__contains=needle)
        return JsonResponse({"products": [_product(row, request) for row in rows.order_by("name_folded", "pk")[:8]]})


def _initial(request: AdminRequest) -> dict[str, Any]:
    """`?customer=7` from a customer's page."""
    customer = request.GET.get("customer", "")
    return {"customer": int(customer)} if customer.isdigit() and request.method == "GET" else {}


def _product(row: Product, request: AdminRequest) -> dict[str, str]:
    return {
        "uuid": str(row.uuid),
        "name": row.name,
        "description": row.description or row.name,
        "unit": row.unit or "",
        "unit_price": amounts.plain(row.unit_price),
        "tax_rate": amounts.plain(row.tax_rate),
        "currency": request.business.currency,
        "product_code": row.product_code or "",
        "shown": f"{amounts.plain(row.unit_price)} {request.business.currency}",
    }
