# SPDX-License-Identifier: GPL-2.0-or-later
"""With their keys all sessions are read inside, under every cipher suite; what the stories say is seen
with keys is found; no secret of the dialogue and none of the key log is ever printed."""
import glob
import json
import os
import re
import tempfile

from common import PCAPS, each, finish, run, stories

SECRETS = set()
for path in glob.glob(os.path.join(PCAPS, "stories", "secrets*.txt")):
    with open(path, encoding="utf-8") as lines:
        SECRETS |= {line.strip() for line in lines if line.strip() and not line.startswith("#")}
SECRETS |= {"SECRET"}
MODES = (["--json", "--all"], ["--all", "-v"], ["--redact", "-v", "--all"])
# Sessions that gnutls-cli makes only to go on from them.
EMPTY = {"gnutls-tls12-resumed": 1}
LEAST = {"openssl-tls12-cbc": 20, "gnutls-tls12": 12, "openssl-tls13": 5, "openssl-tls12-aead": 7}


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def opened(capture, log):
    """All records, made with the key log."""
    _, out, err = run("-r", capture, "--keylog", log, "--json", "--all")
    return [json.loads(line) for line in out.splitlines()], err.decode()


def in_keys(capture):
    """A capture of pcaps/keys: each session logs in and its letter is accepted."""
    name = os.path.basename(capture)[:-len(".pcapng")]
    found, err = opened(capture, capture[:-len("pcapng")] + "keylog")
    bad = [f"keys/{name}: {err.strip()}"] if err else []
    if len(found) < LEAST.get(name, 1):
        bad.append(f"keys/{name}: only {len(found)} sessions")
    for record in found[EMPTY.get(name, 0):]:
        s = record["smtp365"]
        if s["outcome"] != "accepted" or "auth.mech_basic" not in {f["id"] for f in s["findings"]}:
            bad.append(f"keys/{name}: {record['message']}")
    return bad


def in_story(item):
    """What a story says that keys show; without them none of it may be known."""
    name, section = item
    capture, log = os.path.join(PCAPS, name), os.path.join(PCAPS, section["keylog"])
    found, _ = opened(capture, log)
    ids = {f["id"] for r in found for f in r["smtp365"]["findings"]}
    return [f"{name}: {slug} was not found with the keys"
            for slug in section.get("fires_with_keys", "").split() if slug not in ids]


def secrets(pair):
    capture, log = pair
    own = set(re.findall(r"[0-9a-f]{64,96}$", read(log), re.M)) if log else set()
    bad = []
    for mode in MODES:
        _, out, err = run("-r", capture, *(["--keylog", log] if log else []), *mode)
        text = (out + err).decode("utf-8", "strict")
        if any(secret in text for secret in SECRETS | own):
            bad.append(f"{os.path.basename(capture)} {' '.join(mode)}: a secret appears")
    return bad


def resumed():
    """The keys of the first session, whose others go on from it, open these too: by session id and by
    ticket; for TLS 1.3 each session has its own."""
    capture = os.path.join(PCAPS, "keys", "openssl-tls12-resumed.pcapng")
    lines = [line for line in read(capture[:-len("pcapng")] + "keylog").splitlines() if line.startswith("CLIENT_RANDOM")]
    first = {}
    for line in lines:
        first.setdefault(line.split()[2], line)  # by the master secret
    with tempfile.NamedTemporaryFile("w", suffix=".keylog") as log:
        log.write("\n".join(first.values()) + "\n")
        log.flush()
        found, err = opened(capture, log.name)
    bad = [] if len(first) < len(found) else ["resumed: nothing was resumed"]
    bad += [f"resumed: {r['message']}" for r in found if r["smtp365"]["outcome"] != "accepted"]
    return bad + ([f"resumed: {err}"] if err else [])


def blocks(data):
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 4:at + 8], "little")
        yield data[at:at + size]
        at += size


def verdicts(capture, log_text):
    """(outcome, cause) of each session of capture bytes with these keys, and whether a secret was printed."""
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as file, tempfile.NamedTemporaryFile("w", suffix=".keylog") as log:
        file.write(capture)
        file.flush()
        log.write(log_text)
        log.flush()
        _, out, _ = run("-r", file.name, "--keylog", log.name, "--json", "--all", "--no-inference")
    found = [json.loads(line)["smtp365"] for line in out.splitlines()]
    return [(s["outcome"], s.get("cause", {}).get("id")) for s in found], any(s in out.decode() for s in SECRETS)


# capture -> what may be said of it when a frame or some of its keys are missing
PARTS = {
    "auth-535-tenant-keylog": ("rejected", "auth.smtp_auth_disabled_tenant"),
    "auth-535-tenant-tls13-keylog": ("rejected", "auth.smtp_auth_disabled_tenant"),
    "submission-587-tls13": ("accepted", None),
    "submission-587-tls12": ("accepted", None),
}
UNKNOWN = {("encrypted", None), ("incomplete", None)}


def judge_part(name, what, capture, log_text):
    found, printed = verdicts(capture, log_text)
    bad = [f"{name} without {what}: {v}" for v in found if v != PARTS[name] and v not in UNKNOWN]
    return bad + ([f"{name} without {what}: a secret appears"] if printed else [])


def in_parts(name):
    """Each frame is lost once, and each choice of the key log's lines is all that there is: what remains is
    said or left open, and nobody is accused of what was lost."""
    path = os.path.join(PCAPS, name + ".pcapng")
    with open(path, "rb") as file:
        whole = list(blocks(file.read()))
    log_text = read(os.path.join(PCAPS, name + ".keylog"))
    lines = log_text.splitlines(True)
    frames = [i for i, block in enumerate(whole) if block[:4] == b"\6\0\0\0"]
    bad = []
    for number, lost in enumerate(frames, 1):
        rest = b"".join(block for i, block in enumerate(whole) if i != lost)
        bad += judge_part(name, f"frame {number}", rest, log_text)
    for choice in range(1 << len(lines)) if len(lines) > 1 else ():
        some = [line for i, line in enumerate(lines) if choice >> i & 1]
        bad += judge_part(name, f"keys but {[s.split()[0] for s in some]}", b"".join(whole), "".join(some))
    return bad


def embedded():
    """The same keys in the file and beside it."""
    capture = os.path.join(PCAPS, "submission-587-embedded-keys.pcapng")
    _, inside, err = run("-r", capture, "--json", "--all")
    _, beside, _ = run("-r", capture, "--keylog", capture[:-len("pcapng")] + "keylog", "--json", "--all")
    bad = [] if inside == beside and b'"accepted"' in inside else ["embedded: not as with --keylog"]
    return bad + ([f"embedded: {err.decode()}"] if err else [])


keys = sorted(glob.glob(os.path.join(PCAPS, "keys", "*.pcapng")))
told = [(name, s) for name, s in sorted(stories().items()) if "keylog" in s]
logs = [(os.path.join(PCAPS, n), os.path.join(PCAPS, s["keylog"])) for n, s in told]
logs += [(k, k[:-len("pcapng")] + "keylog") for k in keys]
groups = each(in_keys, keys), each(in_story, told), each(secrets, logs), each(in_parts, PARTS)
failures = [line for group in groups for lines in group for line in lines] + resumed() + embedded()
finish("keys", failures, len(keys) + len(told) + len(logs) * len(MODES))
