"""Invoices by text message and letter: the two pages with one form, where the business has an account for them."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from billing.admin import pages
from billing.admin.forms import Form, text, words
from billing.admin.letters import text_to
from billing.models import Invoice
from billing.services.channels import Texting
from billing.services.sending import post_document, text_document
from businesses.models import Business
from businesses.permissions import may
from messaging.connections import connected
from messaging.models import Connection
from messaging.services import MAX_TEXT

_ISSUED_FIRST = "It is issued first: from then on its lines cannot change."


class TextingForm(Form):
    """Which numbers to text to, and what to say."""

    to = words(2_000, label="To", help_text="Phone numbers with their country code, separated by commas.")
    message = text(4, MAX_TEXT, help_text="{link} becomes the address of the PDF; other names in braces are filled in.")

    def texting(self) -> Texting:
        """What was typed; without `to` the service takes the contacts that want text messages, or refuses."""
        numbers = [number.strip() for number in self.cleaned_data["to"].replace(";", ",").split(",")]
        return Texting(
            to=[number for number in numbers if number] or None, message=self.cleaned_data["message"] or None
        )


def channel_buttons(business: Business, role: str) -> dict[str, bool]:
    """Which ways besides mail there are for this business and role."""
    known = connected(business) if may(role, "send") else set()
    return {
        "send_text": Connection.Provider.TWILIO in known,
        "send_letter": Connection.Provider.LOB in known,
    }


def send_text_view(admin: Any, request: Any, row: Invoice) -> HttpResponseBase:
    """Text a link to its PDF."""
    admin.insist(request, "send", row)
    form = admin.form_of(request, TextingForm, initial=text_to(row.customer, row.noun, row.number))
    call = lambda typed: text_document(row, typed.texting(), actor=admin.actor(request))  # noqa: E731 - reads as a sentence
    done = admin.submit(request, row, form, call, done=f"The link to {row} is on its way.")
    said = _ISSUED_FIRST if row.is_draft else ""
    title = f"Text {row}"
    return done or pages.ask(admin, request, title, form, submit="Send", text=said, original=row, **admin.about(row))


def send_letter_view(admin: Any, request: Any, row: Invoice) -> HttpResponseBase:
    """Ask, then post it."""
    admin.insist(request, "send", row)
    form = admin.form_of(request, Form)
    call = lambda _: post_document(row, actor=admin.actor(request))  # noqa: E731 - reads as a sentence
    done = admin.submit(request, row, form, call, done=f"{row} is on its way to the printer.")
    said = f"It goes to the customer’s address. {_ISSUED_FIRST if row.is_draft else ''}".strip()
    title = f"Post {row}?"
    return done or pages.ask(admin, request, title, form, submit="Post", text=said, original=row, **admin.about(row))
