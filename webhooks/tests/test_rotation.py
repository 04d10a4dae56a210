"""POST /webhooks/{id}/rotate-secret: two steps, and what signs in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug import Response

from businesses.models import AuditEntry
from invoicing.lib import clock
from webhooks.dispatch import drain
from webhooks.models import Endpoint
from webhooks.signing import oim_signature, standard_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def hook(api: Any, receiver: Any) -> dict[str, Any]:
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    made = api.post("/webhooks", {"url": receiver.url_for("/hook"), "events": ["*"]})
    return dict(made.json())


def signed_by(receiver: Any, tell: Any, secrets: list[str]) -> tuple[list[bool], list[bool]]:
    """Which of the secrets made OnlineInvoiceMaker's signature of the next request, and which one of the standard ones."""
    tell()
    assert drain() == 1
    request = receiver.log[-1][0]
    body, headers = request.get_data(), dict(request.headers)
    stamp = int(headers["X-Webhook-Timestamp"])
    oim = [headers["X-Webhook-Signature"] == oim_signature(secret, stamp, body) for secret in secrets]
    return oim, [verifies(secret, body, headers) for secret in secrets]


def verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    headers = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(standard_secret(secret)).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def test_two_steps(api: Any, hook: dict[str, Any], receiver: Any, tell: Any) -> None:
    path = f"/webhooks/{hook['id']}/rotate-secret"
    response = api.post(path, {})
    shown = response.json()
    assert response.status_code == 200
    assert shown["next_secret_since"] is not None
    assert shown["standard_secret"] == standard_secret(shown["secret"])
    old, new = hook["secret"], shown["secret"]
    assert signed_by(receiver, tell, [old, new]) == ([True, False], [True, True])
    ended = api.post(path, {"activate": True}).json()
    assert "secret" not in ended
    assert (ended["secret_since"], ended["next_secret_since"]) == (shown["next_secret_since"], None)
    assert signed_by(receiver, tell, [old, new]) == ([False, True], [False, True])
    refused = api.post(path, {"activate": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_rotation")
    trail = AuditEntry.objects.filter(action__startswith="endpoint.secret").order_by("id")
    assert [entry.action for entry in trail] == ["endpoint.secret_rotated", "endpoint.secret_activated"]


def test_after_a_day_the_new_one_signs_alone(api: Any, hook: dict[str, Any], receiver: Any, tell: Any) -> None:
    new = api.post(f"/webhooks/{hook['id']}/rotate-secret", {}).json()["secret"]
    stored = Endpoint.objects.get()
    assert stored.next_secret_since is not None
    over = stored.next_secret_since + timedelta(hours=24)
    assert stored.secrets_at(over - timedelta(milliseconds=1)).next == new
    assert (stored.secrets_at(over).current, stored.secrets_at(over).next) == (new, None)
    with clock.at(over):
        again = api.post(f"/webhooks/{hook['id']}/rotate-secret", {}).json()
        assert stored.secrets_at(over).current == new
        fresh = Endpoint.objects.get().secrets_at(over)
        assert (fresh.current, fresh.next) == (new, again["secret"])


def test_a_lost_new_secret_is_replaced(api: Any, hook: dict[str, Any], receiver: Any, tell: Any) -> None:
    path = f"/webhooks/{hook['id']}/rotate-secret"
    lost, new = (api.post(path, {}).json()["secret"] for _ in range(2))
    assert signed_by(receiver, tell, [hook["secret"], lost, new]) == ([True, False, False], [True, False, True])


def test_a_dry_run_shows_no_secret_and_changes_nothing(api: Any, hook: dict[str, Any]) -> None:
    shown = api.post(f"/webhooks/{hook['id']}/rotate-secret?dry_run=true", {}).json()
    assert (shown["secret"], shown["standard_secret"]) == (None, None)
    assert Endpoint.objects.get().next_secret is None


def test_a_replayed_answer_shows_the_same_secret(api: Any, hook: dict[str, Any]) -> None:
    path = f"/webhooks/{hook['id']}/rotate-secret"
    first, second = (api.post(path, {}, Idempotency_Key="k").json() for _ in range(2))
    assert first == second


def test_refused(api: Any, bob_api: Any, hook: dict[str, Any]) -> None:
    path = f"/webhooks/{hook['id']}/rotate-secret"
    assert bob_api.post(path, {}).status_code == 404
    assert api.post(path, {"activate": "yes"}).status_code == 400
    assert api.post(path, {"activated": True}).json()["details"][0]["field"] == "activated"
