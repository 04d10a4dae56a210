"""/customers/{id}/notes."""

from __future__ import annotations

import pytest

from customers.models import Note
from customers.serializers import NoteOutput

UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def path(api):
    return f"/customers/{api.post('/customers', {'name': 'Acme'}).json()['id']}/notes"


def test_create_get_change_and_delete(api, path):
    created = api.post(path, {"text": "Called.\nWill pay."})
    assert (created.status_code, created.json()["text"]) == (201, "Called.\nWill pay.")
    body = created.json()
    assert set(body) == set(NoteOutput().fields)
    one = f"{path}/{body['id']}"
    got = api.get(one)
    assert got.json() == body
    assert api.patch(one, {}).json() == api.patch(one, {"text": body["text"]}).json() == body
    changed = api.patch(one, {"text": "Paid."}, If_Match=got["ETag"]).json()
    assert changed == {**body, "text": "Paid.", "updated_at": changed["updated_at"]}
    assert api.patch(one, {"text": "B"}, If_Match=got["ETag"]).status_code == 412
    assert api.delete(one).status_code == 204
    assert api.get(one).json()["error"] == "Note not found"


def test_the_list_and_its_pages(api, path):
    for text in "abc":
        api.post(path, {"text": text})
    assert [row["text"] for row in api.get(path).json()["data"]] == ["c", "b", "a"]
    assert [row["text"] for row in api.get(f"{path}?sort=updated_at&limit=1").json()["data"]] == ["a"]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": None}, {"text": "x" * 10_001}, {"txt": "x"}])
def test_a_note_needs_a_text(api, path, body):
    assert api.post(path, body).status_code == 400
    assert not Note.objects.exists()


def test_strangers_replays_dry_runs_and_scopes(api, bob_api, api_with, path):
    first = api.post(path, {"text": "a"}, Idempotency_Key="k")
    assert api.post(path, {"text": "a"}, Idempotency_Key="k").content == first.content
    one = f"{path}/{first.json()['id']}"
    assert bob_api.get(one).status_code == bob_api.delete(one).status_code == 404
    assert bob_api.patch(one, {"text": "b"}).status_code == api.get(f"{path}/{UNKNOWN}").status_code == 404
    assert api.post(f"{path}?dry_run=true", {"text": "b"}).json()["id"] is None
    assert api.delete(f"{one}?dry_run=true").status_code == 204
    assert api_with("read").delete(one).status_code == 403
    assert [note.text for note in Note.objects.all()] == ["a"]
