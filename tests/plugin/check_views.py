#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark shows: keys, passes, filters, secrets, layers of its own.

usage: check_views.py TOOL SOURCE PLUGIN VERSION [TSHARK]

- with the key log of a capture the causes are those of its story, and certain (stories/*.ini);
- the cause stands on its evidence frames after two passes, as expert information too;
- no password of the captures is in anything of ours.
"""
import glob
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from shown import FAILED, check, fields, records, rewrapped  # noqa: E402
from wireshark import Wireshark, stories  # noqa: E402


def with_keys(ws, source, all_stories):
    """Key logs: causes certain, for TLS 1.2 and 1.3."""
    n = 0
    for name, story in all_stories.items():
        if not story.get("keylog"):
            continue
        n += 1
        path = os.path.join(source, "pcaps", name)
        keys = ws.readable(os.path.join(source, "pcaps", story["keylog"]))
        found = records(ws, path, "-o", f"tls.keylog_file:{keys}")
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
    print(f"{n} captures with key logs")


def evidence(ws, source, all_stories):
    """The cause and its expert info stand on the frames that the record names."""
    n = 0
    for name in list(all_stories)[::5]:
        path = os.path.join(source, "pcaps", name)
        failed = [r["smtp365"] for r in records(ws, path) if "cause" in r["smtp365"]]
        for s in failed:
            n += 1
            rows = fields(ws, path, f'smtp365.cause.here && smtp365.session == {s["session"]}',
                          ["frame.number", "smtp365.cause.id", "_ws.expert.message"], "-o", "smtp365.all:TRUE")
            want = [str(f) for f in s["cause"]["frames"]]
            check(f'{name}: evidence frames of session {s["session"]}', [r[0] for r in rows] == want,
                  (rows, want))
            for r in rows:
                check(f"{name}: frame {r[0]} has the cause", s["cause"]["id"] in r[1].split(","), r)
                check(f"{name}: frame {r[0]} has the expert info", f'({s["cause"]["id"]})' in r[2], r)
        ws.forget(path)
    check("captures with a cause", n >= 5, n)
    print(f"{n} causes on their frames")


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
        evidence(ws, source, all_stories)
        layers_of_wireshark(ws, source)
        secrets(ws, source)
    print(f"{len(FAILED)} failed")
    return 1 if FAILED else 0


sys.exit(main())
