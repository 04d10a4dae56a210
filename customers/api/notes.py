"""`/customers/{id}/notes`: parse, get, call the service, represent."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.filters import ListFilter
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from customers import services
from customers.api.filters import SORTS
from customers.api.inputs import NoteInput
from customers.api.views import TAGS, find_customer
from customers.models import Note
from customers.serializers import NOTE_COLUMNS, NoteOutput, represent_note, represent_notes
from invoicing.lib.fields import read_body


class NoteView(BusinessView):
    """What members want to remember about a customer."""

    scopes = READ_WRITE
    filters, sorts = ListFilter, SORTS

    @extend_schema(request=NoteInput, responses={201: NoteOutput}, tags=TAGS)
    def create(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """Create a note."""
        customer = find_customer(self, customer_id)
        note = services.create_note(customer, actor=self.actor, **read_body(NoteInput, request))
        return self.send_created(represent_note(note))

    @extend_schema(responses=paged(NoteOutput), tags=TAGS)
    def list(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """List the notes of a customer, newest first."""
        return self.send_list(
            Note.objects.filter(customer=find_customer(self, customer_id)),
            self.filters,
            sorts=self.sorts,
            columns=NOTE_COLUMNS,
            represent=represent_notes,
        )

    @extend_schema(responses=NoteOutput, tags=TAGS)
    def retrieve(self, request: Request, customer_id: str, note_id: str, **kwargs: Any) -> Response:
        """Get a note."""
        return self.send_one(represent_note(self.note(customer_id, note_id)))

    @extend_schema(request=NoteInput, responses=NoteOutput, tags=TAGS)
    def partial_update(self, request: Request, customer_id: str, note_id: str, **kwargs: Any) -> Response:
        """Write a note anew."""
        note = self.note(customer_id, note_id, lock=True)
        self.match(lambda: represent_note(note))
        body = read_body(NoteInput, request, partial=True)
        note = services.update_note(note, text=body.get("text", note.text), actor=self.actor)
        return self.send_one(represent_note(note))

    @extend_schema(responses={204: None}, tags=TAGS)
    def destroy(self, request: Request, customer_id: str, note_id: str, **kwargs: Any) -> Response:
        """Delete a note for good."""
        services.delete_note(self.note(customer_id, note_id), actor=self.actor)
        return self.send(b"", 204)

    def note(self, customer_id: str, note_id: str, *, lock: bool = False) -> Note:
        """The note in the path; `lock` locks its customer, as every write to a note does."""
        customer = find_customer(self, customer_id, lock=lock)
        rows = Note.objects.filter(customer=customer).select_related("business", "customer")
        return self.find(rows, note_id, "Note")
