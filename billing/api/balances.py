"""`/customers/{id}/balance`: what a customer owes and has in credit, on any day."""

from __future__ import annotations

from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.statement_inputs import Moment
from billing.selectors.balances import BalanceAsked
from billing.serializers.balances import BalanceOutput, represent_balance
from billing.services.balances import read_balance
from businesses.permissions import READ_WRITE
from businesses.views import BusinessView
from customers.models import Customer
from invoicing.lib.fields import CurrencyCode, Day, OneOf, Strict


class BalanceInput(Strict):
    """Which balance."""

    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    on = Day(required=False, allow_null=True, help_text="At the end of this day; default today.")
    known_at = Moment(required=False, allow_null=True, help_text="As it was known then; default now.")
    include_children = OneOf(["true", "false"], help_text="With all customers below it, at any depth.")


class BalanceView(BusinessView):
    """What one customer, or a family of customers, owes."""

    scopes = READ_WRITE
    query = {"retrieve": frozenset({*BalanceInput().fields, "fields"})}

    @extend_schema(parameters=[BalanceInput], responses=BalanceOutput, tags=["Statements"])
    def retrieve(self, request: Request, customer_id: str) -> Response:
        """What a customer owes and has in credit; `history` is the credit of the days on which it changed."""
        customer = self.find(Customer.objects.live().select_related("business"), customer_id, "Customer")
        reader = BalanceInput(data={name: text for name, text in self.parameters.items() if name != "fields"})
        reader.is_valid(raise_exception=True)
        asked = {**reader.validated_data}
        asked["include_children"] = asked.get("include_children") == "true"
        return self.send_one(represent_balance(read_balance(customer, BalanceAsked(**asked))))


urlpatterns = [
    re_path(r"^customers/(?P<customer_id>[^/]+)/balance/?$", BalanceView.as_view({"get": "retrieve"}), name="balance"),
]
