"""What the world sees of a business and of the calling key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from businesses.links import LINK_STATES, link_state
from businesses.models import ApiKey, Business
from invoicing.lib import clock, money

_PLAIN = (
    *("name", "legal_name", "address", "address2", "city", "state", "postal_code", "country", "tax_id"),
    *("registration_number", "email", "phone", "website", "reply_to", "currency", "time_zone", "locale"),
    *("accent_color", "account_holder", "bank_name", "iban", "bic", "account_number", "routing_number"),
    *("payment_terms", "invoice_pattern", "quotation_pattern", "credit_note_pattern"),
    *("payment_pattern", "adjustment_pattern", "customer_pattern", "rounding", "apply_credit", "ageing_buckets"),
    "require_approval",
    *("statement_frequency", "statement_weekday", "statement_day", "statement_type", "statement_only_past_due"),
    *("statement_tags", "statement_roll_up"),
)


class BusinessOutput(serializers.ModelSerializer[Business]):
    """A business as it is set up."""

    id = serializers.UUIDField()
    template_type = serializers.CharField()
    statement_tags = serializers.ListField(child=serializers.CharField())
    statement_minimum_balance = serializers.FloatField()
    books_locked_until = serializers.DateField(allow_null=True)

    class Meta:
        model = Business
        fields = [
            "id",
            *_PLAIN,
            "template_type",
            "statement_minimum_balance",
            "books_locked_until",
            "created_at",
            "updated_at",
        ]


class KeyOutput(serializers.Serializer[ApiKey]):
    """The calling key."""

    business_id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scope = serializers.ChoiceField(choices=ApiKey.Scope.choices)
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


def represent_business(business: Business) -> dict[str, Any]:
    """A business as BusinessOutput says."""
    return {
        "id": business.uuid,
        **{name: getattr(business, name) for name in _PLAIN},
        "template_type": business.template,
        "statement_minimum_balance": money.major_number(business.statement_minimum_minor, business.currency),
        "books_locked_until": business.books_locked_until,
        "created_at": clock.iso(business.created_at),
        "updated_at": clock.iso(business.updated_at),
    }


def represent_key(key: ApiKey) -> dict[str, Any]:
    """A key as KeyOutput says."""
    return {
        "business_id": key.business.uuid,
        "name": key.name,
        "prefix": key.prefix,
        "scope": key.scope,
        "expires_at": clock.iso(key.expires_at) if key.expires_at else None,
        "last_used_at": clock.iso(key.last_used_at) if key.last_used_at else None,
    }


LINK_COLUMNS = (
    *("uuid", "subject_kind", "subject_id", "subject_label"),
    *("expires_at", "revoked_at", "opened_at", "created_at"),
)


class PublicLinkOutput(serializers.Serializer[Any]):
    """A link without a login. Its token is in the mail alone: only a digest of it is kept."""

    id = serializers.UUIDField()
    subject_kind = serializers.CharField(help_text="What it shows: statement.")
    subject_id = serializers.UUIDField(help_text="Of a statement: the id in the event statement.sent.")
    subject_label = serializers.CharField()
    state = serializers.ChoiceField(choices=LINK_STATES)
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True, help_text="Last opened, to the minute.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="Made, revoked or opened, whichever was last.")


def represent_links(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of LINK_COLUMNS as PublicLinkOutput says."""
    return [
        {
            "id": row["uuid"],
            "subject_kind": row["subject_kind"],
            "subject_id": row["subject_id"],
            "subject_label": row["subject_label"],
            "state": link_state(row["revoked_at"], row["expires_at"]),
            **{name: row[name] and clock.iso(row[name]) for name in LINK_COLUMNS if name.endswith("_at")},
            "updated_at": clock.iso(max(filter(None, (row["created_at"], row["revoked_at"], row["opened_at"])))),
        }
        for row in rows
    ]


class PaginationOutput(serializers.Serializer[Any]):
    """Where a page stands: numbered pages have page, total and total_pages; cursor pages has_more and next_cursor."""

    limit = serializers.IntegerField()
    page = serializers.IntegerField(required=False)
    total = serializers.IntegerField(required=False)
    total_pages = serializers.IntegerField(required=False)
    has_more = serializers.BooleanField(required=False)
    next_cursor = serializers.CharField(required=False, allow_null=True)


def paged(output: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """What a list of `output` answers, for the schema."""
    fields = {"data": output(many=True), "pagination": PaginationOutput(), "__doc__": "One page of a list."}
    page = type(f"{output.__name__.removesuffix('Output')}Page", (serializers.Serializer,), fields)
    return extend_schema_serializer(many=False)(page)  # type: ignore[no-any-return]


def columns_of(row: models.Model, columns: Iterable[str]) -> dict[str, Any]:
    """A row in memory as `.values(*columns)` would give it, so that one function represents both."""
    return {column: reduce(_attribute, column.split("__"), row) for column in columns}


def _attribute(value: Any, name: str) -> Any:
    return None if value is None else getattr(value, name)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The former values of what differs between two representations of one row: an event's `previous`."""
    return {name: value for name, value in before.items() if after[name] != value}
