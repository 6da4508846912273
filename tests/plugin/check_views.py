#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark shows: keys, passes, filters, secrets, layers of its own.

usage: check_views.py TOOL SOURCE PLUGIN VERSION [TSHARK]

- with the key log of a capture the causes are those of its story, and certain (stories/*.ini);
- the cause stands on its evidence frames after two passes, as expert information too;
- the heading of each expert info in the dialog is that of what it says;
- no password of the captures is in anything of ours.
"""
import glob
import html
import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "same"))
from check_same import KNOWN  # noqa: E402
from shown import FAILED, check, fields, records, rewrapped  # noqa: E402
from wireshark import Wireshark, captures, merged, one_each, stories  # noqa: E402

# What a reply that was inferred is called when it is read.
READ = {
    "smtpauth_disabled_mailbox": "auth.smtp_auth_disabled_mailbox", "criteria_not_met": "auth.conditional_access",
    "smtpauth_disabled_tenant": "auth.smtp_auth_disabled_tenant", "security_defaults": "auth.security_defaults",
    "account_locked": "auth.account_locked", "bad_credentials": "auth.bad_credentials",
    "basic_auth_disabled": "auth.basic_disabled", "auth_unsuccessful_573": "auth.rejected",
    "mech_unsupported_504": "auth.bad_mech", "not_authenticated_530": "mode.wrong_endpoint_anon",
}
# Refusals after the message that no row of known lengths has, as long as an acceptance.
AS_LONG_AS_ACCEPTED = {"reply-sealed-concurrency-keylog.pcapng", "reply-sealed-outbound-keylog.pcapng"}
MOST_ON_A_FRAME = 16  # sessions besides the frame's own


def inferred_is_certain(name, without, found):
    """What lengths said without keys is what is read with them. Sessions that were compared."""
    n = 0
    for closed, opened in zip(without, found):
        inside, read = closed["smtp365"].get("inside"), {f["id"] for f in opened["smtp365"].get("findings", [])}
        check(f"{name} with keys: no inside", "inside" not in opened["smtp365"], opened["smtp365"].get("inside"))
        if not inside:
            continue
        n += 1
        if inside.get("label") in READ:
            check(f"{name}: inferred {inside['label']}, read", READ[inside["label"]] in read, sorted(read))
        if inside["statement"] == "accepted" and name not in AS_LONG_AS_ACCEPTED:
            check(f"{name}: inferred accepted, read", opened["smtp365"]["outcome"] == "accepted", inside)
        if inside["statement"] == "login_refused":
            result = opened["smtp365"].get("auth", {}).get("result")
            check(f"{name}: inferred refused, read", result == "rejected", inside)
    return n


def with_keys(ws, source, all_stories):
    """Key logs: causes certain, for TLS 1.2 and 1.3."""
    n = compared = 0
    for name, story in all_stories.items():
        if not story.get("keylog"):
            continue
        n += 1
        path = os.path.join(source, "pcaps", name)
        keys = ws.readable(os.path.join(source, "pcaps", story["keylog"]))
        found = records(ws, path, "-o", f"tls.keylog_file:{keys}")
        compared += inferred_is_certain(name, records(ws, path), found)
        findings = {f["id"]: f for r in found for f in r["smtp365"].get("findings", [])}
        want = set(story.get("fires_with_keys", "").split())
        for wanted in want:
            f = findings.get(wanted)
            check(f"{name} with keys: {wanted}", f and not f["inferred"], sorted(findings))
        inferred = [i for i, f in findings.items() if f["inferred"]]
        check(f"{name} with keys: nothing is inferred", not inferred, inferred)
        near = (set(story.get("near", "").split()) - want) & set(findings)
        check(f"{name} with keys: near misses stay away", not near, near)
        reached = [r["smtp365"].get("cause") for r in found]
        hidden = [c for c in reached if c and c["id"].endswith("_inferred")]
        check(f"{name} with keys: causes are read, not inferred", not hidden, reached)
        ws.forget(path)
    check("captures with key logs", n >= 3, n)
    check("sessions inferred and read", compared >= 10, compared)
    print(f"{n} captures with key logs, {compared} sessions both inferred and read")


def cause_rows(ws, path):
    """(frame, session) -> cause and expert messages of the frames that prove a cause."""
    names = ["frame.number", "smtp365.session", "smtp365.cause.id", "_ws.expert.message"]
    rows = {}
    for frame, sessions, causes, experts in fields(ws, path, "smtp365.cause.here", names, "-o", "smtp365.all:TRUE"):
        for session in sessions.split(","):
            rows[int(frame), int(session)] = (causes.split(","), experts, len(sessions.split(",")))
    return rows


def evidence(ws, source):
    """The cause and its expert info stand on the frames that the record names, in all captures."""
    names = [n for n in captures(os.path.join(source, "pcaps")) if os.path.basename(n) not in KNOWN]
    n = 0
    for path in merged(ws, names, 8)[0]:
        rows, shown, crowded = cause_rows(ws, path), set(), {}
        for (frame, session), row in rows.items():
            crowded[frame] = row[2]
        for s in (r["smtp365"] for r in records(ws, path) if "cause" in r["smtp365"]):
            n += 1
            for frame in s["cause"]["frames"]:
                shown.add(frame)
                row = rows.get((frame, s["session"]))
                if not row and crowded.get(frame, 0) >= MOST_ON_A_FRAME:
                    continue
                where = f'{os.path.basename(path)}: session {s["session"]}, frame {frame}'
                check(f"{where} has the cause", row and s["cause"]["id"] in row[0], row)
                check(f"{where} has the expert info", row and f'({s["cause"]["id"]})' in row[1], row)
        extra = {f for f, _ in rows} - shown
        check(f"{os.path.basename(path)}: no other frame proves a cause", not extra, extra)
    check("captures with a cause", n >= 200, n)
    print(f"{n} causes on their frames")


EXPERT = re.compile(rb'<field name="(smtp365\.expert\.[^"]+)" showname="([^"]+?) \([a-z0-9_]+\.[a-z0-9_]+\)')


def expert_headings(ws, source):
    """Wireshark's dialog groups expert infos under the name of their field: it must say what they say."""
    listed = subprocess.run(ws.command("tshark", "-G", "fields"), capture_output=True, text=True, check=True,
                            env=ws.environment()).stdout
    headings = {f[2]: f[1] for f in (line.split("\t") for line in listed.splitlines())
                if f[0] == "F" and f[2].startswith("smtp365.expert.")}
    n = 0
    for name in merged(ws, [os.path.join(source, "pcaps", name) for name in one_each(source)], 4)[0]:
        code, pdml, err = ws.run(name, "-2", "-T", "pdml", "-J", "smtp365", "-o", "smtp365.all:TRUE")
        check(f"{name}: PDML", code == 0, err)
        for field, said in EXPERT.findall(pdml):
            n += 1
            words = html.unescape(said.decode())
            check(f"{name}: heading of {field.decode()}", headings.get(field.decode()) == words,
                  (headings.get(field.decode()), words))
    check("expert infos with a heading", n >= 300, n)


def gtp(ip):
    """IP in GTP-U in UDP in IP, with a raw link layer; the tool does not read it."""
    user = b"\x30\xff" + struct.pack(">HI", len(ip), 7) + ip
    udp = struct.pack(">HHHH", 2152, 2152, len(user) + 8, 0) + user
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, b"\x0a\x09\0\1", b"\x0a\x09\0\2") + udp


def wlan(ip):
    """IP in a data frame of 802.11."""
    return b"\x08\0\0\0" + b"\x02" * 18 + b"\0\0" + b"\xaa\xaa\x03\0\0\0\x08\0" + ip


def layers_of_wireshark(ws, source):
    """Layers that only Wireshark knows: the IP packet that it found is read."""
    path = os.path.join(source, "pcaps", "base-direct-send.pcapng")
    wanted = [r["smtp365"]["outcome"] for r in records(ws, path)]
    for name, linktype, wrap in (("GTP-U", 101, gtp), ("802.11", 105, wlan)):
        copy = rewrapped(ws, path, linktype, lambda ethernet, ip, w=wrap: w(ip))
        got = [r["smtp365"]["outcome"] for r in records(ws, copy)]
        check(f"SMTP in {name}", wanted and got == wanted, (got, wanted))
        ws.forget(copy)


def secrets(ws, source):
    """No password in what we show: tree, expert infos, texts, with and without keys."""
    words = set()
    for path in glob.glob(os.path.join(source, "pcaps", "stories", "secrets*.txt")):
        with open(path, encoding="utf-8") as f:
            words |= {w.strip() for w in f if len(w.strip()) >= 6 and not w.startswith("#")}
    names = sorted(glob.glob(os.path.join(source, "pcaps", "auth-*.pcap*")))
    for path in names[::6] + [p for p in names if "keylog" in p]:
        args = ["-2", "-T", "json", "-j", "smtp365", "-o", "smtp365.all:TRUE", "-Y", "smtp365"]
        keys = os.path.splitext(path)[0] + ".keylog"
        if os.path.exists(keys):
            args += ["-o", f"tls.keylog_file:{ws.readable(keys)}"]
        _, out, _ = ws.run(path, *args, timeout=600)
        text = out.decode(errors="replace")
        check(f"{os.path.basename(path)}: a tree of ours", '"smtp365.session"' in text, text)
        told = [w for w in words if w in text]
        check(f"{os.path.basename(path)}: no secret in the tree", not told, told)
        ws.forget(path)
    print(f"{len(words)} secrets looked for")


def main():
    source, plugin, version = sys.argv[2:5]
    with Wireshark(plugin, version, *sys.argv[5:6]) as ws:
        why = ws.has_plugin()
        if why:
            print(f"skip: no tshark {version} with the plugin here: {why}")
            return 77
        all_stories = stories(source)
        with_keys(ws, source, all_stories)
        evidence(ws, source)
        expert_headings(ws, source)
        layers_of_wireshark(ws, source)
        secrets(ws, source)
    print(f"{len(FAILED)} failed")
    return 1 if FAILED else 0


sys.exit(main())
