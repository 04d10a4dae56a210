"""Every write to a tax rate; the catalog of events has none for them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing.codes import free_code
from billing.models import TaxRate
from billing.serializers.tax_rates import represent_tax_rate
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from businesses.serializers import differences
from businesses.validators import check_columns
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail
from invoicing.lib.text import fold

_FIXED = ("code", "rate")


@transaction.atomic
def create_tax_rate(
    business: Business, *, name: str, rate: Decimal, actor: Actor, code: str | None = None, **columns: Any
) -> TaxRate:
    """A new tax rate of `rate` percent; without a `code` one is made from the name.

    Raises Invalid, which names the field that is wrong, and Conflict for a code in use, be it by a deleted rate.
    """
    tax_rate = TaxRate(business=business, name=name, rate=rate, code=code or "", **columns)
    _store_new(tax_rate)
    audit.record(business, actor, "taxrate.created", tax_rate)
    return tax_rate


@transaction.atomic
def update_tax_rate(tax_rate: TaxRate, *, changes: Mapping[str, Any], actor: Actor) -> TaxRate:
    """Change columns; documents keep what they were made with. A change of nothing records nothing.

    Conflict for another code or rate: what refers to them would say something else about the past.
    """
    tax_rate = TaxRate.objects.lock_live(tax_rate.pk)
    before, extra = represent_tax_rate(tax_rate), tax_rate.extra
    for name, value in changes.items():
        if name in _FIXED and value != getattr(tax_rate, name):
            message = f"The {name} of a tax rate does not change, for documents refer to it: create another tax rate."
            raise Conflict(f"{name}: {message}", code="fixed", details=[Detail(name, message)])
        setattr(tax_rate, name, value)
    previous = differences(before, represent_tax_rate(tax_rate))
    if previous or tax_rate.extra != extra:
        _store(tax_rate)
        audit.record(tax_rate.business, actor, "taxrate.updated", tax_rate, {"fields": sorted(previous)})
    return tax_rate


@transaction.atomic
def delete_tax_rate(tax_rate: TaxRate, *, actor: Actor) -> TaxRate:
    """Take a tax rate off lists and new documents; old ones show it still, so its code is not free again."""
    tax_rate = TaxRate.objects.lock_live(tax_rate.pk)
    tax_rate.deleted_at = clock.now()
    tax_rate.save(update_fields=["deleted_at", "updated_at"])
    audit.record(tax_rate.business, actor, "taxrate.deleted", tax_rate)
    return tax_rate


def _has_code(tax_rate: TaxRate, code: str) -> bool:
    return TaxRate.objects.of(tax_rate.business_id).filter(code=code).exists()


def _free_code(tax_rate: TaxRate) -> str:
    return free_code(tax_rate.name, "tax", tax_rate.uuid, taken=lambda code: _has_code(tax_rate, code))


def _refuse_taken_code(tax_rate: TaxRate) -> None:
    if tax_rate.code and _has_code(tax_rate, tax_rate.code):
        message = f"A tax rate with the code '{tax_rate.code}' already exists in this business, or was deleted."
        raise Conflict(message, code="duplicate_code", details=[Detail("code", "Already in use.")])


def _store_new(tax_rate: TaxRate) -> None:
    """Store a tax rate under the code it was given, else under a free one."""
    given = bool(tax_rate.code)
    _refuse_taken_code(tax_rate)
    tax_rate.code = tax_rate.code or _free_code(tax_rate)
    try:
        with transaction.atomic():
            _store(tax_rate)
    except IntegrityError:  # another was quicker
        if given:
            _refuse_taken_code(tax_rate)
            raise
        tax_rate.code = _free_code(tax_rate)
        _store(tax_rate)


def _store(tax_rate: TaxRate) -> None:
    tax_rate.name_folded = fold(tax_rate.name)[:400]
    check_columns(tax_rate)
    tax_rate.save()
