"""`python -m benchmarks [--full] [--only NAME]`: prints a table and keeps the results; `make bench` brings a PostgreSQL."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, machine

FAMILIES = (
    "documents",
    "lists",
    "pdf",
    "receivables",
    "webhooks",
)  # modules with a `run(full=…)` that yields results; each has a file of its own
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure everything; 0 whatever comes out: a bar that is missed is a fact, not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--full", action="store_true", help="a million rows")
    parser.add_argument("--only", choices=FAMILIES, help="one family of works")
    arguments = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        raise SystemExit("DATABASE_URL is missing: run `make bench`.")
    families = [arguments.only] if arguments.only else FAMILIES
    with tempfile.TemporaryDirectory(prefix="invoicing-bench-") as folder:
        os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="invoicing.settings")
        os.environ.update(
            OUTGOING_ALLOW_NETS="127.0.0.0/8", RATE_LIMIT="1000000"
        )  # calls are counted, and none refused
        results = [result for family in measure(families, full=arguments.full) for result in family]
    show(results)
    return 0


def measure(families: Iterable[str], *, full: bool) -> Iterator[list[Result]]:
    """The results of each family, kept in its file with where they were measured."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    RESULTS.mkdir(exist_ok=True)
    for family in families:
        where, results = _where(), []
        for result in import_module(f"benchmarks.{family}").run(full=full):
            results.append(result)
            sys.stderr.write(f"{result.work}: {result.ratio:.2f}\n")
        kept = {"machine": where, "results": [result.as_json() for result in results]}
        (RESULTS / f"{family}{'-full' if full else ''}.json").write_text(json.dumps(kept, indent=2) + "\n")
        yield results


def _where() -> dict[str, Any]:
    from django.db import connection

    where = machine()
    with connection.cursor() as cursor:
        for name, setting in (("postgresql", "server_version"), ("fsync", "fsync")):
            cursor.execute(f"SHOW {setting}")
            where[name] = cursor.fetchone()[0]
    return where


def show(results: Iterable[Result]) -> None:
    """The table for people, and below it what else was found out."""
    rows = [("work", "ours", "limit", "ratio", "floor", "goal", "reached", "limit is")]
    for result in results:
        times = (f"{result.ours * 1000:.1f} ms", f"{result.limit * 1000:.1f} ms", f"{result.ratio:.2f}")
        bar = (f"{result.bar.floor:g}", f"{result.bar.goal:g}", result.bar.verdict(result.ratio))
        rows.append((result.work, *times, *bar, result.limit_is))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    for result in results:
        facts = "".join(f"\n  {value:>9,} {name.replace('_', ' ')}" for name, value in result.facts.items())
        sys.stdout.write(f"\n{result.work}:{facts}\n")


if __name__ == "__main__":
    sys.exit(main())
