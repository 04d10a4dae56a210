"""Deliveries on their way, against a real receiver: what arrives, what is tried again and when, what stops."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from standardwebhooks import Webhook
from werkzeug import Request, Response

from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from businesses.services import add_member
from invoicing.lib import clock, json
from invoicing.lib.http import Answer
from messaging.models import Message
from webhooks.claims import LEASE, Claim, claim
from webhooks.dispatch import drain
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.outcomes import record_outcomes
from webhooks.queues import Load
from webhooks.services import deliveries, endpoints
from webhooks.signing import oim_signature, standard_secret

pytestmark = pytest.mark.django_db

MINUTES = [1, 5, 30, 120, 1440]


def answer(receiver: Any, *statuses: int) -> None:
    """The receiver gives these answers, the last one for ever."""
    for status in statuses[:-1]:
        receiver.expect_oneshot_request("/hook").respond_with_data("no", status)
    receiver.expect_request("/hook").respond_with_data("last", statuses[-1])


def claim_all(limit: int = 100, **load: Any) -> list[Claim]:
    return claim(limit, Load(**load))


def send_until_nothing_is_due() -> int:
    """As the scheduler's sweeps do; how many attempts."""
    attempts = 0
    while done := drain():
        attempts += done
    return attempts


def requests(receiver: Any) -> list[Request]:
    return [request for request, _ in receiver.log]


def test_what_arrives(receiver: Any, delivery: Delivery, endpoint: Endpoint) -> None:
    answer(receiver, 204)
    assert drain() == 1
    (request,) = requests(receiver)
    body, headers = request.get_data(), request.headers
    event, attempt = delivery.event, Attempt.objects.get()
    assert request.method == "POST"
    assert body == bytes(delivery.body)
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "OnlineInvoiceMaker-Webhooks/1.0"
    assert headers["X-Webhook-ID"] == str(attempt.uuid)
    assert headers["X-Webhook-Event-ID"] == headers["webhook-id"] == event.event_id == json.decode(body)["id"]
    assert headers["X-Webhook-Event"] == "invoice.paid"
    secret, timestamp = endpoint.secrets_at(clock.now()).current, int(headers["X-Webhook-Timestamp"])
    assert headers["X-Webhook-Signature"] == oim_signature(secret, timestamp, body)
    assert Webhook(standard_secret(secret)).verify(body, dict(headers))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_attempt_at, delivery.lease_until) == ("delivered", None, None)
    assert (attempt.number, attempt.status_code, attempt.error) == (1, 204, None)
    assert attempt.duration_ms is not None


def test_own_headers_are_sent_along(receiver: Any, endpoint: Endpoint, tell: Any) -> None:
    endpoints.update_endpoint(endpoint, changes={"headers": {"X-Tenant": "a b"}}, actor=SYSTEM)
    answer(receiver, 200)
    tell()
    drain()
    assert requests(receiver)[0].headers["X-Tenant"] == "a b"


def test_the_schedule_of_retries(receiver: Any, delivery: Delivery) -> None:
    answer(receiver, 500)
    moment = delivery.next_attempt_at
    assert moment is not None
    for number, minutes in enumerate(MINUTES, start=1):
        with clock.at(moment - timedelta(milliseconds=1)):
            assert drain() == 0
        with clock.at(moment):
            assert drain() == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempt_count) == ("pending", number)
        wait, least = delivery.next_attempt_at - moment, timedelta(minutes=minutes)
        assert least <= wait <= least + min(least / 10, timedelta(minutes=1))
        moment = delivery.next_attempt_at
    with clock.at(moment):
        assert drain() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt_count, delivery.next_attempt_at) == ("failed", 6, None)
    sent = requests(receiver)
    assert len(sent) == 6
    assert len({request.get_data() for request in sent}) == 1
    assert len({request.headers["X-Webhook-Event-ID"] for request in sent}) == 1
    assert len({request.headers["X-Webhook-ID"] for request in sent}) == 6
    assert Attempt.objects.filter(status_code=500, error="The endpoint answered 500.").count() == 6


def test_a_success_resets_the_count(receiver: Any, endpoint: Endpoint, delivery: Delivery) -> None:
    answer(receiver, 503, 200)
    drain()
    endpoint.refresh_from_db()
    assert endpoint.consecutive_failures == 1
    with clock.at(clock.later(minutes=2)):
        drain()
    endpoint.refresh_from_db()
    delivery.refresh_from_db()
    assert (endpoint.consecutive_failures, delivery.state) == (0, "delivered")


