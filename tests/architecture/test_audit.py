"""Every write that somebody asks for is in the audit trail: who has an actor records it, or calls somebody who does."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.architecture.test_house import SOURCES

# Atomic writes that nobody asks for and that change nothing a bookkeeper sees but the progress of work.
TECHNICAL = {
    "merge_tallies",
    "_link_batch",
    "fail_preparing",
    "keep_books_check",
    "read_outcomes",
    "_give_batch",
    "_replay_batch",
}


def called(function: ast.FunctionDef) -> set[str]:
    """The names of the functions it calls: `audit.record` as that, those of other modules without the module."""
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
            names.add("audit.record")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_module(node.func.value):
            names.add(node.func.attr)
    return names


def is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"services", "audit"}


def methods(function: ast.FunctionDef) -> set[str]:
    """The names of the methods it calls on anything."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {call.attr for call in calls if isinstance(call, ast.Attribute)}


def is_atomic(function: ast.FunctionDef) -> bool:
    return any("atomic" in ast.unparse(decorator) for decorator in function.decorator_list)


def functions() -> dict[str, list[ast.FunctionDef]]:
    """All functions of modules by name; those of classes are edges, which write nothing themselves."""
    found: dict[str, list[ast.FunctionDef]] = defaultdict(list)
    for path in SOURCES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                found[node.name].append(node)
    return found


def recording(found: dict[str, list[ast.FunctionDef]]) -> set[str]:
    """The names of functions that record, themselves or through others."""
    calls = {name: set[str]().union(*map(called, group)) for name, group in found.items()}
    names, before = {"audit.record"}, 0
    while len(names) > before:
        before = len(names)
        names |= {name for name, uses in calls.items() if uses & names}
    return names


def test_every_service_with_an_actor_records_it() -> None:
    found = functions()
    records = recording(found)
    services = {
        name
        for name, group in found.items()
        for function in group
        if is_atomic(function) and "actor" in {argument.arg for argument in function.args.kwonlyargs}
    }
    assert len(services) > 40
    assert services - records == set()


def test_every_other_atomic_write_is_technical_or_records_the_system() -> None:
    found = functions()
    writes = {"save", "create", "delete", "update", "bulk_create", "executemany"}
    silent = {
        name
        for name, group in found.items()
        for function in group
        if is_atomic(function) and methods(function) & writes
    }
    assert silent - recording(found) - TECHNICAL == set()
