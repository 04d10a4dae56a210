"""The admin of customers, products, documents, payments and statements, and the dashboard; every write is a service's."""

from billing.admin import customers, invoices, payments, products, quotations, statements

__all__ = ["customers", "invoices", "payments", "products", "quotations", "statements"]
