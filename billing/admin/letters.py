"""Who would get a letter, and what it would say, as it stands in the form before it is sent."""

from __future__ import annotations

from billing.selectors.documents import language_of
from billing.services.channels import Texting, numbers_of
from billing.services.envelopes import Envelope, addressed
from customers.models import Customer
from invoicing.lib.errors import Invalid
from messaging.texts import short_text, text_of


def letter_to(customer: Customer, kind: str, number: str = "") -> dict[str, str]:
    """The initial values of a LetterForm; names that are known already are filled in, so that it reads as it will."""
    try:
        to, cc = addressed(Envelope(), customer)
    except Invalid:  # no address yet: one is typed
        to, cc = [], []
    known = {"customer_name": customer.name, "business_name": customer.business.name, "number": number}
    subject, message = (_filled(text, known) for text in text_of(customer.business, kind, language_of(customer)))
    return {"to": ", ".join(to), "cc": ", ".join(cc), "subject": subject, "message": message}


def text_to(customer: Customer, kind: str, number: str = "") -> dict[str, str]:
    """The initial values of a TextingForm, in the same way."""
    try:
        to = numbers_of(Texting(), customer)
    except Invalid:  # no number yet, or none that is one: it is typed
        to = []
    known = {"customer_name": customer.name, "business_name": customer.business.name, "number": number}
    return {"to": ", ".join(to), "message": _filled(short_text(kind, language_of(customer)), known)}


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value) if value else text
    return text
