"""A secret that was just made, shown to its maker on one page, once."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from invoicing.lib.secrets import decrypt, encrypt

_KEPT = "secret_once"


class SecretOnceAdmin(BusinessAdmin):
    """An admin whose `create` makes a secret and calls `keep_secret`; the page after that shows it, and no other does."""

    secret_title = "Your secret"  # noqa: S105
    secret_hint = ""

    def keep_secret(self, request: AdminRequest, row: Any, secret: str) -> None:
        """Remember the secret, encrypted, until the next page has shown it."""
        request.session[_KEPT] = [str(row.uuid), encrypt(secret)]

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_secret"
        return (*super().get_custom_urls(), ("<int:object_id>/secret/", name, self.secret_view))

    def response_add(self, request: AdminRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_secret"
        return HttpResponseRedirect(reverse(name, args=[obj.pk]))

    def render_change_form(self, request: AdminRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("add"):
            context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def secret_view(self, request: AdminRequest, object_id: int, **kwargs: Any) -> HttpResponse:
        """The secret, the first time; then only the row's page."""
        row = self.find(request, object_id)
        uuid, secret = request.session.pop(_KEPT, (None, ""))
        if uuid != str(row.uuid):
            return HttpResponseRedirect(self.url_of(row.pk))
        context = {
            **self.admin_site.each_context(request),
            "model_admin": self,
            "title": self.secret_title,
            "row": row,
            "secret": decrypt(secret),
            "hint": self.secret_hint,
            "back": self.url_of(row.pk),
        }
        return TemplateResponse(request, "admin/secret_once.html", context)
