"""Whose turn it is: shares of endpoints and businesses, doubtful endpoints, and endpoints that want events in order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from werkzeug import Response

from businesses.audit import SYSTEM
from businesses.models import Business
from invoicing.lib import clock
from webhooks.claims import _claim, claim
from webhooks.dispatch import drain
from webhooks.models import Delivery, Endpoint
from webhooks.outbox import publish
from webhooks.queues import Load, next_in_line
from webhooks.services.deliveries import skip_delivery
from webhooks.services.endpoints import create_endpoint, disable_endpoint, enable_endpoint

pytestmark = pytest.mark.django_db


def endpoints_of(business: Business, count: int, **fields: Any) -> list[Endpoint]:
    return [
        create_endpoint(business, url=f"https://example.com/{n}", events=["*"], actor=SYSTEM, **fields)[0]
        for n in range(count)
    ]


def tell_all(business: Business, count: int) -> None:
    with transaction.atomic():
        for _ in range(count):
            publish(business, "invoice.paid", {}, actor=SYSTEM)


def in_line(limit: int = 100, **load: Any) -> list[Delivery]:
    pks = next_in_line(limit, Load(**load), clock.now())
    rows = Delivery.objects.in_bulk(pks)
    return [rows[pk] for pk in pks]


def test_four_at_a_time_of_one_endpoint(alice: Business) -> None:
    first, second = endpoints_of(alice, 2)
    tell_all(alice, 6)
    line = in_line()
    assert Counter(row.endpoint_id for row in line) == {first.pk: 4, second.pk: 4}
    assert [row.event_id for row in line] == sorted(row.event_id for row in line)  # the oldest of each first
    assert Counter(row.endpoint_id for row in in_line(by_endpoint={first.pk: 3, second.pk: 9})) == {first.pk: 1}


def test_one_at_a_time_until_it_has_answered(alice: Business) -> None:
    first, second = endpoints_of(alice, 2)
    tell_all(alice, 6)
    assert Counter(row.endpoint_id for row in in_line(answered={second.pk})) == {first.pk: 1, second.pk: 4}
    assert Counter(row.endpoint_id for row in in_line(answered=set(), by_endpoint={first.pk: 1})) == {second.pk: 1}


def test_how_many_is_a_setting(alice: Business, settings: Any) -> None:
    settings.WEBHOOK_CALLS_PER_ENDPOINT = 2
    endpoints_of(alice, 1)
    tell_all(alice, 6)
    assert len(in_line()) == 2


def test_a_business_with_many_endpoints_does_not_crowd_out_another(alice: Business, bob: Business) -> None:
    endpoints_of(alice, 30)
    (lonely,) = endpoints_of(bob, 1)
    tell_all(alice, 1)
    tell_all(bob, 1)
    line = in_line(10)
    assert len(line) == 10
    assert line[1].endpoint_id == lonely.pk
    busy = in_line(10, by_business={bob.pk: 10})
    assert Counter(row.business_id for row in busy) == {alice.pk: 10}


def test_doubtful_endpoints_have_one_place_each_and_a_quarter_together(alice: Business) -> None:
    (well,) = endpoints_of(alice, 1)
    endpoints_of(alice, 30)
    Endpoint.objects.exclude(pk=well.pk).update(consecutive_failures=1)
    tell_all(alice, 3)
    counts = Counter(row.endpoint_id for row in in_line())
    assert counts.pop(well.pk) == 3
    assert set(counts.values()) == {1}
    assert len(counts) == 25
    assert {row.endpoint_id for row in in_line(doubtful_left=0)} == {well.pk}


def test_a_long_queue_is_not_read(alice: Business, django_assert_max_num_queries: Any) -> None:
    endpoints_of(alice, 2)
    tell_all(alice, 300)
    with django_assert_max_num_queries(2):
        assert len(next_in_line(100, Load(), clock.now())) == 8


# In order ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def in_order(alice: Business, receiver: Any) -> Endpoint:
    return create_endpoint(alice, url=receiver.url_for("/hook"), events=["*"], fifo=True, actor=SYSTEM)[0]


def arrived(receiver: Any) -> list[str]:
    return [request.headers["X-Webhook-Event-ID"] for request, _ in receiver.log]


def drain_all() -> None:
    while drain():
        pass


def test_in_order_one_after_the_other(in_order: Endpoint, receiver: Any, tell: Any) -> None:
    events = [tell().event_id for _ in range(5)]
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    assert len(in_line()) == 1
    (held_up,) = claim(100, Load())
    assert held_up.event_id == events[0]
    assert claim(100, Load()) == []  # one in flight, whoever asks
    Delivery.objects.update(lease_until=None)
    drain_all()
    assert arrived(receiver) == events


def test_the_first_blocks_until_it_is_skipped(in_order: Endpoint, receiver: Any, tell: Any) -> None:
    first, second, third = (tell().event_id for _ in range(3))
    receiver.expect_oneshot_request("/hook").respond_with_data("no", 500)
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    drain_all()
    assert arrived(receiver) == [first]  # the others wait, although they are due
    head = Delivery.objects.order_by("event_id")[0]
    skip_delivery(head, actor=SYSTEM)
    drain_all()
    assert arrived(receiver) == [first, second, third]
    head.refresh_from_db()
    assert head.state == "failed"


def test_the_first_is_never_given_up(in_order: Endpoint, receiver: Any, tell: Any) -> None:
    tell()
    receiver.expect_request("/hook").respond_with_data("no", 500)
    for _ in range(8):
        Delivery.objects.update(next_attempt_at=clock.now())
        assert drain() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt_count) == ("pending", 8)


def test_what_is_sent_again_comes_first(in_order: Endpoint, receiver: Any, tell: Any) -> None:
    old, new = tell(), tell()
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    Delivery.objects.filter(event=old).update(state="held", next_attempt_at=None)
    Delivery.objects.filter(event=old).update(state="pending", next_attempt_at=clock.later(hours=1))
    assert in_line() == []  # it blocks the new one until its time has come
    Delivery.objects.filter(event=old).update(next_attempt_at=clock.now())
    drain_all()
    assert arrived(receiver) == [old.event_id, new.event_id]


def test_a_blocked_one_stops_nobody_else(in_order: Endpoint, bob: Business, tell: Any) -> None:
    """Its first event waits for its retry and the second is due; others have theirs, also after a failure of their own."""
    first, _ = tell(), tell()
    Delivery.objects.filter(event=first).update(next_attempt_at=clock.later(hours=1))
    Endpoint.objects.filter(pk=in_order.pk).update(consecutive_failures=1)
    (other,) = endpoints_of(bob, 1)
    Endpoint.objects.filter(pk=other.pk).update(consecutive_failures=1)
    tell_all(bob, 1)
    for limit in (1, 100):
        assert [row.endpoint_id for row in in_line(limit, doubtful_left=1)] == [other.pk]


def test_one_in_flight_whatever_comes_in_front(in_order: Endpoint, tell: Any) -> None:
    old, _ = tell(), tell()
    Delivery.objects.filter(event=old).update(state="failed", next_attempt_at=None)
    (mine,) = claim(100, Load())
    Delivery.objects.filter(event=old).update(state="pending", next_attempt_at=clock.now())
    assert in_line() == []
    assert _claim([old.deliveries.get().pk], clock.now()) == []  # a proposal from before
    Delivery.objects.filter(pk=mine.delivery_id).update(lease_until=None)
    assert [row.event_id for row in in_line()] == [old.pk]


def test_what_was_held_goes_first_when_it_is_enabled(in_order: Endpoint, receiver: Any, tell: Any) -> None:
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    first = tell()
    disable_endpoint(in_order, reason="Down.", actor=SYSTEM)
    second = tell()
    enable_endpoint(in_order, actor=SYSTEM)
    third = tell()
    drain_all()
    assert arrived(receiver) == [first.event_id, second.event_id, third.event_id]


# By hand -------------------------------------------------------------------------------------------------------------
def test_skip(api: Any, bob_api: Any, in_order: Endpoint, tell: Any) -> None:
    tell()
    (mine,) = claim(100, Load())
    path = f"/webhooks/{in_order.uuid}/deliveries/{mine.delivery_uuid}"
    assert bob_api.post(f"{path}/skip").status_code == 404
    assert api.post(f"{path}/skip").json()["status"] == "failed"
    again = api.post(f"{path}/skip")
    assert (again.status_code, again.json()["code"]) == (409, "not_waiting")
    assert claim(100, Load()) == []
