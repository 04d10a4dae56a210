"""What a message says: the caller's words, else the business's, else the default's, in their frame of text and HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string

from businesses.models import Business
from messaging.models import Kind, Language, MessageText
from messaging.placeholders import EDITABLE, PLACEHOLDERS, fill, one_line, validate_text
from messaging.words import WORDS, word

__all__ = [
    "EDITABLE",
    "PLACEHOLDERS",
    "RenderedText",
    "language_of",
    "render_short",
    "render_text",
    "short_text",
    "text_of",
    "validate_text",
]


# What is shown again under the text, where it has a value.
_FACTS: dict[str, tuple[str, ...]] = {
    Kind.INVOICE: ("number", "issue_date", "due_date", "total", "amount_due"),
    Kind.QUOTATION: ("number", "issue_date", "expiry_date", "total"),
    Kind.CREDIT_NOTE: ("number", "issue_date", "invoice_number", "total"),
    Kind.RECEIPT: ("number", "payment_date", "amount", "amount_due"),
    Kind.STATEMENT: ("statement_date", "total"),
    Kind.WEBHOOK_DISABLED: ("url", "reason"),
}


@dataclass(frozen=True, slots=True)
class RenderedText:
    """A message ready to be queued."""

    subject: str
    body_text: str
    body_html: str
    language: str


@dataclass(frozen=True, slots=True)
class _Frame:
    subject: str
    body: str
    facts: list[tuple[str, str]]
    link: str
    button: str
    imprint: list[str]


def language_of(code: str | None) -> str:
    """The language of a text for a locale or language code such as de_AT; English where we have no other."""
    short = (code or "").replace("-", "_").split("_")[0].lower()
    return short if short in Language.values else str(Language.ENGLISH)


@lru_cache(maxsize=64)
def default_text(kind: str, language: str) -> tuple[str, str]:
    """Subject and body as delivered with the product."""
    folder = settings.BASE_DIR / "templates" / "emails" / Kind(kind) / Language(language)
    return (folder / "subject.txt").read_text("utf-8").strip(), (folder / "body.txt").read_text("utf-8").strip()


def text_of(business: Business, kind: str, language: str) -> tuple[str, str]:
    """Subject and body with their placeholders: the business's own, else the default's."""
    own = MessageText.objects.of(business).filter(kind=kind, language=language).first() if kind in EDITABLE else None
    return (own.subject, own.body) if own else default_text(kind, language)


def render_text(
    business: Business,
    kind: str,
    language: str,
    values: Mapping[str, str],
    *,
    subject: str | None = None,
    message: str | None = None,
) -> RenderedText:
    """The message in full. `values` are the placeholders' (business_name is known) and `link`, which becomes a button.

    `subject` and `message` go before the business's own text, with the same placeholders. Any code is taken as
    `language`; see `language_of`.
    """
    language = language_of(language)
    known = {"business_name": business.name, **values}
    if not (subject and message):
        own_subject, own_body = text_of(business, kind, language)
        subject, message = subject or own_subject, message or own_body
    title = _title(business, kind, subject, known)
    body = fill(message, kind, known).strip()
    facts = [(word(language, kind, name), known[name]) for name in _FACTS.get(kind, ()) if known.get(name)]
    link = known.get("link", "")
    frame = _Frame(title, body, facts, link, word(language, kind, "link") if link else "", _imprint(business))
    around = {"language": language, "or_open": word(language, kind, "or_open"), "ink": _ink(business.accent_color)}
    html = render_to_string("emails/frame.html", {"business": business, "frame": frame, **around})
    return RenderedText(title, _plain(frame), html, language)


def render_short(
    business: Business, kind: str, language: str, values: Mapping[str, str], *, message: str | None = None
) -> RenderedText:
    """A text message, or with its subject alone a letter: no frame around it, and `{link}` is a placeholder too.

    `message` goes before the default's words; the rest is as in `render_text`.
    """
    language = language_of(language)
    known = {"business_name": business.name, **values}
    title = _title(business, kind, text_of(business, kind, language)[0], known)
    body = fill(message or short_text(kind, language), kind, known, also=("link",)).strip()
    return RenderedText(title, body, "", language)


def short_text(kind: str, language: str) -> str:
    """What a text message of this kind says, its placeholders still to be filled in; "" where nobody is texted."""
    return WORDS[language].get(f"{kind}.sms", "")


def _title(business: Business, kind: str, subject: str, known: Mapping[str, str]) -> str:
    return one_line(fill(one_line(subject), kind, known))[:255] or business.name


def _plain(frame: _Frame) -> str:
    facts = "\n".join(f"{label}: {value}" for label, value in frame.facts)
    button = f"{frame.button}:\n{frame.link}" if frame.link else ""
    imprint = "\n".join(["-- ", *frame.imprint])
    return "\n\n".join(part for part in (frame.body, button, facts, imprint) if part) + "\n"


def _imprint(business: Business) -> list[str]:
    town = " ".join(part for part in (business.postal_code, business.city) if part)
    place = ", ".join(part for part in (business.address, business.address2, town, business.state) if part)
    reach = " · ".join(part for part in (business.email, business.phone, business.website) if part)
    return [line for line in (business.legal_name or business.name, place, reach) if line]


def _ink(accent: str) -> str:
    """Black or white, whichever reads better on the accent (relative luminance, WCAG 2.2)."""
    channels = [int(accent[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 else "#111827"
