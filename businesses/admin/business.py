"""The settings of the business at hand: one page, no list."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from businesses import choices
from businesses.admin.base import BusinessAdmin
from businesses.admin.forms import BusinessForm
from businesses.admin.tags import TagsField
from businesses.files import store_logo
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.services import update_business
from invoicing.lib import money

_PATTERN = "# stands for a digit; YYYY or YY for the year, with which counting starts again."


class BusinessSettingsForm(BusinessForm):
    """What a bookkeeper fills in; amounts in major units."""

    names = {"logo": "new_logo", "statement_minimum_minor": "statement_minimum"}

    new_logo = forms.FileField(
        label="New logo",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/jpeg"}),
        help_text="PNG or JPEG, at most 2 MiB.",
    )
    remove_logo = forms.BooleanField(label="Remove the logo", required=False, widget=UnfoldBooleanSwitchWidget())
    statement_minimum = forms.DecimalField(
        label="Smallest balance",
        min_value=0,
        max_digits=15,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text="Customers who owe less get no statement.",
    )
    statement_tags = TagsField(
        label="Only to customers with a tag", help_text="Words with commas between them; none: to everybody."
    )

    class Meta:
        model = Business
        exclude = ("logo", "statement_minimum_minor")
        labels = {
            "address2": "Address, second line",
            "state": "State or region",
            "reply_to": "Reply-to",
            "accent_color": "Accent colour",
            "template": "Layout",
            "statement_frequency": "Send statements",
            "statement_weekday": "On weekday",
            "statement_day": "On day of the month",
            "statement_type": "Kind of statement",
            "statement_only_past_due": "Only to customers with something overdue",
            "statement_roll_up": "One statement for a parent with its children",
            "ageing_buckets": "Ageing buckets",
            "unique_customer_names": "No two customers of the same name",
            "books_locked_until": "Books locked until",
            "require_approval": "Invoices are approved before they are issued",
        }
        help_texts = dict.fromkeys(("invoice_pattern",), _PATTERN) | {
            "legal_name": "As registered; printed where it differs from the name.",
            "rounding": "How tax is rounded on new documents.",
            "accent_color": "On documents and in e-mails.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        business = self.instance
        if "statement_minimum" in self.fields:
            self.initial["statement_minimum"] = money.to_major(business.statement_minimum_minor, business.currency)
        for name, field in self.fields.items():
            self._keep_choice(field, getattr(business, name, None))

    @staticmethod
    def _keep_choice(field: forms.Field, value: Any) -> None:
        """What was set by other means stays, also where the list does not have it."""
        if isinstance(field, forms.TypedChoiceField) and value not in dict(field.choices):  # type: ignore[arg-type]
            field.choices = [(value, str(value)), *field.choices]  # type: ignore[misc]

    def clean_statement_minimum(self) -> int | None:
        """Minor units of the currency that is chosen with it."""
        value = self.cleaned_data["statement_minimum"]
        currency = self.cleaned_data.get("currency") or self.instance.currency
        minor = money.to_minor_exact(value, currency)
        if minor is None:
            raise forms.ValidationError(f"At most {money.exponent(currency)} decimals in {currency}.")
        return minor

    def changes(self) -> dict[str, Any]:
        """As `update_business` takes them."""
        changes = super().changes()
        upload, remove = changes.pop("new_logo", None), changes.pop("remove_logo", False)
        changes.pop("statement_minimum", None)
        # Read from the form even where the amount is as it was: its minor units are others in another currency.
        changes["statement_minimum_minor"] = self.cleaned_data["statement_minimum"]
        if upload is not None:
            upload.seek(0)
            changes["logo"] = store_logo(self.instance, upload.read())
        elif remove:
            changes["logo"] = None
        return changes


@admin.register(Business)
class BusinessSettings(BusinessAdmin):
    """Everybody of the business may look, who sets it up may change."""

    change_action = "edit_business"
    form = BusinessSettingsForm
    icon = "storefront"
    fieldsets = (
        ("Who you are", {"fields": (("name", "legal_name"), ("tax_id", "registration_number"))}),
        (
            "Address",
            {"fields": (("address", "address2"), ("postal_code", "city"), ("state", "country"))},
        ),
        ("How you are reached", {"fields": (("email", "reply_to"), ("phone", "website"))}),
        ("Money and time", {"classes": ("tab",), "fields": (("currency", "locale"), ("time_zone", "rounding"))}),
        (
            "Look",
            {"classes": ("tab",), "fields": ("logo_preview", "new_logo", "remove_logo", ("template", "accent_color"))},
        ),
        (
            "Getting paid",
            {
                "classes": ("tab",),
                "fields": (
                    ("payment_terms", "account_holder"),
                    ("bank_name", "iban"),
                    ("bic", "account_number"),
                    ("routing_number", "apply_credit"),
                ),
            },
        ),
        (
            "Numbers",
            {
                "classes": ("tab",),
                "fields": (
                    ("invoice_pattern", "quotation_pattern"),
                    ("credit_note_pattern", "payment_pattern"),
                    ("adjustment_pattern", "customer_pattern"),
                ),
            },
        ),
        (
            "Statements",
            {
                "classes": ("tab",),
                "fields": (
                    ("statement_frequency", "statement_type"),
                    ("statement_weekday", "statement_day"),
                    ("statement_minimum", "statement_tags"),
                    ("statement_only_past_due", "statement_roll_up"),
                ),
            },
        ),
        (
            "Books",
            {
                "classes": ("tab",),
                "fields": (("books_locked_until", "ageing_buckets"), ("unique_customer_names", "require_approval")),
            },
        ),
    )
    readonly_fields = ("logo_preview",)

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        """To those who only look, the columns instead of what is there to be typed; no logo, nothing to remove."""
        if self.has_change_permission(request, obj):
            hidden: dict[str, str | None] = {} if obj is None or obj.logo_id else {"remove_logo": None}
            return _renamed(self.fieldsets, hidden)
        shown: dict[str, str | None] = {"new_logo": None, "remove_logo": None}
        shown |= {"statement_minimum": "shown_minimum", "statement_tags": "shown_tags"}
        return _renamed(self.fieldsets, shown)

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> HttpResponse:
        """There is one: its page."""
        return HttpResponseRedirect(self.url_of(request.business.pk))

    def formfield_for_dbfield(self, db_field: Any, request: AdminRequest, **kwargs: Any) -> Any:
        """Lists to choose from, where the world has lists."""
        options = choices.of(db_field.name)
        if options is not None:
            coerce = int if db_field.name == "statement_weekday" else str
            label = BusinessSettingsForm.Meta.labels.get(db_field.name, str(db_field.verbose_name).capitalize())
            return forms.TypedChoiceField(
                choices=options, coerce=coerce, label=label, widget=UnfoldAdminSelectWidget(), help_text=""
            )
        if db_field.name == "accent_color":
            kwargs["widget"] = UnfoldAdminColorInputWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def change(self, request: AdminRequest, obj: Business, form: Any) -> Business:
        return update_business(obj, changes=form.changes(), actor=self.actor(request))

    @display(description="Smallest balance")
    def shown_minimum(self, business: Business) -> str:
        return f"{money.to_major(business.statement_minimum_minor, business.currency)} {business.currency}"

    @display(description="Only to customers with a tag")
    def shown_tags(self, business: Business) -> str:
        return ", ".join(business.statement_tags) or "–"

    @display(description="Logo")
    def logo_preview(self, business: Business) -> SafeString | str:
        if business.logo is None:
            return "None yet"
        data = base64.b64encode(bytes(business.logo.content)).decode()
        source = f"data:{business.logo.media_type};base64,{data}"
        return format_html('<span class="business-preview"><img src="{}" alt="Logo"></span>', source)


def _renamed(fieldsets: Any, names: Mapping[str, str | None]) -> list[Any]:
    return [(title, {**options, "fields": _replaced(options["fields"], names)}) for title, options in fieldsets]


def _replaced(fields: Any, names: Mapping[str, str | None]) -> list[Any]:
    result = []
    for field in fields:
        if isinstance(field, tuple):
            result.append(tuple(_replaced(field, names)))
        elif names.get(field, field) is not None:
            result.append(names.get(field, field))
    return result
