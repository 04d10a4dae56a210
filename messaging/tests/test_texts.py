"""What messages say: defaults, a business's own words, and hostile ones."""

from __future__ import annotations

import pytest

from businesses.audit import SYSTEM
from businesses.models import AuditEntry
from invoicing.lib.errors import Invalid
from messaging.models import Kind, Language, MessageText
from messaging.services import reset_text, save_text
from messaging.texts import EDITABLE, PLACEHOLDERS, language_of, render_text, text_of, validate_text
from messaging.words import WORDS

VALUES = {"customer_name": "Ann & Söhne <b>", "number": "INV-7", "total": "$1,200.00", "due_date": "May 4, 2026"}


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("language", Language.values)
def test_every_kind_has_words_in_every_language(alice, kind, language):
    values = {name: f"<{name}>" for name in PLACEHOLDERS[kind]} | {"link": "http://testserver/l"}
    if kind in {"statement", "invitation", "password_reset", "webhook_disabled"}:
        text = render_text(alice, kind, language, values)
        assert "http://testserver/l" in text.body_text
        assert 'href="http://testserver/l"' in text.body_html
    else:
        del values["link"]
        text = render_text(alice, kind, language, values)
    assert text.language == language
    assert "{" not in text.subject + text.body_text
    assert validate_text(kind, *text_of(alice, kind, language)) == []
    assert "&lt;business_name&gt;" in text.body_html or "business_name" not in text_of(alice, kind, language)[1]
    assert set(WORDS[language]) == set(WORDS["en"])


def test_the_default_is_whole_and_escaped(alice):
    text = render_text(alice, "invoice", "en_US", VALUES)
    assert text.subject == "Invoice INV-7 from Alice Ltd"
    assert "Hello Ann & Söhne <b>," in text.body_text
    assert "Due date: May 4, 2026" in text.body_text
    assert "Ann &amp; Söhne &lt;b&gt;" in text.body_html
    assert "<b>" not in text.body_html
    assert "Still due" not in text.body_text


def test_languages_fall_back_to_english():
    assert [language_of(code) for code in ("de_AT", "fr-CA", "ES", "pt_BR", "", None)] == [
        "de", "fr", "es", "en", "en", "en",
    ]  # fmt: skip


def test_own_words_go_before_the_default_and_the_callers_before_both(alice, bob):
    save_text(alice, kind="invoice", language="en", subject="Bill {number}", body="Dear {customer_name}", actor=SYSTEM)
    own = render_text(alice, "invoice", "en", VALUES)
    assert (own.subject, own.body_text.splitlines()[0]) == ("Bill INV-7", "Dear Ann & Söhne <b>")
    given = render_text(alice, "invoice", "en", VALUES, subject="Hi", message="Pay {total}\nplease")
    assert (given.subject, given.body_text.splitlines()[:2]) == ("Hi", ["Pay $1,200.00", "please"])
    assert "Pay $1,200.00<br>please" in given.body_html
    assert render_text(alice, "invoice", "de", VALUES).subject == "Rechnung INV-7 von Alice Ltd"
    assert render_text(bob, "invoice", "en", VALUES).subject == "Invoice INV-7 from Bob GmbH"
    reset_text(alice, kind="invoice", language="en", actor=SYSTEM)
    assert render_text(alice, "invoice", "en", VALUES).subject == "Invoice INV-7 from Alice Ltd"
    assert AuditEntry.objects.of(alice).filter(action__startswith="message_text.").count() == 2


@pytest.mark.parametrize(
    "typed",
    [
        "{business_name.__class__}",
        "{business_name!r}",
        "{business_name[0]}",
        "{0}",
        "{unknown}",
        "{",
        "}{",
        "{{ business.name }}",
        "{% debug %}",
        "%(number)s",
        "{link}",
        "\\1",
    ],
)
def test_what_is_no_placeholder_stays_as_typed(alice, typed):
    text = render_text(alice, "invoice", "en", VALUES, subject=f"S {typed}", message=f"M {typed}")
    assert text.subject == f"S {typed}"
    assert text.body_text.splitlines()[0] == f"M {typed}"


def test_values_are_not_filled_again(alice):
    values = {**VALUES, "customer_name": "{number}", "number": "\\g<0>{total}"}
    text = render_text(alice, "invoice", "en", values, subject="{customer_name} {number}", message="x")
    assert text.subject == "{number} \\g<0>{total}"


def test_a_line_whose_values_are_all_missing_is_left_out(alice):
    message = "Number {number}\nDue {due_date}\n\nBye"
    text = render_text(alice, "invoice", "en", {"number": "7"}, message=message)
    assert text.body_text.startswith("Number 7\n\nBye")


def test_html_in_words_is_text(alice):
    text = render_text(alice, "invoice", "en", VALUES, message="<script>alert(1)</script>")
    assert "<script>" not in text.body_html
    assert "&lt;script&gt;" in text.body_html


def test_a_subject_of_many_lines_becomes_one(alice):
    values = {**VALUES, "number": "7\r\nBcc: eve@evil.test"}
    assert render_text(alice, "invoice", "en", values, subject="A\nB {number}").subject == "A B 7 Bcc: eve@evil.test"


def test_unknown_placeholders_are_named_when_a_text_is_saved(alice):
    details = validate_text("invoice", "{nmber}", "{total} {business_name.__class__} {business_name.__class__}")
    assert [detail.field for detail in details] == ["subject", "body"]
    assert details[0].message == "{nmber}: Unknown; did you mean 'number'?"
    with pytest.raises(Invalid):
        save_text(alice, kind="invoice", language="en", subject="{nmber}", body="x", actor=SYSTEM)
    assert not MessageText.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "password_reset"}, "kind"),
        ({"language": "xx"}, "language"),
        ({"subject": " "}, "subject"),
        ({"body": "x" * 10_001}, "body"),
    ],
)
def test_a_text_that_cannot_be_is_refused(alice, change, field):
    with pytest.raises(Invalid) as refusal:
        save_text(
            alice, **{"kind": EDITABLE[0], "language": "en", "subject": "x", "body": "x", "actor": SYSTEM, **change}
        )
    assert refusal.value.details[0].field == field


@pytest.mark.parametrize(("accent", "ink"), [("#4f46e5", "#ffffff"), ("#fde047", "#111827"), ("#000000", "#ffffff")])
def test_the_header_can_be_read_on_any_accent(alice, accent, ink):
    alice.accent_color = accent
    assert f"color:{ink};" in render_text(alice, "invoice", "en", VALUES).body_html
