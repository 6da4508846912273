# SPDX-License-Identifier: GPL-2.0-or-later
"""The work is linear in the bytes, whatever is on the wire: each hostile case is read at 1, 2 and 4
times its size, and the step from 2 to 4 costs at most 2.3 times the instructions of the step from 1
to 2 (twice is linear, four times would be quadratic). Instructions are counted, by perf or valgrind,
so that a busy machine changes nothing; what every run costs at its start falls out of the steps."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from common import TOOL, each, finish
from growth_cases import CASES
from traffic import File

MOST = 2.3
MODES = (("-v", "--all"), ("--json",))


PERF = ["perf", "stat", "-x,", "-e", "instructions:u", "--"]
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
PATTERN = rb"^(\d+),,instructions:u|I +refs: +([\d,]+)"


def counter():
    """The command that counts here; None when there is none, or the tool has sanitizers in it."""
    for command in (PERF, VALGRIND):
        if shutil.which(command[0]):
            done = subprocess.run([*command, TOOL, "--version"], capture_output=True)
            if done.returncode == 0 and re.search(PATTERN, done.stderr, re.M):
                return command
    return None


def instructions(capture, mode):
    done = subprocess.run([*COUNTER, TOOL, "-r", capture, *mode], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=500)
    found = re.search(PATTERN, done.stderr, re.M)
    if done.returncode not in (0, 2) or not found:
        sys.exit(f"{capture}: {done.stderr.decode()[-300:]}")
    return int((found.group(1) or found.group(2)).replace(b",", b""))


def measure(case):
    name, make, size, mode = case
    counted = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "capture.pcap")
        for times in (1, 2, 4):
            with File(path) as file:
                make(file, size * times)
            counted.append(instructions(path, mode))
    first, second = counted[1] - counted[0], counted[2] - counted[1]
    # A cap that is reached early makes the first step small by itself.
    growth = second / max(first, counted[0] / 10)
    text = " ".join(f"{value / 1e6:.1f}" for value in counted)
    return f"{name} {mode[0]}: {text} million, step {growth:.2f}", growth <= MOST


COUNTER = counter()
if not COUNTER:
    print("growth: nothing counts instructions here")
    sys.exit(77)
# Each case in one of the modes in turn: what differs between them is the writing.
done = each(measure, [(name, make, size, MODES[at % len(MODES)])
                      for at, (name, (make, size)) in enumerate(CASES.items())])
print("\n".join(line for line, _ in done))
finish("growth", [f"grows too fast: {line}" for line, good in done if not good], len(done))
