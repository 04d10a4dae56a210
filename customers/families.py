"""Who belongs together: a customer and everybody below it, at any depth."""

from __future__ import annotations

from customers.models import Customer


def family(customer: Customer) -> list[int]:
    """The customer's own pk and those of all its descendants, the deleted ones included, in order; one query per level.

    A circle, which no service makes but a hand in the database could, ends where it meets itself.
    """
    found = {customer.pk}
    level = found
    while level:
        below = Customer.objects.of(customer.business_id).filter(parent_id__in=level).values_list("pk", flat=True)
        level = set(below) - found
        found |= level
    return sorted(found)


def lock_family(customer: Customer) -> list[int]:
    """As `family`, with all of them locked until the transaction ends, in the order of their ids; NotFound where it is deleted."""
    pks = family(customer)
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk"))
    Customer.objects.lock_live(customer.pk)
    return pks
