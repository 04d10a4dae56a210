"""Every GET of the native API and of the dialects, every list and page of the admin: more rows, and no more queries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import (
    Adjustment,
    CreditNote,
    Invoice,
    Payment,
    PendingLine,
    Product,
    Quotation,
    TaxRate,
    UploadedFile,
)
from businesses.models import Business
from businesses.tests.people import browser_of, make_member
from customers.models import Contact, Customer
from dialects.corebill import ids as corebill_ids
from dialects.corebill import urls as corebill_urls
from dialects.corebill.tests.conftest import CoreBill
from dialects.earnipay import urls as earnipay_urls
from dialects.earnipay.tests.conftest import logged_in
from dialects.invoiced import urls as invoiced_urls
from dialects.invoiced.tests.conftest import Invoiced
from tests.contract.gets import COREBILL, EARNIPAY, INVOICED, KINDS, NATIVE
from tests.contract.routes import operations, parameters_of
from tests.contract.worlds import World
from webhooks.models import Event

FEW, MANY = (3, 1), (12, 4)  # rows of each kind, children of each row
MODELS: dict[str, Any] = {
    "adjustments": Adjustment,
    "business": Business,
    "contacts": Contact,
    "credit-notes": CreditNote,
    "customers": Customer,
    "events": Event,
    "files": UploadedFile,
    "invoices": Invoice,
    "payments": Payment,
    "pending-items": PendingLine,
    "products": Product,
    "quotations": Quotation,
    "tax-rates": TaxRate,
}
NOT_SERVED = {"later", "nothing"}  # actions that refuse whatever is asked
PREFIXES = {"customers": "cus", "invoices": "inv", "products": "itm", "quotations": "quo"}

Call = Callable[[], Any]
Calls = dict[str, Call]


# Calls ---------------------------------------------------------------------------------------------------------------
def native_calls(world: World) -> Calls:
    """All GETs of the native API."""
    return {f"GET {path}": partial(world.api.get, native(world, path, query)) for path, query in NATIVE.items()}


def native(world: World, path: str, query: str) -> str:
    own = path.split("/")[1]
    for name in parameters_of(path):
        kind = own if name == "id" else KINDS.get(name, f"{name.removesuffix('_id')}s")
        path = path.replace(f"{{{name}}}", world.ids[kind])
    return f"{path}?{query.format(rows=world.rows)}".rstrip("?")


def dialect_calls(world: World) -> Calls:
    """All GETs of the three dialects."""
    corebill, earnipay, invoiced = CoreBill(world.business), logged_in(world.member), Invoiced(world.business)
    business = f"businessId={world.business.uuid}"
    asks: dict[str, tuple[dict[str, tuple[str, str]], Callable[[str, str], Any], Callable[[str], Any]]] = {
        "corebill": (
            COREBILL,
            lambda path, query: corebill.get(path, **dict(pair.split("=") for pair in query.split("&") if pair)),
            lambda kind: corebill_ids.spell(PREFIXES[kind], row(world, kind).pk),
        ),
        "earnipay": (
            EARNIPAY,
            lambda path, query: earnipay.get(f"{path}?{business}&{query}".rstrip("&")),
            lambda kind: row(world, kind).uuid,
        ),
        "invoiced": (
            INVOICED,
            lambda path, query: invoiced.get(f"{path}?{query}"),
            lambda kind: code(row(world, kind)),
        ),
    }
    calls: Calls = {}
    for name, (table, ask, spell) in asks.items():
        for path, (kinds, query) in table.items():
            filled = "/" + re.sub(r"{\w+}", "{}", path).format(*map(spell, kinds.split()))
            calls[f"GET {name}/{path}"] = partial(ask, filled, query.format(rows=world.rows))
    return calls


def row(world: World, kind: str) -> Any:
    """The world's first row of a kind."""
    return MODELS[kind].objects.get(uuid=world.ids[kind].removeprefix("evt_"))


def code(made: Any) -> Any:
    """What Invoiced calls a row."""
    return made.slug if isinstance(made, Product) else made.code if isinstance(made, TaxRate) else made.pk


def admin_calls(world: World) -> Calls:
    """The lists of everything registered, and the page of the first row of each."""
    browser = browser_of(make_member(world.business, email=f"admin.of.{world.rows}@world.test"))
    paths = {"dashboard": "/admin/", "search": "/admin/search/?s=customer&extended=1"}
    for model, found in admin.site._registry.items():
        pages: Any = found
        rows = {"pk": world.business.pk} if model is Business else {"business": world.business}
        first = model._default_manager.filter(**rows).order_by("pk").first()
        assert first is not None, f"The world has no {model._meta.label}"
        paths[f"list of {model._meta.label}"] = pages.url_of_list()
        paths[f"page of {model._meta.label}"] = pages.url_of(first.pk)
    return {name: partial(browser.get, path, follow=True) for name, path in paths.items()}


# Tests ---------------------------------------------------------------------------------------------------------------
def served(urls: Any) -> set[str]:
    """The paths that answer GETs."""
    found = set()
    for pattern in urls.urlpatterns:
        action = getattr(pattern.callback, "actions", {}).get("get", "nothing")
        if action not in NOT_SERVED:
            path = re.sub(r"\(\?P<(\w+)>(?:\(\?!.*?\))?\[\^/\]\+\)", r"{\1}", str(pattern.pattern))
            found.add(path.strip("^$").removesuffix("/?"))
    return found


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(NATIVE) == {operation.split(" ")[1] for operation in operations() if operation.startswith("GET ")}
    for urls, table in ((corebill_urls, COREBILL), (earnipay_urls, EARNIPAY), (invoiced_urls, INVOICED)):
        assert set(table) == served(urls)


def asked(name: str, call: Call) -> Counter[str]:
    """The queries of a call."""
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    assert answer.status_code == 200, (name, answer.content[:300])
    return Counter(shape(query["sql"]) for query in queries)


def shape(sql: str) -> str:
    """A query without its values."""
    sql = re.sub(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\b(?:true|false)\b", "?", sql)
    sql = re.sub(r"\?(?:::\w+(?:\[\])?)?(?:, \?(?:::\w+(?:\[\])?)?)*", "?", sql)
    return re.sub(r"\bs\d+_x\d+\b", "savepoint", sql)


def told(name: str, few: Counter[str], many: Counter[str]) -> Iterable[str]:
    """What is asked more often where there is more."""
    yield f"{name}: {few.total()} queries for {FEW[0]} rows, {many.total()} for {MANY[0]}"
    for query in sorted(few.keys() | many.keys()):
        if few[query] != many[query]:
            yield f"    {few[query]} → {many[query]}: {query[:300]}"


@pytest.mark.django_db
def test_more_rows_are_no_more_queries() -> None:
    worlds = [World(*FEW), World(*MANY)]
    failures: list[str] = []
    for calls in (native_calls, dialect_calls, admin_calls):
        small, large = (calls(world) for world in worlds)
        for name in small:
            for _ in range(2):  # what is kept between calls is there at the second
                few, many = asked(name, small[name]), asked(name, large[name])
                if few.total() == many.total():
                    break
            else:
                failures += told(name, few, many)
    assert not failures, "\n".join(failures)
