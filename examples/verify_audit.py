#!/usr/bin/env python3
"""Check an audit chain written by `manage.py export_audit`; needs nothing but Python.

Usage: verify_audit.py FILE [HASH], where HASH is a head noted earlier: if it is no longer in the chain, its end was cut off.
Prints the head, to be noted for the next time. Exit 1 names the first line that does not hold.
"""

import hashlib
import json
import sys
from typing import Any, NoReturn


def fail(message: str) -> NoReturn:
    print(f"BROKEN: {message}")
    sys.exit(1)


def canonical(record: Any) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check(path: str, noted: str = "") -> None:
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")[:-1]
    try:
        header, *links, last = [json.loads(line) for line in lines]
    except ValueError as error:
        fail(f"not an export, or cut off: {error}")
    if header.get("format") != "invoicing-audit-chain/1" or "head" not in last:
        fail("not an export, or cut off: the header or the head is missing")
    previous, seen = "0" * 64, noted in {"", "0" * 64}
    for position, line in enumerate(links, 1):
        record = line["record"]
        where = f"line {position + 1}, position {record['position']}, entry {record['entry']}"
        if record["position"] != position:
            fail(f"{where}: position {position} is missing or out of order")
        if record["business"] != header["business"]:
            fail(f"{where}: it belongs to another business")
        if hashlib.sha256(previous.encode() + b"\n" + canonical(record)).hexdigest() != line["hash"]:
            fail(f"{where}: its record or its hash is not what was linked there")
        previous = line["hash"]
        seen = seen or previous == noted
    if last["head"] != {"position": len(links), "hash": previous} or last["count"] != len(links):
        fail(f"the head is not the last of {len(links)} links: the end was cut off")
    if not seen:
        fail(f"the head {noted} noted earlier is not in the chain: its end was cut off or rewritten")
    print(f"{header['name']} ({header['business']}), exported {header['exported_at']}")
    print(f"{len(links)} links hold; {last['unlinked']} entries were not linked yet")
    print(f"head: position {len(links)} {previous}")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    check(sys.argv[1], sys.argv[2].lower() if len(sys.argv) == 3 else "")
