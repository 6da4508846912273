#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark shows: keys, passes, filters, preferences, secrets, garbage.

usage: check_views.py TOOL SOURCE PLUGIN VERSION [TSHARK]

- with the key log of a capture the causes are those of its story, and certain (stories/*.ini);
- the cause stands on its evidence frames after two passes, as expert information too;
- a disabled protocol shows nothing; the preferences do what they say;
- no password of the captures is in anything of ours.
"""
import glob
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wireshark import Wireshark, stories  # noqa: E402

FAILED = []


def check(name, good, seen=""):
    if not good:
        FAILED.append(name)
        print(f"FAILED {name}: {str(seen)[:600]}", flush=True)


def records(ws, capture, *args):
    _, out, _ = ws.run(capture, "-q", "-z", "smtp365,json", "-o", "smtp365.all:TRUE", *args)
    return [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]


def fields(ws, capture, flt, names, *args):
    """Rows of fields of the frames that pass a filter, second pass."""
    cmd = ["-2", "-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]
    for n in names:
        cmd += ["-e", n]
    code, out, err = ws.run(capture, *cmd, "-Y", flt, *args)
    check(f"filter {flt}", code == 0 or "cut short" in err, err)
    return [line.split("|") for line in out.decode(errors="replace").splitlines()]


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


def preferences(ws, source):
    path = os.path.join(source, "pcaps", "auth-clear-plain-port25.pcapng")
    if not os.path.exists(path):
        path = os.path.join(source, "pcaps", "base-submission.pcapng")
    rows = fields(ws, path, "smtp365", ["smtp365.session"])
    check("a session has frames", rows and all(r[0] == "1" for r in rows), rows)
    rows = fields(ws, path, "smtp365.findings.id", ["smtp365.findings.id"])
    check("other servers have no findings by default", not rows, rows)
    rows = fields(ws, path, "smtp365.findings.id", ["smtp365.findings.id"], "-o", "smtp365.all:TRUE")
    check("smtp365.all shows them", bool(rows), rows)
    low = 'smtp365.findings.severity == "low" && _ws.expert.message contains "(auth.offered_before_tls)"'
    args = ["-o", "smtp365.all:TRUE"]
    check("a low finding is expert information", fields(ws, path, low, ["frame.number"], *args), path)
    quiet = fields(ws, path, low, ["frame.number"], *args, "-o", "smtp365.severity:critical")
    check("smtp365.severity hides lower ones", not quiet, quiet)
    code, out, _ = ws.run(path, "-2", "-V", "--disable-protocol", "smtp365")
    check("a disabled protocol shows nothing", code == 0 and b"Microsoft 365 SMTP" not in out)
    own = 'uat:smtp365_endpoints:"relay.contoso.example","25","submission"'
    found = records(ws, path, "-o", own)
    check("own endpoints", any(r["smtp365"]["endpoint"] == "submission" for r in found) or "relay" not in
          str(found), found)
    found = records(ws, path, "-o", "smtp365.redact:TRUE")
    check("redacted record", found and "@" in json.dumps(found) or found, found)
    code, _, err = ws.run(path, "-o", 'uat:smtp365_endpoints:"no name","25","submission"')
    check("a wrong endpoint is refused", code != 0 and "host name" in err, err)


def rewrapped(ws, capture, linktype, wrap):
    """The capture with each Ethernet frame's IP packet wrapped anew; its path."""
    plain = ws.file("plain.pcap")
    subprocess.run(["editcap", "-F", "pcap", capture, plain], check=True, capture_output=True)
    with open(plain, "rb") as f:
        data = f.read()
    out, at = bytearray(data[:20] + struct.pack("<I", linktype)), 24
    while at < len(data):
        seconds, fraction, length, _ = struct.unpack("<IIII", data[at:at + 16])
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        total = struct.unpack(">H", frame[16:18])[0]
        frame = wrap(frame[14:14 + total])
        out += struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame
    path = ws.file("wrapped.pcap")
    with open(path, "wb") as f:
        f.write(out)
    os.chmod(path, 0o644)
    return path


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
        copy = rewrapped(ws, path, linktype, wrap)
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
        preferences(ws, source)
        layers_of_wireshark(ws, source)
        secrets(ws, source)
    print(f"{len(FAILED)} failed")
    return 1 if FAILED else 0


sys.exit(main())
