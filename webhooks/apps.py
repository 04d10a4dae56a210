"""The app's name in Django."""

from django.apps import AppConfig

from invoicing.lib.triggers import guard_tables


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from businesses.tallies import tally_tables
        from webhooks.guards import GUARDED  # models can be imported only now
        from webhooks.models import Event

        guard_tables(self, GUARDED)
        tally_tables(self, Event)
