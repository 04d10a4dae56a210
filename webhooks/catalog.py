"""The names of all events; those that nothing emits yet can be subscribed to."""

from __future__ import annotations

ALL = "*"
TEST = "webhook.test"

_VERBS = {
    "invoice": "created updated sent paid overdue cancelled deleted",
    "quotation": "created updated sent accepted rejected expired converted deleted",
    "customer": "created updated deleted",
    "payment": "created updated voided refunded",
    "credit_note": "created updated sent cancelled deleted",
    "statement": "sent",
    "expense": "created updated approved paid deleted",
    "recurring_invoice": "generated failed completed",
    "webhook": "test",
}
EVENT_NAMES = frozenset(f"{noun}.{verb}" for noun, verbs in _VERBS.items() for verb in verbs.split())
SUBSCRIPTIONS = EVENT_NAMES | {f"{noun}.*" for noun in _VERBS} | {ALL}
