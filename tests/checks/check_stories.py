# SPDX-License-Identifier: GPL-2.0-or-later
"""Each capture says what its story says: findings that must fire, near misses that must not, the
cause, the stage and the outcome. Every capture has a story. A story that names a finding which the
table does not have yet (it needs record lengths or several sessions) is checked without its cause."""
import json

from common import captures, each, finish, records, run, stories

_, listing, _ = run("--list-findings", "--json", check=True)
TABLE = {json.loads(line)["id"] for line in listing.splitlines()}


def words(section, key):
    return section.get(key, "").split()


def check(item):
    name, section = item
    bad = []
    found = records(name)
    ids = {f["id"] for r in found for f in r["smtp365"].get("findings", [])}
    unsure = words(section, "unsure")
    later = [slug for slug in words(section, "fires") if slug not in TABLE]
    for slug in words(section, "fires"):
        if slug not in ids and slug in TABLE and "fires" not in unsure:
            bad.append(f"{name}: {slug} did not fire (found: {' '.join(sorted(ids)) or 'nothing'})")
    for slug in words(section, "near"):
        if slug in ids and "near" not in unsure:
            bad.append(f"{name}: {slug} fired on a near miss")
    exposed = {r["smtp365"].get("auth", {}).get("exposure", "unknown") for r in found}
    if "exposure" in section and section["exposure"] not in exposed:
        bad.append(f"{name}: exposure is {' '.join(sorted(exposed))}, not {section['exposure']}")
    causes = {r["smtp365"]["cause"]["id"] for r in found if "cause" in r["smtp365"]}
    if later or "fires_inferred" in section or "cause" in unsure:
        return bad
    want = words(section, "cause")
    for slug in want:
        if slug not in causes:
            bad.append(f"{name}: cause is {' '.join(sorted(causes)) or 'none'}, not {slug}")
    if "cause" in section and not want and causes:
        bad.append(f"{name}: cause {' '.join(sorted(causes))} where nothing failed")
    for key in ("stopped_at", "outcome", "endpoint", "method"):
        allowed = words(section, key)
        values = {str(r["smtp365"].get(key, "")) for r in found}
        if allowed and key not in unsure and not values & set(allowed):
            bad.append(f"{name}: {key} is {' '.join(sorted(values)) or 'absent'}, not {' or '.join(allowed)}")
    if "sessions" in section and len(found) != int(section["sessions"]):
        bad.append(f"{name}: {len(found)} sessions, not {section['sessions']}")
    return bad


told = stories()
have = captures()
failures = [f"{name}: has no story" for name in have if name.split("/")[-1] not in told and name not in told]
present = [(name, section) for name, section in sorted(told.items())
           if name in have or f"hostile/{name}" in have]
missing = sorted(set(told) - {name for name, _ in present})
failures += [f"{name}: has a story but no capture" for name in missing]
located = [(name if name in have else f"hostile/{name}", section) for name, section in present]
for lines in each(check, located):
    failures += lines
finish("stories", failures, len(located))
