"""The cast of every test: businesses alice and bob, their keys, and a client that speaks JSON."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# The environment is read once, when Django's settings are imported: so it is set before anything else.
_DATA = tempfile.mkdtemp(prefix="invoicing-test-")
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invoicing.settings")  # here: pytest.ini would come too early
os.environ["DATA_DIR"] = _DATA
os.environ["SECRET_KEY"] = "a secret of the tests, which is long enough for every check of Django's"
os.environ["PUBLIC_URL"] = "http://testserver"
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ.setdefault("RATE_LIMIT", "0")
for name in ("EMAIL_URL", "OUTGOING_ALLOW_NETS", "TRUSTED_PROXIES", "EMAIL_FROM"):
    os.environ.pop(name, None)

import django.conf  # noqa: E402

django.setup()

from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

# A password that takes half a second to check protects nobody here; that it does so elsewhere is Django's default.
django.conf.settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

import pytest  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client, TransactionTestCase  # noqa: E402

from invoicing.lib.triggers import drop_guards  # noqa: E402

Call = Callable[..., Any]


_ALIKE = ("test_admin_", "test_query_counts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that start whole servers run first: they wait most of their time, and others can be done meanwhile.

    What is the same beside PostgreSQL as beside SQLite runs beside SQLite alone. That is what asks no database, how many
    queries there are, and what the pages of the admin say: their services are asked there by the API's tests, and every list
    and page is opened by tests/test_admin.py.
    """
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return
    pure = {item for item in items if not _asks_a_database(item) or item.path.name.startswith(_ALIKE)}
    config.hook.pytest_deselected(items=list(pure))
    items[:] = [item for item in items if item not in pure]


def _asks_a_database(item: pytest.Item) -> bool:
    marks = ("django_db", "processes", "browser")
    fixtures = {"db", "transactional_db", "django_db_setup"}
    return any(map(item.get_closest_marker, marks)) or not fixtures.isdisjoint(getattr(item, "fixturenames", ()))


_empty_tables = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _empty_unguarded_tables(self: TransactionTestCase) -> None:
    # What a test committed is removed by emptying the tables, which the guards refuse; post_migrate makes them again.
    drop_guards()
    _empty_tables(self)


TransactionTestCase._fixture_teardown = _empty_unguarded_tables  # type: ignore[attr-defined]


class Api:
    """A program with a key: `api.post("/customers", {...})` answers with `.status_code` and `.json()`."""

    def __init__(self, secret: str | None) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        from invoicing.lib import json

        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else (b"" if body is None else json.encode(body))
        content = {"data": data, "content_type": "application/json"} if body is not None else {}
        return self.client.generic(method, f"/api/v1{path}", headers={**self.headers, **sent}, **content)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, **headers)


def make_business(name: str, **fields: Any) -> Any:
    from businesses.audit import SYSTEM
    from businesses.services import create_business

    return create_business(name=name, actor=SYSTEM, **fields)


def make_api(business: Any, scope: str = "all") -> Api:
    from businesses.audit import SYSTEM
    from businesses.authentication import create_api_key

    return Api(create_api_key(business, name=f"{business.name} {scope}", scope=scope, actor=SYSTEM)[1])


@pytest.fixture
def alice(db: None) -> Any:
    """A business in the United States that bills in dollars."""
    return make_business("Alice Ltd", email="office@alice.test")


@pytest.fixture
def bob(db: None) -> Any:
    """Another tenant, in Germany, that bills in euros."""
    return make_business("Bob GmbH", currency="EUR", country="DE", time_zone="Europe/Berlin", locale="de_DE")


@pytest.fixture
def api(alice: Any) -> Api:
    """Alice's program, with a key for everything."""
    return make_api(alice)


@pytest.fixture
def bob_api(bob: Any) -> Api:
    """Bob's program."""
    return make_api(bob)


@pytest.fixture
def api_with(alice: Any) -> Callable[[str], Api]:
    """Alice's program with a key of the scope asked for."""
    return lambda scope: make_api(alice, scope)
