"""What of this app may not change under any writer: an event is what was told. Old ones may go."""

from __future__ import annotations

from invoicing.lib.guards import Fixed, Guarded, every
from webhooks.models import Event

_PLACE = ("position",)

GUARDED = (
    Guarded(
        model=Event,
        fixed=(
            Fixed(what="fixed", columns=every(Event, but=frozenset(_PLACE)), why="an event is what was told"),
            Fixed(what="placed", columns=_PLACE, when="OLD.position IS NOT NULL", why="an event is placed once"),
        ),
    ),
)
