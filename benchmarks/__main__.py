"""`python -m benchmarks [--full]`: prints a table and keeps the results; `make bench` gives it a PostgreSQL of its own."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure everything; 0 whatever comes out: a bar that is missed is a fact, not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--full", action="store_true", help="a million rows")
    full = parser.parse_args().full
    if not os.environ.get("DATABASE_URL"):
        raise SystemExit("DATABASE_URL is missing: run `make bench`.")
    with tempfile.TemporaryDirectory(prefix="invoicing-bench-") as folder:
        os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="invoicing.settings")
        results = measure(full=full)
    show(results)
    return 0


def measure(*, full: bool) -> dict[str, object]:
    """The results of all works, and where they were measured."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from benchmarks import receivables
    from benchmarks.measure import machine

    call_command("migrate", verbosity=0)
    where = machine()
    rows = []
    for result in receivables.run(full=full):
        rows.append(result.as_json())
        sys.stderr.write(f"{result.work}: {result.ratio:.2f}\n")
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        where["postgresql"] = cursor.fetchone()[0]
        cursor.execute("SHOW fsync")
        where["fsync"] = cursor.fetchone()[0]
    results: dict[str, object] = {"machine": where, "results": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"receivables{'-full' if full else ''}.json").write_text(json.dumps(results, indent=2) + "\n")
    return results


def show(results: dict[str, object]) -> None:
    """The table for people."""
    rows = [("work", "ours", "limit", "ratio", "floor", "goal", "reached", "limit is")]
    for row in results["results"]:  # type: ignore[attr-defined]
        times = (f"{row['ours_seconds'] * 1000:.1f} ms", f"{row['limit_seconds'] * 1000:.1f} ms", f"{row['ratio']:.2f}")
        bar = (f"{row['bar']['floor']:g}", f"{row['bar']['goal']:g}")
        rows.append((row["work"], *times, *bar, row["reached"], row["limit_is"]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


if __name__ == "__main__":
    sys.exit(main())
