"""Bytes that are kept once."""

from __future__ import annotations

from typing import Any

from businesses.files import store_file, store_files
from businesses.models import Business, StoredFile

TEXT = "text/plain"


def test_the_same_bytes_are_the_same_row(alice: Business, bob: Business) -> None:
    kept = store_file(alice, b"one", TEXT)
    files = store_files(alice, [b"two", b"one", b"two"], TEXT)
    assert [bytes(file.content) for file in files] == [b"two", b"one", b"two"]
    assert (files[1], files[0]) == (kept, files[2])
    assert (files[0].size, files[0].media_type, files[0].business) == (3, TEXT, alice)
    assert store_file(bob, b"one", TEXT) != kept
    assert StoredFile.objects.count() == 3


def test_many_take_as_many_queries_as_one(alice: Business, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):  # looked for, and stored within a savepoint
        store_file(alice, b"one", TEXT)
    with django_assert_num_queries(4):
        store_files(alice, [str(number).encode() for number in range(50)], TEXT)
    with django_assert_num_queries(1):
        assert [bytes(file.content) for file in store_files(alice, [b"one", b"7"], TEXT)] == [b"one", b"7"]
