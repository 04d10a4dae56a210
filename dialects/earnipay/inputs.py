"""What Earnipay's clients send; what neither of its two documents names is ignored."""

# ruff: noqa: N815 - these names are Earnipay's
from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions, serializers

from billing.api.inputs import NOT_NEGATIVE, PERCENT
from billing.services.approval import MAX_COMMENT
from billing.services.lines import MAX_LINES
from businesses.filters import MomentField
from dialects.door import Tolerant
from dialects.earnipay.ids import Id
from invoicing.lib.fields import Day, Flag, LongText, Number, OneOf, Text

TAX_CATEGORIES = ("STANDARD", "ZERO_RATED", "EXEMPT", "REDUCED", "CUSTOM")
INVOICE_TYPES = ("STANDARD", "PROFORMA", "CREDIT_NOTE", "DEBIT_NOTE")
INVITED_ROLES = ("ADMIN", "MANAGER", "CREATOR", "VIEWER")  # nobody is made an owner through this door
PAYMENT_METHODS = ("Bank Transfer", "Cash", "Credit Card", "Mobile Money", "Other")


MAX_PASSWORD = 256  # characters
_MIDNIGHT = re.compile(r"^T00:00(:00([.,]0+)?)?(Z|[+-]|$)")


class IsoDay(serializers.Field):
    """A date, or an ISO 8601 time: a midnight is the day as it is written, another time is left for the time zone to say."""

    def to_internal_value(self, data: Any) -> date | datetime:
        if not isinstance(data, str):
            raise exceptions.ValidationError("Expected a date such as 2026-04-01T00:00:00.000Z.")
        if len(data) == 10 or _MIDNIGHT.match(data[10:]):
            self._moment(data)
            day: date = Day().to_internal_value(data[:10])
            return day
        moment = self._moment(data)
        Day().to_internal_value(moment.date().isoformat())
        return moment

    def _moment(self, text: str) -> datetime:
        try:
            moment: datetime | None = MomentField().clean(text)
        except ValidationError as error:
            raise exceptions.ValidationError(error.messages) from None
        if moment is None:
            raise exceptions.ValidationError("Expected a date such as 2026-04-01T00:00:00.000Z.")
        return moment


class CustomerInput(Tolerant):
    """A customer."""

    name = Text(required=True, max_length=200)
    businessName = Text(max_length=200)
    email = Text(max_length=254)
    phone = Text(max_length=50)
    TIN = Text(max_length=50)
    tin = Text(max_length=50)
    address = Text()
    city = Text(max_length=100)
    state = Text(max_length=100)
    country = Text(max_length=100)
    postalCode = Text(max_length=20)


class ProductInput(Tolerant):
    """A product."""

    name = Text(required=True, max_length=200)
    description = LongText()
    unitPrice = Number(validators=NOT_NEGATIVE)
    taxCategory = OneOf([(name, name) for name in TAX_CATEGORIES])
    taxPercent = Number(decimal_places=4, required=False, validators=PERCENT)
    unit = Text(max_length=30)
    isActive = Flag(required=False)


class LineInput(Tolerant):
    """A line of an invoice."""

    description = LongText(required=True, max_length=5_000)
    quantity = Number(min_value=Decimal("0.01"))
    unitPrice = Number(validators=NOT_NEGATIVE)
    taxPercent = Number(decimal_places=4, validators=PERCENT)
    discount = Number(required=False, allow_null=True, validators=NOT_NEGATIVE)
    productCode = Text(max_length=50)
    unit = Text(max_length=30)


class InvoiceInput(Tolerant):
    """An invoice."""

    customerId = Id()
    issueDate = IsoDay()
    dueDate = IsoDay(required=False, allow_null=True)
    invoiceType = OneOf([(name, name) for name in INVOICE_TYPES])
    items = LineInput(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    paymentTerms = LongText()
    paymentMethod = Text(max_length=50)
    paymentDetails = LongText(max_length=2_000)
    paymentDetailId = Text()
    notes = LongText()
    internalNotes = LongText()


class ApproveInput(Tolerant):
    """An approval."""

    comments = LongText(max_length=MAX_COMMENT)


class RejectInput(Tolerant):
    """A rejection."""

    reason = LongText(required=True, max_length=MAX_COMMENT)
    comments = LongText(max_length=MAX_COMMENT)


class SettingsInput(Tolerant):
    """Settings of a business."""

    requireApproval = Flag(required=False)
    autoSubmitToFirs = Flag(required=False)


class Secret(Text):
    """A password or a token: as it is, spaces included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": True, "trim_whitespace": False, "max_length": 2_000, **kwargs})


class LoginInput(Tolerant):
    """Who logs in."""

    email = Text(required=True, max_length=254)
    password = Secret()


class RefreshInput(Tolerant):
    """A refresh token."""

    refreshToken = Secret()


class ForgotInput(Tolerant):
    """Whose password is forgotten."""

    email = Text(required=True, max_length=254)


class ResetInput(Tolerant):
    """The next password, with the token of the mail."""

    token = Secret()
    newPassword = Secret(max_length=MAX_PASSWORD)


class ChangePasswordInput(Tolerant):
    """The next password, with the present one."""

    currentPassword = Secret()
    newPassword = Secret(max_length=MAX_PASSWORD)


class PersonInput(Tolerant):
    """A person's own names."""

    firstName = Text(max_length=150)
    lastName = Text(max_length=150)


class AcceptInput(PersonInput):
    """The first password of a person who was invited."""

    newPassword = Secret(max_length=MAX_PASSWORD)


class InviteInput(Tolerant):
    """Whom to invite, and as what."""

    email = Text(required=True, max_length=254)
    role = OneOf([(name, name) for name in INVITED_ROLES], required=True)


class RoleInput(Tolerant):
    """Another role."""

    role = OneOf([(name, name) for name in INVITED_ROLES], required=True)
