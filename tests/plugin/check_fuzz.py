#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged captures in Wireshark: no crash, no "Dissector bug", no sanitizer report.

usage: check_fuzz.py TOOL SOURCE PLUGIN VERSION [TSHARK]

All captures merged into a few, the hostile ones one by one, and captures with errors by editcap -E,
each with tree and two passes, with Wireshark's strict memory allocator. A plugin that was built with
the address sanitizer is noticed and run with it, without that allocator. SMTP365_SECONDS says how
long captures are damaged (60; below 30 the hostile ones are not taken one by one); SMTP365_ALL=1
takes every capture one by one first.
"""
import concurrent.futures
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wireshark import Wireshark, captures, merged  # noqa: E402

SECONDS = float(os.environ.get("SMTP365_SECONDS", "60"))
PARTS, BRIEF = 8, 30
ALL = bool(os.environ.get("SMTP365_ALL"))
WRONG = ("dissector bug", "addresssanitizer", "runtime error:", "assertion failed", "segmentation fault")
# captures that this tshark cannot read without us either
ITSELF = {"file-gzip-bomb.pcap.gz"}
TREE = ("-O", "smtp365,smtp,tls,tcp", "-2", "-o", "smtp365.all:TRUE", "-z", "smtp365,sessions", "-z", "smtp365,json", "-z", "smtp365,table",
        "-z", "smtp365,clients", "-z", "smtp365,tree", "-z", "smtp365_findings,tree", "-z", "expert")
BARE = ("-q", "-z", "smtp365,json", "-o", "smtp365.redact:TRUE")


def sanitizer(plugin):
    """Environment for a plugin with the address sanitizer, else for the strict allocator."""
    with open(plugin, "rb") as f:
        if b"__asan_init" not in f.read():
            return {"WIRESHARK_DEBUG_WMEM_OVERRIDE": "strict"}
    libs = [subprocess.run(["gcc", f"-print-file-name={n}"], capture_output=True, text=True, check=True).stdout.strip()
            for n in ("libasan.so", "libubsan.so")]
    return {"LD_PRELOAD": ":".join(libs), "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1", "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"}


def run(ws, path, env):
    """What went wrong, or None."""
    for args in (TREE, BARE):
        try:
            code, out, err = ws.run(path, *args, env=env, timeout=600)
        except subprocess.TimeoutExpired:
            return f"{os.path.basename(path)} {args[0]}: not done after 10 minutes"
        text = (err + (out.decode(errors="replace") if args is TREE else "")).lower()
        bad = [w for w in WRONG if w in text]
        if code < 0 or bad:  # other codes say what is wrong with the file
            at = text.find(bad[0]) if bad else 0
            return f"{os.path.basename(path)} {args[0]}: exit {code}, {bad}: {text[max(0, at - 200):at + 800]}"
    ws.forget(path)
    return None


def damaged(ws, path, seed, rate):
    target = ws.file(f"fuzz-{seed}-{os.path.basename(path)}")
    done = subprocess.run(["editcap", "-E", rate, "--seed", str(seed), path, target], capture_output=True, check=False)
    if done.returncode:
        return None
    os.chmod(target, 0o644)
    return target


def whole(ws, names, env):
    """The captures as they are, together and one by one."""
    single = [n for n in names if ALL or ("hostile" in n and SECONDS >= BRIEF)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        failures = list(pool.map(lambda n: run(ws, n, env), merged(ws, names, PARTS)[0]))
        failures += pool.map(lambda n: run(ws, n, env), single)
    return failures


def fuzzed(ws, names, env, until):
    """Captures with errors, until the time is over."""
    failures, seed, rates = [], 0, ("0.02", "0.002", "0.2")
    while time.monotonic() < until:
        seed += 1
        path = damaged(ws, names[seed * 37 % len(names)], seed, rates[seed % len(rates)])
        if not path:
            continue
        failures.append(run(ws, path, env))
        os.remove(path)
    return failures


def main():
    source, plugin, version = sys.argv[2:5]
    with Wireshark(plugin, version, *sys.argv[5:6]) as ws:
        env = sanitizer(plugin)
        why = ws.has_plugin() if "LD_PRELOAD" not in env else None
        if why:
            print(f"skip: no tshark {version} with the plugin here: {why}")
            return 77
        names = [n for n in captures(os.path.join(source, "pcaps")) if os.path.basename(n) not in ITSELF]
        runs = whole(ws, names, env)
        runs += fuzzed(ws, names, env, time.monotonic() + SECONDS)
        bad = [r for r in runs if r]
        print("\n".join(bad[:10]))
        print(f"{len(runs)} captures, {len(bad)} went wrong" + (", address sanitizer" if "LD_PRELOAD" in env else ""))
        return 1 if bad or not runs else 0


sys.exit(main())
