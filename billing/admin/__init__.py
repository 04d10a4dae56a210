"""The admin of customers, products, documents, payments and statements, and the dashboard; every write is a service's."""

from billing.admin import customers, invoices, kept_statements, payments, products, quotations, statement_runs

__all__ = ["customers", "invoices", "kept_statements", "payments", "products", "quotations", "statement_runs"]
