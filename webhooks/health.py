"""How an endpoint fares: what became of its latest attempts, and what waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from webhooks.models import Attempt, Delivery, Endpoint

LATEST = 500  # deliveries that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`success_rate` is from 0 to 1 with three decimals, `p95_ms` the time within which 95 of 100 answered."""

    attempts: int
    succeeded: int
    success_rate: Decimal | None
    p95_ms: int | None
    last_error: str | None
    last_error_at: datetime | None
    last_success_at: datetime | None
    pending: int
    held: int

    @property
    def percent(self) -> str:
        """The success rate for people: 99.8."""
        return f"{100 * (self.success_rate or 0):.1f}"


def health_of(endpoint: Endpoint) -> Health:
    """Of the latest 500 deliveries that were tried; an attempt that is under way does not count yet."""
    own = Delivery.objects.of(endpoint.business_id).filter(endpoint=endpoint)
    latest = list(own.filter(attempt_count__gt=0).order_by("-id").values_list("pk", flat=True)[:LATEST])
    attempts = Attempt.objects.of(endpoint.business_id).filter(delivery__in=latest, duration_ms__isnull=False)
    rows = list(attempts.order_by("-id").only("status_code", "error", "duration_ms", "created_at"))
    well, ill = [row for row in rows if row.succeeded], [row for row in rows if not row.succeeded]
    return Health(
        attempts=len(rows),
        succeeded=len(well),
        success_rate=round(Decimal(len(well)) / len(rows), 3) if rows else None,
        p95_ms=_percentile([row.duration_ms or 0 for row in rows], 95),
        last_error=ill[0].error if ill else None,
        last_error_at=ill[0].created_at if ill else None,
        last_success_at=well[0].created_at if well else None,
        pending=own.filter(state=Delivery.State.PENDING).count(),
        held=own.filter(state=Delivery.State.HELD).count(),
    )


def _percentile(values: list[int], percent: int) -> int | None:
    """The least of the values that `percent` of them do not pass (nearest rank)."""
    return sorted(values)[-(-len(values) * percent // 100) - 1] if values else None
