"""`/payments`: record, list, read, change, apply, void, print, mail; and `/charges`, which are refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.files import pdf_answer
from billing.api.payment_inputs import minor_or_all, minor_units
from billing.documents import PDF, keep_receipt
from billing.models import Invoice, Payment
from billing.public.receipt_file import receipt_url
from billing.serializers.payments import PAYMENT_COLUMNS, represent_payments
from billing.services.allocations import Share, change_allocations
from billing.services.payments import record_account_payment, update_payment, void_payment
from billing.services.sending import send_receipt
from businesses.models import Business
from customers.models import Customer
from dialects.door import Refusal, rows_in_order
from dialects.invoiced import payment_mapping as mapping
from dialects.invoiced.changes import changes_of
from dialects.invoiced.customers import shown_customers
from dialects.invoiced.document_inputs import MailInput
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.lists import between, chosen, currency_is, equals, expanded, filtered, numbered, order, whether
from dialects.invoiced.mapping import day_of
from dialects.invoiced.messages import email_of, envelope_of
from dialects.invoiced.payment_inputs import PaymentInput
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.fields import read_body

Objects = list[dict[str, Any]]
Invoices = list[Invoice]
_SORTS = {
    "id": "pk",
    "created_at": "pk",
    "updated_at": "updated_at",
    "date": "payment_date",
    "amount": "amount_minor",
    "reference": "reference",
    "method": "method",
}


def _by_method(name: str) -> Q:
    """Those that were given this method, and those of other formats that are shown with it."""
    natives = [native for native in Payment.Method.values if mapping.spelt_method(native) == name]
    return Q(extra__invoiced__method=name) | Q(extra__invoiced__method__isnull=True, method__in=natives)


_FILTERS = {
    "customer": numbered("customer_id"),
    "method": chosen({name: _by_method(name) for name in mapping.METHODS}),
    "currency": currency_is,
    "reference": equals("reference"),
    "voided": whether(Q(status=Payment.Status.VOIDED)),
}


def shown_payments(business: Business, pks: Sequence[int]) -> Objects:
    """Payments of a business by primary key, in that order."""
    rows = rows_in_order(Payment.objects.of(business), pks, (*PAYMENT_COLUMNS, "customer_id", "extra"))
    natives = represent_payments(rows)
    uuids = {item["invoice_id"] for native in natives for item in native["allocations"]}
    invoices = invoice_pks(business, uuids)
    return [
        mapping.show_payment(
            native,
            pk=row["pk"],
            customer_pk=row["customer_id"],
            invoice_pks=invoices,
            extra=row["extra"],
            time_zone=business.time_zone,
            pdf_url=receipt_url(row["uuid"]),
        )
        for native, row in zip(natives, rows, strict=True)
    ]


def invoice_pks(business: Business, uuids: set[UUID]) -> dict[str, int]:
    """The primary keys of invoices by UUID."""
    found = Invoice.objects.of(business).filter(uuid__in=uuids).values_list("uuid", "pk") if uuids else []
    return {str(uuid): pk for uuid, pk in found}


class PaymentView(InvoicedView):
    """Payments of the business."""

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """Fields by Invoiced's names."""
        message, fields = mapping.respell(refusal.message, refusal.fields)
        return InvoicedView.refuse(Refusal(refusal.status, message, fields, refusal.code))

    def create(self, request: Request) -> Response:
        """Record a payment; one without a customer is that of the invoices that it is applied to."""
        body = read_body(PaymentInput, request)
        items = body.get("applied_to")
        invoices = self._invoices(items or [])
        customer = self._customer(body, invoices)
        own = invoices[0].currency if invoices else customer.billing_currency
        currency = body.get("currency") or own
        amount = minor_units(body["amount"], currency)
        shares = _shares(items or [], invoices, currency)
        credit = _credit(items, shares, amount, currency)
        made = record_account_payment(
            customer,
            currency=currency,
            amount_minor=amount,
            shares=None if items is None else shares,
            details={
                **_texts(body),
                "payment_date": self._day(body),
                "method": mapping.METHODS[body.get("method") or "other"],
                "extra": mapping.kept_payment(body, {}, credit=credit),
            },
            actor=self.actor,
        )
        return self.send(self._shown(made), 201)

    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[…], metadata[…], updated_after, start_date, end_date, expand=customer."""
        asked = self.asked
        rows = filtered(Payment.objects.of(self.business), asked, _FILTERS)
        rows = between(rows, asked, "payment_date", lambda moment: day_of(moment, self.business.time_zone))
        return self.send_page(rows, self._expanded, *order(asked, _SORTS))

    def retrieve(self, request: Request, id: str) -> Response | HttpResponse:  # noqa: A002
        """One payment; its receipt where the client accepts a PDF."""
        payment = self._find(id)
        if PDF in request.headers.get("Accept", ""):
            return pdf_answer(bytes(keep_receipt(payment).content), payment.number)
        return self.send(self._expanded([payment.pk])[0])

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change texts and what it is applied to; amount, date and method are as they were posted."""
        payment = self._find(id)
        body = changes_of(read_body(PaymentInput, request, partial=True), request.data, self._shown(payment))
        self._refuse_posted(payment, body)
        items = body.get("applied_to")
        shares = _shares(items or [], self._invoices(items or []), payment.currency)
        credit = _credit(items, shares, payment.amount_minor - payment.refunded_minor, payment.currency)
        changes = {**_texts(body), "extra": mapping.kept_payment(body, payment.extra, credit=credit)}
        update_payment(payment, changes=changes, actor=self.actor)
        if items is not None:
            change_allocations(payment, shares, actor=self.actor)
        return self.send(self._shown(payment))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Void it: what it paid is owed again; the answer is the payment."""
        payment = self._find(id)
        void_payment(payment, actor=self.actor)
        return self.send(self._shown(payment))

    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail the receipt; an object for each recipient."""
        payment = self._find(id)
        message = send_receipt(payment, envelope_of(read_body(MailInput, request)), actor=self.actor)
        return self.send([email_of(message, address, "payment_receipt_email") for address in message.to], 201)

    # Parts of it -----------------------------------------------------------------------------------------------------
    def _find(self, text: str) -> Payment:
        return self.find_numbered(Payment.objects.with_customer(), text, "Payment")

    def _shown(self, payment: Payment) -> dict[str, Any]:
        return shown_payments(self.business, [payment.pk])[0]

    def _expanded(self, pks: Sequence[int]) -> Objects:
        loaders = {"customer": lambda found: shown_customers(self.business, found)}
        return expanded(shown_payments(self.business, pks), self.parameters.get("expand", ""), loaders)

    def _invoices(self, items: Objects) -> Invoices:
        """The invoices that it is applied to, in order; Invalid, the same for unknown, foreign and deleted."""
        mapping.check_applications(items)
        wanted = [(index, item["invoice"]) for index, item in enumerate(items) if item["type"] == "invoice"]
        pks = [pk for _, pk in wanted]
        found = {row.pk: row for row in Invoice.objects.of(self.business).live().filter(pk__in=pks)}
        missing = next((index for index, pk in wanted if pk not in found), None)
        if missing is not None:
            raise Invalid.field(f"applied_to.{missing}.invoice", "No such invoice.")
        return [found[pk] for pk in pks]

    def _customer(self, body: dict[str, Any], invoices: Invoices) -> Customer:
        pk = body.get("customer") or (invoices[0].customer_id if invoices else None)
        if pk is None:
            raise Invalid.field("customer", "Whose payment is it? Name the customer, or invoices in applied_to.")
        customer = Customer.objects.of(self.business).live().filter(pk=pk).first()
        if customer is None:
            raise Invalid.field("customer", "No such customer.")
        return customer

    def _day(self, body: dict[str, Any]) -> date | None:
        return day_of(body.get("date"), self.business.time_zone)

    def _refuse_posted(self, payment: Payment, body: dict[str, Any]) -> None:
        """Conflict for what cannot change of a payment, where it is not what it was."""
        method = body.get("method")
        posted = {
            "customer": (body.get("customer"), payment.customer_id),
            "currency": (body.get("currency"), payment.currency),
            "amount": (minor_or_all(body.get("amount"), payment.currency), payment.amount_minor),
            "date": (self._day(body), payment.payment_date),
            "method": (method and mapping.METHODS[method], payment.method),
        }
        for name, (given, was) in posted.items():
            if given is not None and given != was:
                message = f"{name}: What is posted does not change: void the payment and record another."
                raise Conflict(message, code="state_does_not_allow", details=[Detail(name, message)])


class ChargeView(InvoicedView):
    """Charges, which need a payment provider."""

    def create(self, request: Request, id: str | None = None) -> Response:  # noqa: A002
        """Refused."""
        raise Invalid("Charges are not served: no payment provider is connected; record a payment with POST /payments.")


def _texts(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("reference", "notes", "metadata") if name in body}


def _shares(items: Objects, invoices: Invoices, currency: str) -> list[Share]:
    named = [(index, item) for index, item in enumerate(items) if item["type"] == "invoice"]
    return [
        Share(invoice, minor_or_all(item.get("amount"), currency, f"applied_to.{index}.amount"))
        for (index, item), invoice in zip(named, invoices, strict=True)
    ]


def _credit(items: Objects | None, shares: list[Share], worth: int, currency: str) -> int | None:
    """What of a payment's worth is to go to the credit balance, in minor units; None where nothing is said of it."""
    if items is None:
        return None
    credit = minor_units(mapping.credited(items), currency, "applied_to")
    if credit + sum(share.amount_minor or 0 for share in shares) > worth:
        raise Invalid.field("applied_to", "More than the payment's amount.")
    return credit
