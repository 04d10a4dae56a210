"""Freeze what a document or payment is at this moment, and tell it: every event of billing is published here."""

from __future__ import annotations

from typing import Any

from billing.models import CreditNote, Document, Invoice, Payment, Quotation, Source
from billing.serializers.documents import represent_document, represent_new
from billing.serializers.payments import represent_payment
from businesses.audit import Actor
from webhooks.outbox import publish


def publish_document(
    document: Document,
    action: str,
    *,
    actor: Actor,
    previous_status: str | None = None,
    previous: dict[str, Any] | None = None,
) -> None:
    """Publish `<noun>.<action>` with the document as GET answers it."""
    _publish(document, action, represent_document(document), actor, previous_status, previous)


def publish_new(document: Invoice | Quotation, *, actor: Actor) -> None:
    """Publish `<noun>.created` of a draft that was stored a moment ago."""
    _publish(document, "created", represent_new(document), actor)


def _publish(
    document: Document,
    action: str,
    shown: dict[str, Any],
    actor: Actor,
    previous_status: str | None = None,
    previous: dict[str, Any] | None = None,
) -> None:
    noun = document.noun
    data = {
        "id": shown["id"],
        f"{noun}_number": shown[f"{noun}_number"],
        "total": shown["total"],
        "status": shown["status"],
        "previous_status": previous_status,
        noun: shown,
    }
    publish(document.business, f"{noun}.{action}", data, actor=actor, previous=previous)


def publish_source(
    source: Source,
    action: str,
    *,
    actor: Actor,
    previous_status: str | None = None,
    previous: dict[str, Any] | None = None,
) -> None:
    """Publish `<noun>.<action>` of a payment or credit note; an adjustment has no events."""
    if isinstance(source, CreditNote):
        publish_document(source, action, actor=actor, previous_status=previous_status, previous=previous)
    elif isinstance(source, Payment):
        shown = represent_payment(source.pk)
        data = {
            "id": shown["id"],
            "amount": shown["amount"],
            "currency": shown["currency"],
            "status": shown["status"],
            "previous_status": previous_status,
            "payment": shown,
        }
        publish(source.business, f"payment.{action}", data, actor=actor, previous=previous)
