"""`/events`: what happened, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import CreditNote, Invoice, Payment, Quotation
from businesses.permissions import READ
from customers.models import Customer
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.event_objects import NAMES, show_events
from dialects.invoiced.lists import between, filtered
from invoicing.lib.errors import Invalid
from webhooks.catalog import TEST
from webhooks.models import Event

_MODELS: dict[str, Any] = {
    "customer": Customer,
    "invoice": Invoice,
    "estimate": Quotation,
    "credit_note": CreditNote,
    "payment": Payment,
}
Objects = list[dict[str, Any]]
_FILTERS = {"type": lambda text: Q(type__in=[ours for ours, theirs in NAMES.items() if theirs == text])}


class EventView(InvoicedView):
    """What happened in the business, of what Invoiced has names for."""

    scopes = {"GET": READ}

    def list(self, request: Request) -> Response:
        """Newest first; related_to=customer,1234, filter[type], start_date, end_date."""
        rows = self._related(filtered(self._events(), self.asked, _FILTERS))
        return self.send_page(between(rows, self.asked, "created_at", lambda moment: moment), self._shown)

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One event."""
        return self.send(self._shown([self.find_numbered(self._events(), id, "Event").pk])[0])

    def _events(self) -> Any:
        return Event.objects.of(self.business).filter(type__in=NAMES.keys() - {TEST})

    def _related(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        """The events that name a row: told of it, or of something that refers to it."""
        text = self.parameters.get("related_to")
        if not text:
            return rows
        name, _, number = text.partition(",")
        if name not in _MODELS or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise Invalid.field("related_to", f"Expected one of {', '.join(_MODELS)}, a comma and an id.")
        uuid = _MODELS[name].objects.of(self.business).filter(pk=int(number)).values_list("uuid", flat=True).first()
        return rows.filter(data__contains=f'"{uuid}"') if uuid else rows.none()

    def _shown(self, pks: Sequence[int]) -> Objects:
        found = Event.objects.of(self.business).in_bulk(pks)
        return show_events(self.business, [found[pk] for pk in pks])
