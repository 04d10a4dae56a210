"""The app's name in Django."""

from django.apps import AppConfig

from invoicing.lib.search import search_tables


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        search_tables(self)
