"""A body of unknown length is read, not taken for none."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from conftest import Api


def call(api: Api, path: str, body: bytes) -> tuple[str, Any]:
    from invoicing.wsgi import application

    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/api/v1{path}",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": api.headers["Authorization"],
    }
    answer = b"".join(application(environ, lambda status, headers: said.append(status)))
    return said[0], json.loads(answer)


@pytest.mark.django_db(transaction=True)  # a real request closes its connection
def test_a_chunked_body_counts(api: Api) -> None:
    status, body = call(api, "/customers", b'{"name": "Chunked"}')
    assert status.startswith("201"), body
    assert body["name"] == "Chunked"


@pytest.mark.django_db(transaction=True)  # a real request closes its connection
def test_a_chunked_body_has_the_same_limit(api: Api) -> None:
    status, _ = call(api, "/customers", b'{"name": "' + b"x" * (1024 * 1024) + b'"}')
    assert status.startswith("413")
