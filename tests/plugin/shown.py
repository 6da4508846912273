# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks of the plugin's views share: failures, records, fields of frames, changed captures."""
import json
import os
import struct
import subprocess

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


def rewrapped(ws, capture, linktype, wrap):
    """The capture with each Ethernet frame made anew from its header and IP packet; its path."""
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
        frame = wrap(frame[:14], frame[14:14 + total])
        out += struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame
    path = ws.file("wrapped.pcap")
    with open(path, "wb") as f:
        f.write(out)
    os.chmod(path, 0o644)
    return path
