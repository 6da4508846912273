# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the disk of a sensor: it fills up, it hangs, its folders are taken away, a session is
larger than the ring. usage: test_live_disks.py PROGRAM ROOT [NAME ...]

Needs root."""
import os
import shutil
import signal
import subprocess
import sys
import time

from cable import LOGIN, captured, check, run, wait_until
from sensor import final, read_records


def shrinks(path, seconds):
    """How often a file became shorter: the beginning of a record was written and taken back."""
    end, before, times = time.time() + seconds, 0, 0
    while time.time() < end:
        size = os.stat(path).st_size
        times += size < before
        before = size
    return times


def test_full_disk(c):
    """A file system of 256 KiB fills up: whole lines only, whenever somebody looks, and again when there is
    room."""
    small = os.path.join(c.work, "small")
    os.mkdir(small)
    c.run("mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "tmpfs", small)
    try:
        s = c.sensor(output="small/live.ndjson")
        c.mails(250)
        s.wait_for("No space left on device; capture goes on", 15)
        check(shrinks(s.output, 5) == 0, "half a record was to be seen")
        kept = read_records(s.output)
        check(20 < len(kept) < 250, f"{len(kept)} records on a full disk")
        os.truncate(s.output, 0)
        s.wait_for("can be written again", 15)
        check(s.stop() == 0, "exit status")
        numbers = [r["smtp365"]["session"] for r in kept + read_records(s.output)]
        check(sorted(numbers) == list(range(1, 251)), f"records lost or written twice: {numbers}")
    finally:
        c.run("umount", small)


class Disk:
    """A file system of 16 MiB that can be frozen, so that each write to it hangs; None where this machine
    has no loop devices."""

    def __init__(self, c):
        self.image, self.path = os.path.join(c.work, "image"), os.path.join(c.work, "disk")
        os.mkdir(self.path)
        with open(self.image, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        self.there = subprocess.run(["mount", "-o", "loop", self.image, self.path], check=False,
                                    capture_output=True).returncode == 0
        if self.there:
            os.chmod(self.path, 0o777)
        self.frozen = False

    def freeze(self, frozen=True):
        subprocess.run(["fsfreeze", "-f" if frozen else "-u", self.path], check=True)
        self.frozen = frozen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.frozen:
            self.freeze(False)
        if self.there:
            subprocess.run(["umount", "-l", self.path], check=False)


def with_hanging_disk(c, play):
    with Disk(c) as disk:
        if not disk.there:
            print("    no loop devices here, so no disk that hangs: left out")
            return
        s = c.sensor("-w", f"{disk.path}/ring", "--metrics", f"{disk.path}/smtp365.prom", "--all", "--seccomp",
                     "kill", output="disk/live.ndjson")
        c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
        wait_until(lambda: len(final(read_records(s.output))) == 1, "no session")
        disk.freeze()
        c.mails(200)
        c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
        s.wait_for("live.ndjson: the disk has not answered for", 15)
        s.wait_for("ring: the disk has not answered for", 15)
        play(disk, s)


def test_hanging_disk(c):
    """Capture goes on while a disk hangs; what waits is written when it answers again."""
    def play(disk, s):
        c.mails(3)
        time.sleep(7)
        s.send(signal.SIGUSR1)
        s.wait_for("sessions: 205 ended", 5)
        s.send(signal.SIGHUP)
        disk.freeze(False)
        s.wait_for("live.ndjson: the disk answers again")
        s.wait_for("ring: the disk answers again")
        check(s.stop() == 0, "exit status: " + s.said())
        numbers = [r["smtp365"]["session"] for r in final(read_records(s.output))]
        check(sorted(numbers) == list(range(1, 206)), f"records lost or written twice: {numbers}")
        check("recorder: 2 sessions" in s.said() and " 0 packets not written" in s.said(), s.said())
    with_hanging_disk(c, play)


def test_disk_hangs_at_the_end(c):
    """SIGTERM while a disk hangs: what is lost is said, and told by the exit status."""
    def play(disk, s):
        s.send(signal.SIGTERM)
        s.wait_for("records could not be written", 15)
        s.wait_for("packets could not be written", 15)
        s.wait_for("sessions: 202 ended", 15)
        disk.freeze(False)  # until then the kernel lets no process go that waits for it
        check(s.stop() == 2, "exit status")
        read_records(s.output)
    with_hanging_disk(c, play)


def test_full_disk_of_the_recorder(c):
    """The folder of the recorder has room for some sessions only, whatever --ring says: whole files, the
    rest is counted, and it goes on when there is room."""
    small = os.path.join(c.work, "ring")
    os.mkdir(small)
    c.run("mount", "-t", "tmpfs", "-o", "size=128k,mode=777", "tmpfs", small)
    try:
        s = c.sensor("-w", small, "--ring", "16M", "--all", "--seccomp", "kill")
        for _ in range(4):
            c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN.replace("range(1)", "range(25)"))
        s.wait_for("the flight recorder lost packets: the disk is full", 20)
        wait_until(lambda: len(final(read_records(s.output))) == 100, "not 100 sessions", 20)
        s.send(signal.SIGHUP)
        wait_until(lambda: not any(n.endswith(".part") for n in os.listdir(small)), "no file was completed")
        for name in os.listdir(small):
            captured(os.path.join(small, name))
            os.unlink(os.path.join(small, name))
        c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
        wait_until(lambda: len(final(read_records(s.output))) == 101, "no session")
        check(s.stop() == 0, "exit status: " + s.said())
        check(sum(captured(os.path.join(small, n)) for n in os.listdir(small)) == 1, "not recorded again")
    finally:
        c.run("umount", small)


def test_session_larger_than_the_ring(c):
    s = c.sensor("-w", os.path.join(c.work, "ring"), "--ring", "1M", "--all", "--bodies", "--seccomp", "kill")
    c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN.replace(
        'b"QUIT', 'b"DATA\\r\\n", (b"x" * 70 + b"\\r\\n") * 30000 + b".\\r\\n", b"QUIT'))
    s.wait_for("a session is larger than the whole folder may be (--ring)", 20)
    c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
    wait_until(lambda: len(final(read_records(s.output))) == 2, "no second session")
    check(s.stop() == 0, "exit status")
    names = os.listdir(os.path.join(c.work, "ring"))
    check(len(names) == 1 and captured(os.path.join(c.work, "ring", names[0])) == 1, f"files {names}")


def test_output_in_a_folder_of_root(c):
    """Opened before the drop, it can be written, but not opened anew: said at once and on SIGHUP."""
    folder = os.path.join(c.work, "private")
    os.mkdir(folder, 0o700)
    s = c.sensor("--seccomp", "kill", output="private/live.ndjson")
    check("could not open it anew" in s.said(), s.said())
    s.send(signal.SIGHUP)
    s.wait_for("Permission denied")
    c.mails(2)
    wait_until(lambda: len(read_records(s.output)) == 2, "no records in the old file")
    check(s.stop() == 0, "exit status")


def test_folders_removed(c):
    """The folders of all outputs are taken away: it goes on, says so, and ends in order."""
    folder = os.path.join(c.work, "out")
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    s = c.sensor("-w", folder + "/ring", "--metrics", folder + "/smtp365.prom", "--all", "--seccomp", "kill",
                 output="out/live.ndjson")
    c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
    wait_until(lambda: len(final(read_records(s.output))) == 1, "no session")
    shutil.rmtree(folder)
    s.send(signal.SIGHUP)
    s.wait_for("live.ndjson: No such file or directory")
    c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
    s.wait_for("the flight recorder lost packets", 15)
    s.wait_for("smtp365.prom: No such file or directory", 20)
    s.send(signal.SIGUSR1)
    s.wait_for("sessions: 2 ended")
    s.stop()
    check(s.process.returncode in (0, 2), f"exit status {s.process.returncode}")


if __name__ == "__main__":
    run(globals())
