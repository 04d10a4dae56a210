"""The public SDK of Invoiced, unmodified but for its address, against a whole server: every method that is served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import invoiced
import pytest

from tests.processes.server import running, servers_of_production, wait_for
from tests.processes.test_killed_run import Program

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with servers_of_production() as outside:
        settings = {**outside, "RATE_LIMIT": "0"}
        with running(tmp_path_factory.mktemp("invoiced") / "data", **settings) as server:
            assert wait_for(lambda: server.status("/readyz") == 200, 60), server.said
            client = invoiced.Client(Program(server, settings).key)
            client.api_url = f"http://127.0.0.1:{server.port}/invoiced"
            yield client


def test_customers(client: Any) -> None:
    customer = client.Customer.create(
        idempotency_key="once", name="Acme", email="billing@acmecorp.com", metadata={"a": "1"}
    )
    again = client.Customer.create(
        idempotency_key="once", name="Acme", email="billing@acmecorp.com", metadata={"a": "1"}
    )
    assert again.id == customer.id
    customer.payment_terms = "NET 14"
    customer.attention_to = "Sarah Fisher"
    assert customer.save(city="Hill Valley")
    assert client.Customer.retrieve(customer.id, {"expand": "owner"}).city == "Hill Valley"
    customer.attention_to = None
    assert customer.save()
    assert customer.attention_to is None
    assert customer.balance()["total_outstanding"] == 0
    with pytest.raises(invoiced.errors.InvalidRequestError):
        client.Customer.create(email="nobody@example.com")
    assert customer.delete()
    with pytest.raises(invoiced.errors.InvalidRequestError):
        client.Customer.retrieve(customer.id)


def test_lists_are_walked_by_their_links(client: Any) -> None:
    started = int(time.time()) - 5
    names = [f"Walker {number}" for number in range(7)]
    for name in names:
        client.Customer.create(name=name, metadata={"walk": "yes"})
    asked = {"metadata": {"walk": "yes"}, "sort": "name asc", "open_balance": False, "updated_after": started}
    found, page = [], 1
    while True:
        rows, meta = client.Customer.list(per_page=3, page=page, **asked)
        found += [row.name for row in rows]
        assert meta.total_count == 7
        if "next" not in meta.links:
            break
        page += 1
    assert (found, page) == (names, 3)
    assert client.Customer.list(filter={"name": "Walker 3"})[0][0].name == "Walker 3"
    assert client.Customer.list(payment_source=True)[1].total_count == 0


def test_statements(client: Any) -> None:
    customer = client.Customer.create(name="Reader", email="reader@example.com")
    (email,) = customer.send_statement(to=[{"name": "Client", "email": "client@example.com"}], subject="Statement")
    assert (email.email, email.state) == ("client@example.com", "sent")
    for send in (customer.send_statement_sms, customer.send_statement_letter):
        with pytest.raises(invoiced.errors.InvalidRequestError, match="must be connected"):
            send(type="open_item")


def test_contacts_and_notes(client: Any) -> None:
    customer = client.Customer.create(name="Company")
    contact = customer.contacts().create(name="Eve", primary=True)
    contact.title = "CFO"
    assert contact.save()
    assert customer.contacts().retrieve(contact.id).title == "CFO"
    assert [row.id for row in customer.contacts().list()[0]] == [contact.id]
    assert contact.delete()
    note = customer.list_notes().create(notes="Pays late")
    other = client.Note.create(customer_id=customer.id, notes="Called")
    note.notes = "Pays"
    assert note.save()
    assert [row.notes for row in customer.list_notes().list()[0]] == ["Called", "Pays"]
    assert note.delete()
    assert other.delete()


def test_wrong_keys_and_what_is_not_served(client: Any) -> None:
    stranger = invoiced.Client("nonsense")
    stranger.api_url = client.api_url
    with pytest.raises(invoiced.errors.AuthenticationError):
        stranger.Customer.list()
    with pytest.raises(invoiced.errors.InvalidRequestError, match="does not serve GET /subscriptions"):
        client.Subscription.list()
