"""Every write to a customer: lock, check, change, record."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from businesses.numbering import next_number
from businesses.serializers import differences
from businesses.validators import check_columns
from customers.codes import country_code
from customers.models import Customer
from customers.serializers import customer_event_data, represent_customer
from invoicing.lib import clock, money
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.text import fold, fold_all
from webhooks.outbox import publish

MAX_LEVELS = 20  # of parents above a customer
_FOLDED = 400  # characters of the folded columns: one letter may fold to many


@transaction.atomic
def create_customer(
    business: Business,
    *,
    actor: Actor,
    number: str | None = None,
    parent: Customer | None = None,
    credit_limit: Decimal | None = None,
    unique_name: bool = False,
    **columns: Any,
) -> Customer:
    """A new customer; without `number` the business's next one is taken. `credit_limit` is in major units.

    With `unique_name` the name must be unique whatever the business says, as some of the wire formats promise. Raises
    Invalid for a field that is wrong, and Conflict for a number, or a name that must be unique, in use.
    """
    customer = Customer(business=business, number=number or "", **columns)
    _set_parent(customer, parent)
    _tidy(customer, credit_limit)
    unique = unique_name or _is_named_uniquely(customer)
    _refuse_duplicates(customer, unique=unique)
    customer.number = customer.number or _next_number(business)
    customer.slug = _free_slug(customer)
    _store(customer, unique=unique)
    audit.record(business, actor, "customer.created", customer)
    publish(business, "customer.created", customer_event_data(customer), actor=actor)
    return customer


@transaction.atomic
def update_customer(
    customer: Customer, *, changes: Mapping[str, Any], actor: Actor, unique_name: bool = False
) -> Customer:
    """Change columns, `parent`, or `credit_limit` (in major units); past documents keep what they were issued with.

    A change of nothing records nothing. `unique_name` is about a new name only: the old one may not have been unique. Raises
    as `create_customer` does, and NotFound for a deleted customer.
    """
    customer = Customer.objects.lock_live(customer.pk)
    before, extra = represent_customer(customer), customer.extra
    _fill(customer, changes)
    previous = differences(before, represent_customer(customer))
    if not previous and customer.extra == extra:
        return customer
    unique = (unique_name and "name" in previous) or _is_named_uniquely(customer)
    _refuse_duplicates(customer, unique=unique)
    _store(customer, unique=unique)
    audit.record(customer.business, actor, "customer.updated", customer, {"fields": sorted(previous)})
    data = customer_event_data(customer)
    publish(customer.business, "customer.updated", data, actor=actor, previous=previous)
    return customer


@transaction.atomic
def delete_customer(customer: Customer, *, actor: Actor) -> Customer:
    """Take a customer off lists and new documents; old ones keep it. Its name is free again, its number is not."""
    customer = Customer.objects.lock_live(customer.pk)
    customer.deleted_at = clock.now()
    _store(customer, unique=False)
    audit.record(customer.business, actor, "customer.deleted", customer)
    publish(customer.business, "customer.deleted", customer_event_data(customer), actor=actor)
    return customer


@transaction.atomic
def restore_customer(customer: Customer, *, actor: Actor) -> Customer:
    """Undo a deletion; nothing happens to one that is not deleted. Conflict when another has taken its unique name."""
    customer = Customer.objects.lock(customer.pk)
    if customer.deleted_at is None:
        return customer
    customer.deleted_at = None
    unique = _is_named_uniquely(customer)
    _refuse_duplicates(customer, unique=unique)
    _store(customer, unique=unique)
    audit.record(customer.business, actor, "customer.restored", customer)
    # The catalog has no event of its own for this; a receiver that dropped the customer learns its whole state again.
    publish(customer.business, "customer.updated", customer_event_data(customer), actor=actor)
    return customer


# Change ----------------------------------------------------------------------------------------------------------------
def _fill(customer: Customer, changes: Mapping[str, Any]) -> None:
    limit = _credit_limit(customer)  # in major units: another currency keeps the amount, not the cents
    for name, value in changes.items():
        if name == "parent":
            _set_parent(customer, value)
        elif name == "credit_limit":
            limit = value
        else:
            setattr(customer, name, value)
    if not customer.number:
        raise Invalid.field("number", "Must not be empty.")
    _tidy(customer, limit)


def _tidy(customer: Customer, credit_limit: Decimal | None) -> None:
    """Spell what is given as it is kept, and refuse what cannot be."""
    customer.country = country_code(customer.country) if customer.country else None
    customer.language = customer.language.lower() if customer.language else None
    check_columns(customer)
    customer.credit_limit_minor = _limit_minor(customer, credit_limit)


def _credit_limit(customer: Customer) -> Decimal | None:
    minor = customer.credit_limit_minor
    return None if minor is None else money.to_major(minor, customer.billing_currency)


def _limit_minor(customer: Customer, limit: Decimal | None) -> int | None:
    if limit is None:
        return None
    currency = customer.billing_currency
    minor = money.to_minor_exact(limit, currency)
    if minor is None:
        raise Invalid.field("credit_limit", f"At most {money.exponent(currency)} decimals in {currency}.")
    if not 0 <= minor <= money.MAX_MINOR:
        raise Invalid.field("credit_limit", f"Expected an amount of 0 or more, of at most {money.MAX_DIGITS} digits.")
    return minor


def _set_parent(customer: Customer, parent: Customer | None) -> None:
    customer.parent = parent
    if parent is None:
        return
    if parent.business_id != customer.business_id or parent.deleted_at is not None:
        raise Invalid.field("parent_id", "No such row.")
    if customer.pk is not None:  # one at a time in a business, lest two changes at once make a circle
        Business.objects.select_for_update(no_key=True).get(pk=customer.business_id)
    above: int | None = parent.pk
    for _ in range(MAX_LEVELS):
        if above is None:
            return
        if above == customer.pk:
            raise Invalid.field("parent_id", "A customer cannot be its own parent, directly or through others.")
        above = Customer.objects.of(customer.business_id).values_list("parent_id", flat=True).get(pk=above)
    raise Invalid.field("parent_id", f"At most {MAX_LEVELS - 1} customers one above the other.")


def _next_number(business: Business) -> str:
    day, rows = clock.today(business.time_zone), Customer.objects.of(business)
    taken = lambda number: rows.filter(number=number).exists()  # noqa: E731 - one line that reads as a sentence
    return next_number(business, "customer", business.customer_pattern, day, taken=taken).number


def _free_slug(customer: Customer) -> str:
    """The name as a word of a URL; where another customer has it, a deleted one too, with the customer's number behind it."""
    word = slugify(customer.name, allow_unicode=True)[:40].strip("-_") or "customer"
    own = Customer.objects.of(customer.business_id)
    words = (word, f"{word}-{slugify(customer.number, allow_unicode=True)[:30]}")
    return next((slug for slug in words if not own.filter(slug=slug).exists()), f"{word}-{customer.uuid.hex}")


