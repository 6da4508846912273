# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of the table of findings has a capture that fires it and a near miss that does not. What a
story claims is proven by check_stories; here the table is read from the tool itself."""
import json

from common import finish, run, stories

_, out, _ = run("--list-findings", "--json", check=True)
rows = [json.loads(line)["id"] for line in out.splitlines()]
fires, near = set(), set()
for section in stories().values():
    fires |= set(section.get("fires", "").split())
    near |= set(section.get("near", "").split())
failures = [f"{row}: no capture fires it" for row in rows if row not in fires]
failures += [f"{row}: no near miss" for row in rows if row not in near]
failures += [f"{slug}: in a story's fires but no row of the table" for slug in sorted(fires - set(rows))]
finish("rows", failures, len(rows))
