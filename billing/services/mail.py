"""Give a message in preparation its PDF, rendered once and kept, and its document's attachments, and let it leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog

from billing.documents import (
    keep_receipt,
    keep_revision,
    keep_statement,
    print_revision,
    print_statement,
    statement_name,
)
from billing.models import KeptStatement, Payment, Revision
from billing.selectors.attachments import mailed_files
from businesses.models import StoredFile
from einvoicing.document import Statement, from_json
from invoicing.lib import clock
from invoicing.lib.errors import NotFound
from messaging.models import Channel, Message, State
from messaging.services import attach_and_queue, fail_preparing

PATIENCE = timedelta(days=1)  # a document that cannot be rendered until then is given up, and says so
log = structlog.get_logger(__name__)
# What a message is about is named by its class, a revision's column by the noun.
_NOUNS = {"invoice": "invoice", "quotation": "quotation", "creditnote": "credit_note"}


def prepare(message: Message) -> Message:
    """Attach what the message is about and queue it; one past preparing stays as it is, repeated or not.

    An error of the renderer is raised, for the sweep to try again; after a day the message fails with it.
    """
    if message.state != State.PREPARING:
        return message
    try:
        files = [_file_of(message), *_attached(message)]
    except NotFound as error:
        return fail_preparing(message, error=error.message)
    except Exception as error:
        if clock.now() - message.created_at < PATIENCE:
            raise
        log.exception("attachment_given_up", message=str(message.uuid))
        return fail_preparing(message, error=f"{type(error).__name__}: {error}")
    return attach_and_queue(message, files)


def _file_of(message: Message) -> tuple[StoredFile, str]:
    find = _FILES.get(message.subject_kind)
    if find is None or message.subject_id is None:
        raise NotFound(f"There is no file to send of {message.subject_kind or 'nothing'}.")
    return find(message, message.subject_id)


def _attached(message: Message) -> list[tuple[StoredFile, str]]:
    noun = _NOUNS.get(message.subject_kind) if message.channel == Channel.EMAIL else None
    return mailed_files(message.business, noun, message.subject_id) if noun and message.subject_id else []


def _revision(message: Message, subject_id: UUID) -> tuple[StoredFile, str]:
    noun = _NOUNS[message.subject_kind]
    rows = Revision.objects.of(message.business).filter(**{f"{noun}__uuid": subject_id})
    found = rows.select_related("business", "file", *_NOUNS.values()).order_by("-number").first()
    document = found and (found.invoice or found.quotation or found.credit_note)
    if found is None or document is None:
        raise NotFound(f"The {noun.replace('_', ' ')} was never issued.")
    keep = print_revision if message.channel == Channel.LETTER else keep_revision
    return keep(found), f"{document.number}.pdf"


def _receipt(message: Message, subject_id: UUID) -> tuple[StoredFile, str]:
    payment = Payment.objects.of(message.business).with_customer().filter(uuid=subject_id).first()
    if payment is None:
        raise NotFound("Payment not found")
    return keep_receipt(payment), f"{payment.number}.pdf"


def _statement(message: Message, subject_id: UUID) -> tuple[StoredFile, str]:
    rows = KeptStatement.objects.of(message.business).select_related("business", "file")
    kept = rows.filter(uuid=subject_id).first()
    if kept is None:
        raise NotFound("Statement not found")
    name = statement_name(from_json(Statement, kept.view.encode()))
    keep = print_statement if message.channel == Channel.LETTER else keep_statement
    return keep(kept), name


_FILES: dict[str, Callable[[Message, UUID], tuple[StoredFile, str]]] = {
    **dict.fromkeys(_NOUNS, _revision),
    "payment": _receipt,
    "keptstatement": _statement,
}
