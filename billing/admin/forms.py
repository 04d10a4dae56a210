"""What is typed into the admin's own pages: a document's head and lines, letters, payments, later texts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from billing.admin.amounts import AmountField, NumberField
from billing.models import CreditNote, Document, Invoice, Payment, Quotation, TaxCategory
from billing.services.envelopes import Envelope
from billing.services.lines import MAX_LINES
from businesses import choices
from businesses.models import Business
from customers.models import Customer
from invoicing.lib.errors import Detail, DomainError

HUNDRED = Decimal(100)


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs=UnfoldAdminTextInputWidget().attrs)


def words(length: int, **kwargs: Any) -> forms.CharField:
    """A line of text."""
    return forms.CharField(max_length=length, required=False, widget=UnfoldAdminTextInputWidget(), **kwargs)


def text(rows: int = 3, length: int = 10_000, **kwargs: Any) -> forms.CharField:
    """Several lines of text."""
    area = UnfoldAdminTextareaWidget(attrs={"rows": rows})
    return forms.CharField(max_length=length, required=False, widget=area, **kwargs)


def day(**kwargs: Any) -> forms.DateField:
    """A date."""
    kwargs.setdefault("required", False)
    return forms.DateField(widget=DayInput(), **kwargs)


def choice(known: Iterable[tuple[str, str]], **kwargs: Any) -> forms.ChoiceField:
    """One of a few."""
    kwargs.setdefault("required", False)
    return forms.ChoiceField(choices=list(known), widget=UnfoldAdminSelectWidget(), **kwargs)


class Form(forms.Form):
    """A form with labels without colons that shows what a service refused on the field it named."""

    names: dict[str, str] = {}  # what a service calls a field → what this form calls it
    widths: dict[str, str] = {}  # field → w3, w4, w6 or w8: of twelve columns

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def refuse(self, error: DomainError) -> None:
        """Put a refusal where it belongs."""
        for detail in error.details or [Detail("", error.message)]:
            known = self.names.get(detail.field, detail.field)
            head = known.split(".")[0]
            name = known if known in self.fields else head if head in self.fields else None
            self.add_error(name, detail.message if name or not detail.field else f"{detail.field}: {detail.message}")

    @property
    def laid_out(self) -> list[tuple[forms.BoundField, str]]:
        """The visible fields with their widths."""
        return [(field, self.widths.get(field.name, "")) for field in self.visible_fields()]


class HeadForm(Form):
    """What a draft says above and below its lines."""

    names = {"customer_id": "customer", "invoice_number": "number", "quotation_number": "number"}
    names |= {"credit_note_number": "number", "items": "customer"}

    customer = forms.ModelChoiceField(Customer.objects.none())
    number = words(50, help_text="The next one, where it is left empty.")
    currency = choice([], help_text="The customer’s, else the business’s.")
    issue_date = day(required=True)
    purchase_order = words(100)
    reference = words(100)
    template_type = choice(Business.Template.choices, label="Template")
    discount_type = choice([("", "No discount"), *Document.Discount.choices], label="Discount on everything")
    discount_value = NumberField(required=False, low=Decimal(0), label="Discount")
    notes = text(help_text="Printed below the lines.")
    terms = text(help_text="Printed at the foot.")

    def __init__(self, *args: Any, business: Business, model: type[Document], fixed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].queryset = Customer.objects.of(business).live()  # type: ignore[attr-defined]
        self.fields["customer"].widget = _picker(model)
        self.fields["customer"].widget.choices = self.fields["customer"].choices  # type: ignore[attr-defined]
        ours = [] if fixed else [("", "Automatic")]
        self.fields["currency"].choices = [*ours, *(choices.of("currency") or [])]  # type: ignore[attr-defined]
        self.fields["discount_value"].widget.attrs["placeholder"] = "0"
        if fixed:  # a number is given once, and an empty due date means none
            del self.fields["number"]
            for name in {"due_date", "currency"} & self.fields.keys():
                self.fields[name].help_text = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("discount_type"):
            data["discount_type"] = data["discount_value"] = None
        return data

    def details(self) -> dict[str, Any]:
        """Fields of the document, empty text as None."""
        skipped = {"customer", "number"}
        return {
            name: None if value == "" else value for name, value in self.cleaned_data.items() if name not in skipped
        }


class CustomerPicker(AutocompleteSelect):
    """Searches where Django's own autocomplete does, and so within the business; what is no key is nobody, not an error."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        keys = [key for key in value if str(key).isascii() and str(key).isdigit() and len(str(key)) < 19]
        return super().optgroups(name, keys, attr)


def _picker(model: type[Document]) -> CustomerPicker:
    return CustomerPicker(model._meta.get_field("customer"), admin.site)


