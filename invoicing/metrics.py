"""What an operator watches, read from the rows at each scrape: the same from every process, and true after a restart."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Min
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from billing.models import Revision, StatementRun
from invoicing.lib import clock
from messaging.models import Message
from webhooks.models import Delivery

_STATES = (
    ("invoicing_deliveries", "Webhook deliveries by state.", Delivery),
    ("invoicing_messages", "E-mails by state.", Message),
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
        due = Delivery.objects.filter(state=Delivery.State.PENDING, next_attempt_at__lte=clock.now())
        oldest = due.aggregate(oldest=Min("next_attempt_at"))["oldest"]
        lag = (clock.now() - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily("invoicing_delivery_lag_seconds", "Age of the oldest delivery that is due.", lag)
        waiting = Revision.objects.filter(file=None).count()
        yield GaugeMetricFamily("invoicing_documents_not_rendered", "Issued documents without a PDF yet.", waiting)
        runs = StatementRun.objects.exclude(state=StatementRun.State.DONE).count()
        yield GaugeMetricFamily("invoicing_statement_runs_open", "Statement runs that are not done.", runs)


FIGURES = CollectorRegistry()
FIGURES.register(Figures())
