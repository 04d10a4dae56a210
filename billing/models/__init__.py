"""What billing stores."""

from billing.models.books import BooksCheck
from billing.models.credit import Adjustment, CreditSource, Refund
from billing.models.credit_notes import CreditNote, CreditNoteLine
from billing.models.documents import (
    Document,
    DocumentLine,
    Invoice,
    InvoiceLine,
    InvoiceQuerySet,
    Quotation,
    QuotationLine,
    Revision,
)
from billing.models.files import Attachment, UploadedFile
from billing.models.ledger import Allocation, DueDate, Entry, Source
from billing.models.payment import Payment
from billing.models.pending_lines import PendingLine
from billing.models.product import Product
from billing.models.statements import KeptStatement, StatementOutcome, StatementRun
from billing.models.tax import TaxCategory
from billing.models.tax_rates import TaxRate

__all__ = [
    "Adjustment",
    "Allocation",
    "Attachment",
    "BooksCheck",
    "CreditNote",
    "CreditNoteLine",
    "CreditSource",
    "Document",
    "DocumentLine",
    "DueDate",
    "Entry",
    "Invoice",
    "InvoiceLine",
    "InvoiceQuerySet",
    "KeptStatement",
    "Payment",
    "PendingLine",
    "Product",
    "Quotation",
    "QuotationLine",
    "Refund",
    "Revision",
    "Source",
    "StatementOutcome",
    "StatementRun",
    "TaxCategory",
    "TaxRate",
    "UploadedFile",
]
