"""The texts of messages: what each kind says in each language, the business's own or the default's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError
from messaging.models import Kind, Language, MessageText
from messaging.placeholders import EDITABLE, PLACEHOLDERS
from messaging.services import reset_text, save_text
from messaging.texts import language_of, render_text, text_of

# What stands in the preview.
_SAMPLE = {
    "customer_name": "Ada Customer",
    "number": "INV-00042",
    "issue_date": "1 May 2026",
    "due_date": "31 May 2026",
    "expiry_date": "31 May 2026",
    "payment_date": "12 May 2026",
    "statement_date": "31 May 2026",
    "total": "1,190.00",
    "amount": "1,190.00",
    "amount_due": "1,190.00",
}


class TextForm(forms.Form):
    """Subject and body with placeholders."""

    subject = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget())
    body = forms.CharField(max_length=10_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 14}))


@admin.register(MessageText)
class MessageTextAdmin(BusinessAdmin):
    """A table of kinds and languages instead of a list of rows: every text exists, edited or not."""

    icon = "edit_note"

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            *super().get_custom_urls(),
            ("<slug:kind>/<slug:language>/edit/", "messaging_messagetext_edit", self.edit_view),
        )

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> HttpResponse:
        """All texts, and which of them are the business's own."""
        own = set(self.get_queryset(request).values_list("kind", "language"))
        languages = sorted(Language, key=lambda code: code != language_of(request.business.locale))
        rows = [
            {
                "title": Kind(kind).label,
                "texts": [
                    {
                        "language": language.label,
                        "own": (kind, language) in own,
                        "link": reverse("admin:messaging_messagetext_edit", args=[kind, language]),
                    }
                    for language in languages
                ],
            }
            for kind in EDITABLE
        ]
        return self._page(request, "admin/messaging/texts.html", "Message texts", rows=rows, languages=languages)

    def change_view(self, request: AdminRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of the row's kind and language."""
        row = self.find(request, object_id)
        return HttpResponseRedirect(reverse("admin:messaging_messagetext_edit", args=[row.kind, row.language]))

    def edit_view(self, request: AdminRequest, kind: str, language: str, **kwargs: Any) -> HttpResponse:
        """Edit one text, go back to the default's, or look at what it makes."""
        if kind not in EDITABLE or language not in Language.values:
            raise Http404
        may_edit = self.allows(request, "edit_texts")
        if request.method == "POST" and not may_edit:
            raise PermissionDenied
        subject, body = text_of(request.business, kind, language)
        sample = {**_SAMPLE, "link": settings.PUBLIC_URL} if kind == Kind.INVITATION else _SAMPLE
        form = TextForm(request.POST or None, initial={"subject": subject, "body": body})
        if request.method == "POST" and self._save(request, kind, language, form):
            return HttpResponseRedirect(request.path)
        title = f"{Kind(kind).label} in {Language(language).label}"
        return self._page(
            request,
            "admin/messaging/text.html",
            title,
            form=form,
            may_edit=may_edit,
            own=self.get_queryset(request).filter(kind=kind, language=language).exists(),
            placeholders=PLACEHOLDERS[kind],
            preview=render_text(request.business, kind, language, sample, subject=subject, message=body),
            back=self.url_of_list(),
        )

    def _save(self, request: AdminRequest, kind: str, language: str, form: TextForm) -> bool:
        about: dict[str, Any] = {"kind": kind, "language": language, "actor": self.actor(request)}
        if "reset" in request.POST:
            reset_text(request.business, **about)
            self.message_user(request, "The default text is used again.", flash.SUCCESS)
            return True
        if not form.is_valid():
            return False
        try:
            save_text(request.business, **form.cleaned_data, **about)
        except DomainError as error:
            for detail in error.details:
                form.add_error(detail.field if detail.field in form.fields else None, detail.message)
            return False
        self.message_user(request, "The text is saved; messages say it from now on.", flash.SUCCESS)
        return True

    def _page(self, request: AdminRequest, template: str, title: str, **context: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        frame = {**self.admin_site.each_context(request), "model_admin": self, "title": title}
        return TemplateResponse(request, template, {**frame, **context})
