"""The catch-up feed: a place for every event of a business, given after it has committed, so that a reader skips none.

Ids don't do: a transaction that began earlier may commit later, with a lower id, behind a reader's back. So places are
handed out apart from ids: only to events that are committed (whoever hands them out sees no others), by one at a time per
business, upwards. Whoever has read up to a place has therefore seen every event that will ever lie before it: what
commits later gets a higher one.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from businesses.models import Business
from webhooks.models import Event

BATCH = 1_000
_GIVE = "UPDATE webhooks_event SET position = %s WHERE id = %s"


def give_positions(business: Business) -> int:
    """Give places to all committed events of a business that have none, a batch per transaction; returns how many."""
    given = 0
    while Event.objects.of(business).filter(position=None).exists():
        given += _give_batch(business)
    return given


def read_feed(business: Business, *, after: Event | None, types: Sequence[str] = ()) -> QuerySet[Event]:
    """What comes after an event (None: from the beginning), oldest first; it is given its place first if it has none yet."""
    give_positions(business)
    if after is not None:
        after.refresh_from_db(fields=["position"])
    events = Event.objects.of(business).filter(position__gt=after.position if after else 0).order_by("position")
    return events.filter(type__in=types) if types else events


def waiting_businesses() -> list[Business]:
    """Those with events that have no place yet."""
    waiting = Event.objects.filter(position=None).order_by().values("business_id").distinct()
    return list(Business.objects.filter(pk__in=waiting).order_by("pk"))


@transaction.atomic
def _give_batch(business: Business) -> int:
    # One at a time per business, until its places are committed. no_key: whoever writes a row of the business need not wait.
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    waiting = Event.objects.of(business).filter(position=None).order_by("id").values_list("pk", flat=True)[:BATCH]
    last = Event.objects.of(business).aggregate(last=Max("position"))["last"] or 0
    rows = [(position, pk) for position, pk in enumerate(waiting, last + 1)]
    with connection.cursor() as cursor:
        cursor.executemany(_GIVE, rows)
    return len(rows)
