"""A key that has called before is believed without a question, and not a moment longer than it is true."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings as configured

from businesses import known_keys, throttling
from businesses.audit import SYSTEM
from businesses.authentication import find_program, revoke_api_key
from businesses.models import ApiKey, Business
from businesses.services import update_business
from businesses.throttling import STAMP
from conftest import Api, make_api
from invoicing.lib import clock
from tests.servers import valkey

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture
def known(alice: Business, broker: str, settings: Any) -> Iterator[Api]:
    settings.REDIS_URL, settings.RATE_LIMIT = broker, 1_000_000
    known_keys._known.clear(), throttling._leases.clear()
    api = make_api(alice)
    assert api.get("/business").status_code == 200
    yield api
    known_keys._known.clear()


def secret(api: Api) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")


def elsewhere() -> redis.Redis:
    return redis.Redis.from_url(configured.REDIS_URL)


def test_a_known_key_asks_the_database_nothing(known: Api, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert find_program(secret(known)).business.name == "Alice Ltd"


def test_a_revoked_key_is_refused_at_once(known: Api, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        revoke_api_key(ApiKey.objects.get(), actor=SYSTEM)
    assert known.get("/business").status_code == 401


def test_other_processes_refuse_it_when_the_revocation_is_answered(
    known: Api, django_capture_on_commit_callbacks: Any
) -> None:
    for _ in range(40):  # so that many calls are asked for at once
        known.get("/business")
    elsewhere_known, elsewhere_leases = dict(known_keys._known), dict(throttling._leases)
    assert any(len(lease.calls) > 5 for lease in elsewhere_leases.values())
    with django_capture_on_commit_callbacks(execute=True):
        revoke_api_key(ApiKey.objects.get(), actor=SYSTEM)
    known_keys._known.update(elsewhere_known)  # what another process still has
    throttling._leases.update(elsewhere_leases)
    assert known.get("/business").status_code == 401


def test_what_another_process_changed_is_read_anew(known: Api) -> None:
    ApiKey.objects.update(revoked_at=clock.now())  # as committed elsewhere, whose _known is another
    elsewhere().set(STAMP, "another")
    assert known.get("/business").status_code == 401


def test_a_changed_business_is_seen_at_once(
    known: Api, alice: Business, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        update_business(alice, changes={"currency": "CHF"}, actor=SYSTEM)
    assert find_program(secret(known)).business.currency == "CHF"


def test_nothing_is_known_before_a_change_is_committed(known: Api, alice: Business) -> None:
    update_business(alice, changes={"currency": "CHF"}, actor=SYSTEM)  # on_commit has not run
    assert find_program(secret(known)).business.currency == "USD"


def test_whoever_is_handed_a_known_key_may_change_it(known: Api) -> None:
    first = find_program(secret(known))
    first.business.name, first.key.scope = "Changed", "none"  # type: ignore[union-attr]
    second = find_program(secret(known))
    assert (second.business.name, second.scope) == ("Alice Ltd", "all")


@pytest.mark.parametrize("loss", ["flushed", "away", "not counted", "late"])
def test_where_no_stamp_is_told_rows_are_read(
    known: Api, loss: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ApiKey.objects.update(revoked_at=clock.now())  # by hand, in SQL
    if loss == "flushed":
        elsewhere().flushall()
    elif loss == "away":
        settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    elif loss == "not counted":
        settings.RATE_LIMIT = 0
    else:
        later = known_keys.time.monotonic() + known_keys.SECONDS + 1
        monkeypatch.setattr(known_keys.time, "monotonic", lambda: later)
    assert known.get("/business").status_code == 401


def test_a_known_key_expires(known: Api) -> None:
    ApiKey.objects.update(expires_at=clock.now() + timedelta(minutes=1))
    elsewhere().delete(STAMP)
    assert known.get("/business").status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        assert known.get("/business").status_code == 401


def test_a_stamp_that_cannot_be_made_is_no_failure(
    known: Api, alice: Business, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    with django_capture_on_commit_callbacks(execute=True):
        update_business(alice, changes={"currency": "CHF"}, actor=SYSTEM)
    assert find_program(secret(known)).business.currency == "CHF"


def test_a_broken_connection_is_made_anew(known: Api) -> None:
    elsewhere().client_kill_filter(_type="normal", skipme=True)
    assert find_program(secret(known)).verdict is not None


def test_a_busy_caller_is_told_how_many_calls_are_left_as_if_each_were_asked_for(known: Api, settings: Any) -> None:
    settings.RATE_LIMIT = 200
    throttling._leases.clear()
    left = [int(known.get("/business")["RateLimit-Remaining"]) for _ in range(60)]
    assert max(left) <= 400
    assert all(later <= earlier + 20 for earlier, later in pairwise(left))  # 20: what comes back in a tenth of a second


def test_no_more_calls_pass_than_the_limit_allows_however_they_are_asked_for(known: Api, settings: Any) -> None:
    settings.RATE_LIMIT = 20
    throttling._leases.clear()
    began = time.monotonic()
    passed = sum(known.get("/business").status_code == 200 for _ in range(120))
    assert 35 <= passed <= 40 + 20 * (time.monotonic() - began) + 1
