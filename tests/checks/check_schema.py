# SPDX-License-Identifier: GPL-2.0-or-later
"""Every record of every capture follows tests/session.schema.json; findings are sorted by frame, then
id; sessions are numbered from 1; the cause is one of the findings; a failed session has one."""
import json
import os

import jsonschema

from common import ROOT, captures, each, finish, records

with open(os.path.join(ROOT, "tests", "session.schema.json"), encoding="utf-8") as file:
    SCHEMA = json.load(file)
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)


def check(name):
    bad = []
    for number, record in enumerate(records(name), 1):
        place = f"{name} session {number}"
        for error in VALIDATOR.iter_errors(record):
            bad.append(f"{place}: {'/'.join(map(str, error.path))}: {error.message[:160]}")
        own = record["smtp365"]
        found = own.get("findings", [])
        keys = [((f.get("frames") or [0])[0], f["id"]) for f in found]
        if keys != sorted(keys):
            bad.append(f"{place}: findings are not sorted")
        if len({f["id"] for f in found}) != len(found):
            bad.append(f"{place}: a finding stands twice")
        if own["session"] != number:
            bad.append(f"{place}: numbered {own['session']}")
        cause = own.get("cause")
        if cause and cause["id"] not in {f["id"] for f in found}:
            bad.append(f"{place}: the cause is not among the findings")
        if ("stopped_at" in own) != bool(cause):
            bad.append(f"{place}: stopped_at {own.get('stopped_at')} but cause {cause and cause['id']}")
        if not cause and own["outcome"] in ("failed", "rejected"):
            bad.append(f"{place}: outcome {own['outcome']} without a cause")
    return bad


names = captures()
failures = [line for lines in each(check, names) for line in lines]
finish("schema", failures, len(names))
