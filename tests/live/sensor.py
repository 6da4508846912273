# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live tests share: smtp365 as a sensor inside a network namespace, records without what
two captures of the same packets cannot have in common, and the reasons to skip."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RECORD = os.path.join(ROOT, "pcaps", "record")
sys.path.insert(0, RECORD)
SKIPPED = 77  # as ctest is told
USER = "nobody"
ALL_TOOLS = ("swaks", "curl", "openssl", "msmtp", "postfix", "gnutls-cli", "setpriv")
LONG = os.environ.get("LIVE") == "1"


def need(*tools):
    """Leave with one clear line where the tests cannot run."""
    if os.geteuid() != 0:
        print("SKIPPED: live tests need root (network namespaces)")
        sys.exit(SKIPPED)
    missing = [t for t in ("ip", "tcpdump", "nft", *tools) if not shutil.which(t)]
    if missing:
        print("SKIPPED: not installed: " + " ".join(missing))
        sys.exit(SKIPPED)
    probe = f"probe{os.getpid()}"
    # Making one is not enough: in a bare chroot it cannot be entered.
    bad = any(subprocess.run(words, capture_output=True).returncode
              for words in (["ip", "netns", "add", probe], ["ip", "netns", "exec", probe, "true"]))
    subprocess.run(["ip", "netns", "del", probe], check=False, capture_output=True)
    if bad:
        print("SKIPPED: this machine allows no network namespaces")
        sys.exit(SKIPPED)


class Sensor:
    """smtp365 -i in a namespace; stop() ends it and gives its exit status."""

    def __init__(self, program, space, interfaces, work, *more, output="live.ndjson", name="sensor",
                 env=None):
        self.output = os.path.join(work, output) if output else None
        self.log_path = os.path.join(work, name + ".log")
        self.log = open(self.log_path, "wb")
        words = [program, "--json", "-Z", USER]
        for interface in interfaces:
            words += ["-i", interface]
        if self.output:
            words += ["--output", self.output]
        self.process = subprocess.Popen(["ip", "netns", "exec", space, *words, *more],
                                        stderr=self.log, stdout=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        try:
            self.wait_for("capturing on", 30)
        except AssertionError:
            self.process.kill()
            raise

    def said(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for(self, words, seconds=10):
        end = time.time() + seconds
        while words not in self.said():
            if time.time() > end or self.process.poll() is not None and words not in self.said():
                raise AssertionError(f"the sensor never said {words!r}: {self.said()}")
            time.sleep(0.05)

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(seconds)
        self.log.close()
        return status


def read_records(path, being_written=False):
    """Every line must be a whole record; of a file that is being written the last may be half there."""
    with open(path, "rb") as file:
        text = file.read()
    if being_written:
        text = text[:text.rfind(b"\n") + 1]
    if text and not text.endswith(b"\n"):
        raise AssertionError(f"{path}: ends in the middle of a line")
    return [json.loads(line) for line in text.splitlines()]


def early(record):
    return record["event"]["type"] == ["connection", "info"]


def final(records):
    return [r for r in records if not early(r)]


def from_file(program, path, *more):
    done = subprocess.run([program, "--json", "-r", path, *more], capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


# Two sockets stamp the same packet some microseconds apart.
TIMES = ("@timestamp", "start", "end", "duration")
CLOCK = re.compile(r"\d+(\.\d+)? ms\b|\d+ s\b")


def of_the_clock(finding):
    """The sensor knows how long nothing came after the last packet, a file ends there."""
    return isinstance(finding, dict) and finding.get("id") == "capture.no_tcp_close"


def without_clock(value):
    if isinstance(value, dict):
        if value.get("id") == "capture.vantage":  # made of round trips below the clocks' difference
            value = {**value, "detail": ""}
        return {k: without_clock(v) for k, v in value.items() if k not in TIMES}
    if isinstance(value, list):
        return [without_clock(v) for v in value if not of_the_clock(v)]
    return CLOCK.sub("T", value) if isinstance(value, str) else value


def comparable(records):
    """In an order of their own: live sessions come as they end, those of a file by number."""
    return sorted((without_clock(r) for r in records), key=lambda r: r["smtp365"]["session"])


def differences(left, right, at=""):
    """Paths at which two records differ, with both values."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right)):
            yield from differences(left.get(key), right.get(key), f"{at}.{key}")
    elif left != right:
        yield f"{at[1:]}: live {left!r}, file {right!r}"


if __name__ == "__main__":  # can they run here? One line and exit status 77 when not
    need(*ALL_TOOLS)
