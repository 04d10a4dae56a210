"""The app's name in Django."""

from django.apps import AppConfig

from invoicing.lib.search import search_tables


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        from businesses.tallies import tally_tables  # models can be imported only now
        from customers.models import Customer

        search_tables(self)
        tally_tables(self, Customer)
