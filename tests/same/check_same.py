#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tool and tshark with the plugin say the same about every capture of the project.

usage: check_same.py TOOL SOURCE PLUGIN VERSION [TSHARK]

Compared byte for byte, each capture by itself: NDJSON and text in one pass, and text in two with
hostile preferences. Every preference alone is asked of all captures merged, by check_preferences.py.
What Wireshark cannot give is in KNOWN, with the reason.
"""
import concurrent.futures
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plugin"))
from wireshark import Wireshark, captures  # noqa: E402

# capture -> why the plugin may say something else
KNOWN = {
    "submission-587-embedded-keys.pcapng": "holds its keys: decrypted by both, see check_keys.py, but not with TLS disabled",
    "tls-null-suite.pcapng": "a suite without encryption: Wireshark reads inside, the tool does not",
    "alive-null-suite-one-ehlo.pcapng": "the same",
    "file-gzip-broken.pcap.gz": "Wireshark reads a damaged gzip file to another place than zlib does",
    "file-gzip-bomb.pcap.gz": "Wireshark itself cannot read it twice",
}

JSON = ("-q", "-z", "smtp365,json", "-o", "smtp365.all:TRUE")
TEXT = ("-q", "-z", "smtp365,sessions")
HOSTILE = ("-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.check_checksum:TRUE", "-o", "ip.defragment:FALSE",
           "-o", "tls.desegment_ssl_records:FALSE", "--disable-protocol", "smtp", "--disable-protocol", "tls", "-d", "tcp.port==587,http",
           "-d", "tcp.port==25,dns")
ORDERED = ("-o", "tcp.reassemble_out_of_order:TRUE")
RUNS = (  # name, arguments of each run of the tool, of tshark
    ("text and NDJSON, out-of-order reassembly", (("--all",), ("--all", "--json")),
     JSON + TEXT[1:] + ORDERED),  # the last report comes first
    ("text, two passes, hostile preferences", ((),), ("-2",) + TEXT + HOSTILE),
)


def tool(path, capture, runs):
    """Standard output of all runs, or None when the tool cannot read the file at all."""
    done = [subprocess.run([path, "-r", capture, *args], capture_output=True, check=False, timeout=120) for args in runs]
    return None if any(d.returncode == 2 for d in done) else b"".join(d.stdout for d in done)


def first_difference(a, b):
    la, lb = a.split(b"\n"), b.split(b"\n")
    for i, (x, y) in enumerate(zip(la, lb)):
        if x != y:
            at = next((k for k, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
            start = max(0, at - 60)
            return f"line {i + 1}\n    tool   {x[start:at + 80]!r}\n    plugin {y[start:at + 80]!r}"
    return f"{len(la) - 1} lines and {len(lb) - 1} lines"


def compare(ws, path, capture):
    """Lines about what differs."""
    wrong = []
    for name, tool_args, ws_args in RUNS:
        code, out, err = ws.run(capture, *ws_args)
        want = tool(path, capture, tool_args)
        if want is not None and want != out:
            wrong.append(f"{os.path.basename(capture)}: {name}: {first_difference(want, out)}")
        if code < 0 or "dissector bug" in err.lower():  # else it says what is wrong with the file
            wrong.append(f"{os.path.basename(capture)}: {name}: tshark ends with {code}: {err.strip()[-300:]}")
    ws.forget(capture)
    return wrong


def main():
    path, source, plugin, version = sys.argv[1:5]
    names = sys.argv[6:] or captures(os.path.join(source, "pcaps"))
    with Wireshark(plugin, version, *sys.argv[5:6]) as ws:
        why = ws.has_plugin()
        if why:
            print(f"skip: no tshark {version} with the plugin here: {why}")
            return 77
        bad = known = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = pool.map(lambda c: (c, compare(ws, path, c)), names)
            for capture, wrong in jobs:
                if wrong and os.path.basename(capture) in KNOWN:
                    known += 1
                elif wrong:
                    bad += 1
                    print("\n".join(wrong), flush=True)
        print(f"{len(names)} captures, {bad} differ, {known} for a known reason")
        return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
