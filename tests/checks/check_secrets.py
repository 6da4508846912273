# SPDX-License-Identifier: GPL-2.0-or-later
"""No secret of any capture appears in any output of any mode, plain, base64 or as part of a word."""
import base64
import glob
import os

from common import PCAPS, captures, each, finish, run

secrets = set()
for path in glob.glob(os.path.join(PCAPS, "stories", "secrets*.txt")):
    with open(path, encoding="utf-8") as lines:
        secrets |= {line.strip() for line in lines if line.strip() and not line.startswith("#")}
secrets |= {"SECRET"} | {base64.b64encode(b"SECRET").decode()[:8]}
MODES = (["--json", "--all"], ["--all", "-v"], ["--all"], ["--redact", "-v", "--all"],
         ["--json", "--redact"])


def check(name):
    bad = []
    for mode in MODES:
        status, out, err = run("-r", os.path.join(PCAPS, name), *mode)
        text = (out + err).decode("utf-8", "strict")
        for secret in secrets:
            if secret in text:
                bad.append(f"{name} {' '.join(mode)}: a secret appears ({secret[:4]}...)")
        if status not in (0, 2):
            bad.append(f"{name} {' '.join(mode)}: exit {status}")
    return bad


names = captures()
failures = [line for lines in each(check, names) for line in lines]
finish("secrets", failures, len(names) * len(MODES))
