"""What keeps `make run` from starting is told in one sentence that names the variable."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.processes.server import Server, free_port


def refused(data_dir: Path, **more: str) -> str:
    server = Server(data_dir, **more)
    assert server.process.wait(60) == 1
    assert "Traceback" not in server.said
    assert server.processes() == []
    return server.said.replace("Stopping …\n", "").strip()


def test_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(tmp_path / "data", PORT=str(port))
    assert said.startswith(f"PORT: {port} on 127.0.0.1 is in use")
    assert said.count("\n") == 0


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PORT", "http", "PORT: 'http' is not a whole number"),
        ("HOST", "192.0.2.1", "HOST: 192.0.2.1 is no address of this machine"),
        ("PUBLIC_URL", "example.com", "PUBLIC_URL: 'example.com' is not http(s)"),
        ("DATABASE_URL", "mysql://u@localhost/x", "DATABASE_URL: expected postgres://"),
    ],
)
def test_bad_variable(tmp_path: Path, variable: str, value: str, sentence: str) -> None:
    said = refused(tmp_path / "data", **{variable: value})
    assert said.startswith(sentence)
    assert said.count("\n") == 0


def test_data_dir_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refused(tmp_path / "file" / "data")
    assert said == f"DATA_DIR: {tmp_path}/file/data cannot be used (Not a directory)."


@pytest.mark.processes
def test_database_that_is_away(tmp_path: Path) -> None:
    said = refused(tmp_path / "data", DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/nothing")
    assert said.startswith("DATABASE_URL: the database cannot be reached (")


@pytest.mark.processes
def test_broker_that_is_away(tmp_path: Path) -> None:
    said = refused(tmp_path / "data", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert said == "REDIS_URL: no Redis or Valkey answers there."
