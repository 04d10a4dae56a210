"""What actions need: who acts, one service call a row, a question before what cannot be undone, the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib import messages
from django.db import models
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from businesses.audit import Actor
from businesses.membership import AdminRequest, actor
from invoicing.lib.errors import DomainError

Row = TypeVar("Row", bound=models.Model)
_MOST_SAID = 20


class Actions:
    """A part of BusinessAdmin."""

    opts: Any
    admin_site: Any
    message_user: Callable[..., None]

    def actor(self, request: AdminRequest) -> Actor:
        """The person, for services."""
        return actor(request)

    def url_of(self, object_id: Any) -> str:
        """The page of a row."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[object_id])

    def url_of_list(self) -> str:
        """The page of the list."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def run_each(
        self, request: AdminRequest, rows: Iterable[Row], call: Callable[[Row], object], *, done: str
    ) -> list[Row]:
        """Call a service once per row; say what was `done` ("Sent"), list what was refused and why. The rows done."""
        well: list[Row] = []
        refused: list[str] = []
        for row in rows:
            try:
                call(row)
                well.append(row)
            except DomainError as error:
                refused.append(f"{row}: {error.message}")
        if well:
            self.message_user(request, f"{done}: {well[0] if len(well) == 1 else len(well)}.", messages.SUCCESS)
        for line in refused[:_MOST_SAID]:
            self.message_user(request, line, messages.ERROR)
        if len(refused) > _MOST_SAID:
            self.message_user(request, f"… and {len(refused) - _MOST_SAID} more were refused.", messages.ERROR)
        return well

    def confirm(
        self, request: AdminRequest, *, title: str, question: str, rows: Iterable[Any] = (), submit: str = "Yes"
    ) -> TemplateResponse | None:
        """None once the person has said yes on the page that this otherwise returns. For bulk and detail actions."""
        if request.method == "POST" and request.POST.get("confirmed") == "yes":
            return None
        posted = [(name, value) for name in ("action", "select_across", "index") if (value := request.POST.get(name))]
        context = {
            **self.admin_site.each_context(request),
            "model_admin": self,
            "title": title,
            "question": question,
            "submit_label": submit,
            "back": request.path if request.method == "POST" else self.url_of_list(),
            "names": [str(row) for _, row in zip(range(10_000), rows, strict=False)],
            "posted": [*posted, *(("_selected_action", pk) for pk in request.POST.getlist("_selected_action"))],
        }
        return TemplateResponse(request, "admin/confirm.html", context)

    def leave(self, request: AdminRequest, url: str) -> HttpResponse:
        """Go to `url`, also out of unfold's dialogs, which htmx posts."""
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)
