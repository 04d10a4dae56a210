"""Members log in with a program: tokens, their end, forgeries, the lockout, and the doors that stay shut to them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from businesses.login import AT_ONCE, turn
from businesses.models import Business, Member, User
from businesses.sessions import open_session
from businesses.tasks import forget_expired_tokens
from businesses.tests.people import PASSWORD, make_member
from conftest import Api
from dialects.earnipay.tests.conftest import Earnipay, bearing, log_in, logged_in, refusal
from tests.contract.test_scopes import TABLE as NATIVE
from tests.contract.test_scopes import call as call_natively
from tests.servers import valkey

WRONG = (401, "This e-mail address and password do not belong together, or may not log in here.")
INVALID = (401, "Invalid or expired token: log in again.")
ME = "/users/me"


def refresh(token: Any) -> Any:
    return Earnipay(Api(None)).post("/auth/refresh", {"refreshToken": token})


def log_out(token: Any) -> Any:
    return Earnipay(Api(None)).post("/auth/logout", {"refreshToken": token})


def opens(access: str) -> bool:
    answer = bearing(access).get(ME)
    assert answer.status_code == 200 or refusal(answer) == INVALID
    return bool(answer.status_code == 200)


# The way in --------------------------------------------------------------------------------------------------------------
def test_a_member_logs_in(owner: Member, business: str) -> None:
    answer = log_in(" OWNER@alice.test ")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    body = answer.json()
    assert (body["statusCode"], set(body["data"])) == (200, {"accessToken", "refreshToken"})
    program = bearing(body["data"]["accessToken"])
    assert program.data(ME)["email"] == "owner@alice.test"
    assert program.data(f"/customers?businessId={business}")["items"] == []
    owner.user.refresh_from_db()
    assert owner.user.last_login is not None


def test_who_may_not_enter_hears_the_same_as_who_types_wrongly(owner: Member, alice: Business) -> None:
    closed = make_member(alice, "viewer", password=True).user
    closed.is_active = False
    closed.save()
    User.objects.create_user("alone@alice.test", PASSWORD, is_staff=True)
    make_member(alice, "admin")  # invited, without a password
    answers = [log_in("owner@alice.test", "wrong"), log_in("owner@alice.test", PASSWORD + " ")]
    emails = ("nobody@alice.test", "viewer@alice.test", "alone@alice.test", "admin@alice.test", "x", "İ" * 254)
    answers += [log_in(email) for email in emails]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert (refusal(answers[0]), answers[0]["WWW-Authenticate"]) == (WRONG, "Bearer")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "a@b.test"}, "password"),
        ({"email": 7, "password": "x"}, "email"),
        ({"email": "a@b.test", "password": None}, "password"),
        ({"email": "a@b.test", "password": ["x"]}, "password"),
        ({"email": "a" * 255, "password": "x"}, "email"),
        ({"email": "a@b.test", "password": "x" * 2_001}, "password"),
    ],
)
def test_what_is_not_a_login(body: Any, field: str) -> None:
    status, message = refusal(Earnipay(Api(None)).post("/auth/login", body))
    assert (status, message.startswith(f"{field}: ")) == (400, True)


def test_five_failures_close_it_even_to_the_right_password(owner: Member) -> None:
    codes = [log_in("Owner@alice.test", "wrong").status_code for _ in range(5)]
    assert codes == [401, 401, 401, 401, 429]
    shut = log_in("owner@alice.test")
    assert refusal(shut) == (429, "Too many failed logins: try again later.")
    assert int(shut["Retry-After"]) == 900
    assert OutstandingToken.objects.count() == 0


def test_only_a_few_passwords_are_tried_at_once(owner: Member) -> None:
    with ExitStack() as others:
        for _ in range(AT_ONCE):
            others.enter_context(turn())
        answer = log_in("owner@alice.test")
        assert refusal(answer) == (429, "Too many logins at once: try again in a moment.")
        assert answer["Retry-After"] == "1"
    assert log_in("owner@alice.test").status_code == 200


def test_the_admins_login_and_this_one_count_together(owner: Member, client: Any) -> None:
    form = {"username": "owner@alice.test", "password": "wrong"}
    for _ in range(3):
        client.post("/admin/login/", form)
    assert [log_in("owner@alice.test", "wrong").status_code for _ in range(2)] == [401, 429]
    assert client.post("/admin/login/", form | {"password": PASSWORD}).status_code == 429


def test_a_login_forgets_the_failures_before_it(owner: Member) -> None:
    for _ in range(3):
        assert [log_in("owner@alice.test", word).status_code for word in ("x", "x", "x", PASSWORD)] == [401] * 3 + [200]


def test_a_key_that_is_sent_too_makes_no_difference(owner: Member, program: Earnipay) -> None:
    body = {"email": "owner@alice.test", "password": PASSWORD}
    first, second = (program.post("/auth/login", body, Idempotency_Key="login") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["data"] != second.json()["data"]  # nothing is kept of tokens
    assert refusal(program.post("/auth/login?dry_run=true", body))[0] == 400


# Tokens ------------------------------------------------------------------------------------------------------------------
def test_what_is_in_them(owner: Member) -> None:
    for token, kind, seconds in zip(open_session(owner.user), ("access", "refresh"), (900, 7 * 86_400), strict=True):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["token_type"], claims["exp"] - claims["iat"]) == (kind, seconds)
        assert set(claims) == {"token_type", "exp", "iat", "jti", "user_id", "session", "password"}
        assert owner.user.password not in str(claims)


def test_a_stolen_table_opens_nothing(owner: Member) -> None:
    access, refresh_token = open_session(owner.user)
    kept = str(list(OutstandingToken.objects.values()))
    for token in (access, refresh_token):
        assert token not in kept
        assert token.rsplit(".", 1)[1] not in kept


def test_a_refresh_token_is_good_once(owner: Member) -> None:
    first = open_session(owner.user)
    answer = refresh(first.refresh)
    second = answer.json()["data"]
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert opens(first.access)  # to its end, which is near
    assert opens(second["accessToken"])
    assert refusal(refresh(first.refresh)) == INVALID
    assert refresh(second["refreshToken"]).status_code == 200  # both came at once: two windows of one program


def test_one_that_comes_back_later_ends_the_session(owner: Member) -> None:
    stolen, other = open_session(owner.user), open_session(owner.user)
    second = refresh(stolen.refresh).json()["data"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        assert refusal(refresh(stolen.refresh)) == INVALID
        assert refusal(refresh(second["refreshToken"])) == INVALID
        assert not opens(second["accessToken"])
        assert opens(other.access)


def test_a_logout_ends_all_tokens_of_that_login(owner: Member) -> None:
    first, other = open_session(owner.user), open_session(owner.user)
    second = refresh(first.refresh).json()["data"]
    answer = log_out(second["refreshToken"])
    assert (answer.status_code, answer.json()) == (200, {"statusCode": 200, "message": "Logged out successfully."})
    assert log_out(second["refreshToken"]).status_code == 200
    assert not opens(first.access)
    assert not opens(second["accessToken"])
    assert refusal(refresh(second["refreshToken"])) == INVALID
    assert opens(other.access)


def test_their_time_is_over(owner: Member) -> None:
    tokens = open_session(owner.user)
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(minutes=14, seconds=50)):
        assert opens(tokens.access)
    with time_machine.travel(now + timedelta(minutes=15, seconds=1)):
        assert not opens(tokens.access)
    with time_machine.travel(now + timedelta(days=7, seconds=1)):
        assert refusal(refresh(tokens.refresh)) == refusal(log_out(tokens.refresh)) == INVALID
        open_session(owner.user)
        forget_expired_tokens()
        assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (1, 0)


def part(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def forgeries(good: str) -> list[str]:
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    key = str(settings.SIMPLE_JWT["SIGNING_KEY"])
    none = [f"{part({'alg': name, 'typ': 'JWT'})}.{body}." for name in ("none", "None", "NONE", "")]
    return [
        *none,
        f"{head}.{body}.",
        f"{head}.{part({**claims, 'user_id': '1'})}.{signature}",
        f"{head}.{body}.{signature[::-1]}",
        f"{part([])}.{part([])}.{signature}",
        "..",
        "a.b.c",
        "\u20ac.\u20ac.\u20ac".encode().decode("latin-1"),
        jwt.encode(claims, settings.SECRET_KEY, "HS256"),
        jwt.encode(claims, "x" * 64, "HS256"),
        jwt.encode(claims, key, "HS512"),
        jwt.encode({**claims, "exp": claims["iat"] - 1}, key, "HS256"),
        jwt.encode({name: value for name, value in claims.items() if name != "exp"}, key, "HS256"),
    ]


def outdated(good: str) -> list[str]:
    """Tokens that we signed, for a session, a password or a person that is no more."""
    claims = jwt.decode(good, options={"verify_signature": False})
    key = str(settings.SIMPLE_JWT["SIGNING_KEY"])
    changes = ({"session": "0" * 32}, {"password": "0" * 32}, {"user_id": "9" * 12})
    return [jwt.encode({**claims, **change}, key, "HS256") for change in changes]


def test_forged_tokens_open_nothing(owner: Member) -> None:
    tokens = open_session(owner.user)
    for forged in [*forgeries(tokens.access), *outdated(tokens.access), tokens.refresh]:
        assert refusal(bearing(forged).get(ME)) == INVALID, forged
    for forged in [*forgeries(tokens.refresh), tokens.access, "", " ", "x", None, 7, {}]:
        for call in (refresh, log_out):
            assert refusal(call(forged))[0] in {400, 401}, forged
    assert {refusal(refresh(old)) for old in outdated(tokens.refresh)} == {INVALID}
    assert refresh(tokens.refresh).status_code == 200


# The end of it -----------------------------------------------------------------------------------------------------------
def close(member: Member) -> None:
    User.objects.filter(pk=member.user.pk).update(is_active=False)


def change(member: Member) -> None:
    user = User.objects.get(pk=member.user.pk)
    user.set_password("quite another sentence")
    user.save()


def remove(member: Member) -> None:
    member.delete()


@pytest.mark.parametrize("end", [close, change, remove])
def test_what_is_taken_away_is_gone_at_once(alice: Business, end: Callable[[Member], None]) -> None:
    make_member(alice)
    member = make_member(alice, "manager")
    tokens = open_session(member.user)
    assert opens(tokens.access)
    end(member)
    assert not opens(tokens.access)
    assert refusal(bearing(tokens.access).post("/customers", {"businessId": str(alice.uuid), "name": "x"})) == INVALID
    assert refusal(refresh(tokens.refresh)) == INVALID


# Other doors -------------------------------------------------------------------------------------------------------------
def test_a_token_opens_no_other_format(owner: Member, alice: Business) -> None:
    access = open_session(owner.user).access
    api = Api(access)
    for operation in NATIVE:
        answer = call_natively(api, operation)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer"), operation
    basic = "Basic " + base64.b64encode(f"{access}:".encode()).decode()
    for path in ("/invoiced/customers", "/corebill/v1/customers", "/corebill/v1/companies"):
        for header in (f"Bearer {access}", basic):
            assert api.client.get(path, headers={"Authorization": header}).status_code == 401
    assert Earnipay(Api(None)).get(ME, X_API_Key=access).status_code == 401
    assert api.client.get("/admin/", headers={"Authorization": f"Bearer {access}"}).status_code == 302


def test_the_rate_limit_counts_people_and_addresses_apart(alice: Business, settings: Any) -> None:
    settings.AXES_ENABLED = False
    one, other = make_member(alice), make_member(alice, "viewer")
    with valkey() as url:
        settings.REDIS_URL, settings.RATE_LIMIT = url, 2
        answers = [logged_in(one).get(ME) for _ in range(12)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refusal(refused) == (429, "Too many requests.")
        assert int(refused["Retry-After"]) >= 1
        assert logged_in(other).get(ME).status_code == 200
        codes = {log_out("x").status_code for _ in range(12)}
        assert codes == {401, 429}
