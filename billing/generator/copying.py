"""The books of one generated business: stories copied onto its customers and days, batch by batch, each of them whole."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Model

from billing.generator.people import Person, new_person, pick
from billing.generator.reading import Story
from billing.generator.stage import Repertoire
from billing.generator.tables import Rows, insert_rows, take_ids
from billing.generator.templates import Spelling
from billing.ledger import add_balances
from billing.selectors.series import SERIES
from businesses.models import Business
from businesses.models import Counter as Series
from invoicing.lib import clock
from webhooks.models import Attempt, Delivery, Endpoint

YEARS_BACK = 1_095  # days
_EVENTS_KEPT = 90  # days: what is older has been forgotten
_OF_AN_ENDPOINT = (Delivery, Attempt)
_BATCH = 2_000  # copies of a transaction


@dataclass(frozen=True, slots=True)
class Happening:
    """A story, so many days ago, with this customer."""

    story: Story
    age: int
    whose: int = 0


class Books:
    """Copies stories into one business; `today` is the last day on which anything happened."""

    def __init__(self, business: Business, endpoint: Endpoint | None, today: date, chance: random.Random) -> None:
        self.business, self.has_endpoint, self.chance = business, endpoint is not None, chance
        self.midnight = int(clock.midnight(today, "UTC").timestamp()) * 1000
        self.days = [(today - timedelta(days=age)).isoformat() for age in range(-400, YEARS_BACK + 10)]
        self.spelling = Spelling()
        self.own: dict[str, Any] = {
            "business_name": business.name,
            **self.spelling.ids("business", business.pk, str(business.uuid)),
        }
        if endpoint is not None:
            self.own |= self.spelling.ids("endpoint", endpoint.pk, str(endpoint.uuid))
        self.people: list[Person] = []
        self.given: Counter[str] = Counter()  # the last number of each series
        self.patterns = {series: _number_format(getattr(business, f"{series}_pattern")) for series in SERIES}

    # What there is to copy -------------------------------------------------------------------------------------------
    def open(self, repertoire: Repertoire, customers: int) -> Iterator[int]:
        """Products, then customers; yields how many of them each batch had."""
        for index, story in enumerate(repertoire.products):
            values = self._store([Happening(story, YEARS_BACK)])[0]
            self.own |= self.spelling.ids(
                f"product{index}", values["billing_product0"], values["billing_product0_uuid"]
            )
        while (count := len(self.people)) < customers:
            batch = [new_person(place, self.chance) for place in range(count + 1, min(customers, count + _BATCH) + 1)]
            stories = self.chance.choices(repertoire.customers, (2, 1), k=len(batch))
            self.people += batch
            made = self._store([Happening(story, YEARS_BACK, place) for place, story in enumerate(stories, count)])
            for place, values in enumerate(made, count):
                ids = {"pk": values["customers_customer0"], "uuid": values["customers_customer0_uuid"]}
                self.people[place] = replace(self.people[place], **ids)
            yield len(batch)

    def fill(self, repertoire: Repertoire, invoices: int) -> Iterator[int]:
        """What happened over the years, the oldest first; yields how many invoices each batch had."""
        happenings = plan(repertoire.plots, invoices, self.chance)
        while batch := [replace(row, whose=pick(len(self.people), self.chance)) for row in islice(happenings, _BATCH)]:
            self._store(batch)
            yield sum(row.story.plot.invoices for row in batch)

    # Copies ----------------------------------------------------------------------------------------------------------
    @transaction.atomic
    def _store(self, batch: Sequence[Happening]) -> list[dict[str, Any]]:
        counts: Counter[type[Model]] = Counter()
        for happening in batch:
            counts.update(happening.story.counts)
        rows: Rows = defaultdict(list)
        free, made = take_ids(counts), []
        for happening in batch:
            values = self._values(happening, free)
            self._rows(happening, values, rows)
            made.append(values)
        insert_rows(rows)
        self._add_up(batch)
        return made

    def _values(self, happening: Happening, free: dict[type[Model], int]) -> dict[str, Any]:
        """What goes into the blanks of one copy."""
        story, second = happening.story, self.chance.randrange(8 * 3600, 19 * 3600)
        time = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{self.chance.randrange(1, 1000):03d}"
        stamp = f"{self.midnight - (happening.age * 86_400 - second) * 1000:012x}"
        values = self.own | self._customer(happening)
        for name, model, place in story.pks:
            values[name] = free[model] + place
        for model, count in story.counts.items():
            free[model] += count
        for name in story.uuids:
            values |= self.spelling.ids(name, values[name], self._uuid(stamp))
        for name, series in story.numbers:
            self._number(values, name, series)
        first = 400 + happening.age  # the place of the story's first day, from where days go backwards
        for name, day in story.days:
            values[name] = self.days[first - day]
        for name, day in story.moments:
            values[name] = f"{self.days[first - day]}T{time}Z"
        for name, day in story.stored:
            values[name] = self.spelling.moment(self.days[first - day], time)
        for place, view in enumerate(story.views):
            text = values[f"view{place}"] = view % values
            values[f"sha_view{place}"] = hashlib.sha256(text.encode()).hexdigest()
        return values

    def _customer(self, happening: Happening) -> dict[str, Any]:
        if not self.people:
            return {}
        person = self.people[happening.whose]
        reference = f"PO-{self.chance.randrange(100_000):05d}"
        ids = self.spelling.ids("customer", person.pk, person.uuid)
        return {**person.values(), **ids, "reference": reference, "reference_folded": reference.lower()}

    def _number(self, values: dict[str, Any], name: str, series: str) -> None:
        self.given[series] += 1
        number = self.patterns[series].format(self.given[series])
        values[f"{name}_sequence"] = self.given[series]
        values[f"{name}_number"], values[f"{name}_number_folded"] = number, number.lower()

    def _rows(self, happening: Happening, values: Mapping[str, Any], rows: Rows) -> None:
        for row in happening.story.rows:
            if row.day is not None and happening.age - row.day > _EVENTS_KEPT:
                continue
            if self.has_endpoint or row.model not in _OF_AN_ENDPOINT:
                rows[row.model].append(row.fill(values))

    def _uuid(self, stamp: str) -> str:
        """A UUIDv7 of the moment with these milliseconds in hex."""
        bits = f"{self.chance.getrandbits(74) | 2 << 74:019x}"
        return f"{stamp[:8]}-{stamp[8:]}-7{bits[16:]}-{bits[:4]}-{bits[4:16]}"

    def _add_up(self, batch: Sequence[Happening]) -> None:
        """Counters and kept balances, so that the books are true after every batch."""
        sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
        for row in batch:
            for currency, outstanding, credit in row.story.balances:
                found = sums[self.people[row.whose].pk, currency]
                found[0], found[1] = found[0] + outstanding, found[1] + credit
        add_balances(self.business, sums)
        given = {**self.given, **({"customer": len(self.people)} if self.people else {})}
        for series, last in given.items():
            Series.objects.update_or_create(business=self.business, series=series, period="", defaults={"last": last})


def _number_format(pattern: str) -> str:
    """A number's pattern as a format."""
    return re.sub("#+", lambda run: f"{{:0{len(run[0])}d}}", pattern)


def plan(stories: Sequence[Story], invoices: int, chance: random.Random) -> Iterator[Happening]:
    """Stories of exactly so many invoices, the oldest first, more of them every year."""
    left, rest = invoices, sum(map(_busy, range(1, YEARS_BACK + 1)))
    for age in range(YEARS_BACK, 0, -1):  # until yesterday: nothing is of a time that has not come
        able = [story for story in stories if story.length < age <= story.plot.oldest]
        tellings = Counter(id(story.plot) for story in able)
        weights = [story.plot.weight / tellings[id(story.plot)] for story in able]
        share = round(left * _busy(age) / rest) if age > 1 else left
        rest -= _busy(age)
        while share > 0:
            story = chance.choices(able, weights)[0]
            if story.plot.invoices <= share:
                yield Happening(story, age)
                share, left = share - story.plot.invoices, left - story.plot.invoices


def _busy(age: int) -> float:
    """How much happens on a day, compared with others: it doubles in three years, and on two days of seven nothing does."""
    return (2 - age / YEARS_BACK) * (0 if age % 7 in {2, 3} else 1)
