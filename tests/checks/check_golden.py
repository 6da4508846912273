# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests: tests/golden/TESTLIST has one case a line: name, capture, expected file, options. The
output must be the expected one to the byte. `tests/golden/update` writes the expected files."""
import difflib
import os
import sys

from common import PCAPS, ROOT, each, finish, run

GOLDEN = os.path.join(ROOT, "tests", "golden")
UPDATE = "--update" in sys.argv[3:]


def cases():
    with open(os.path.join(GOLDEN, "TESTLIST"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, capture, expected, *options = line.split()
                yield name, capture, expected, options


def check(case):
    name, capture, expected, options = case
    status, out, err = run("-r", os.path.join(PCAPS, capture), *options)
    # The folder of the captures is not part of what is expected.
    got = out + err.replace(PCAPS.encode() + b"/", b"") + f"exit {status}\n".encode()
    path = os.path.join(GOLDEN, expected)
    if UPDATE:
        with open(path, "wb") as file:
            file.write(got)
        return []
    try:
        with open(path, "rb") as file:
            want = file.read()
    except OSError as error:
        return [f"{name}: {error.strerror}: {expected}"]
    if got == want:
        return []
    diff = difflib.unified_diff(want.decode("utf-8", "replace").splitlines(),
                                got.decode("utf-8", "replace").splitlines(), expected, "now", lineterm="", n=1)
    return [f"{name}: differs from {expected}", *list(diff)[:20]]


listed = list(cases())
# One failure a case, however many lines of it differ.
failures = ["\n".join(lines) for lines in each(check, listed) if lines]
finish("golden", failures, len(listed))
