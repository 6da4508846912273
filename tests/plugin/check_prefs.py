#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin's own preferences do what they say, wherever they come from.

usage: check_prefs.py TOOL SOURCE PLUGIN VERSION [TSHARK]

ports, all, redact, severity, the table of endpoints, and the protocol switched off. Where the tool
has the same option the plugin says the same, byte for byte.
"""
import json
import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from shown import FAILED, check, fields, records, rewrapped  # noqa: E402
from wireshark import Wireshark  # noqa: E402

TOOL, SOURCE = sys.argv[1:3]
LEVELS = ("info", "low", "medium", "high", "critical")
CLEAR = "auth-clear-login-no-starttls.pcapng"  # another server's, with findings of four severities
BLOCKED = "tcp-syn-no-answer-25.pcapng"  # nothing but its port says that it is SMTP


def capture(name):
    return os.path.join(SOURCE, "pcaps", name)


def same(ws, name, path, tool_args, *args):
    """Text and NDJSON of both are equal; the two."""
    told = []
    for kind, more in (("sessions", ()), ("json", ("--json",))):
        want = subprocess.run([TOOL, "-r", path, *more, *tool_args], capture_output=True, check=True).stdout
        _, out, err = ws.run(path, "-q", "-z", f"smtp365,{kind}", *args)
        check(f"{name}: {kind} as the tool's", out == want, (out[:300], want[:300], err))
        told.append(want)
    return told


def everything(ws, path, *args):
    """What our tree shows of all frames, with its expert infos."""
    _, out, err = ws.run(path, "-2", "-O", "smtp365", "-o", "smtp365.all:TRUE", *args)
    return out.decode(errors="replace") + err


def all_sessions(ws):
    path = capture(CLEAR)
    brief = same(ws, "default", path, ())
    full = same(ws, "all", path, ("--all",), "-o", "smtp365.all:TRUE")
    check("all is more than the default", len(full[0]) > len(brief[0]), (full, brief))
    rows = fields(ws, path, "smtp365", ["smtp365.session"])
    check("a session has frames", rows and all(r[0] == "1" for r in rows), rows)
    rows = fields(ws, path, "smtp365.findings.id", ["smtp365.findings.id"])
    shown = {one for row in rows for cell in row for one in cell.split(",")}
    grave = {"auth.port25", "auth.cleartext_password"}  # severity high and critical
    check("of other servers what is high or critical is shown by default, and only that", shown == grave, rows)
    rows = fields(ws, path, "smtp365.findings.id", ["smtp365.findings.id"], "-o", "smtp365.all:TRUE")
    every = {one for row in rows for cell in row for one in cell.split(",")}
    check("all shows the others too", every > grave, rows)


def redact(ws):
    path = capture("base-direct-send.pcapng")
    plain = same(ws, "not redacted", path, ("--all",), "-o", "smtp365.all:TRUE")
    hidden = same(ws, "redacted", path, ("--all", "--redact"), "-o", "smtp365.all:TRUE", "-o", "smtp365.redact:TRUE")
    mail = json.loads(plain[1])["email"]
    names = {a.split("@")[0] for end in mail.values() for a in end["address"]}
    check("the capture has names to hide", names and all(n.encode() in plain[1] for n in names), mail)
    check("redact hides local parts", not [n for n in names if f"{n}@".encode() in b"".join(hidden)], hidden)
    shown, tree = (everything(ws, path, "-o", f"smtp365.redact:{v}") for v in ("FALSE", "TRUE"))
    check("the tree has the names", all(f"{n}@" in shown for n in names), names)
    check("redact hides them in the tree", not [n for n in names if f"{n}@" in tree], tree)
    shown, tree = (everything(ws, capture(CLEAR), "-o", f"smtp365.redact:{v}") for v in ("FALSE", "TRUE"))
    users = set(re.findall(r"[\w.+-]+(?=@contoso)", shown))
    check("redact hides users in the tree", users and not [u for u in users if f"{u}@" in tree], users)


def severity(ws):
    path = capture(CLEAR)
    findings = {f["id"]: f["severity"] for r in records(ws, path) for f in r["smtp365"]["findings"]}
    check("findings of several severities", len(set(findings.values())) >= 4, findings)
    for i, level in enumerate(LEVELS):
        rows = fields(ws, path, "_ws.expert && smtp365", ["_ws.expert.message"], "-o", "smtp365.all:TRUE",
                      "-o", f"smtp365.severity:{level}")
        told = {m for r in rows for m in re.findall(r"\(([a-z0-9_]+\.[a-z0-9_]+)\)", r[0])}
        want = {f for f, s in findings.items() if LEVELS.index(s) >= i}
        check(f"expert infos from {level} on", told == want, (told, want))


def moved(ws, name, port, to):
    """The capture with another server port; checksums are kept right."""
    def change(ethernet, ip):
        ip, at = bytearray(ip), (ip[0] & 15) * 4
        if ip[9] == 6:
            for k in (at, at + 2):
                if struct.unpack_from(">H", ip, k)[0] == port:
                    struct.pack_into(">H", ip, k, to)
                    total = (~struct.unpack_from(">H", ip, at + 16)[0] & 0xffff) + (~port & 0xffff) + to
                    total = (total & 0xffff) + (total >> 16)
                    struct.pack_into(">H", ip, at + 16, ~((total & 0xffff) + (total >> 16)) & 0xffff)
        return ethernet + bytes(ip)
    return rewrapped(ws, capture(name), 1, change)


def ports(ws):
    path = moved(ws, BLOCKED, 25, 10025)
    check("an unwatched port without SMTP is no session", not records(ws, path))
    found = same(ws, "watched port", path, ("--port", "10025", "--all"), "-o", "smtp365.all:TRUE",
                 "-o", "smtp365.ports:25,465,587,2525,10020-10030")
    check("a watched port is a session", json.loads(found[1])["server"]["port"] == 10025, found)
    check("ports replaces the defaults", not records(ws, capture(BLOCKED), "-o", "smtp365.ports:10025"))
    path = moved(ws, CLEAR, 25, 10025)
    proven = records(ws, path)
    check("SMTP on another port", [r["smtp365"]["auth"]["exposure"] for r in proven] == ["password"], proven)
    for to in (10025, 60025):  # one below, one above the client's port
        path = moved(ws, CLEAR, 25, to)
        found = records(ws, path, "-d", f"tcp.port=={to},smtp")
        check(f"SMTP that Wireshark decodes on {to}", [r["server"]["port"] for r in found] == [to] and
              found[0]["smtp365"] == proven[0]["smtp365"], found)
        ws.forget(path)


def endpoints(ws):
    path = capture("auth-clear-login-no-starttls.pcapng")
    rows = (("*.contoso.example", "0", "mx", "mx"), ("relay.contoso.example", "25", "submission", "submission"),
            ("relay.contoso.example", "587", "submission", "none"), ("*.fabrikam.example", "0", "hve", "none"))
    for pattern, port, kind, want in rows:
        found = records(ws, path, "-o", f'uat:smtp365_endpoints:"{pattern}","{port}","{kind}"')
        got = [r["smtp365"]["endpoint"] for r in found]
        check(f"own endpoint {pattern} {port} {kind}", got == [want], got)
    for bad in ("no name", "*", "*.example", "a/b.example", "relay.*.example"):
        code, _, err = ws.run(path, "-o", f'uat:smtp365_endpoints:"{bad}","25","submission"')
        check(f"endpoint {bad} is refused", code != 0 and "host name" in err, (code, err))
    for port, kind in (("70000", "mx"), ("25", "nothing")):
        code, _, err = ws.run(path, "-o", f'uat:smtp365_endpoints:"a.example","{port}","{kind}"')
        check(f"endpoint with {port} {kind} is refused", code != 0, err)


def from_files(ws):
    """As Wireshark's dialog leaves them: in the user's folder."""
    folder = os.path.join(ws.home, ".config", "wireshark")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "smtp365_endpoints"), "w", encoding="utf-8") as f:
        f.write('"relay.contoso.example","25","submission"\n')
    with open(os.path.join(folder, "preferences"), "w", encoding="utf-8") as f:
        f.write("smtp365.redact: TRUE\nsmtp365.severity: Critical\nsmtp365.ports: 25\n")
    found = records(ws, capture(CLEAR))
    check("endpoints from the user's folder", [r["smtp365"]["endpoint"] for r in found] == ["submission"], found)
    check("preferences from the user's folder", "…@" in json.dumps(found, ensure_ascii=False), found)
    for name in ("smtp365_endpoints", "preferences"):
        os.remove(os.path.join(folder, name))


def switched_off(ws):
    path = capture(CLEAR)
    code, out, _ = ws.run(path, "-2", "-V", "--disable-protocol", "smtp365")
    check("a disabled protocol shows nothing", code == 0 and b"Microsoft 365 SMTP" not in out)
    code, out, err = ws.run(path, "-q", "-z", "smtp365,json", "--disable-protocol", "smtp365")
    check("a disabled protocol reports nothing", code == 0 and not out, (out, err))


def main():
    plugin, version = sys.argv[3:5]
    with Wireshark(plugin, version, *sys.argv[5:6]) as ws:
        why = ws.has_plugin()
        if why:
            print(f"skip: no tshark {version} with the plugin here: {why}")
            return 77
        for part in (all_sessions, redact, severity, ports, endpoints, from_files, switched_off):
            part(ws)
    print(f"{len(FAILED)} failed")
    return 1 if FAILED else 0


sys.exit(main())
