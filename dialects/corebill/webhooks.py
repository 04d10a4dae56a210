"""Webhooks as CoreBill sends them: its names of events, its objects as `data`, and a signature of the raw body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from billing.models import Invoice, Quotation
from customers.models import Customer
from dialects.corebill import mapping
from dialects.corebill.invoices import shown_invoices
from invoicing.lib import clock, json
from webhooks.models import Endpoint, Event
from webhooks.signing import USER_AGENT, Call, Secrets, standard_headers

# Ours → CoreBill's. What is not here it does not know, and is not sent.
NAMES = {
    **{f"customer.{verb}": f"customer.{verb}" for verb in ("created", "updated", "deleted")},
    **{f"invoice.{verb}": f"invoice.{verb}" for verb in ("created", "updated", "deleted", "sent", "paid", "cancelled")},
    **{
        f"quotation.{verb}": f"quote.{verb}"
        for verb in ("created", "updated", "deleted", "sent", "rejected", "converted")
    },
    "quotation.accepted": "quote.approved",
    "payment.created": "invoice.payment_recorded",
    "webhook.test": "webhook.test",
}


def body(event: Event, endpoint: Endpoint) -> bytes | None:
    """CoreBill's envelope; None for an event that it does not know, or a payment of no invoice."""
    name = NAMES.get(event.type)
    data = _data(event, json.decode(event.data.encode())) if name else None
    if data is None:
        return None
    return json.encode(
        {
            "id": event.event_id,
            "event": name,
            "created_at": clock.iso(event.created_at),
            "webhook_id": f"wh_{endpoint.uuid.hex}",
            "data": data,
            "metadata": {},
        }
    )


def headers(body: bytes, secrets: Secrets, call: Call) -> dict[str, str]:
    """Its signature has no timestamp; the Standard Webhooks headers go beside it, for receivers that want one."""
    signature = hmac.new(secrets.current.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Webhook-Signature": signature,
        **standard_headers(body, secrets, call),
    }


def _data(event: Event, told: Mapping[str, Any]) -> dict[str, Any] | None:
    noun = event.type.partition(".")[0]
    if noun == "webhook":
        return dict(told)
    if noun == "payment":
        paid = [item["invoice_id"] for item in told["payment"]["allocations"]]
        pks = list(Invoice.objects.of(event.business_id).filter(uuid__in=paid[:1]).values_list("pk", flat=True))
        return shown_invoices(event.business, pks)[0] if pks else None
    return _OBJECTS[noun](event, told[noun])


def _customer(event: Event, native: Mapping[str, Any]) -> dict[str, Any]:
    row = Customer.objects.of(event.business_id).only("pk", "slug").get(uuid=native["id"])
    return mapping.customer(native, row.pk, row.slug, event.business.currency)


def _invoice(event: Event, native: Mapping[str, Any]) -> dict[str, Any]:
    row = Invoice.objects.of(event.business_id).only("pk", "customer_id", "extra").get(uuid=native["id"])
    return mapping.invoice(native, row.pk, row.customer_id, row.extra)


def _quotation(event: Event, native: Mapping[str, Any]) -> dict[str, Any]:
    row = Quotation.objects.of(event.business_id).only("pk", "customer_id", "extra").get(uuid=native["id"])
    return mapping.quote(native, row.pk, row.customer_id, row.extra)


_OBJECTS = {"customer": _customer, "invoice": _invoice, "quotation": _quotation}
