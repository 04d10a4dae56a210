"""What an operator watches, read from the rows at each scrape: the same from every process, and true after a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Min
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from billing.models import Revision, StatementRun
from invoicing.lib import clock
from messaging.models import Message
from webhooks.models import Attempt, Delivery, Endpoint

_LATEST = 1_000
_STATES = (
    ("invoicing_deliveries", "Webhook deliveries by state.", Delivery),
    ("invoicing_messages", "Messages by state: e-mails, text messages and letters.", Message),
)


class Figures(Collector):
    """Counts and ages of what waits."""

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: there may be no tables yet."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read the rows."""
        for name, text, model in _STATES:
            family = GaugeMetricFamily(name, text, labels=["state"])
            for row in model._default_manager.order_by().values("state").annotate(n=Count("pk")):
                family.add_metric([row["state"]], row["n"])
            yield family
        yield from _webhooks()
        waiting = Revision.objects.filter(file=None).count()
        yield GaugeMetricFamily("invoicing_documents_not_rendered", "Issued documents without a PDF yet.", waiting)
        runs = StatementRun.objects.exclude(state=StatementRun.State.DONE).count()
        yield GaugeMetricFamily("invoicing_statement_runs_open", "Statement runs that are not done.", runs)


def _webhooks() -> Iterable[Metric]:
    now = clock.now()
    due = Delivery.objects.filter(state=Delivery.State.PENDING, next_attempt_at__lte=now)
    figures = due.aggregate(count=Count("pk"), oldest=Min("next_attempt_at"))
    lag = (now - figures["oldest"]).total_seconds() if figures["oldest"] else 0
    yield GaugeMetricFamily("invoicing_deliveries_due", "Deliveries that should be on their way.", figures["count"])
    yield GaugeMetricFamily("invoicing_delivery_lag_seconds", "Age of the oldest delivery that is due.", lag)
    disabled = Endpoint.objects.live().filter(status=Endpoint.Status.DISABLED).count()
    yield GaugeMetricFamily("invoicing_endpoints_disabled", "Endpoints that get nothing until enabled.", disabled)
    text = f"The latest {_LATEST} attempts at deliveries by outcome."
    family = GaugeMetricFamily("invoicing_latest_attempts", text, labels=["outcome"])
    latest = Attempt.objects.order_by("-id").only("status_code", "error", "duration_ms")[:_LATEST]
    for outcome, count in Counter(attempt.outcome for attempt in latest).items():
        family.add_metric([outcome], count)
    yield family


FIGURES = CollectorRegistry()
FIGURES.register(Figures())
