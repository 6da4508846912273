# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark with the plugin that was just built, as a normal user with a home of its own.

Wireshark ignores WIRESHARK_PLUGIN_DIR for root, so a test that root runs drops to nobody. The
plugin, the captures and the home lie in a temporary folder that this user can read.
"""
import configparser
import glob
import os
import shutil
import subprocess
import tempfile

NOBODY = 65534


class Wireshark:
    """tshark of the version that the plugin was built for. Use as a context manager."""

    def __init__(self, plugin, version, tshark="tshark"):
        self.tshark = tshark
        self.folder = tempfile.mkdtemp(prefix="smtp365-test-")
        self.home = os.path.join(self.folder, "home")
        self.plugins = os.path.join(self.folder, "plugins")
        target = os.path.join(self.plugins, version, "epan")
        os.makedirs(self.home)
        os.makedirs(target)
        shutil.copy(plugin, os.path.join(target, "smtp365.so"))
        os.chmod(self.folder, 0o755)
        if os.getuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, name):
        """A path in the folder that the user of tshark may write to."""
        return os.path.join(self.home, name)

    def command(self, program, *args):
        command = [program, *args]
        if os.getuid() == 0:
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] + command
        return command

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LD_LIBRARY_PATH")}
        env.update(HOME=self.home, TZ="UTC", LC_ALL="C.UTF-8", WIRESHARK_PLUGIN_DIR=self.plugins)
        env.update(more)
        return env

    def readable(self, path):
        """The path of a copy that the user of tshark may read; the source tree may be closed to nobody."""
        if path.startswith(self.folder):
            return path
        copy = os.path.join(self.folder, os.path.basename(path))
        if not os.path.exists(copy):
            shutil.copyfile(path, copy + ".part")
            os.chmod(copy + ".part", 0o644)
            os.replace(copy + ".part", copy)
        return copy

    def forget(self, path):
        """Remove the copy."""
        copy = os.path.join(self.folder, os.path.basename(path))
        if os.path.exists(copy):
            os.remove(copy)

    def run(self, capture, *args, env=None, timeout=300):
        """Exit code, standard output as bytes, standard error as text."""
        done = subprocess.run(self.command(self.tshark, "-n", "-r", self.readable(capture), *args),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False,
                              env=self.environment(**(env or {})))
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    def has_plugin(self):
        """None when tshark loads the plugin, else why not."""
        try:
            done = subprocess.run(self.command(self.tshark, "-G", "plugins"), capture_output=True,
                                  text=True, timeout=60, check=False, env=self.environment())
        except OSError as e:
            return str(e)
        if "smtp365.so" in done.stdout:
            return None
        return done.stderr.strip() or "tshark does not list smtp365.so"


def captures(folder):
    """All captures of the project, sorted."""
    names = []
    for top, _, files in os.walk(folder):
        names += [os.path.join(top, f) for f in files
                  if f.endswith((".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz", ".pcap.zst", ".pcapng.zst"))]
    return sorted(names)


def stories(source):
    """Name of each capture that is there -> its section of stories/*.ini."""
    found = {}
    for path in sorted(glob.glob(os.path.join(source, "pcaps", "stories", "*.ini"))):
        ini = configparser.ConfigParser(interpolation=None, strict=False)
        ini.read(path, encoding="utf-8")
        for name in ini.sections():
            if os.path.exists(os.path.join(source, "pcaps", name)):
                found[name] = dict(ini[name])
    return found


def one_each(source):
    """Names of captures that show every finding of the stories, few of them."""
    fires = {name: set(story.get("fires", "").split()) for name, story in stories(source).items()}
    seen, names = set(), []
    for name in sorted(fires, key=lambda n: -len(fires[n])):
        if fires[name] - seen:
            seen |= fires[name]
            names.append(name)
    return sorted(names)


DAMAGED = ("file-", "input-cut")  # how the names of files begin that are themselves what is tested


def merged(ws, names, parts):
    """Few captures made of many: their paths, and how many are in them.

    The start of tshark costs more than most captures; what is asked of many preferences is asked of
    these. Captures of a similar name, which may have the same ends, go to different parts. Damaged
    files stay out: some versions of mergecap stop at them, some never do.
    """
    names = [n for n in names if not os.path.basename(n).startswith(DAMAGED)]
    paths = []
    for i in range(parts):
        path = ws.file(f"merged-{i}.pcapng")
        subprocess.run(["mergecap", "-a", "-w", path, *names[i::parts]], check=True, timeout=300,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.chmod(path, 0o644)
        paths.append(path)
    return paths, len(names)