def test_a_redirect_is_a_failure(receiver: Any, delivery: Delivery) -> None:
    receiver.expect_request("/hook").respond_with_data("", 307, {"Location": receiver.url_for("/other")})
    drain()
    assert Attempt.objects.get().error == "The endpoint answered 307; redirects are not followed."
    assert len(requests(receiver)) == 1


def test_nothing_inside_is_dialled(receiver: Any, delivery: Delivery, settings: Any) -> None:
    settings.OUTGOING_ALLOW_NETS = ["10.0.0.0/8"]  # the endpoint was allowed once
    drain()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.failures) == ("pending", 1)
    assert Attempt.objects.get().error == "This host's address is not on the public internet."
    assert not receiver.log


def test_gone_disables_at_once(receiver: Any, alice: Business, endpoint: Endpoint, tell: Any) -> None:
    add_member(alice, email="owner@alice.test", role="owner", actor=SYSTEM)
    add_member(alice, email="viewer@alice.test", role="viewer", actor=SYSTEM)
    answer(receiver, 410)
    for _ in range(3):
        tell()
    drain()
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_reason) == ("disabled", "The endpoint answered 410 Gone.")
    assert set(Delivery.objects.values_list("state", "next_attempt_at")) == {("held", None)}
    assert AuditEntry.objects.filter(action="endpoint.disabled").count() == 1
    message = Message.objects.get()
    assert message.to == ["owner@alice.test"]
    assert endpoint.url in message.body_text


def test_a_hundred_failures_in_a_row_disable(receiver: Any, endpoint: Endpoint, tell: Any) -> None:
    answer(receiver, 500)
    Endpoint.objects.update(consecutive_failures=98)
    tell()
    drain()
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.consecutive_failures) == ("enabled", 99)
    waiting = tell()
    drain()
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.consecutive_failures) == ("disabled", 100)
    assert endpoint.disabled_reason == "100 attempts in a row failed."
    tell()
    with clock.at(clock.later(days=3)):
        assert drain() == 0
    assert list(Delivery.objects.values_list("state", flat=True)) == ["held"] * 3
    endpoints.enable_endpoint(endpoint, actor=SYSTEM)
    deliveries.retry_delivery(waiting.deliveries.get(), actor=SYSTEM)
    receiver.clear()
    answer(receiver, 200)
    assert drain() == 1
    assert waiting.deliveries.get().state == "delivered"


def test_one_bad_row_does_not_stop_the_others(receiver: Any, alice: Business, endpoint: Endpoint, tell: Any) -> None:
    answer(receiver, 200)
    broken, strange = (
        endpoints.create_endpoint(alice, url=receiver.url_for("/hook"), events=["*"], actor=SYSTEM)[0] for _ in range(2)
    )
    Endpoint.objects.filter(pk=broken.pk).update(secret="of another SECRET_KEY")
    Endpoint.objects.filter(pk=strange.pk).update(headers={"X-Broken": "a\r\nb: c"})
    tell()
    assert send_until_nothing_is_due() == 3
    assert endpoint.deliveries.get().state == "delivered"
    assert broken.deliveries.get().attempts.get().error == "The request could not be made (InvalidToken)."
    assert strange.deliveries.get().state == "pending"
    assert len(requests(receiver)) == 1


def test_a_claimed_delivery_is_not_claimed_again(delivery: Delivery) -> None:
    (mine,) = claim_all()
    assert mine.delivery_id == delivery.pk
    assert Attempt.objects.get().status_code is None  # written before the call
    assert claim_all() == []
    assert drain() == 0


def test_a_lost_lease_is_sent_again(receiver: Any, delivery: Delivery) -> None:
    """The first sender dies in its call, or only seems to: it comes back after the second has delivered."""
    answer(receiver, 200)
    (lost,) = claim_all()
    with clock.at(clock.now() + LEASE):
        assert drain() == 1
    first, second = Attempt.objects.order_by("number")
    assert first.error == "The sender stopped before it knew the outcome."
    assert second.status_code == 200
    assert requests(receiver)[0].headers["X-Webhook-Event-ID"] == delivery.event.event_id
    record_outcomes([(lost, Answer(500, "", 5, None))])
    delivery.refresh_from_db()
    first.refresh_from_db()
    assert (delivery.state, delivery.failures) == ("delivered", 0)
    assert first.status_code == 500


