# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shipped: built twice as a release, in two folders of different names, the program has the
same bytes, no path of the machine in it, and what Debian's hardening gives (hardening=+all): position
independent, addresses fixed before main, no executable stack, guarded stacks, checked sizes, and on
x86 landing pads for indirect jumps. SMTP365_TWO_BUILDS=no leaves it out."""
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

from common import ROOT, finish

SKIPPED = ("build", "build-*", ".git", ".deps", "pcaps", "docs", "__pycache__")
NAMES = ("here", "a-longer-name/of another")
bad = []


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout


def built(folder):
    """A release of a copy of the sources in this folder: the program."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*SKIPPED))
    build = os.path.join(folder, "out")
    nothing = {**os.environ, "CCACHE_DISABLE": "1"}
    run("cmake", "-S", folder, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        "-DBUILD_TESTING=OFF", "-DSMTP365_PLUGIN=OFF", env=nothing)
    run("ninja", "-C", build, "smtp365", env=nothing)
    return os.path.join(build, "smtp365")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def expect(what, true):
    if not true:
        bad.append(what)


def look(program, folder):
    text = run("readelf", "-W", "-h", "-l", "-d", "-n", program)
    symbols = run("readelf", "-W", "--dyn-syms", program)
    expect("is position independent", re.search(r"Type:\s+DYN", text))
    expect("is relocated before main", "GNU_RELRO" in text and re.search(r"BIND_NOW|Flags:.*NOW", text))
    expect("has no executable stack", re.search(r"GNU_STACK.*RW\s", text))
    expect("has guarded stacks", "__stack_chk_fail" in symbols)
    expect("has checked sizes", re.search(r"__\w+_chk\b", symbols.replace("__stack_chk", "")))
    expect("has no search path of its own", not re.search(r"\((RPATH|RUNPATH)\)", text))
    # The start-up code of Debian 12 has no mark for it, so the linker leaves it off the program too.
    if platform.machine() == "x86_64":
        code = run("objdump", "-d", "--no-show-raw-insn", program)
        expect("has landing pads for indirect jumps", code.count("endbr64") > 300)
    data = content(program)
    expect("names no folder of the machine", folder.encode() not in data and ROOT.encode() not in data)


if os.environ.get("SMTP365_TWO_BUILDS") == "no":
    sys.exit(77)
with tempfile.TemporaryDirectory() as space:
    programs = [built(os.path.join(space, name)) for name in NAMES]
    sums = {hashlib.sha256(content(program)).hexdigest() for program in programs}
    expect(f"has the same bytes in two folders: {sums}", len(sums) == 1)
    look(programs[0], space)
finish("release", [f"the program fails in: {line}" for line in bad], 9)
