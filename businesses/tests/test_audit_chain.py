"""The audit trail's hash chain: linking, proving, exporting, and what the verifier without a database finds."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from businesses import audit
from businesses.audit import SYSTEM
from businesses.audit_chain import BATCH, START, head_of, link_business, prove_chain, unlinked
from businesses.models import AuditEntry, Business
from businesses.tasks import link_audit
from conftest import Api
from tests.guards import without_guards

VERIFIER = Path(__file__).parents[2] / "examples" / "verify_audit.py"
ODD = {"note": 'Zoë – “ünïcode” \u2028 \\ " 𝄞', "z": [1, True, None, {"b": 2**63, "a": ""}], "a": -5}


@pytest.fixture
def trail(alice: Business) -> list[AuditEntry]:
    """Ten entries after the business's own first one, all linked."""
    for number in range(10):
        audit.record(alice, SYSTEM, "thing.done", alice, {"number": number, **ODD})
    link_audit()
    return list(AuditEntry.objects.of(alice).order_by("position"))


def verify(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def sql(statement: str, *parameters: Any) -> None:
    with without_guards(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0


def test_entries_are_linked_in_order(alice: Business, trail: list[AuditEntry]) -> None:
    assert [entry.position for entry in trail] == list(range(1, 12))
    assert [entry.pk for entry in trail] == sorted(entry.pk for entry in trail)
    assert len({entry.hash for entry in trail}) == 11
    assert verify() == (0, f"Alice Ltd ({alice.uuid}): holds: head position 11 {trail[-1].hash}\n")


def test_each_business_has_its_own_chain(alice: Business, bob: Business) -> None:
    link_audit()
    audit.record(alice, SYSTEM, "thing.done", alice)
    link_audit()
    assert (head_of(alice).position, head_of(bob).position) == (2, 1)
    assert head_of(alice).hash != head_of(bob).hash


def test_what_is_not_linked_yet_is_counted(alice: Business, trail: list[AuditEntry]) -> None:
    audit.record(alice, SYSTEM, "thing.done", alice)
    assert unlinked(alice) == 1
    assert verify("--business", str(alice.uuid))[1].endswith(", 1 not linked yet\n")


def test_a_late_entry_is_linked_when_it_is_seen(alice: Business, trail: list[AuditEntry]) -> None:
    late = AuditEntry(business=alice, actor_kind="system", actor_label="x", action="a.b", subject_id=alice.uuid)
    late.pk = 0  # older than all that are linked
    late.save(force_insert=True)
    link_audit()
    late.refresh_from_db()
    assert late.position == 12
    assert verify()[0] == 0


def test_any_backlog_drains(alice: Business) -> None:
    rows = [
        AuditEntry(business=alice, actor_kind="system", actor_label="x", action="a.b", subject_id=alice.uuid)
        for _ in range(2 * BATCH)
    ]
    AuditEntry.objects.bulk_create(rows)
    assert link_business(alice) == 2 * BATCH + 1
    assert link_business(alice) == 0
    assert prove_chain(alice).head.position == 2 * BATCH + 1


def test_a_float_is_refused(alice: Business) -> None:
    with pytest.raises(TypeError, match="whole number or text"):
        audit.record(alice, SYSTEM, "thing.done", alice, {"rows": [{"rate": 0.1}]})


DAMAGE: list[tuple[str, str, str]] = [
    ("changed", "UPDATE businesses_auditentry SET actor_label = 'Nobody' WHERE position = 5", "position 5, entry"),
    (
        "changes",
        """UPDATE businesses_auditentry SET changes = '{"number": 7}' WHERE position = 5""",
        "position 5, entry",
    ),
    ("moved in time", "UPDATE businesses_auditentry SET created_at = '2020-01-01' WHERE position = 3", "position 3, "),
    ("hash", "UPDATE businesses_auditentry SET hash = 'abab' WHERE position = 11", "position 11, entry"),
    ("removed", "DELETE FROM businesses_auditentry WHERE position = 4", "position 4 is missing"),
    ("first removed", "DELETE FROM businesses_auditentry WHERE position = 1", "position 1 is missing"),
    ("unlinked", "UPDATE businesses_auditentry SET position = NULL WHERE position = 6", "position 6 is missing"),
]


@pytest.mark.parametrize(("kind", "statement", "sentence"), DAMAGE, ids=[row[0] for row in DAMAGE])
def test_it_names_the_first_broken_link(trail: list[AuditEntry], kind: str, statement: str, sentence: str) -> None:
    sql(statement)
    code, said = verify()
    assert code == 1
    assert sentence in said


def test_it_finds_reordered_entries(trail: list[AuditEntry]) -> None:
    sql("UPDATE businesses_auditentry SET position = NULL WHERE position = 3")
    sql("UPDATE businesses_auditentry SET position = 3 WHERE position = 4")
    sql("UPDATE businesses_auditentry SET position = 4 WHERE id = %s", trail[2].pk)
    code, said = verify()
    assert code == 1
    assert f"position 3, entry {trail[3].uuid}" in said


def test_it_finds_an_inserted_entry(alice: Business, trail: list[AuditEntry]) -> None:
    sql("UPDATE businesses_auditentry SET position = position + 100 WHERE position > 4")
    sql("UPDATE businesses_auditentry SET position = position - 99 WHERE position > 100")
    forged = AuditEntry(business=alice, actor_kind="system", actor_label="x", action="a.b", subject_id=alice.uuid)
    forged.position, forged.hash = 5, "cd" * 32
    forged.save()
    code, said = verify()
    assert code == 1
    assert f"position 5, entry {forged.uuid}" in said


def test_it_finds_a_new_chain_over_forged_records(alice: Business, trail: list[AuditEntry]) -> None:
    noted = head_of(alice).hash
    sql("UPDATE businesses_auditentry SET position = NULL, hash = ''")
    sql("UPDATE businesses_auditentry SET actor_label = 'Nobody' WHERE id = %s", trail[4].pk)
    link_audit()
    assert verify()[0] == 0
    code, said = verify("--business", str(alice.uuid), "--head", noted)
    assert code == 1
    assert noted in said


def test_a_head_noted_earlier_shows_that_the_end_was_cut_off(alice: Business, trail: list[AuditEntry]) -> None:
    noted = head_of(alice).hash
    assert verify("--business", str(alice.uuid), "--head", noted)[0] == 0
    sql("DELETE FROM businesses_auditentry WHERE position > 8")
    assert verify()[0] == 0
    assert verify("--business", str(alice.uuid), "--head", noted)[0] == 1


def test_commands_refuse_what_they_do_not_know(alice: Business) -> None:
    for command in ("verify_audit", "export_audit"):
        with pytest.raises(CommandError, match="no business"):
            call_command(command, "--business", "nonsense")
    with pytest.raises(CommandError, match="--business"):
        call_command("verify_audit", "--head", START)


# Export --------------------------------------------------------------------------------------------------------------
def checked(file: Path, *noted: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(file), *noted], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def exported(alice: Business, trail: list[AuditEntry], tmp_path: Path) -> Path:
    file = tmp_path / "audit.jsonl"
    call_command("export_audit", "--business", str(alice.uuid), "--out", str(file), stdout=StringIO())
    return file


def test_the_export_is_proved_with_nothing_but_python(alice: Business, exported: Path) -> None:
    head = head_of(alice)
    code, said = checked(exported, head.hash)
    assert code == 0, said
    assert f"head: position 11 {head.hash}" in said
    out = StringIO()
    call_command("export_audit", "--business", str(alice.uuid), stdout=out)
    # Records and head are the same; the header's moment is another.
    assert out.getvalue().split("\n")[1:] == exported.read_text().split("\n")[1:]


def test_an_export_has_what_was_done_up_to_now(alice: Business, exported: Path) -> None:
    audit.record(alice, SYSTEM, "thing.done", alice)
    call_command("export_audit", "--business", str(alice.uuid), "--out", str(exported), stdout=StringIO())
    assert '"position": 12' in exported.read_text().split("\n")[-2]
    assert checked(exported)[0] == 0


Lines = list[str]
FORGERIES: list[tuple[str, Callable[[Lines], Lines], str]] = [
    ("changed", lambda lines: [line.replace('"number":2', '"number":3') for line in lines], "position 4"),
    ("removed", lambda lines: lines[:3] + lines[4:], "position 3 is missing"),
    ("reordered", lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "position 3 is missing or out of order"),
    ("twice", lambda lines: [*lines[:4], lines[3], *lines[4:]], "out of order"),
    ("end cut off", lambda lines: lines[:-1], "cut off"),
    ("last links cut out", lambda lines: lines[:-3] + lines[-1:], "the end was cut off"),
]


@pytest.mark.parametrize(("kind", "forge", "sentence"), FORGERIES, ids=[row[0] for row in FORGERIES])
def test_the_verifier_finds_a_forged_file(
    exported: Path, kind: str, forge: Callable[[Lines], Lines], sentence: str
) -> None:
    lines = exported.read_text().split("\n")[:-1]
    exported.write_text("\n".join(forge(lines)) + "\n")
    code, said = checked(exported)
    assert code == 1
    assert sentence in said


def test_the_verifier_misses_a_head_that_was_cut_off_with_its_tail(alice: Business, exported: Path) -> None:
    noted = head_of(alice).hash
    header, *links, _ = exported.read_text().split("\n")[:-1]
    kept = [json.loads(line) for line in links[:-2]]
    last = {"head": {"position": len(kept), "hash": kept[-1]["hash"]}, "count": len(kept), "unlinked": 0}
    exported.write_text("\n".join([header, *links[:-2], json.dumps(last)]) + "\n")
    assert checked(exported)[0] == 0
    code, said = checked(exported, noted)
    assert code == 1
    assert noted in said


# Two at once ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_linkers_at_once_make_one_chain(alice: Business) -> None:
    rows = [
        AuditEntry(business=alice, actor_kind="system", actor_label="x", action="a.b", subject_id=alice.uuid)
        for _ in range(3 * BATCH)
    ]
    AuditEntry.objects.bulk_create(rows)
    linked: list[int] = []

    def run() -> None:
        linked.append(link_business(alice))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(linked) == 3 * BATCH + 1
    proof = prove_chain(alice)
    assert (proof.broken, proof.head.position, proof.unlinked) == ("", 3 * BATCH + 1, 0)


# What is shown -------------------------------------------------------------------------------------------------------
def test_a_write_through_the_api_is_in_the_chain(alice: Business, api: Api) -> None:
    api.post("/customers", {"name": "Acme"})
    link_audit()
    assert AuditEntry.objects.of(alice).get(action="customer.created").position == head_of(alice).position
    assert verify()[0] == 0
