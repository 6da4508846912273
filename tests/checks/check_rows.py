# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of the table of findings has a capture that fires it and a near miss that does not. What a
story claims is proven by check_stories; here the table is read from the tool itself. A row that only
keys or record lengths show ("-" is not among its keys) may have its capture in fires_with_keys or
fires_inferred. LATER are findings of the stories whose rows are not built: they need record lengths or
several sessions of a client."""
import json

from common import finish, run, stories

LATER = {"auth.policy_change", "auth.retry_storm",
         "starttls.inconsistent", "starttls.parse_bug_client"}

_, out, _ = run("--list-findings", "--json", check=True)
rows = {row["id"]: row for row in map(json.loads, out.splitlines())}
fires, hidden, near = set(), set(), set()
for section in stories().values():
    fires |= set(section.get("fires", "").split())
    hidden |= set(section.get("fires_with_keys", "").split()) | set(section.get("fires_inferred", "").split())
    near |= set(section.get("near", "").split())
failures = [f"{name}: no capture fires it" for name, row in rows.items()
            if name not in (fires if "-" in row.get("keys", "-") else fires | hidden)]
failures += [f"{name}: no near miss" for name in rows if name not in near]
failures += [f"{name}: in a story's fires but no row of the table" for name in sorted(fires - set(rows) - LATER)]
failures += [f"{name}: listed as later but has a row" for name in sorted(LATER & set(rows))]
finish("rows", failures, len(rows))
