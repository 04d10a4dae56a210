"""Pages of our own about one row: their addresses, who may open them, and a form that calls one service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse

from billing.admin import amounts
from billing.admin.forms import Form
from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError


class RowPages(BusinessAdmin):
    """An admin with pages of its own, beside those that Django makes."""

    # Addresses -----------------------------------------------------------------------------------------------------------
    def list_views(self) -> dict[str, Callable[..., Any]]:
        """The pages about no row, by the last part of their address."""
        return {}

    def row_views(self) -> dict[str, Callable[..., Any]]:
        """The pages of one row, by the last part of their address."""
        return {}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        flat, deep = self.list_views().items(), self.row_views().items()
        own = [path(f"{name}/", wrap(view), name=self.url_name(name)) for name, view in flat]
        own += [path(f"<path:object_id>/{name}/", wrap(view), name=self.url_name(name)) for name, view in deep]
        return [*own, *super().get_urls()]

    def url_name(self, name: str) -> str:
        """The name of one of our own addresses."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url_to(self, name: str, row: Any = None) -> str:
        """The address of one of our own pages."""
        return reverse(f"{self.admin_site.name}:{self.url_name(name)}", args=[row.pk] if row is not None else [])

    # Whose, and who may --------------------------------------------------------------------------------------------------
    def find(self, request: AdminRequest, object_id: Any) -> Any:
        """The row with this id, or with this UUID, by which events know it."""
        return super().find(request, amounts.known_pk(self.get_queryset(request), object_id))

    def insist(self, request: AdminRequest, wanted: str, row: Any = None) -> None:
        """403 unless the role may."""
        if not self.allows(request, wanted, row):
            raise PermissionDenied

    # Forms ---------------------------------------------------------------------------------------------------------------
    def submit(
        self, request: AdminRequest, row: Any, form: Any, call: Callable[[Any], object], *, done: str
    ) -> HttpResponseBase | None:
        """Call a service with a valid form and go back to the row; None where the form is to be shown (again)."""
        if request.method != "POST" or not form.is_valid():
            return None
        try:
            call(form)
        except DomainError as refusal:
            form.refuse(refusal)
            return None
        self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(self.url_of(row.pk))

    def form_of(self, request: AdminRequest, form: type[Form], **kwargs: Any) -> Form:
        """The form, with what was sent where something was."""
        return form(request.POST if request.method == "POST" else None, **kwargs)

    def about(self, row: Any) -> dict[str, Any]:
        """What stands beside a form: which row this is about, and the way back."""
        return {"facts": [], "back": self.url_of(row.pk), "media": self.media}
