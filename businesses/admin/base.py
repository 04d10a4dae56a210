"""The one door of the admin: rows of the current business only, roles from the table, writes through services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.paginator import Paginator
from django.db import models
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import display
from unfold.views import ChangeList

from businesses.admin.badges import moment
from businesses.admin.forms import BusinessForm, place_on_lines
from businesses.audit import Actor
from businesses.membership import AdminRequest, actor
from businesses.models import Business, User
from businesses.permissions import ROLE_TABLE, may
from invoicing.lib.errors import DomainError

Row = TypeVar("Row", bound=models.Model)
_MOST_COUNTED = 10_000
_MOST_SAID = 20


class CappedPaginator(Paginator):
    """Counts at most 10,000 rows, so that the first page of a big business is as fast as that of a small one."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:_MOST_COUNTED].count()  # type: ignore[attr-defined,no-any-return]


def own_rows(model: type[models.Model], business: Business, rows: Any = None) -> Any:
    """The rows of a model that a member of `business` may see or choose; no users, and of businesses only the own."""
    rows = model._default_manager.all() if rows is None else rows
    if issubclass(model, Business):
        return rows.filter(pk=business.pk)
    return rows.none() if issubclass(model, User) else rows.filter(business=business)


class OwnChangeList(ChangeList):
    """Unfold's, without an offer to show all where nothing is left out."""

    def get_results(self, request: AdminRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class OwnChoices:
    """What both admins and inlines do: references may only be chosen among rows of the current business."""

    def formfield_for_foreignkey(self, db_field: Any, request: AdminRequest, **kwargs: Any) -> Any:
        """Django's, the choices narrowed to the business; what a subclass gives as `queryset` is narrowed too."""
        kwargs["queryset"] = own_rows(db_field.remote_field.model, request.business, kwargs.get("queryset"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class BusinessAdmin(OwnChoices, ModelAdmin):
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
        """Everything where the row cannot be changed, so that methods and hidden columns may be among the fields."""
        shut = not self.has_change_permission(request, obj) if obj else not self.has_add_permission(request)
        if shut and (self.fields or self.fieldsets):
            return flatten_fieldsets(self.get_fieldsets(request, obj))  # type: ignore[no-any-return]
        return super().get_readonly_fields(request, obj)  # type: ignore[no-any-return]

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

    # Actions ---------------------------------------------------------------------------------------------------------
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
            "names": [str(row) for _, row in zip(range(_MOST_COUNTED), rows, strict=False)],
            "posted": [*posted, *(("_selected_action", pk) for pk in request.POST.getlist("_selected_action"))],
        }
        return TemplateResponse(request, "admin/confirm.html", context)

    def leave(self, request: AdminRequest, url: str) -> HttpResponse:
        """Go to `url`, also out of unfold's dialogs, which htmx posts."""
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)


def _permission(action: str) -> Callable[..., bool]:
    def has_permission(self: BusinessAdmin, request: AdminRequest, obj: Any = None) -> bool:
        return self.allows(request, action, obj)

    return has_permission


# Every action of the role table can be named in @action(permissions=[…]), as unfold and Django look these methods up.
for _action in ROLE_TABLE.keys() - {"view"}:
    setattr(BusinessAdmin, f"has_{_action}_permission", _permission(_action))


class BusinessInline(OwnChoices):
    """Rows beneath a row: seen, or, where `editable`, edited by whoever may change the row above."""

    editable: ClassVar[bool] = False
    detail_name: ClassVar[str] = ""  # the list that a service's `items.0.quantity` means
    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: AdminRequest) -> Any:
        return own_rows(self.model, request.business, super().get_queryset(request))  # type: ignore[attr-defined,misc]

    def has_view_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.editable

    def has_change_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.editable

    def has_delete_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return self.editable and self.can_delete


class BusinessTabularInline(BusinessInline, TabularInline):
    """Rows in a table."""


class BusinessStackedInline(BusinessInline, StackedInline):
    """Rows one below the other."""
