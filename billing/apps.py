"""The app's name in Django."""

from django.apps import AppConfig

from invoicing.lib.search import search_tables
from invoicing.lib.triggers import guard_tables


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from billing.guards import GUARDED  # models can be imported only now
        from billing.models import Adjustment, CreditNote, Invoice, Payment, Product, Quotation
        from businesses.tallies import tally_tables

        guard_tables(self, GUARDED)
        search_tables(self)
        tally_tables(self, Invoice, Quotation, CreditNote, Payment, Adjustment, Product)
