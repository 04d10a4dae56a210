"""What Invoiced's clients send, as JSON or in a form, where every value is a string; what no document names is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework import exceptions, serializers

from customers.models import Customer
from dialects.door import Tolerant
from invoicing.lib.fields import CurrencyCode, LongText, Metadata, Number, OneOf, Text

_WORDS = {"true": True, "false": False, "1": True, "0": False}


class Flag(serializers.BooleanField):
    """true, false, 1 or 0, also as a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def to_internal_value(self, data: Any) -> bool:
        value = _WORDS.get(str(data).lower())
        if value is None:
            raise exceptions.ValidationError("Expected true or false.")
        return value


class Whole(serializers.IntegerField):
    """A whole number, also as a string; an empty one is null."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = {"min_value": 0, "max_value": 2**63 - 1}
        super().__init__(**{"required": False, "allow_null": True, **bounds, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "" and self.allow_null else data)

    def to_internal_value(self, data: Any) -> int:
        text = str(data)
        if isinstance(data, bool) or not text.isascii() or not text.isdigit() or len(text) > 19:
            raise exceptions.ValidationError("Expected a whole number.")
        return int(text)


class Ref(Whole):
    """The id of another object, or that object, as `expand` shows it."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data.get("id") if isinstance(data, Mapping) else data)


class Seconds(Whole):
    """A moment in Unix seconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": None, "max_value": None, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        seconds = super().to_internal_value(data)
        if seconds > 221_845_219_200:  # the year 9000
            raise exceptions.ValidationError("Expected a Unix timestamp in seconds.")
        return datetime.fromtimestamp(seconds, UTC)


class Amount(Number):
    """A number, also as a string; an empty one is null."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "" and self.allow_null else data)


class Pairs(Metadata):
    """As natively; an empty list, as Invoiced prints it, is no pair, nor is null."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation({} if data is None else data)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        return super().to_internal_value({} if data in ([], "") else data)


class Values(serializers.ListField):
    """A list of a few short values, kept as they are."""

    child = Text(required=True, max_length=100)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 50, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation([] if data in ("", None) else data)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list):
            data = [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in data]
        return super().to_internal_value(data)


class AddressInput(Tolerant):
    """Where somebody is."""

    address1 = Text()
    address2 = Text()
    city = Text(max_length=100)
    state = Text(max_length=100)
    postal_code = Text(max_length=20)
    country = Text(max_length=100)


class CustomerInput(AddressInput):
    """A customer."""

    name = Text(required=True, max_length=200)
    number = Text(max_length=50)
    email = Text(max_length=254)
    phone = Text(max_length=50)
    autopay = Flag()
    autopay_delay_days = Whole()
    payment_terms = Text(max_length=50)
    attention_to = Text(max_length=200)
    language = Text(max_length=2)
    currency = CurrencyCode()
    chase = Flag()
    chasing_cadence = Whole()
    next_chase_step = Whole()
    credit_hold = Flag()
    credit_limit = Amount(required=False, allow_null=True)
    owner = Whole()
    taxable = Flag()
    taxes = Values()
    tax_id = Text(max_length=50)
    avalara_entity_use_code = Text(max_length=100)
    avalara_exemption_number = Text(max_length=100)
    type = OneOf(Customer.Type.choices)
    parent_customer = Ref()
    notes = LongText()
    sign_up_page = Whole()
    metadata = Pairs()
    disabled_payment_methods = Values()
    ach_gateway = Whole()
    cc_gateway = Whole()


class ContactInput(AddressInput):
    """A person at a customer."""

    name = Text(required=True, max_length=200)
    title = Text(max_length=100)
    email = Text(max_length=254)
    phone = Text(max_length=50)
    primary = Flag()
    sms_enabled = Flag()
    department = Text(max_length=100)


class NoteInput(Tolerant):
    """A note; of a customer."""

    notes = LongText(required=True)
    customer_id = Whole()
    customer = Whole()


class Recipients(serializers.ListField):
    """`[{"name", "email"}]`."""

    child = serializers.DictField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 50, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        addresses = []
        for index, item in enumerate(super().to_internal_value(data)):
            address = item.get("email") if isinstance(item, Mapping) else None
            if not isinstance(address, str) or not 3 <= len(address) <= 254:
                raise exceptions.ValidationError({str(index): ["Expected an object with `email`."]})
            addresses.append(address)
        return addresses


class StatementInput(Tolerant):
    """Which statement, to whom, in which words."""

    to = Recipients()
    bcc = Text(max_length=2_000)
    subject = Text()
    message = LongText()
    type = OneOf([("open_item", ""), ("balance_forward", "")])
    start = Seconds()
    end = Seconds()
    items = OneOf([("past_due", "")])
