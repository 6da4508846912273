#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the user's preferences are, the plugin says what the tool says.

usage: check_preferences.py TOOL SOURCE PLUGIN VERSION [TSHARK]

Each preference alone, and all together, on all captures of the project merged into a few: text and
NDJSON, byte for byte. Defaults and all together with one pass and with two, the others with two, of
which the first is the one; with SMTP365_ALL=1 all with both.
"""
import concurrent.futures
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plugin"))
from check_same import KNOWN, first_difference  # noqa: E402
from wireshark import Wireshark, captures, merged  # noqa: E402

PARTS = 8
ALL = bool(os.environ.get("SMTP365_ALL"))
BOTH = ("defaults", "together")
ALONE = {
    "defaults": (),
    "out-of-order reassembly": ("-o", "tcp.reassemble_out_of_order:TRUE"),
    "no out-of-order reassembly": ("-o", "tcp.reassemble_out_of_order:FALSE"),
    "no TCP reassembly": ("-o", "tcp.desegment_tcp_streams:FALSE"),
    "no reassembly above TCP": ("-o", "smtp.desegment_lines:FALSE", "-o", "smtp.desegment_data:FALSE",
                                "-o", "tls.desegment_ssl_records:FALSE"),
    "no IP reassembly": ("-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"),
    "no sequence analysis": ("-o", "tcp.analyze_sequence_numbers:FALSE"),
    "checksums": ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"),
    "SMTP disabled": ("--disable-protocol", "smtp"),
    "TLS disabled": ("--disable-protocol", "tls"),
    "TCP disabled": ("--disable-protocol", "tcp"),
    "decoded as TLS": ("-d", "tcp.port==25,tls", "-d", "tcp.port==587,tls"),
    "decoded as others": ("-d", "tcp.port==587,http", "-d", "tcp.port==25,dns", "-d", "tcp.port==465,smtp"),
}
# What contradicts another is left out of the sum; TCP disabled would hide the rest.
TOGETHER = [a for n, a in ALONE.items() if n not in ("no out-of-order reassembly", "TCP disabled", "decoded as TLS")]


def tool(path, capture):
    """Text, then NDJSON."""
    return b"".join(subprocess.run([path, "-r", capture, "--all", *args], capture_output=True, check=False,
                                   timeout=300).stdout for args in ((), ("--json",)))


def compare(ws, capture, want, name, preferences, passes):
    """What differs, or None."""
    reports = ("-q", "-z", "smtp365,json", "-z", "smtp365,sessions", "-o", "smtp365.all:TRUE")  # the last comes first
    code, out, err = ws.run(capture, *reports, *preferences, *passes)
    where = f"{os.path.basename(capture)}, {name}, {'two passes' if passes else 'one pass'}"
    if code or "dissector bug" in err.lower():
        return f"{where}: tshark ends with {code}: {err.strip()[-300:]}"
    return None if out == want else f"{where}: {first_difference(want, out)}"


def main():
    path, source, plugin, version = sys.argv[1:5]
    with Wireshark(plugin, version, *sys.argv[5:6]) as ws:
        why = ws.has_plugin()
        if why:
            print(f"skip: no tshark {version} with the plugin here: {why}")
            return 77
        names = [n for n in captures(os.path.join(source, "pcaps")) if os.path.basename(n) not in KNOWN]
        files, count = merged(ws, names, PARTS)
        preferences = {**ALONE, "together": tuple(a for args in TOGETHER for a in args)}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = []
            for f in files:
                want = tool(path, f)
                assert want.count(b"\n{") > 1, f
                jobs += [pool.submit(compare, ws, f, want, n, p, passes)
                         for n, p in preferences.items()
                         for passes in (((), ("-2",)) if ALL or n in BOTH else (("-2",),))]
            bad = [j.result() for j in jobs if j.result()]
        print("\n".join(bad[:20]))
        print(f"{count} captures in {len(files)} files, {len(preferences)} sets of preferences, "
              f"{len(jobs)} runs, {len(bad)} differ")
        return 1 if bad or not jobs else 0


sys.exit(main())
