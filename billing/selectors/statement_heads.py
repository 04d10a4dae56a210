"""On whose statement each account of a run stands: its own, or, rolled up, that of the highest parent who gets one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from businesses.models import Business
from customers.models import Customer

Heads = Mapping[int, int]  # a customer's primary key → that of whose statement it is on


def heads_of(business: Business, chosen: Collection[int], *, roll_up: bool) -> Heads:
    """Of every account that is on a statement of one of the `chosen` customers.

    Rolled up, these are also the accounts below them of customers who are not chosen, or are deleted: with the same
    meaning as `customers.families.family` gives to a family. No account is on two statements.
    """
    if not roll_up:
        return {pk: pk for pk in chosen}
    parents = dict(Customer.objects.of(business).order_by().values_list("pk", "parent_id"))
    found = {pk: _highest(pk, parents, chosen) for pk in parents}
    return {pk: head for pk, head in found.items() if head is not None}


def _highest(pk: int, parents: Mapping[int, int | None], chosen: Collection[int]) -> int | None:
    """The last of the chosen on the way up; a circle, which no service makes, ends where it began."""
    head, seen, above = None, set[int](), pk
    while above not in seen:
        seen.add(above)
        head = above if above in chosen else head
        above = parents[above] or above
    return head