# Store -----------------------------------------------------------------------------------------------------------------
def _refuse_duplicates(customer: Customer, *, unique: bool) -> None:
    """Conflict when another customer has the number, or the name where that is to be `unique`."""
    others = Customer.objects.of(customer.business_id).exclude(pk=customer.pk)
    if customer.number and others.filter(number=customer.number).exists():
        message = f"A customer with the number '{customer.number}' already exists in this business."
        raise Conflict(message, code="duplicate_number", details=[Detail("number", "Already in use.")])
    if not unique:
        return
    # By name_folded, not name_key: the business may have asked for unique names after others were stored.
    if others.live().filter(name_folded=fold(customer.name)[:_FOLDED]).exists():
        message = f"A customer with the name '{customer.name}' already exists in this business."
        raise Conflict(message, code="duplicate_name", details=[Detail("name", "Already in use.")])


def _is_named_uniquely(customer: Customer) -> bool:
    return customer.business.unique_customer_names and customer.deleted_at is None


def _store(customer: Customer, *, unique: bool) -> None:
    customer.name_folded = fold(customer.name)[:_FOLDED]
    customer.email_folded = fold(customer.email or "")[:_FOLDED]
    customer.search_text = fold_all(customer.name, customer.email, customer.number)
    # A name that was given as a unique one stays so while it and the customer are there.
    kept = customer.deleted_at is None and customer.name_key == customer.name_folded
    customer.name_key = customer.name_folded if unique or kept else None
    try:
        with transaction.atomic():
            customer.save()
    except IntegrityError:  # another was quicker: say with what
        _refuse_duplicates(customer, unique=unique)
        if customer.pk is not None or customer.slug == _free_slug(customer):
            raise
        customer.slug = _free_slug(customer)
        _store(customer, unique=unique)
