# SPDX-License-Identifier: GPL-2.0-or-later
"""The architecture goes one way. The build lets a room include only the rooms that it uses
(cmake/rooms.cmake); here the rest: includes are written from the root, so that each line shows its
room, the engine reads no clock and opens no file, and no object file of a room calls a function of a
room that it does not use."""
import glob
import os
import re
import subprocess
import sys

from common import ROOT, finish

BUILD = os.path.dirname(os.path.abspath(sys.argv[1]))
FORBIDDEN = re.compile(r"<(pcap|epan|wireshark|ws_|netinet|unistd|fcntl|time)\b")
INCLUDE = re.compile(r'^#\s*include\s+"([^"]+)"', re.M)


def read_rooms():
    """name -> (folder, names of the rooms that it may use)"""
    rooms = {}
    with open(os.path.join(BUILD, "rooms.txt"), encoding="utf-8") as file:
        for line in file:
            head, below = line.rstrip("\n").split(":")
            name, folder = head.split()
            rooms[name] = folder, set(below.replace(";", " ").split())
    return rooms


def sources(folder):
    found = []
    for ending in "c", "h", "def":
        found += glob.glob(os.path.join(ROOT, folder, f"*.{ending}"))
    return sorted(found)


def symbols(name):
    """(functions and objects that the room defines for others, those that it wants)"""
    objects = glob.glob(os.path.join(BUILD, "**", f"{name}.dir", "**", "*.o"), recursive=True)
    defined, wanted = set(), {}
    for path in objects:
        out = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            kind, symbol = line.split()[-2:]
            if kind == "U":
                wanted.setdefault(symbol, os.path.basename(path)[:-2])
            elif kind in "TDBRVWC":
                defined.add(symbol)
    return defined, wanted


failures, count = [], 0
rooms = read_rooms()
public = {os.path.basename(p) for p in sources("engine/include")}
prefixes = {re.sub(r"^(engine|capture-tool)/", "", folder) for folder, _ in rooms.values()}

known = {folder for folder, _ in rooms.values()} | {"engine/include", "engine/forbidden"}
for house in "engine", "capture-tool":
    for path in sorted(glob.glob(os.path.join(ROOT, house, "*", "*.c"))):
        folder = os.path.relpath(os.path.dirname(path), ROOT)
        if folder not in known:
            failures.append(f"{os.path.relpath(path, ROOT)}: stands in no room")
            known.add(folder)

for name, (folder, below) in rooms.items():
    for path in sources(folder):
        count += 1
        shown = os.path.relpath(path, ROOT)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if folder.startswith("engine/"):
            failures += [f"{shown}: {line}" for line in text.splitlines()
                         if line.startswith("#include") and FORBIDDEN.search(line)]
        for include in INCLUDE.findall(text):
            if include not in public and os.path.dirname(include) not in prefixes:
                failures.append(f'{shown}: "{include}" is not written from the root')

owner, wants = {}, {}
for name in rooms:
    defined, wants[name] = symbols(name)
    if not defined:
        failures.append(f"{name}: no object files in {BUILD}")
    owner.update(dict.fromkeys(defined, name))
for name, (folder, below) in rooms.items():
    for symbol, where in sorted(wants[name].items()):
        count += 1
        callee = owner.get(symbol)
        # The public face is for the windows; its functions are defined by the rooms behind it.
        if callee is None or callee == name or callee in below:
            continue
        if not folder.startswith("engine/") and rooms[callee][0].startswith("engine/"):
            continue
        failures.append(f"{folder}/{where}: calls {symbol} of {callee}, which {name} does not use")
finish("layers", failures, count)