class InvoiceHeadForm(HeadForm):
    """An invoice's head."""

    due_date = day(help_text="By the payment terms, where it is left empty.")
    delivery_date = day()
    period_start = day(label="Period from")
    period_end = day(label="Period to")
    opening_balance = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget(),
        label="Opening balance",
        help_text="Billed before, by a former system: it is owed, but it is no revenue here.",
    )


class QuotationHeadForm(HeadForm):
    """A quotation's head."""

    valid_until = day()


class CreditNoteHeadForm(HeadForm):
    """The head of a credit note of the account."""


HEADS: dict[type[Document], type[HeadForm]] = {
    Invoice: InvoiceHeadForm,
    Quotation: QuotationHeadForm,
    CreditNote: CreditNoteHeadForm,
}


class LineForm(Form):
    """A line; what is left empty comes from the product."""

    names = {"id": "uuid", "product_id": "product"}

    uuid = forms.UUIDField(required=False, widget=forms.HiddenInput())
    product = forms.UUIDField(required=False, widget=forms.HiddenInput())
    description = forms.CharField(
        max_length=5_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 1, "placeholder": "Type to find a product, or describe"}),
    )
    quantity = NumberField(initial="1", required=False)
    unit = words(30)
    unit_price = NumberField(required=False, attrs={"placeholder": "0.00"})
    discount_rate = NumberField(required=False, decimals=4, low=Decimal(0), high=HUNDRED, label="Discount %")
    discount_amount = NumberField(required=False, low=Decimal(0), label="or amount")
    tax_rate = NumberField(required=False, decimals=4, low=Decimal(0), high=HUNDRED, label="Tax %")
    tax_category = choice([("", "By the product"), *TaxCategory.choices])
    product_code = words(50)
    exemption_reason = words(255)

    MAIN = ("uuid", "product", "description", "quantity", "unit_price", "discount_rate", "tax_rate")

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that few lines need."""
        return [field for field in self if field.name not in self.MAIN]

    def has_changed(self) -> bool:
        """Whether anything was typed; a quantity that was emptied, and nothing else, is an empty line still."""
        emptied = not self["quantity"].value()
        return bool(set(self.changed_data) - ({"quantity"} if emptied else set()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.has_changed():
            if not data.get("description") and not data.get("product"):
                self.add_error("description", "Say what it is.")
            if data.get("quantity") is None and "quantity" not in self.errors:
                self.add_error("quantity", "How many?")
            if data.get("unit_price") is None and not data.get("product") and "unit_price" not in self.errors:
                self.add_error("unit_price", "What does one cost?")
        return data


LineFormSet = forms.formset_factory(LineForm, extra=0, max_num=MAX_LINES, validate_max=True, absolute_max=MAX_LINES + 1)


class LetterForm(Form):
    """Whom to mail to, and what to say."""

    widths = {"to": "w6", "cc": "w6"}
    to = words(2_000, label="To", help_text="Several addresses are separated by commas.")
    cc = words(2_000, label="Copy to")
    subject = words(255)
    message = text(9, help_text="Names in braces, such as {customer_name}, are filled in when it is queued.")

    def addresses(self, name: str) -> list[str]:
        """The addresses typed into a field."""
        typed = self.cleaned_data[name].replace(";", ",").replace("\n", ",")
        return [address.strip() for address in typed.split(",") if address.strip()]

    def envelope(self) -> Envelope:
        """The envelope that was typed; without `to` the service takes the customer's address, or refuses."""
        to, cc, data = self.addresses("to"), self.addresses("cc"), self.cleaned_data
        return Envelope(to=to or None, cc=cc, subject=data["subject"] or None, message=data["message"] or None)


class PaymentForm(Form):
    """A payment of one invoice."""

    widths = {"amount": "w6", "payment_date": "w6", "method": "w6", "reference": "w6"}

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            "amount": AmountField(currency=invoice.currency, label=f"Amount in {invoice.currency}"),
            "payment_date": day(required=True, label="Received on"),
            "method": choice(Payment.Method.choices, required=True),
            "reference": words(100, help_text="What stands on the bank statement."),
            "notes": text(2, help_text="Printed on the receipt."),
        }


class InvoiceTextsForm(Form):
    """What may change on an invoice that is issued."""

    widths = {"due_date": "w6"}
    due_date = day()
    notes = text(4)
    terms = text(4)


class QuotationTextsForm(Form):
    """What may change on a quotation that is sent."""

    widths = {"valid_until": "w6"}
    valid_until = day()
    notes = text(4)
    terms = text(4)


class CreditNoteTextsForm(Form):
    """What may change on a credit note that is issued."""

    notes = text(4)
    terms = text(4)


class ReasonForm(Form):
    """Why a draft goes."""

    reason = words(255, help_text="Kept with the number, which is never given again.")
