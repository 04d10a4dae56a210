"""The first words of a server: all once, then only where to find them."""

from __future__ import annotations

from pathlib import Path

from invoicing.lib.env import read_environment
from invoicing.processes.banner import banner

CREDENTIALS = "url=http://testserver\nlogin=demo@example.com\npassword=a=b\nbusiness=b1\napi_key=oim_0123\n"


def test_the_first_start_shows_how_to_get_in(tmp_path: Path) -> None:
    path = tmp_path / "demo-credentials"
    path.write_text(CREDENTIALS)
    text = banner(read_environment(), path, is_first=True, allowed_nets="127.0.0.0/8")
    for part in ("http://testserver/admin/", "demo@example.com", "a=b", "Bearer oim_0123", str(path)):
        assert part in text
    assert "curl -sS http://testserver/api/v1/invoices" in text
    assert "OUTGOING_ALLOW_NETS=127.0.0.0/8" in text


def test_later_starts_show_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "demo-credentials"
    path.write_text(CREDENTIALS)
    text = banner(read_environment(), path, is_first=False, allowed_nets="")
    assert str(path) in text
    assert "oim_0123" not in text
    assert "a=b" not in text
    assert "OUTGOING_ALLOW_NETS" not in text


def test_without_a_demo_it_says_how_to_begin(tmp_path: Path) -> None:
    text = banner(read_environment(), tmp_path / "demo-credentials", is_first=True, allowed_nets="")
    assert "manage.py create_business" in text
    assert "manage.py create_api_key" in text
