"""Statements that left, as they left, and the links with which their customers open them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from billing.admin import amounts, pages
from billing.documents import keep_statement
from billing.models import KeptStatement
from businesses.admin.badges import badge, moment
from businesses.admin.base import BusinessAdmin
from businesses.links import link_state, revoke_links
from businesses.membership import AdminRequest
from businesses.models import Business, PublicLink
from customers.models import Customer
from einvoicing.document import Statement, from_json
from invoicing.lib.text import fold

_TYPE = Business.StatementType
_OF_LINK = ("expires_at", "revoked_at", "opened_at")
_COLOURS = {"active": "success", "expired": "warning", "revoked": "danger", "none": ""}
_REVOKE = {
    "title": "Revoke the link to this statement?",
    "description": "Who has the link cannot open it any more. A revoked link cannot be brought back; sending makes a new one.",
    "form_class": None,
    "form_submit_text": "Revoke",
}


@admin.register(KeptStatement)
class KeptStatementAdmin(BusinessAdmin):
    """Statements that left."""

    icon = "history_edu"
    list_display = ("customer_name", "sent", "figures", "link_state", "opened", "file_link")
    list_filter = (("customer", AutocompleteSelectFilter),)
    list_filter_submit = True
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("customer", "business")
    search_fields = ("uuid",)
    search_help_text = "Customer"
    actions = ("revoke_selected",)
    actions_detail = actions_row = ("revoke",)
    fieldsets = (
        (None, {"fields": (("customer_name", "sent"), "figures", "file_link")}),
        ("Online, without a login", {"fields": (("link_state", "opened"), ("expires", "revoked"))}),
    )

    class Media:
        css = {"all": ("billing/admin.css",)}

    def get_queryset(self, request: AdminRequest) -> Any:
        """With the newest link of each, so that a list asks for all of them at once."""
        links = PublicLink.objects.of(request.business).filter(subject_id=OuterRef("uuid")).order_by("-id")
        columns = {f"link_{name}": Subquery(links.values(name)[:1]) for name in _OF_LINK}
        return super().get_queryset(request).annotate(**columns)

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        needle = fold(search_term.strip())
        customers = Customer.objects.of(request.business).filter(search_text__contains=needle).values("pk")
        return (queryset.filter(customer__in=customers) if needle else queryset), False

    @display(description="Customer")
    def customer_name(self, obj: KeptStatement) -> str:
        return obj.customer.name

    @display(description="Sent", ordering="id")
    def sent(self, obj: KeptStatement) -> str:
        return moment(obj.created_at)

    @display(description="Statement")
    def figures(self, obj: KeptStatement) -> str:
        view = from_json(Statement, obj.view.encode())
        total = amounts.money(view.total_due_minor, view.currency, obj.business)
        return f"{_TYPE(view.kind).label} of {amounts.day(view.end, obj.business)}: {total}"

    @display(description="PDF")
    def file_link(self, obj: KeptStatement) -> str:
        address = reverse("admin:billing_keptstatement_pdf", args=[obj.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">Download</a>', address)

    @display(description="Online")
    def link_state(self, obj: KeptStatement) -> SafeString:
        state = self._state(obj)
        return badge(state.capitalize(), _COLOURS[state])

    @display(description="Last opened")
    def opened(self, obj: Any) -> str:
        return moment(obj.link_opened_at, never="Never")

    @display(description="Link expires")
    def expires(self, obj: Any) -> str:
        return moment(obj.link_expires_at)

    @display(description="Link revoked")
    def revoked(self, obj: Any) -> str:
        return moment(obj.link_revoked_at, never="No")

    def _state(self, obj: Any) -> str:
        return link_state(obj.link_revoked_at, obj.link_expires_at) if obj.link_expires_at else "none"

    def offers(self, obj: Any, action: str) -> bool:
        return self._state(obj) == "active"

    @action(description="Revoke the link", icon="link_off", permissions=["send_statements"], dialog=_REVOKE)
    def revoke(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        self._revoke(request, [self.find(request, object_id)])
        return self.leave(request, self.url_of(object_id))

    @admin.action(description="Revoke the links", permissions=["send_statements"])
    def revoke_selected(self, request: AdminRequest, rows: Any) -> HttpResponse | None:
        question = "Revoke the links to these statements? Who has one cannot open it any more."
        if page := self.confirm(request, title="Revoke links", question=question, rows=rows, submit="Revoke"):
            return page
        self._revoke(request, rows)
        return None

    def _revoke(self, request: AdminRequest, rows: Any) -> None:
        actor = self.actor(request)
        self.run_each(request, rows, lambda row: revoke_links(row.business, subject=row, actor=actor), done="Revoked")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pdf_view)
        return [path("<path:object_id>/pdf/", view, name="billing_keptstatement_pdf"), *super().get_urls()]

    def pdf_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The bytes that were attached."""
        row = self.find(request, object_id)
        end = from_json(Statement, row.view.encode()).end
        return pages.pdf(bytes(keep_statement(row).content), f"Statement-{row.customer.number}-{end}")
