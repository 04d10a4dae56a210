"""How a format spells what is refused before any of its views is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from dialects.corebill.door import CoreBillView
from dialects.door import DialectView, Refusal
from dialects.earnipay.door import EarnipayView
from dialects.invoiced.door import InvoicedView
from invoicing.lib.api import json_error

_DOORS: Mapping[str, type[DialectView]] = {
    "/corebill/": CoreBillView,
    "/earnipay/": EarnipayView,
    "/invoiced/": InvoicedView,
}


def refuse(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """The format's own body for a path of its own, the native API's for every other."""
    door = next((door for prefix, door in _DOORS.items() if request.path.startswith(prefix)), None)
    if door is None:
        return json_error(request, status, message)
    spell: Callable[[Refusal], Any] = door.refuse
    return JsonResponse(spell(Refusal(status, message)), status=status)