def test_an_endpoint_has_its_share_only(alice: Business, endpoint: Endpoint, tell: Any) -> None:
    for _ in range(30):
        tell()
    other = endpoints.create_endpoint(alice, url="https://example.com/", events=["*"], actor=SYSTEM)[0]
    tell()
    assert len(claim_all(by_endpoint={endpoint.pk: 1})) == 3 + 1
    assert len(claim_all(by_endpoint={endpoint.pk: 4, other.pk: 1})) == 0
    assert len(claim_all()) == 4


def test_many_outcomes_of_many_kinds_at_once(receiver: Any, alice: Business, tell: Any) -> None:
    """More than there are places, so that calls go on while others are recorded: none is lost, none mistaken for another."""
    statuses = [200, 204, 302, 410, 500, 503]
    for status in statuses:
        receiver.expect_request(f"/{status}").respond_with_data(str(status), status)
    for n in range(60):
        url = receiver.url_for(f"/{statuses[n % 6]}")
        endpoints.create_endpoint(alice, url=url, events=["*"], actor=SYSTEM, headers={"X-N": str(n)})
    for _ in range(4):
        tell()
    assert drain() == len(requests(receiver)) == Attempt.objects.exclude(duration_ms=None).count()
    for attempt in Attempt.objects.select_related("delivery__endpoint"):
        assert attempt.url == attempt.delivery.endpoint.url == receiver.url_for(f"/{attempt.status_code}")
        assert attempt.response == ("" if attempt.status_code == 204 else str(attempt.status_code))
        assert attempt.request_headers["X-N"] == "•••"
    sent = {(request.headers["X-Webhook-ID"], request.headers["X-N"]) for request in requests(receiver)}
    made = Attempt.objects.values_list("uuid", "delivery__endpoint__headers")
    assert sent == {(str(uuid), headers["X-N"]) for uuid, headers in made}
    states = Counter(Delivery.objects.values_list("endpoint__url", "state"))
    assert states[receiver.url_for("/200"), "delivered"] == states[receiver.url_for("/204"), "delivered"] == 40
    assert states[receiver.url_for("/410"), "held"] == 40


def test_oldest_first(endpoint: Endpoint, tell: Any, start: datetime) -> None:
    for minute in (3, 1, 2):
        with clock.at(start + timedelta(minutes=minute)):
            tell(minute=minute)
    found = claim_all(2)
    assert [json.decode(item.body)["data"]["minute"] for item in found] == [1, 2]


@pytest.mark.parametrize(("change", "state"), [("deleted_at", "failed"), ("status", "held")])
def test_written_while_the_endpoint_was_stopped(delivery: Delivery, change: str, state: str) -> None:
    Endpoint.objects.update(**{change: clock.now() if change == "deleted_at" else "disabled"})
    assert drain() == 0
    delivery.refresh_from_db()
    assert delivery.state == state


def test_a_slow_endpoint_does_not_hold_up_the_others(
    receiver: Any, alice: Business, endpoint: Endpoint, tell: Any
) -> None:
    """More events than an endpoint's places, one endpoint stuck: the other has all of its own before the stuck one answers."""
    quick = endpoints.create_endpoint(alice, url=receiver.url_for("/quick"), events=["*"], actor=SYSTEM)[0]
    all_arrived, arrived = threading.Event(), []

    def take(request: Request) -> Response:
        arrived.append(request)
        if len(arrived) == 40:
            all_arrived.set()
        return Response()

    receiver.expect_request("/quick").respond_with_handler(take)
    receiver.expect_request("/hook").respond_with_handler(lambda request: Response(status=200 + all_arrived.wait(8)))
    for _ in range(40):
        tell()
    assert drain() == 80
    assert quick.deliveries.filter(state="delivered").count() == 40
    assert Attempt.objects.filter(delivery__endpoint=endpoint, status_code=201).count() == 40


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_once(receiver: Any, endpoint: Endpoint, tell: Any) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():  # type: ignore[attr-defined]
        pytest.skip("SQLite in memory has no second connection that waits")
    answer(receiver, 200)
    for _ in range(60):
        tell()
    counts: list[int] = []

    def run() -> None:
        counts.append(drain())
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 60
    assert len(requests(receiver)) == 60
    assert Delivery.objects.filter(state="delivered", attempt_count=1).count() == 60
