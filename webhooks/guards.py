"""What of this app may not change under any writer: an event is what was told. Old ones may go."""

from __future__ import annotations

from invoicing.lib.guards import Fixed, Guarded, every
from webhooks.models import Event

GUARDED = (Guarded(model=Event, fixed=(Fixed(what="fixed", columns=every(Event), why="an event is what was told"),)),)
