"""Messages of every channel as they left or will leave, with their files; a failed one can be sent again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from businesses.admin.badges import badge, moment
from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from messaging.models import Message, State
from messaging.services import retry_message

_COLOURS = {"preparing": "info", "queued": "info", "sending": "warning", "sent": "success", "failed": "danger"}
_RETRY = {
    "title": "Send this message again?",
    "description": "It goes to the same recipients, with the same content and the same id.",
    "form_class": None,
    "form_submit_text": "Send again",
}


@admin.register(Message)
class MessageAdmin(BusinessAdmin):
    """Newest first, for reading."""

    icon = "mail"
    global_search = True
    list_display = ("subject", "recipients", "kind", "channel", "shown_state", "created", "sent")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    list_filter_submit = True
    search_fields = ("subject",)
    actions = ("retry_selected",)
    actions_detail = actions_row = ("retry",)
    fieldsets = (
        (None, {"fields": (("shown_state", "sent"), "recipients", ("shown_cc", "shown_bcc"), "subject")}),
        ("Content", {"fields": ("html", "files")}),
        ("As text", {"classes": ("tab",), "fields": ("text",)}),
        (
            "Delivery",
            {
                "classes": ("tab",),
                "fields": (
                    ("channel", "kind", "language"),
                    ("created", "actor_label"),
                    ("attempts", "resends"),
                    "due_at",
                    "last_error",
                    ("message_id", "provider_id"),
                    ("num_pages", "expected_delivery_date"),
                ),
            },
        ),
    )

    def offers(self, obj: Message, action: str) -> bool:
        return obj.state == State.FAILED

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        path = "<int:object_id>/attachments/<int:attachment_id>/"
        return (*super().get_custom_urls(), (path, "messaging_message_attachment", self.attachment_view))

    def attachment_view(self, request: AdminRequest, object_id: int, attachment_id: int, **kwargs: Any) -> HttpResponse:
        """The bytes of an attachment, always as a download."""
        message = self.find(request, object_id)
        attachment = message.attachments.filter(business=request.business, pk=attachment_id).first()
        if attachment is None:
            raise Http404
        response = HttpResponse(bytes(attachment.file.content), content_type=attachment.file.media_type)
        response["Content-Disposition"] = content_disposition_header(True, attachment.name)
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    @display(description="State", ordering="state")
    def shown_state(self, message: Message) -> SafeString:
        return badge(State(message.state).label, _COLOURS[message.state])

    @display(description="Sent", ordering="sent_at")
    def sent(self, message: Message) -> str:
        return moment(message.sent_at)

    @display(description="To")
    def recipients(self, message: Message) -> str:
        return ", ".join(message.to)

    @display(description="Cc")
    def shown_cc(self, message: Message) -> str:
        return ", ".join(message.cc) or "–"

    @display(description="Bcc")
    def shown_bcc(self, message: Message) -> str:
        return ", ".join(message.bcc) or "–"

    @display(description="Content")
    def html(self, message: Message) -> SafeString:
        """As a mail program shows it: in a frame that runs nothing and reaches nothing."""
        if not message.body_html:
            return _as_typed(message.body_text)
        frame = '<iframe sandbox="" title="E-mail" class="message-frame" srcdoc="{}"></iframe>'
        shown: SafeString = format_html(frame, message.body_html)
        return shown

    @display(description="Content")
    def text(self, message: Message) -> SafeString:
        return _as_typed(message.body_text)

    @display(description="Attachments")
    def files(self, message: Message) -> SafeString | str:
        rows = message.attachments.select_related("file").defer("file__content")
        links = [
            (reverse("admin:messaging_message_attachment", args=[message.pk, row.pk]), row.name, _size(row.file.size))
            for row in rows
        ]
        link = '<a class="text-primary-600 dark:text-primary-500 underline" href="{}">{}</a> ({})'
        shown: SafeString = format_html_join(mark_safe("<br>"), link, links)
        return shown or "None"

    @action(description="Send again", icon="refresh", permissions=["send"], dialog=_RETRY)
    def retry(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        self._retry(request, [self.find(request, object_id)])
        return self.leave(request, self.url_of(object_id))

    @admin.action(description="Send failed messages again", permissions=["send"])
    def retry_selected(self, request: AdminRequest, rows: Any) -> HttpResponse | None:
        question = "Send these messages again?"
        if page := self.confirm(request, title="Send again", question=question, rows=rows, submit="Send again"):
            return page
        self._retry(request, rows)
        return None

    def _retry(self, request: AdminRequest, rows: Any) -> None:
        self.run_each(request, rows, lambda row: retry_message(row, actor=self.actor(request)), done="Queued again")


def _as_typed(text: str) -> SafeString:
    return format_html('<pre class="font-mono text-xs whitespace-pre-wrap">{}</pre>', text)


def _size(size: int) -> str:
    return f"{size / 1024:.0f} KB" if size >= 1024 else f"{size} bytes"
