"""Books of any size, for measuring: each story is told once by the services, its rows are copied many times."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from billing.generator.copying import Books
from billing.generator.stage import Repertoire, learn
from billing.generator.tables import analyze
from businesses.audit import SYSTEM
from businesses.models import Business
from businesses.services import create_business
from invoicing.lib import clock
from invoicing.lib.errors import Conflict
from webhooks.models import Endpoint
from webhooks.services.endpoints import create_endpoint

_MOST_OF_A_SMALL_ONE = 500  # invoices
_EVENTS_TOLD = 5  # every fifth business has an endpoint, the biggest among them

Progress = Callable[[int, int], None]  # rows that are there, of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How much: `invoices` and `customers` of the biggest business, and how many businesses in all."""

    invoices: int
    customers: int
    businesses: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """A business that was made."""

    business: Business
    invoices: int
    customers: int


def generate(wanted: Wanted, progress: Progress = lambda done, whole: None) -> list[Made]:
    """Add businesses of their own, the biggest first; what was there before is not touched.

    The same seed makes the same books on the same day, but for primary keys and secrets; Conflict where it made some here
    before. Each batch is a transaction after which all books are true. Progress counts customers and invoices.
    """
    if Business.objects.filter(uuid=_uuid(wanted.seed, 0)).exists():
        raise Conflict(f"The businesses of seed {wanted.seed} are here already: choose another.")
    chance = random.Random(wanted.seed)  # noqa: S311 - a story, not a secret
    repertoire = learn(min(100, 20 + wanted.invoices // 100), chance)
    sizes = [*_sizes(wanted, chance)]
    whole, done, made = sum(map(sum, sizes)), 0, []
    for place, (invoices, customers) in enumerate(sizes):
        books, before = _begin(wanted.seed, place, chance), done
        for count in _write(books, repertoire, invoices, customers):
            if done - before <= customers < done - before + count:  # its first invoices
                analyze()
            done += count
            progress(done, whole)
        made.append(Made(books.business, invoices, customers))
    analyze()
    return made


def _sizes(wanted: Wanted, chance: random.Random) -> Iterator[tuple[int, int]]:
    """Invoices and customers of each: one big one, and many of which most are very small."""
    yield wanted.invoices, wanted.customers
    for _ in range(wanted.businesses - 1):
        invoices = min(int(3 * chance.paretovariate(0.8)), _MOST_OF_A_SMALL_ONE, wanted.invoices)
        yield invoices, -(-invoices * wanted.customers // wanted.invoices)


def _uuid(seed: int, place: int) -> UUID:
    """Of a business, by which its seed is known."""
    return UUID(int=random.Random(f"{seed}/{place}").getrandbits(128), version=4)  # noqa: S311


def _begin(seed: int, place: int, chance: random.Random) -> Books:
    own: dict[str, Any] = {"name": f"Generated {place + 1:04d}", "uuid": _uuid(seed, place), "payment_terms": "NET 30"}
    business = create_business(**own, actor=SYSTEM)
    return Books(business, None if place % _EVENTS_TOLD else _endpoint(business), clock.today("UTC"), chance)


def _endpoint(business: Business) -> Endpoint:
    """Switched off: nobody is called about what never happened."""
    off = {"status": Endpoint.Status.DISABLED, "disabled_reason": "Its business was generated."}
    return create_endpoint(business, url="https://receiver.example/", events=["*"], actor=SYSTEM, **off)[0]


def _write(books: Books, repertoire: Repertoire, invoices: int, customers: int) -> Iterator[int]:
    yield from books.open(repertoire, customers)
    yield from books.fill(repertoire, invoices)


__all__ = ["Made", "Wanted", "generate"]
