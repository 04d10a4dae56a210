"""Our rows as Earnipay shows them, and its bodies as our services take them: pure functions of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.models import Invoice, TaxCategory
from billing.services.lines import LineDraft
from customers.codes import countries
from invoicing.lib.errors import Invalid

NAME = "earnipay"  # in `extra`
HOME = "NG"
VAT = Decimal("7.5")  # Nigeria's standard rate in percent

_CUSTOMER = {
    "name": "name",
    "businessName": "legal_name",
    "email": "email",
    "phone": "phone",
    "tin": "tax_id",
    "TIN": "tax_id",  # after `tin`: where both are given, the documentation's spelling counts
    "address": "address",
    "city": "city",
    "state": "state",
    "country": "country",
    "postalCode": "postal_code",
}
_PRODUCT = {
    "name": "name",
    "description": "description",
    "unitPrice": "unit_price",
    "taxPercent": "tax_rate",
    "unit": "unit",
    "isActive": "active",
}
_INVOICE = {"customer": "customer", "paymentTerms": "terms", "notes": "notes"}
# What we only keep of an invoice and give back.
_KEPT = ("paymentMethod", "paymentDetails", "internalNotes")


def _taken(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: body[theirs] for theirs, ours in names.items() if theirs in body}


def country_name(code: str | None) -> str | None:
    """The English name of a country; what is no known code as it is."""
    return None if code is None else countries().get(code, code)


# Customers -------------------------------------------------------------------------------------------------------------
def customer_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as the customer services take it."""
    return _taken(body, _CUSTOMER)


def show_customer(row: Mapping[str, Any]) -> dict[str, Any]:
    """Our representation of a customer as Earnipay's."""
    return {
        "id": row["id"],
        "businessId": row["business_id"],
        "name": row["name"],
        "businessName": row["legal_name"],
        "email": row["email"],
        "phone": row["phone"],
        "TIN": row["tax_id"],
        "tin": row["tax_id"],
        **{name: row[name] for name in ("address", "city", "state")},
        "country": country_name(row["country"]),
        "postalCode": row["postal_code"],
        **_times(row),
    }


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"createdAt": row["created_at"], "updatedAt": row["updated_at"]}


# People ----------------------------------------------------------------------------------------------------------------
def person_names(body: Mapping[str, Any]) -> dict[str, str]:
    """The names in a body as the services of people take them."""
    given = _taken(body, {"firstName": "first_name", "lastName": "last_name"})
    return {name: value or "" for name, value in given.items()}


