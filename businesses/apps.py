"""The app that knows who is calling, and the admin that asks it."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from invoicing.lib.triggers import guard_tables


class BusinessesConfig(AppConfig):
    name = "businesses"
    verbose_name = "Your business"
    default = True

    def ready(self) -> None:
        from businesses.guards import GUARDED  # models can be imported only now

        guard_tables(self, GUARDED)


class InvoicingAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site."""

    default = False
    default_site = "businesses.site.InvoicingSite"
