"""The business in which stories are told; nothing of it is kept but templates of the rows that the services wrote."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from billing.generator.reading import BUSINESS, CUSTOMER, FIRST, Story, read_story
from billing.generator.stories import BEGINNING, TERMS, Cast, Plot, versions
from billing.models import Product
from billing.services.products import create_product
from businesses.audit import SYSTEM
from businesses.models import Business, Counter, IdempotencyKey, Tally
from businesses.services import create_business
from customers.models import Customer, CustomerBalance
from customers.services.contacts import create_contact
from customers.services.customers import create_customer
from invoicing.lib import clock
from webhooks.models import Attempt, Delivery
from webhooks.services.endpoints import create_endpoint

_SUMMED = (Counter, CustomerBalance, IdempotencyKey, Tally)  # what is added up, not copied
_PRODUCTS = (
    ("Website design", "2500", "10", "project"),
    ("Consulting", "150", "10", "h"),
    ("Hosting, one month", "29.99", "10", "month"),
    ("Workshop", "1800", "0", "day"),
    ("Illustration", "340", "5.5", "piece"),
    ("Maintenance plan", "120", "10", "month"),
    ("Copper pipe 15 mm", "4.375", "19", "m"),
    ("Delivery", "12.50", "19", "piece"),
    ("Translation", "0.14", "0", "word"),
    ("Office chair", "189.90", "19", "piece"),
    ("Paper A4, 500 sheets", "5.49", "7", "pack"),
    ("Training, per person", "420", "10", "person"),
)


class Repertoire:
    """Every story, ready to be copied: of products, of customers, and of what happens with them."""

    def __init__(self, stage: Stage, count: int) -> None:
        self.products = [stage.product(index) for index in range(len(_PRODUCTS))]
        self.customers = [stage.customer(contact=contact) for contact in (False, True)]
        self.plots = [stage.tell(plot) for plot in versions(count)]


def learn(count: int, chance: random.Random) -> Repertoire:
    """Tell about `count` stories; the database is as before afterwards."""
    with transaction.atomic():
        repertoire = Repertoire(Stage(chance), count)
        transaction.set_rollback(True)
    return repertoire


class Stage:
    """The model business, and who was there before a story began."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        with _on(-1):
            self.business = create_business(name=BUSINESS, payment_terms=f"NET {TERMS}", actor=SYSTEM)
            endpoint, _ = create_endpoint(self.business, url="https://zq.example/", events=["*"], actor=SYSTEM)
        self.outsiders: dict[str, Model] = {"business": self.business, "endpoint": endpoint}
        self.tables = [model for model in apps.get_models() if _is_owned(model) and model not in _SUMMED]

    def product(self, index: int) -> Story:
        """A product comes into being; it is there for all stories after that."""
        name, price, rate, unit = _PRODUCTS[index]
        columns: dict[str, Any] = {"unit_price": Decimal(price), "tax_rate": Decimal(rate), "unit": unit}
        with _on(0):
            story = self._capture(lambda: create_product(self.business, name=name, actor=SYSTEM, **columns))
        self.outsiders[f"product{index}"] = Product.objects.of(self.business).latest("pk")
        return story

    def customer(self, *, contact: bool) -> Story:
        """A customer comes into being, with or without a contact."""
        with _on(0):
            return self._capture(lambda: self._customer(contact=contact))

    def _customer(self, *, contact: bool) -> Customer:
        self.outsiders.pop("customer", None)
        number = f"Zq-Number-{self.chance.randrange(10**12)}"
        columns: dict[str, Any] = {**CUSTOMER, "address": "1 Main Street", "country": "US", "postal_code": "04101"}
        customer = create_customer(self.business, number=number, actor=SYSTEM, **columns)
        if contact:
            create_contact(customer, name="Robin Hale", email="robin@example.test", primary=True, actor=SYSTEM)
        return customer

    def tell(self, plot: Plot) -> Story:
        """One telling of a plot, with a customer of its own."""
        with _on(-1):
            customer = self._customer(contact=False)
        self.outsiders["customer"] = customer
        products = [row for row in self.outsiders.values() if isinstance(row, Product)]
        return self._capture(lambda: _play(plot, Cast(customer, products, self.chance)), plot)

    def _capture(self, act: Callable[[], object], plot: Plot = BEGINNING) -> Story:
        before = self._last()
        act()
        self._deliver(before[Delivery])
        after, rows = self._last(), list[Model]()
        for model in self.tables:
            if after[model] > before[model]:
                own = model._default_manager.filter(business=self.business, pk__gt=before[model])
                rows += own.order_by("pk")
        return read_story(rows, self.outsiders, plot)

    def _last(self) -> dict[type[Model], int]:
        """The highest id of each table."""
        each = " UNION ALL ".join(
            f"SELECT {place}, COALESCE(MAX(id), 0) FROM {model._meta.db_table}"  # noqa: S608 - our own names
            for place, model in enumerate(self.tables)
        )
        with connection.cursor() as cursor:
            cursor.execute(each)
            return {self.tables[place]: last for place, last in cursor.fetchall()}

    def _deliver(self, last: int) -> None:
        """What was queued for the endpoint has arrived."""
        queued = Delivery.objects.of(self.business).filter(pk__gt=last)
        queued.update(state=Delivery.State.DELIVERED, next_attempt_at=None, attempt_count=1)
        for delivery in queued:
            made = {"created_at": delivery.created_at, "url": "https://zq.example/"}
            Attempt.objects.create(
                business=self.business, delivery=delivery, number=1, status_code=200, duration_ms=41, **made
            )


def _play(plot: Plot, cast: Cast) -> None:
    telling = plot.tell(cast)
    day: int | None = 0
    while day is not None:
        with _on(day):
            day = next(telling, None)


def _on(day: int) -> Any:
    """The clock on a day of the story."""
    return clock.at(FIRST + timedelta(days=day))


def _is_owned(model: type[Model]) -> bool:
    return any(field.name == "business" and field.related_model is Business for field in model._meta.fields)
