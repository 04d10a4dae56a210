"""The audit trail: who did what to which row, for reading."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateFilter
from unfold.decorators import display

from businesses.admin.badges import badge, pretty_json
from businesses.admin.base import BusinessAdmin
from businesses.audit_chain import head_of, unlinked
from businesses.membership import AdminRequest
from businesses.models import AuditEntry

_COLOURS = {"member": "primary", "key": "info"}
_ACTORS = {"member": "Member", "key": "API key", "system": "System"}


class ActorFilter(admin.SimpleListFilter):
    title = "who"
    parameter_name = "who"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return list(_ACTORS.items())

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset.filter(actor_kind=self.value()) if self.value() in _ACTORS else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(BusinessAdmin):
    """Newest first, with each entry's place in the hash chain; above the list the chain's head, to be noted elsewhere."""

    view_action = "view_audit"
    icon = "history"
    list_display = ("created", "what", "about", "who", "kind_of_actor", "place")
    list_before_template = "admin/businesses/audit_chain.html"
    list_display_links = ("created", "what")
    list_filter = (ActorFilter, ("action", FieldTextFilter), ("created_at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("actor_label", "subject_label", "action", "=subject_id")
    fieldsets = (
        (None, {"fields": (("created", "what"), ("who", "kind_of_actor"))}),
        ("What it was done to", {"fields": ("about", ("kind_of_subject", "shown_id"))}),
        ("What changed", {"fields": ("shown_changes",)}),
        ("In the hash chain", {"fields": (("shown_position", "shown_hash"),)}),
    )

    def changelist_view(self, request: AdminRequest, extra_context: dict[str, Any] | None = None) -> Any:
        chain = {"chain": head_of(request.business), "waiting": unlinked(request.business)}
        return super().changelist_view(request, {**(extra_context or {}), **chain})

    @display(description="Action", ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return _said(entry.action)

    @display(description="To what")
    def about(self, entry: AuditEntry) -> str:
        return entry.subject_label

    @display(description="Kind")
    def kind_of_subject(self, entry: AuditEntry) -> str:
        return _said(entry.action.partition(".")[0])

    @display(description="ID")
    def shown_id(self, entry: AuditEntry) -> str:
        return str(entry.subject_id)

    @display(description="By whom")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_label

    @display(description="As")
    def kind_of_actor(self, entry: AuditEntry) -> SafeString:
        return badge(_ACTORS.get(entry.actor_kind, entry.actor_kind), _COLOURS.get(entry.actor_kind, ""))

    @display(description="Changes")
    def shown_changes(self, entry: AuditEntry) -> SafeString | str:
        return pretty_json(entry.changes) if entry.changes else "–"

    @display(description="Chain", ordering="position")
    def place(self, entry: AuditEntry) -> str:
        return f"{entry.position} · {entry.hash[:8]}" if entry.position else "–"

    @display(description="Position")
    def shown_position(self, entry: AuditEntry) -> str:
        return str(entry.position) if entry.position else "Not linked yet"

    @display(description="Hash")
    def shown_hash(self, entry: AuditEntry) -> str:
        return entry.hash or "–"


def _said(name: str) -> str:
    """An action's name as words: api_key.created is “API key created”."""
    return name.replace("_", " ").replace(".", " ").capitalize().replace("Api ", "API ")
