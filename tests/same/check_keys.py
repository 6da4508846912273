#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""With the same TLS keys the tool and tshark with the plugin say the same, byte for byte.

usage: check_keys.py TOOL SOURCE PLUGIN VERSION [TSHARK [CAPTURE...]]

Every capture of the project that has a key log (pcaps/keys has one for each cipher suite), and those
that hold their keys inside. Wrong and missing keys change nothing but one line on standard error.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plugin"))
from check_same import JSON, ORDERED, TEXT, first_difference  # noqa: E402
from wireshark import Wireshark, captures  # noqa: E402

# capture -> why the plugin may say something else
KNOWN = {}
RUNS = (("--all",), ("--all", "--json"))


def tool(path, capture, *more):
    """Standard output of text and JSON, standard error of the first run."""
    done = [subprocess.run([path, "-r", capture, *args, *more], capture_output=True, check=False, timeout=120)
            for args in RUNS]
    return b"".join(d.stdout for d in done), done[0].stderr.decode()


def key_log(capture):
    return os.path.splitext(capture)[0] + ".keylog"


def embedded(capture):
    with open(capture, "rb") as file:
        return b"KSLT" in file.read(65536)


def same(ws, path, capture, log):
    """Lines about what differs between tool and plugin."""
    args = JSON + TEXT[1:] + ORDERED
    if log:
        args += ("-o", f"tls.keylog_file:{ws.readable(log)}")
    _, out, err = ws.run(capture, *args)
    want, _ = tool(path, capture, *(("--keylog", log) if log else ()))
    wrong = [] if want == out else [f"{os.path.basename(capture)}: {first_difference(want, out)}"]
    if "dissector bug" in err.lower():
        wrong.append(f"{os.path.basename(capture)}: {err.strip()[-300:]}")
    return wrong


def spoilt(folder, log, name, change):
    """A copy of a key log, its lines changed."""
    copy = os.path.join(folder, name)
    with open(log, encoding="ascii") as file:
        lines = [change(line) for line in file]
    with open(copy, "w", encoding="ascii") as file:
        file.writelines(lines)
    return copy


def flip(word):
    return word[:-1] + ("0" if word[-1] != "0" else "1")


def wrong_keys(path, capture, log, folder):
    """Secrets that do not fit, and secrets of other sessions: as without keys, and one line says so."""
    without, _ = tool(path, capture)
    stem = os.path.basename(capture)
    cases = (
        ("the keys do not fit", lambda line: re.sub(r"\S+(?=\n)", lambda m: flip(m.group()), line)),
        ("no keys were given", lambda line: re.sub(r"^(\S+ )(\S+)", lambda m: m[1] + flip(m[2]), line)),
    )
    wrong = []
    for words, change in cases:
        spoiled = spoilt(folder, log, f"{stem}.{words[:3]}", change)
        out, err = tool(path, capture, "--keylog", spoiled)
        if out != without:
            wrong.append(f"{stem}: {words}: {first_difference(without, out)}")
        if err.count("\n") != 1 or words not in err:
            wrong.append(f"{stem}: {words}: standard error is {err!r}")
    return wrong


def opened(path, capture, log):
    """With its keys nothing of a capture stays closed, unless the story is about that."""
    without, _ = tool(path, capture)
    out, err = tool(path, capture, "--keylog", log)
    wrong = []
    if out == without:
        wrong.append(f"{os.path.basename(capture)}: the keys change nothing")
    if err:
        wrong.append(f"{os.path.basename(capture)}: {err.strip()}")
    return wrong


# A handshake that ends before any record of the dialogue.
NOTHING_INSIDE = {"tls10-accepted-then-421.pcapng"}


def check(ws, path, capture, folder):
    log = key_log(capture)
    found = []
    for keys in ([log] if os.path.exists(log) else []) + ([None] if embedded(capture) else []):
        found += same(ws, path, capture, keys)
    if os.path.exists(log) and not embedded(capture):
        found += wrong_keys(path, capture, log, folder)
        if os.path.basename(capture) not in NOTHING_INSIDE:
            found += opened(path, capture, log)
    ws.forget(capture)
    return found


def main():
    path, source, plugin, version = sys.argv[1:5]
    names = sys.argv[6:] or [c for c in captures(os.path.join(source, "pcaps"))
                             if os.path.exists(key_log(c)) or embedded(c)]
    with Wireshark(plugin, version, *sys.argv[5:6]) as ws, tempfile.TemporaryDirectory() as folder:
        why = ws.has_plugin()
        if why:
            print(f"skip: no tshark {version} with the plugin here: {why}")
            return 77
        bad = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for capture, wrong in zip(names, pool.map(lambda c: check(ws, path, c, folder), names)):
                if wrong and os.path.basename(capture) not in KNOWN:
                    bad += 1
                    print("\n".join(wrong), flush=True)
        print(f"{len(names)} captures with keys, {bad} differ")
        return 1 if bad or not names else 0


if __name__ == "__main__":
    sys.exit(main())
