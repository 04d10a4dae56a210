"""Customers with their contacts and notes, what they owe, and their statements."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin import amounts
from billing.admin.account import account_of
from billing.admin.amounts import NumberField
from billing.admin.filters import CustomerState
from billing.admin.forms import choice, text
from billing.admin.statement_pages import statement_view
from billing.services.pending_lines import invoice_pending_lines
from businesses import choices
from businesses.admin.base import BusinessAdmin, BusinessTabularInline
from businesses.admin.forms import BusinessForm
from businesses.admin.tags import TagsField
from businesses.membership import AdminRequest
from customers.models import Contact, Customer, Note
from customers.services import (
    create_contact,
    create_customer,
    create_note,
    delete_contact,
    delete_customer,
    delete_note,
    restore_customer,
    update_contact,
    update_customer,
    update_note,
)
from invoicing.lib.errors import DomainError
from invoicing.lib.money import EXPONENTS, to_major
from invoicing.lib.text import fold
from messaging.models import Language

_COLUMNS = (
    *("name", "number", "type", "status", "legal_name", "attention_to", "email", "phone", "address", "address2"),
    *("city", "state", "postal_code", "country", "tax_id", "buyer_reference", "currency", "language"),
    *("payment_terms", "credit_hold", "taxable", "reminders", "autopay", "parent", "notes", "tags"),
)


_NULLABLE = frozenset({"currency", "language", "notes"})  # fields of our own give an empty string


class CustomerForm(BusinessForm):
    """A customer; the credit limit in major units."""

    names = {"parent_id": "parent"}
    tags = TagsField(help_text="Words with commas between them, to choose customers by.")
    currency = choice([("", "The business’s"), *(choices.of("currency") or [])])
    language = choice([("", "The business’s"), *Language.choices], help_text="Of documents and letters.")
    notes = text()
    credit_limit = NumberField(required=False, decimals=3, low=Decimal(0), help_text="In the customer's currency.")

    class Meta:
        model = Customer
        fields = _COLUMNS
        labels = {"address2": "Address, second line"}
        help_texts = {"payment_terms": "NET 30, Due on receipt or EOM; other words set no due date."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        if row.pk and row.credit_limit_minor is not None:
            self.initial["credit_limit"] = to_major(row.credit_limit_minor, row.billing_currency)
        if row.language and row.language not in Language.values:  # given by a program; nothing else is lost on saving
            self.fields["language"].choices += [(row.language, row.language)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        return {name: None if value == "" and name in _NULLABLE else value for name, value in data.items()}


class ContactInline(BusinessTabularInline):
    """Who is reached at the customer; primary ones are copied on account mail."""

    model = Contact
    fields = ("name", "title", "email", "phone", "primary")
    editable = can_delete = tab = True


class NoteInline(BusinessTabularInline):
    """What a member wants to remember; never printed."""

    model = Note
    verbose_name_plural = "internal notes"
    fields = ("text",)
    editable = can_delete = tab = True


@admin.register(Customer)
class CustomerAdmin(BusinessAdmin):
    """Customers."""

    form = CustomerForm
    add_action = change_action = delete_action = "edit_customers"
    global_search = True
    icon = "group"
    inlines = (ContactInline, NoteInline)
    autocomplete_fields = ("parent",)
    list_display = ("name", "number", "email", "outstanding", "badge")
    list_filter = (CustomerState, ("status", ChoicesDropdownFilter))
    list_filter_submit = True
    list_select_related = ("business",)
    show_facets = admin.ShowFacets.NEVER
    list_before_template = "admin/billing/tabs.html"
    change_form_outer_before_template = "admin/billing/account.html"
    search_fields = ("name",)
    search_help_text = "Name, number or e-mail"
    fieldsets = (
        (
            None,
            {"fields": (("name", "number"), ("type", "status"), ("email", "phone"), ("legal_name", "attention_to"))},
        ),
        (
            "Address",
            {"fields": (("address", "address2"), ("city", "postal_code"), ("state", "country"))},
        ),
        (
            "Billing",
            {
                "fields": (
                    ("currency", "language"),
                    ("payment_terms", "credit_limit"),
                    ("tax_id", "buyer_reference"),
                    ("taxable", "credit_hold"),
                    ("reminders", "autopay"),
                    ("parent", "tags"),
                )
            },
        ),
        ("Notes", {"fields": ("notes",)}),
    )

    class Media:
        css = {"all": ("billing/admin.css",)}

    # Rows ----------------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: AdminRequest) -> Any:
        """The deleted ones too, for their page and their list; but nobody may choose them."""
        rows = super().get_queryset(request).prefetch_related("balances")
        return rows.live() if request.path.endswith("/autocomplete/") else rows

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        needle = fold(search_term.strip())
        return (queryset.filter(search_text__contains=needle) if needle else queryset), False

    def formfield_for_foreignkey(self, db_field: Any, request: AdminRequest, **kwargs: Any) -> Any:
        if db_field.name == "parent":
            kwargs["queryset"] = Customer.objects.live()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def is_editable(self, obj: Customer) -> bool:
        return obj.deleted_at is None

    def is_deletable(self, obj: Customer) -> bool:
        return obj.deleted_at is None

    @display(description="Outstanding")
    def outstanding(self, obj: Customer) -> str:
        owed = [row for row in obj.balances.all() if row.outstanding_minor]
        return " · ".join(amounts.money(row.outstanding_minor, row.currency, obj.business) for row in owed) or "–"

    @display(description="Credit limit")
    def credit_limit(self, obj: Customer) -> str:
        """For those who may look only; the form has a field of its own for those who may change it."""
        limit = obj.credit_limit_minor
        return "–" if limit is None else amounts.money(limit, obj.billing_currency, obj.business)

    @display(description="Tags")
    def tags(self, obj: Customer) -> str:
        """For those who may look only."""
        return ", ".join(obj.tags) or "–"

    @display(description="Status", label={**amounts.BADGES, "deleted": "danger", "hold": "warning"})
    def badge(self, obj: Customer) -> tuple[str, str]:
        if obj.deleted_at is not None:
            return "deleted", "Deleted"
        return ("hold", "Credit hold") if obj.credit_hold else (obj.status, obj.get_status_display())

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"tabs": CustomerState.links(request), **(extra_context or {})})

    # Services ------------------------------------------------------------------------------------------------------------
    def create(self, request: AdminRequest, form: Any) -> Customer:
        given = {name: value for name, value in form.cleaned_data.items() if name != "number"}
        number = form.cleaned_data["number"] or None
        customer = create_customer(request.business, number=number, actor=self.actor(request), **given)
        self._store_inlines(request, customer, form)
        return customer

    def change(self, request: AdminRequest, obj: Customer, form: Any) -> Customer:
        customer = update_customer(obj, changes=form.changes(), actor=self.actor(request))
        self._store_inlines(request, customer, form)
        return customer

    def remove(self, request: AdminRequest, obj: Customer) -> None:
        delete_customer(obj, actor=self.actor(request))

    def _store_inlines(self, request: AdminRequest, customer: Customer, form: Any) -> None:
        actor = self.actor(request)
        for formset in form.formsets:
            for line in formset.forms:
                if line in formset.deleted_forms and line.instance.pk:
                    _DELETE[formset.model](line.instance, actor=actor)
                elif line.has_changed() and line not in formset.deleted_forms:
                    _store(customer, line, actor=actor)

    # Pages ---------------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        views: dict[str, Callable[..., Any]] = {
            "statement": self.statement_view,
            "restore": self.restore_view,
            "invoice_pending": self.invoice_pending_view,
        }
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"customers_customer_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def find(self, request: AdminRequest, object_id: Any) -> Any:
        """The customer with this id, or with this UUID, by which events know it."""
        return super().find(request, amounts.known_pk(self.get_queryset(request), object_id))

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        context = {"account": account_of(row, request), **(extra_context or {})}
        return super().change_view(request, str(row.pk), form_url, context)  # type: ignore[no-any-return]

    def statement_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Look at a statement, download it, send it."""
        return statement_view(self, request, self.find(request, object_id))

    def invoice_pending_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then make a draft of the lines that wait in a currency."""
        row = self.find(request, object_id)
        if not self.allows(request, "edit_drafts", row):
            raise PermissionDenied
        asked = request.GET.get("currency", "")
        currency = asked if asked in EXPONENTS else row.billing_currency
        question = f"All items in {currency} that wait become the lines of one draft invoice."
        title = f"Invoice pending items of {row}?"
        if page := self.confirm(request, title=title, question=question, rows=[row], submit="Invoice pending items"):
            return page
        try:
            invoice = invoice_pending_lines(row, details={"currency": currency}, actor=self.actor(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(self.url_of(row.pk))
        self.message_user(request, f"The draft {invoice} holds what was pending.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:billing_invoice_change", args=[invoice.pk]))

    def restore_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then undo a deletion."""
        row = self.find(request, object_id)
        if not self.allows(request, "edit_customers", row):
            raise PermissionDenied
        question = "The customer is back on lists and may be billed again."
        if page := self.confirm(request, title=f"Restore {row}?", question=question, rows=[row], submit="Restore"):
            return page
        self.run_each(request, [row], lambda found: restore_customer(found, actor=self.actor(request)), done="Restored")
        return HttpResponseRedirect(self.url_of(row.pk))


_DELETE: dict[Any, Callable[..., None]] = {Contact: delete_contact, Note: delete_note}


def _store(customer: Customer, line: Any, *, actor: Any) -> None:
    """A contact or note that is new or was changed."""
    given = {name: line.cleaned_data[name] for name in line.changed_data if name in line.cleaned_data}
    if isinstance(line.instance, Note):
        if line.instance.pk:
            update_note(Note.objects.get(pk=line.instance.pk), text=given["text"], actor=actor)
        else:
            create_note(customer, text=given["text"], actor=actor)
    elif line.instance.pk:
        update_contact(Contact.objects.get(pk=line.instance.pk), changes=given, actor=actor)
    else:
        create_contact(customer, actor=actor, **given)
