# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks share: running the tool on a capture and reading the stories."""
import configparser
import glob
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TOOL, ROOT = sys.argv[1], sys.argv[2]
PCAPS = os.path.join(ROOT, "pcaps")


def captures():
    """Every capture of the project, hostile ones too, as paths relative to pcaps/."""
    found = []
    for folder in ("", "hostile"):
        for path in sorted(glob.glob(os.path.join(PCAPS, folder, "*"))):
            if ".pcap" in os.path.basename(path) and not path.endswith(".keylog"):
                found.append(os.path.relpath(path, PCAPS))
    return found


def stories():
    """Name of each capture -> its section, from all stories/*.ini."""
    result = {}
    for path in sorted(glob.glob(os.path.join(PCAPS, "stories", "*.ini"))):
        parser = configparser.ConfigParser(interpolation=None, strict=True)
        parser.read(path, encoding="utf-8")
        for name in parser.sections():
            if name in result:
                sys.exit(f"{path}: {name} has a story already")
            result[name] = dict(parser[name])
            result[name]["file"] = os.path.basename(path)
    return result


def run(*arguments, check=False, stdin=None):
    """Run the tool; returns (status, stdout bytes, stderr bytes)."""
    done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=300,
                          env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8",
                               "ASAN_OPTIONS": "detect_leaks=1"})
    if check and done.returncode:
        sys.exit(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr.decode()}")
    return done.returncode, done.stdout, done.stderr


def records(capture, *arguments):
    """All records of a capture as parsed JSON."""
    _, out, _ = run("-r", os.path.join(PCAPS, capture), "--json", "--all", *arguments)
    return [json.loads(line) for line in out.splitlines()]


def each(function, items):
    """Run function over items with two workers, keep the order."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))


def finish(name, failures, total):
    """Print the failures and a closing line; exit 1 when there are any."""
    for line in failures:
        print(line)
    print(f"{name}: {total} checked, {len(failures)} failed")
    sys.exit(1 if failures or not total else 0)
