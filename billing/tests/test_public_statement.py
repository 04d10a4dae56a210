"""GET /s/<token>: a statement for who has the link, exactly as it left, and nothing for anybody else."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from base64 import b64encode
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from billing.models import KeptStatement
from billing.selectors.statement_plans import RunOrder
from billing.services.mail import prepare
from billing.services.statement_runs import plan_manual_run, planned_outcomes, send_outcome
from billing.tests.histories import clock, day, issue, make_customer, noon, pay
from businesses.audit import SYSTEM
from businesses.files import store_logo
from businesses.links import revoke_links
from businesses.models import AuditEntry, Business, PublicLink
from businesses.services import update_business
from conftest import Api
from customers.models import Customer
from customers.services import update_customer
from invoicing.lib.errors import Invalid
from messaging.mime import build_mail
from messaging.models import Message, State
from messaging.private_links import PrivateLink
from messaging.services import retry_message, save_text

LINK = re.compile(r"http://testserver(/s/[0-9a-f]{64})")


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    """What links begin with, whatever the environment says."""
    settings.PUBLIC_URL = "http://testserver"


@pytest.fixture
def customer(alice: Business) -> Customer:
    """One who got two invoices in March 2026 and paid a part of the first."""
    bank = {"account_holder": "Alice Ltd", "iban": "DE89370400440532013000"}
    alice = update_business(alice, changes=bank, actor=SYSTEM)
    with clock.at(noon(0)):
        customer = make_customer(alice, city="Springfield", address="1 Main St")
        first = issue(customer, 100, due=day(10))
        issue(customer, "50.5", due=day(40))
    with clock.at(noon(5)):
        pay(first, 30_00)
    return customer


def send(api: Api, customer: Customer, **body: Any) -> Message:
    """Mail a statement on the thirteenth day."""
    with clock.at(noon(12)):
        answer = api.post(f"/customers/{customer.uuid}/statement/send", body)
        assert answer.status_code == 202, answer.content
    return Message.objects.latest("id")


def mail_of(message: Message) -> EmailMessage:
    with clock.at(noon(12)):
        prepare(message)
    message.refresh_from_db()
    return BytesParser(policy=default).parsebytes(build_mail(message).content)  # type: ignore[return-value]


def path_in(message: Message) -> str:
    """The path of the link, read from the mail as it leaves."""
    body = mail_of(message).get_body(("plain",))
    found = LINK.search(body.get_content() if body else "")
    assert found, body
    return found[1]


def get(path: str, days: float = 12, **more: Any) -> HttpResponse:
    """What a browser without a login gets, some days later."""
    with clock.at(noon(days)):
        return Client().get(path, **more)


def words(answer: HttpResponse) -> str:
    """The text of a page."""
    html = re.sub(r"<style>.*?</style>", "", answer.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


# The page ------------------------------------------------------------------------------------------------------------
def test_the_page_shows_what_was_mailed(api: Api, customer: Customer) -> None:
    answer = get(path_in(send(api, customer)))
    assert answer.status_code == 200
    page = words(answer)
    for part in (
        "Alice Ltd",
        "Acme Corp",
        "1 Main St",
        "Springfield",
        "As of Mar 14, 2026",
        "$120.50",
        "$70.00 overdue",
    ):
        assert part in page, part
    for part in ("INV-00001", "Mar 12, 2026", "INV-00002", "50.50", "1–30 days", "DE89 3704 0044 0532 0130 00"):
        assert part in page, part
    assert "Drawn up on Mar 14, 2026." in page
    assert "available until Jun 12, 2026" in page
    assert 'width="58.091%"' in answer.content.decode()  # 70 of 120.50 is one to thirty days late


def test_a_balance_carried_forward(api: Api, customer: Customer) -> None:
    sent = send(api, customer, type="balance_forward", start="2026-03-03", end="2026-03-11")
    page = words(get(path_in(sent)))
    assert "Mar 3, 2026 – Mar 11, 2026" in page
    assert "Opening balance 150.50" in page
    assert "Payment RCT-00001 -30.00 120.50" in page
    assert "Closing balance 120.50" in page


def test_it_is_as_it_left_and_never_as_of_today(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    before = {tail: get(f"{path}{tail}").content for tail in ("", "/statement.pdf", "/statement.csv")}
    with clock.at(noon(13)):
        issue(customer, 999)
        update_customer(customer, changes={"name": "Renamed Inc"}, actor=SYSTEM)
        update_business(customer.business, changes={"name": "Other Ltd", "accent_color": "#b91c1c"}, actor=SYSTEM)
    assert {tail: get(f"{path}{tail}", 14).content for tail in before} == before


def test_the_customers_language(api: Api, customer: Customer) -> None:
    update_customer(customer, changes={"language": "de"}, actor=SYSTEM)
    sent = send(api, customer)
    assert "Kontoauszug online ansehen" in sent.body_text
    answer = get(path_in(sent))
    assert '<html lang="de">' in answer.content.decode()
    assert "Offener Gesamtbetrag" in words(answer)
    assert "PDF herunterladen" in words(answer)


def test_nothing_due(api: Api, alice: Business) -> None:
    free = make_customer(alice, "Free")
    assert "Nothing is due." in words(get(path_in(send(api, free))))


def test_names_are_text(api: Api, alice: Business) -> None:
    evil = make_customer(alice, "<script>alert(1)</script>")
    html = get(path_in(send(api, evil))).content.decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_logo_is_the_one_of_then(api: Api, customer: Customer) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (120, 40), "#0f766e").save(picture, "PNG")
    update_business(
        customer.business, changes={"logo": store_logo(customer.business, picture.getvalue())}, actor=SYSTEM
    )
    path = path_in(send(api, customer))
    assert f'src="{path}/logo"' in get(path).content.decode()
    logo = get(f"{path}/logo")
    assert (logo.status_code, logo["Content-Type"], logo.content[:4]) == (200, "image/png", b"\x89PNG")
    assert logo["Cache-Control"] == "private, no-store"


def test_without_a_logo_there_is_none(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    assert get(f"{path}/logo").content == get("/s/x").content


def test_the_files(api: Api, customer: Customer) -> None:
    sent = send(api, customer)
    path = path_in(sent)
    pdf = get(f"{path}/statement.pdf")
    attached = sent.attachments.get().file
    assert pdf.content == bytes(attached.content)
    assert pdf["Content-Disposition"] == 'attachment; filename="Statement-2026-03-14.pdf"'
    table = get(f"{path}/statement.csv")
    assert table["Content-Disposition"] == 'attachment; filename="Statement-2026-03-14.csv"'
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["row", "item", "item", "closing_balance", "total_due"]


# The headers ---------------------------------------------------------------------------------------------------------
def test_every_answer_keeps_the_secret(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    for address in (path, f"{path}/", f"{path}/statement.pdf", f"{path}/statement.csv", f"{path}/logo", "/s/x", "/s/"):
        answer = get(address)
        assert answer["Referrer-Policy"] == "no-referrer", address
        assert answer["X-Robots-Tag"].startswith("noindex"), address
        assert answer["Cache-Control"] == "private, no-store", address
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'"), address
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert "Set-Cookie" not in answer
        assert "Vary" not in answer or "Cookie" not in answer["Vary"]


def test_the_policy_knows_the_pages_own_style_and_nothing_else(api: Api, customer: Customer) -> None:
    for address in (path_in(send(api, customer)), "/s/x"):
        answer = get(address)
        html = answer.content.decode()
        style = re.findall(r"<style>(.*?)</style>", html, re.S)
        digest = b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
        assert len(style) == 1
        assert f"style-src 'sha256-{digest}';" in answer["Content-Security-Policy"]
        assert "<script" not in html
        assert "style=" not in html
        assert not re.findall(r'(?:src|href)="(?!/s/|data:,)', html)


def test_only_reading(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    browser = Client(enforce_csrf_checks=True)
    with clock.at(noon(12)):
        assert browser.head(path).status_code == 200
    for where in (path, f"{path}/statement.pdf", "/s/x", "/s/"):
        answer = browser.post(where)
        assert (answer.status_code, answer["Referrer-Policy"]) == (405, "no-referrer")
        assert answer["Cache-Control"] == "private, no-store"


# Who has no link -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("tail", ["", "/statement.pdf", "/statement.csv", "/logo", "/", "/nothing/here"])
def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(api: Api, customer: Customer, tail: str) -> None:
    path = path_in(send(api, customer))
    missing = get("/s/" + "0" * 64)
    assert (missing.status_code, "does not work" in words(missing)) == (404, True)
    other = PublicLink.objects.get()
    stranger = PublicLink.objects.create(
        business=other.business,
        digest=hashlib.sha256(b"of something else").hexdigest(),
        subject_kind="invoice",
        subject_id=other.subject_id,
        subject_label="x",
        expires_at=other.expires_at,
    )
    assert stranger.pk
    wrong = ["x", "%00", "%F0%9F%92%A9", "%ff", "a" * 5000, path[3:-1], path[3:].upper(), "of something else", "..%2f"]
    answers = [get(f"/s/{token}{tail}") for token in wrong]
    answers.append(get(path + tail, 12 + 90))  # expired
    revoke_links(other.business, subject=KeptStatement.objects.get(), actor=SYSTEM)
    answers.append(get(path + tail))
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {missing.content}
    ours = [{name: value for name, value in answer.items() if name != "X-Request-ID"} for answer in answers]
    assert all(headers == ours[0] for headers in ours)


def test_every_refusal_is_one_query(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    revoke_links(customer.business, subject=KeptStatement.objects.get(), actor=SYSTEM)
    for address in (path, "/s/x", "/s/" + "0" * 64, "/s/a/b/c", "/s/", f"{path}/statement.pdf"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert get(address).status_code == 404
        assert len(queries) == 1, (address, queries.captured_queries)


def test_it_ends_after_ninety_days(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    assert get(path, 12 + 89.99).status_code == 200
    assert get(path, 12 + 90).status_code == 404


# What is kept --------------------------------------------------------------------------------------------------------
def test_only_a_digest_is_kept(api: Api, customer: Customer) -> None:
    sent = send(api, customer)
    token = path_in(sent).removeprefix("/s/")
    assert len(token) == 64  # hex digits: 256 bits
    link = PublicLink.objects.get()
    assert link.digest == hashlib.sha256(token.encode()).hexdigest()
    assert (link.subject_kind, link.subject_id) == ("statement", KeptStatement.objects.get().uuid)
    assert link.expires_at - link.created_at == timedelta(days=90)
    assert AuditEntry.objects.get(action="public_link.created").subject_id == link.uuid
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            assert token not in repr(cursor.fetchall()), table


def test_when_it_was_opened(api: Api, customer: Customer) -> None:
    path = path_in(send(api, customer))
    assert PublicLink.objects.get().opened_at is None
    get(f"{path}/logo")
    assert PublicLink.objects.get().opened_at is None
    get(path, 13)
    assert PublicLink.objects.get().opened_at == noon(13)
    with CaptureQueriesContext(connection) as queries:
        get(path, 13.0005)  # not a minute later
    assert len(queries) == 2
    assert PublicLink.objects.get().opened_at == noon(13)
    get(f"{path}/statement.pdf", 14)
    assert PublicLink.objects.get().opened_at == noon(14)


# The mail ------------------------------------------------------------------------------------------------------------
def test_the_mail_has_the_link_as_a_button_and_the_pdf(api: Api, customer: Customer) -> None:
    sent = send(api, customer)
    path = path_in(sent)
    mail = mail_of(sent)
    html = mail.get_body(("html",))
    assert html
    assert f'href="http://testserver{path}"' in html.get_content()
    assert "View the statement online" in html.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Statement-2026-03-14.pdf"]
    link = PrivateLink.open(sent.sealed_link)
    assert link.marker not in mail.as_string()
    assert "/s/" not in sent.subject + sent.body_text + sent.body_html + sent.sealed_link


def test_sent_again_it_is_the_same_to_the_byte(api: Api, customer: Customer) -> None:
    sent = send(api, customer)
    mail_of(sent)
    first = build_mail(sent).content
    Message.objects.filter(pk=sent.pk).update(state=State.FAILED)
    retry_message(sent, actor=SYSTEM)
    assert build_mail(Message.objects.get()).content == first
    assert PublicLink.objects.count() == 1


@pytest.mark.parametrize("typed", ["{link}", "{link} {LINK} {{link}}", "private-link-", "private-link-{link}"])
def test_what_a_tenant_types_neither_leaks_nor_breaks_the_link(api: Api, customer: Customer, typed: str) -> None:
    sent = send(api, customer, subject=f"S {typed}", message=f"M {typed}")
    path = path_in(sent)
    mail = mail_of(sent)
    assert mail["Subject"] == f"S {typed}"
    body = mail.get_body(("plain",))
    assert body
    assert body.get_content().splitlines()[0] == f"M {typed}"
    assert body.get_content().count(path) == 1
    assert path[3:] not in str(mail["Subject"])
    assert get(path).status_code == 200


def test_a_name_like_a_placeholder_stays_a_name(api: Api, customer: Customer) -> None:
    update_customer(customer, changes={"name": "{link}"}, actor=SYSTEM)
    sent = send(api, customer, subject="For {customer_name}")
    assert sent.subject == "For {link}"
    assert get(path_in(sent)).status_code == 200


def test_own_words_keep_the_button(api: Api, alice: Business, customer: Customer) -> None:
    words = {"kind": "statement", "language": "en", "subject": "Account"}
    with pytest.raises(Invalid):
        save_text(alice, **words, body="Here: {link}", actor=SYSTEM)
    save_text(alice, **words, body="Dear {customer_name}", actor=SYSTEM)
    assert get(path_in(send(api, customer))).status_code == 200


def test_a_dry_run_makes_no_link(api: Api, customer: Customer) -> None:
    assert api.post(f"/customers/{customer.uuid}/statement/send?dry_run=true", {}).status_code == 202
    assert not PublicLink.objects.exists()


def test_a_run_costs_two_queries_more_a_statement(alice: Business) -> None:
    """One for the link, one for its line in the audit trail."""
    with clock.at(noon(0)):
        for name in ("Ann", "Ben"):
            issue(make_customer(alice, name), 10)
        run = plan_manual_run(alice, RunOrder(type="open_item", end=day(0)), actor=SYSTEM)
        first, second = planned_outcomes(run)
        send_outcome(first)
        with CaptureQueriesContext(connection) as queries:
            send_outcome(second)
    ours = [query["sql"] for query in queries if "publiclink" in query["sql"].lower() or "public_link" in query["sql"]]
    assert len(ours) == 2, ours
    assert PublicLink.objects.count() == 2
