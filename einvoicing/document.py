"""What is printed: frozen dataclasses of an invoice, quotation, receipt and statement, free of any database.

`selectors/documents.py` fills them, `billing/rendering/` turns them into PDF, later modules of this package into XML.
Amounts are integers in the minor units of `currency` (ISO 4217); quantities, unit prices and rates are Decimals; rates
are percent. `canonical_json` is what is stored and hashed when a document is issued: the same view gives the same bytes.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A seller or buyer as it stood on the day of the document."""

    name: str
    legal_name: str | None = None
    attention_to: str | None = None
    address: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2 where recognised, else as typed
    tax_id: str | None = None
    registration_number: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    buyer_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """How the seller wants to look."""

    template: str = "modern"  # modern | classic | minimal
    accent_color: str = "#4f46e5"
    logo_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDetails:
    """Where the buyer pays to; any field may be missing."""

    account_holder: str | None = None
    bank_name: str | None = None
    iban: str | None = None
    bic: str | None = None
    account_number: str | None = None
    routing_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    discount_minor: int  # of this line only, document discount excluded
    discount_rate: Decimal | None
    net_minor: int  # after every discount, before tax
    tax_rate: Decimal
    tax_category: str
    tax_minor: int
    amount_minor: int  # net + tax
    product_code: str | None = None
    exemption_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTotal:
    """The tax of one rate (EN 16931 BG-23)."""

    rate: Decimal
    category: str
    base_minor: int
    tax_minor: int
    exemption_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An invoice, quotation or credit note."""

    kind: str  # invoice | quotation | credit_note
    number: str
    issue_date: date
    currency: str
    language: str  # of the labels: en, de, fr, es
    locale: str  # of amounts and dates: a Babel locale such as de_AT
    seller: Party
    buyer: Party
    brand: Brand
    bank: BankDetails
    lines: tuple[Line, ...]
    taxes: tuple[TaxTotal, ...]
    gross_minor: int  # sum of the lines before any discount and tax
    discount_minor: int  # all discounts, lines' and document's
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    due_date: date | None = None
    valid_until: date | None = None
    delivery_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    purchase_order: str | None = None
    reference: str | None = None
    invoice_number: str | None = None  # that a credit note credits (EN 16931 BG-3)
    invoice_date: date | None = None
    payment_terms: str | None = None
    ship_to: Party | None = None
    notes: str | None = None
    terms: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptAllocation:
    invoice_number: str
    invoice_date: date
    invoice_total_minor: int
    amount_minor: int
    amount_due_minor: int  # of the invoice, after this payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a customer gets for a payment."""

    number: str
    payment_date: date
    currency: str
    language: str
    locale: str
    seller: Party
    buyer: Party
    brand: Brand
    amount_minor: int
    unallocated_minor: int
    method: str
    allocations: tuple[ReceiptAllocation, ...]
    reference: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """A movement of a balance-forward statement; `balance_minor` is the running balance after it."""

    date: date
    kind: str  # invoice payment credit_note refund write_off reversal adjustment
    number: str | None
    amount_minor: int
    balance_minor: int
    customer_id: str | None = None  # whose it is, on a statement of several accounts
    customer_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementItem:
    """An invoice with an amount due on the date of an open-item statement."""

    invoice_id: str
    invoice_number: str
    issue_date: date
    due_date: date | None
    total_minor: int
    paid_minor: int
    due_minor: int
    days_overdue: int
    customer_id: str | None = None  # whose it is, on a statement of several accounts
    customer_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAccount:
    """One customer of a statement over a parent and its children, and the closing balance of its account."""

    customer_id: str
    customer_name: str
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """A balance by days past due; credit is zero or negative; the sum of all is the balance."""

    current_minor: int
    days_1_30_minor: int
    days_31_60_minor: int
    days_61_90_minor: int
    over_90_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """The sum of all buckets and credit, in minor units."""
        return sum(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A customer's account: `open_item` lists what is due on `end`, `balance_forward` what moved from `start` to `end`."""

    kind: str  # open_item | balance_forward
    customer_id: str
    currency: str
    language: str
    locale: str
    seller: Party
    buyer: Party
    brand: Brand
    bank: BankDetails
    start: date | None
    end: date
    known_at: datetime
    opening_minor: int
    entries: tuple[StatementEntry, ...]
    items: tuple[StatementItem, ...]
    closing_minor: int
    ageing: Ageing
    total_due_minor: int
    only_past_due: bool = False
    accounts: tuple[StatementAccount, ...] = ()  # of a parent and its children; empty for one customer alone


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(view: Document | Receipt | Statement) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal views give equal bytes, whatever Decimal exponents they carry."""
    return json.dumps(asdict(view), default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


View = typing.TypeVar("View", Document, Receipt, Statement)


def from_json(kind: type[View], data: bytes) -> View:
    """The view that `canonical_json` wrote; KeyError or ValueError when the bytes are not of that kind."""
    return typing.cast("View", _build(kind, json.loads(data)))


_hints: Callable[[Any], dict[str, Any]] = cache(typing.get_type_hints)  # of thousands of rows there are a dozen kinds


def _build(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if typing.get_origin(kind) is types.UnionType:
        kind = next(choice for choice in typing.get_args(kind) if choice is not types.NoneType)
    if typing.get_origin(kind) is tuple:
        return tuple(_build(typing.get_args(kind)[0], item) for item in value)
    if is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _build(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    return kind(value)