def show_person(row: Mapping[str, Any]) -> dict[str, Any]:
    """A person: no telephone number and no time of a change is kept, and whoever logs in has proved the address."""
    return {
        "id": row["id"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "phone": None,
        "isEmailVerified": True,
        "defaultBusinessId": row["business_id"],
        "createdAt": row["created_at"],
        "updatedAt": None,
    }


def show_member(row: Mapping[str, Any]) -> dict[str, Any]:
    """A member of the team; one who has no password yet is an invitation that nobody has accepted."""
    return {
        "id": row["id"],
        "businessId": row["business_id"],
        "userId": row["user_id"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "role": row["role"].upper(),
        "status": "PENDING" if row["pending"] else "ACTIVE",
        "createdAt": row["created_at"],
    }


# Products --------------------------------------------------------------------------------------------------------------
_CATEGORIES = {"ZERO_RATED": TaxCategory.ZERO, "EXEMPT": TaxCategory.EXEMPT}
_SHOWN = {
    "Z": "ZERO_RATED",
    "G": "ZERO_RATED",
    "K": "ZERO_RATED",
    "AE": "ZERO_RATED",
    "E": "EXEMPT",
    "O": "EXEMPT",
}


RATED = ("STANDARD", "REDUCED", "CUSTOM")  # ours is S for all three


def categories_of(theirs: str) -> list[str] | None:
    """Our categories that are shown as one of Earnipay's without a rate; None for its other categories."""
    return None if theirs in RATED else [ours for ours, shown in _SHOWN.items() if shown == theirs]


def product_columns(body: Mapping[str, Any], current: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """A body as the product services take it; `current` category and `extra` are what the product has.

    Invalid where category and rate disagree.
    """
    columns = _taken(body, _PRODUCT)
    if "taxCategory" in body:
        category = body["taxCategory"]
        columns["tax_category"] = _CATEGORIES.get(category, TaxCategory.STANDARD)
        columns["extra"] = {**extra, NAME: {**extra.get(NAME, {}), "taxCategory": category}}
        columns["tax_rate"] = _rate(category, body.get("taxPercent"))
    elif "taxPercent" in body:
        columns["tax_rate"] = _rate(current, body["taxPercent"])
    return columns


def _rate(category: str, percent: Decimal | None) -> Decimal:
    if category in _CATEGORIES:
        if percent:
            raise Invalid.field("taxPercent", f"Must be 0, or left out, for {category}.")
        return Decimal(0)
    if percent is None and category != "STANDARD":
        raise Invalid.field("taxPercent", f"This field is required for {category}.")
    return VAT if percent is None else percent


def tax_category(ours: str, rate: Any, kept: Any) -> str:
    """Earnipay's category of a product: what it was given as where that still fits, else by our category and the rate."""
    if ours != TaxCategory.STANDARD:
        return _SHOWN.get(ours, "EXEMPT")
    if kept in RATED:
        return str(kept)
    return "STANDARD" if Decimal(str(rate)) == VAT else "CUSTOM"


def show_product(row: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Our representation of a product as Earnipay's."""
    kept = extra.get(NAME, {}).get("taxCategory")
    return {
        "id": row["id"],
        "businessId": row["business_id"],
        "name": row["name"],
        "description": row["description"],
        "unitPrice": row["unit_price"],
        "taxCategory": tax_category(row["tax_category"], row["tax_rate"], kept),
        "taxPercent": row["tax_rate"],
        "unit": row["unit"] or "unit",
        "isActive": row["active"],
        **_times(row),
    }


# Invoices --------------------------------------------------------------------------------------------------------------
_STATUS = {"sent": "PENDING", "overdue": "PENDING", "paid": "PAID", "cancelled": "CANCELLED"}
_APPROVAL = {Invoice.Approval.PENDING: "PENDING_APPROVAL", Invoice.Approval.APPROVED: "APPROVED"}


def status_of(status: str, approval: str | None) -> str:
    """Earnipay's one status of our two."""
    return _STATUS.get(status) or _APPROVAL.get(approval, "DRAFT")  # type: ignore[call-overload,no-any-return]


def day_of(value: date | datetime | None, time_zone: str) -> date | None:
    """The calendar day of what IsoDay reads, in the business's time zone where it is a time."""
    return value.astimezone(ZoneInfo(time_zone)).date() if isinstance(value, datetime) else value


def invoice_details(body: Mapping[str, Any], extra: Mapping[str, Any], time_zone: str) -> dict[str, Any]:
    """A body without its lines as the invoice services take it; `extra` is what the invoice has."""
    details = _taken(body, _INVOICE)
    days = {"issueDate": "issue_date", "dueDate": "due_date"}
    details |= {name: day_of(value, time_zone) for name, value in _taken(body, days).items()}
    kept = {name: body[name] for name in _KEPT if name in body}
    if kept:
        details["extra"] = {**extra, NAME: {**extra.get(NAME, {}), **kept}}
    return details


def lines(items: list[dict[str, Any]]) -> list[LineDraft]:
    """The lines of a body."""
    return [
        LineDraft(
            description=item["description"],
            quantity=item["quantity"],
            unit_price=item["unitPrice"],
            tax_rate=item["taxPercent"],
            discount_amount=item.get("discount") or None,
            product_code=item.get("productCode"),
            unit=item.get("unit"),
        )
        for item in items
    ]


def show_invoice(row: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Our representation of an invoice as Earnipay's."""
    kept = extra.get(NAME, {})
    return {
        "id": row["id"],
        "businessId": row["business_id"],
        "customerId": row["customer_id"],
        "irn": None,
        "invoiceNumber": row["invoice_number"],
        "invoiceType": "STANDARD",
        "status": status_of(row["status"], row["approval"]),
        "approvalComment": row["approval_comment"],
        "issueDate": _midnight(row["issue_date"]),
        "dueDate": _midnight(row["due_date"]),
        "currency": row["currency"],
        "items": [_line(line) for line in row["invoice_items"]],
        "subtotal": row["subtotal"],
        "discountAmount": row["discount_amount"],
        "taxAmount": row["tax_amount"],
        "total": row["total"],
        "amountPaid": row["amount_paid"],
        "amountDue": row["amount_due"],
        "paymentTerms": row["terms"],
        **{name: kept.get(name) for name in _KEPT},
        "notes": row["notes"],
        "customer": row["customers"],
        **_times(row),
    }


def _midnight(day: str | None) -> str | None:
    return f"{day}T00:00:00.000Z" if day else None


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": line["id"],
        "description": line["description"],
        "quantity": line["quantity"],
        "unitPrice": line["unit_price"],
        "taxPercent": line["tax_rate"],
        "discount": line["discount_amount"],
        "productCode": line["product_code"],
        "unit": line["unit"] or "unit",
        "taxAmount": line["tax_amount"],
        "total": line["amount"],
    }


# Businesses ------------------------------------------------------------------------------------------------------------
def show_business(row: Mapping[str, Any], *, require_approval: bool) -> dict[str, Any]:
    """Our representation of a business as Earnipay's."""
    return {
        "id": row["id"],
        "name": row["name"],
        "TIN": row["tax_id"],
        "tin": row["tax_id"],
        **{name: row[name] for name in ("email", "phone", "address", "city", "state")},
        "country": country_name(row["country"]),
        "postalCode": row["postal_code"],
        "currency": row["currency"],
        "requireApproval": require_approval,
        "autoSubmitToFirs": False,
        **_times(row),
    }
