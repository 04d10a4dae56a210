"""Create, get and list invoices over HTTP, beside bare SQL of the same rows and an answer that is always the same."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.bare import PostgresRows, Rows, SQLiteRows
from benchmarks.driver import Connection, demand, together
from benchmarks.measure import Bar, Result, compare
from benchmarks.site import Site, site
from benchmarks.urls import AUTHENTICATED, CONSTANT

_CREATE = Bar(floor=0.15, goal=0.25, better="higher")
_CLIENTS = 8
_LINES = (
    {"description": "Website design", "quantity": 1, "unit_price": 2500, "tax_rate": 10},
    {"description": "Hosting (12 months)", "quantity": 12, "unit_price": 29.99},
)


def run(*, full: bool) -> Iterator[Result]:
    """On PostgreSQL, then what differs on SQLite."""
    data, count = Path(os.environ["DATA_DIR"]), 1_600 if full else 200
    with site(data / "postgresql") as server:
        url = os.environ["DATABASE_URL"]
        customers = _customers(server)
        with psycopg.connect(url) as connection:
            rows = PostgresRows(connection, partial(_make, server, customers[0]))
        yield creating("PostgreSQL", server, customers, count, rows, lambda: psycopg.connect(url))
        yield creating("PostgreSQL", server, customers[:1], count, rows, lambda: psycopg.connect(url))
        yield from reading("PostgreSQL", server, customers, count, (0.10, 0.22))
        yield knowing(server, count)
    with site(data / "sqlite", DATABASE_URL="") as server:
        path = data / "sqlite" / "invoicing.sqlite3"
        customers = _customers(server)
        with closing(SQLiteRows.connect(path)) as file:
            rows = SQLiteRows(file, partial(_make, server, customers[0]))
        yield creating("SQLite", server, customers, count, rows, lambda: SQLiteRows.connect(path))
        yield from reading("SQLite", server, customers, count, (0.10, 0.40))


def _customers(server: Site) -> list[str]:
    """One a client: whoever is invoiced is locked."""
    body = {"country": "US", "address": "1 Main Street", "city": "Portland"}
    each = [{"name": f"Customer {n}", "email": f"{n}@customer.test", **body} for n in range(_CLIENTS)]
    return [server.ask("POST", "/api/v1/customers", customer)["id"] for customer in each]


def _make(server: Site, customer: str) -> Any:
    return server.ask("POST", "/api/v1/invoices", {"customer_id": customer, "items": _LINES})


# Create --------------------------------------------------------------------------------------------------------------
def creating(
    database: str,
    server: Site,
    customers: list[str],
    count: int,
    rows: Rows,
    connect: Callable[[], psycopg.Connection[Any] | sqlite3.Connection],
) -> Result:
    """Invoices of two lines, by a client for each customer; the limit has as many connections, on SQLite one."""
    bodies = [{"customer_id": customer, "items": _LINES} for customer in customers]
    clients = [(Connection(server.port), server.request("POST", "/api/v1/invoices", body)) for body in bodies]
    bare = [connect() for _ in (customers if database == "PostgreSQL" else customers[:1])]
    computing = Computing(server, count)
    many = f"{len(clients)} clients" if len(clients) > 1 else "1 client"
    result = compare(
        f"create an invoice of two lines, {database}, {many}",
        computing(lambda: together(clients, count, lambda client: demand(*client, 201))),
        lambda: together(bare, count, rows.insert),
        limit_is=f"the same rows in one transaction of bare SQL, {len(bare)} connection{'s' * (len(bare) > 1)}",
        bar=_CREATE,
        facts={"rows_of_each": rows.count},
    )
    for connection in (*bare, *(connection for connection, _ in clients)):
        connection.close()
    return _per_second(result, count, computing)


# Get and list --------------------------------------------------------------------------------------------------------
def reading(
    database: str, server: Site, customers: list[str], count: int, bar_of_lists: tuple[float, float]
) -> Iterator[Result]:
    """One invoice with its lines and customer, and 25 of them."""
    one = _make(server, customers[0])["id"]
    for _ in range(30):
        _make(server, customers[1])
    if database == "PostgreSQL":  # as autovacuum does within a minute
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("ANALYZE")
    floor, goal = bar_of_lists
    bars = {"get one invoice": Bar(floor=0.17, goal=0.30, better="higher")}
    bars["list 25 invoices"] = Bar(floor=floor, goal=goal, better="higher")
    for (work, bar), path in zip(bars.items(), (f"/api/v1/invoices/{one}", "/api/v1/invoices"), strict=True):
        yield beside_constant(f"{work}, {database}", server, server.request("GET", path), count, bar)


def knowing(server: Site, count: int) -> Result:
    """The same constant answer, for whoever has a key."""
    request = server.request("GET", AUTHENTICATED)
    bar = Bar(floor=0.80, goal=0.90, better="higher")
    return beside_constant("an authenticated constant call, PostgreSQL", server, request, 4 * count, bar)


def beside_constant(work: str, server: Site, request: bytes, count: int, bar: Bar) -> Result:
    """Requests of many clients, and as many for what is always the same."""
    constant = server.request("GET", CONSTANT, key=False)
    clients = [Connection(server.port) for _ in range(_CLIENTS)]
    computing = Computing(server, count)
    result = compare(
        work,
        computing(lambda: together(clients, count, lambda client: demand(client, request, 200))),
        lambda: together(clients, count, lambda client: demand(client, constant, 200)),
        limit_is="a constant DRF answer of the same server, 8 clients",
        bar=bar,
    )
    for client in clients:
        client.close()
    return _per_second(result, count, computing)


class Computing:
    """How much CPU time of the web server a work takes, beside how long it takes."""

    def __init__(self, server: Site, count: int) -> None:
        self.server, self.count, self.seconds, self.runs = server, count, 0.0, 0

    def __call__(self, work: Callable[[], object]) -> Callable[[], object]:
        def run() -> None:
            before = self.server.cpu()
            work()
            self.seconds, self.runs = self.seconds + self.server.cpu() - before, self.runs + 1

        return run

    @property
    def microseconds(self) -> int:
        """Of the web server, for each request."""
        return round(self.seconds / self.runs / self.count * 1_000_000)


def _per_second(result: Result, count: int, computing: Computing) -> Result:
    result.facts.update(per_second=round(count / result.ours), limit_per_second=round(count / result.limit))
    result.facts.update(web_server_microseconds_of_each=computing.microseconds)
    return result


__all__: list[str] = ["run"]
