# SPDX-License-Identifier: GPL-2.0-or-later
"""No secret appears in anything that leaves the tool: text, dialogue, records, pages, kept packets with
and without bodies, standard error; plain, in base64 at each alignment, hexadecimal, escaped or wide,
and split over segments and lines. Over all captures with the secrets that they hold, and over dialogues
of our own that put one wherever it can stand (secret_dialogues.py)."""
import base64
import glob
import os
import tempfile

from common import PCAPS, captures, each, finish, run
from secret_dialogues import DIALOGUES, LONG, PARTS, SIGNS, WORD, searched
from traffic import Connection, File

secrets = set()
for path in glob.glob(os.path.join(PCAPS, "stories", "secrets*.txt")):
    with open(path, encoding="utf-8") as lines:
        secrets |= {line.strip() for line in lines if line.strip() and not line.startswith("#")}
secrets |= {"SECRET"} | {base64.b64encode(b"SECRET").decode()[:8]}
MODES = (["--json", "--all"], ["--all", "-v"], ["--all"], ["--redact", "-v", "--all"],
         ["--json", "--redact"])
FILES = (["--html", "page"], ["-w", "copy"], ["-w", "copy", "--bodies"], ["-w", "copy", "--redact"])


def outputs(capture, modes):
    """All that each mode lets out: (mode, exit status, bytes)."""
    for mode in modes:
        with tempfile.TemporaryDirectory() as folder:
            words = [os.path.join(folder, word) if word in ("page", "copy") else word for word in mode]
            status, out, err = run("-r", capture, "--all", *[w for w in words if w != "--all"])
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    out += file.read()
            yield " ".join(mode), status, out + err


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


def check_dialogue(item):
    """A dialogue of our own must be read, and no part of its secrets may come out."""
    name, make = item
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "dialogue.pcap")
        with File(capture) as file:
            c = Connection(file)
            make(c)
            c.close()
        for mode, status, out in outputs(capture, [*MODES, *FILES]):
            found = sorted(text for text in wanted if text in out)
            if found or status != 0 or not out:
                bad.append(f"{name} {mode}: exit {status}, found {found[:3]}")
    return bad


wanted = {part.encode() for part in PARTS}
for password in (WORD, SIGNS, LONG):
    wanted |= searched(password)
names = captures()
failures = [line for lines in each(check_dialogue, DIALOGUES.items()) for line in lines]
failures += [line for lines in each(check, names) for line in lines]
finish("secrets", failures, len(names) * len(MODES) + len(DIALOGUES) * (len(MODES) + len(FILES)))
