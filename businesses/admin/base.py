"""The one door of the admin: rows of the current business only, roles from the table, writes through services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from businesses.admin.actions import Actions
from businesses.admin.badges import moment
from businesses.admin.filters import own_filter
from businesses.admin.forms import BusinessForm, place_on_lines
from businesses.admin.inlines import BusinessInline, BusinessStackedInline, BusinessTabularInline
from businesses.admin.scoping import CappedPaginator, OwnChangeList, OwnChoices, own_rows
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.permissions import ROLE_TABLE, may
from invoicing.lib.errors import DomainError

__all__ = ["BusinessAdmin", "BusinessInline", "BusinessStackedInline", "BusinessTabularInline", "own_rows"]


class BusinessAdmin(Actions, OwnChoices, ModelAdmin):
    """An admin of rows of one business.

    The four `…_action` name an entry of ROLE_TABLE, or are None where nobody may. Subclasses implement `create`,
    `change` and `remove` by calling one service each; what the service refuses is shown on the form.
    """

    view_action: ClassVar[str] = "view"
    add_action: ClassVar[str | None] = None
    change_action: ClassVar[str | None] = None
    delete_action: ClassVar[str | None] = None
    global_search: ClassVar[bool] = False  # whether Ctrl+K looks here, with get_search_results
    icon: ClassVar[str] = "description"

    form = BusinessForm
    paginator = CappedPaginator
    list_per_page = 25
    show_full_result_count = False
    ordering = ("-id",)
    warn_unsaved_form = True
    delete_confirmation_template = "admin/confirm_delete.html"

    # Services: a subclass implements those whose action it names -----------------------------------------------------
    def create(self, request: AdminRequest, form: Any) -> models.Model:
        """Call the service that creates; `form.cleaned_data`, and `form.formsets` for inlines."""
        raise NotImplementedError

    def change(self, request: AdminRequest, obj: Any, form: Any) -> models.Model:
        """Call the service that changes; `obj` is the row as it is stored, `form.changes()` what was typed."""
        raise NotImplementedError

    def remove(self, request: AdminRequest, obj: Any) -> None:
        """Call the service that deletes."""
        raise NotImplementedError

    def is_editable(self, obj: Any) -> bool:
        """Whether this row can be changed at all, whoever asks."""
        return True

    def is_deletable(self, obj: Any) -> bool:
        """Whether this row can be deleted at all, whoever asks."""
        return True

    def offers(self, obj: Any, action: str) -> bool:
        """Whether the detail action of this name would do anything to the row as it is."""
        return True

    # Whose rows, and who may ----------------------------------------------------------------------------------------
    def get_queryset(self, request: AdminRequest) -> Any:
        return own_rows(self.model, request.business, super().get_queryset(request))

    def find(self, request: AdminRequest, object_id: Any) -> Any:
        """The row with this id; Http404, the same for missing and foreign."""
        row = self.get_object(request, str(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return row

    def allows(self, request: AdminRequest, action: str | None, obj: Any = None) -> bool:
        """Whether the role may do `action`, and the row, where one is given, is the business's own."""
        if action is None or not may(request.role, action):
            return False
        if not isinstance(obj, models.Model):  # unfold passes the id where Django passes the row
            return True
        owner = obj.pk if isinstance(obj, Business) else obj.business_id  # type: ignore[attr-defined]
        return owner == request.business.pk

    def has_view_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.allows(request, self.view_action, obj)

    def has_add_permission(self, request: AdminRequest) -> bool:
        return self.allows(request, self.add_action)

    def has_change_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        editable = not isinstance(obj, models.Model) or self.is_editable(obj)
        return self.allows(request, self.change_action, obj) and editable

    def has_delete_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        deletable = not isinstance(obj, models.Model) or self.is_deletable(obj)
        return self.allows(request, self.delete_action, obj) and deletable

    def has_module_permission(self, request: AdminRequest) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: AdminRequest, obj: Any = None) -> Sequence[str]:
        """Everything where the row cannot be changed, so that methods and hidden columns may be among the fields.

        What only the form knows is shown by a method of the same name, where the admin has one.
        """
        shut = not self.has_change_permission(request, obj) if obj else not self.has_add_permission(request)
        if shut and (self.fields or self.fieldsets):
            shown = flatten_fieldsets(self.get_fieldsets(request, obj))
            return [name for name in shown if hasattr(self, name) or name not in self.form.declared_fields]
        return super().get_readonly_fields(request, obj)  # type: ignore[no-any-return]

    def get_list_filter(self, request: AdminRequest) -> list[Any]:
        """As declared, but no filter of a library shows rows of others."""
        return [own_filter(self.model, given) for given in super().get_list_filter(request)]

    def get_changelist(self, request: AdminRequest, **kwargs: Any) -> type[ChangeList]:
        return OwnChangeList

    def render_change_form(self, request: AdminRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Created", ordering="created_at")
    def created(self, obj: Any) -> str:
        """When the row was written, for lists and pages."""
        return moment(obj.created_at)

    def get_actions(self, request: AdminRequest) -> dict[str, Any]:
        """Without Django's own deletion, which asks no service."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    # Writes ----------------------------------------------------------------------------------------------------------
    def get_form(self, request: AdminRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.request, form.refusal = request, getattr(request, "refusal", None)
        return form

    def changeform_view(self, request: AdminRequest, *args: Any, **kwargs: Any) -> Any:
        """Django's, in its transaction; where the service refuses, that is rolled back and the form shown with why."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def _create_formsets(self, request: AdminRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)
        if refusal := getattr(request, "refusal", None):
            for formset, inline in zip(formsets, inlines, strict=True):
                place_on_lines(formset, getattr(inline, "detail_name", ""), refusal)
        return formsets, inlines

    def save_model(self, request: AdminRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing: `save_related`, which has the lines too, calls the service."""

    def save_related(self, request: AdminRequest, form: Any, formsets: list[BaseInlineFormSet], change: bool) -> None:
        """Call the service, and give Django the row as it is now stored."""
        form.formsets = formsets
        # The form has written what was typed onto its instance; services are given the row as it is.
        stored = self.find(request, form.instance.pk) if change else None
        saved = self.change(request, stored, form) if change else self.create(request, form)
        form.instance.pk = saved.pk
        form.instance.refresh_from_db()

    def delete_view(self, request: AdminRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(self.url_of(object_id))

    def delete_model(self, request: AdminRequest, obj: Any) -> None:
        self.remove(request, obj)

    def get_deleted_objects(self, objs: Iterable[Any], request: AdminRequest) -> tuple[list[str], Any, Any, Any]:
        """Only the row itself: what goes with it, the service knows."""
        return [str(obj) for obj in objs], {}, set(), []

    # The audit trail is the log: Django's own is not written
    def log_addition(self, *args: Any) -> None: ...

    def log_change(self, *args: Any) -> None: ...

    def log_deletions(self, *args: Any) -> None: ...

    def construct_change_message(self, *args: Any, **kwargs: Any) -> list[Any]:
        return []

    def history_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> HttpResponse:
        raise Http404

    def get_actions_detail(self, request: AdminRequest, object_id: Any) -> list[Any]:
        """The buttons of a row's page: those that its role may press and that do something to this row."""
        row = self.get_object(request, str(object_id))
        found = super().get_actions_detail(request, object_id)
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [one for one in found if row is None or self.offers(row, one.action_name.removeprefix(prefix))]


def _permission(action: str) -> Callable[..., bool]:
    def has_permission(self: BusinessAdmin, request: AdminRequest, obj: Any = None) -> bool:
        return self.allows(request, action, obj)

    return has_permission


# Every action of the role table can be named in @action(permissions=[…]), as unfold and Django look these methods up.
for _action in ROLE_TABLE.keys() - {"view"}:
    setattr(BusinessAdmin, f"has_{_action}_permission", _permission(_action))
