# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong around a sensor: interfaces that go away, readers that stop, disks that fill up,
logs that are rotated, permissions that are missing. usage: test_live_faults.py PROGRAM ROOT [NAME ...]

Each test makes two namespaces joined by a cable and removes them; LIVE_JOBS (4) of them run at a
time. Needs root."""
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sensor import Sensor, final, need, read_records

PROGRAM = os.path.abspath(sys.argv[1])
need()
SERVER = r"""
import socketserver, sys, time
class Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mail.contoso.example ESMTP\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            self.wfile.write(b"250-mail.contoso.example\r\n250 SIZE 1000\r\n" if word == b"EHLO" else
                b"354 go on\r\n" if word == b"DATA" else b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"DATA":
                while self.rfile.readline() not in (b".\r\n", b""): pass
                self.wfile.write(b"250 taken\r\n")
            if word == b"QUIT": return
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128
print("ready", flush=True)
Server(("10.77.0.2", 25), Talk).serve_forever()
"""
CLIENT = r"""
import socket, sys
for n in range(int(sys.argv[1])):
    s = socket.create_connection(("10.77.0.2", 25), timeout=5)
    f = s.makefile("rwb")
    def say(t):
        f.write(t); f.flush()
        while True:
            r = f.readline()
            if not r or r[3:4] != b"-": return
    f.readline()
    for t in (b"EHLO scan.contoso.example\r\n", b"MAIL FROM:<a@contoso.example>\r\n",
              b"RCPT TO:<b@contoso.example>\r\n", b"DATA\r\n", b"Subject: x\r\n\r\ny\r\n.\r\n", b"QUIT\r\n"):
        say(t)
    s.close()
"""


class Cable:
    """Namespaces a and b, joined by veth c0 and c1; an SMTP server in b."""

    number = itertools.count()

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="live-")
        os.chmod(self.work, 0o777)
        name = f"lf{os.getpid()}x{next(self.number)}"
        self.a, self.b = name + "a", name + "b"
        self.children = []

    def __enter__(self):
        for space in (self.a, self.b):
            self.run("ip", "netns", "add", space)
            self.run("ip", "-n", space, "link", "set", "lo", "up")
        self.plug()
        self.server = self.start(self.b, sys.executable, "-c", SERVER)
        self.server.stdout.readline()
        time.sleep(0.2)
        return self

    def plug(self):
        self.run("ip", "-n", self.a, "link", "add", "c0", "type", "veth", "peer", "name", "c1",
                 "netns", self.b)
        for space, name, address in ((self.a, "c0", "10.77.0.1"), (self.b, "c1", "10.77.0.2")):
            self.run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", name)
            self.run("ip", "-n", space, "link", "set", name, "up")

    def run(self, *words):
        subprocess.run(words, check=True)

    def start(self, space, *words, **how):
        child = subprocess.Popen(["ip", "netns", "exec", space, *words], text=True,
                                 stdout=subprocess.PIPE, **how)
        self.children.append(child)
        return child

    def mails(self, count=1):
        self.run("ip", "netns", "exec", self.a, sys.executable, "-c", CLIENT, str(count))

    def sensor(self, *more, **how):
        return Sensor(PROGRAM, self.a, how.pop("interfaces", ["c0"]), self.work, *more, **how)

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        for space in (self.a, self.b):
            subprocess.run(["ip", "netns", "del", space], check=False)
        shutil.rmtree(self.work, ignore_errors=True)


def check(good, words):
    if not good:
        raise AssertionError(words)


def wait_until(what, words, seconds=12):
    end = time.time() + seconds
    while not what():
        check(time.time() < end, words)
        time.sleep(0.1)


def test_interface_down_and_up(c):
    s = c.sensor()
    c.mails()
    c.run("ip", "-n", c.a, "link", "set", "c0", "down")
    s.wait_for("c0: the interface is down; waiting")
    c.run("ip", "-n", c.a, "link", "set", "c0", "up")
    s.wait_for("c0: is up again")
    time.sleep(0.5)
    c.mails()
    wait_until(lambda: len(read_records(s.output)) == 2, "no session after the interface was up again")
    check(s.stop() == 0, "exit status")


def test_interface_down_at_the_start(c):
    """It is waited for, and nothing of another interface is taken for its traffic meanwhile."""
    c.run("ip", "-n", c.a, "link", "set", "c0", "down")
    noise = c.start(c.a, sys.executable, "-c", NOISE)
    noise.stdout.readline()
    s = c.sensor("--seccomp", "kill")
    check("c0: the interface is down; waiting for it" in s.said(), s.said())
    time.sleep(1)
    noise.kill()
    c.run("ip", "-n", c.a, "link", "set", "c0", "up")
    s.wait_for("c0: is up again")
    time.sleep(0.5)
    c.mails(2)
    wait_until(lambda: len(read_records(s.output)) == 2, "no session after the interface was up")
    check(s.stop() == 0, "exit status")
    check(len(read_records(s.output)) == 2, "sessions of the loopback interface")


def test_interface_gone_and_back(c):
    s = c.sensor("--seccomp", "kill")
    c.mails()
    c.run("ip", "-n", c.a, "link", "del", "c0")
    s.wait_for("c0: there is no such interface any more; waiting")
    time.sleep(2)
    c.plug()
    s.wait_for("c0: is up again")
    c.mails(2)
    wait_until(lambda: len(read_records(s.output)) == 3, f"{len(read_records(s.output))} sessions, not 3")
    check(s.stop() == 0, "exit status")


def test_several_interfaces(c):
    s = c.sensor(interfaces=["c0", "lo"])
    c.mails(2)
    wait_until(lambda: len(read_records(s.output)) == 2, "not two sessions")
    check(s.stop() == 0 and "lo: up" in s.said() and "c0: up" in s.said(), "both are counted")


def test_any(c):
    s = c.sensor(interfaces=["any"])
    c.mails(2)
    wait_until(lambda: len(read_records(s.output)) == 2, "not two sessions")
    check(s.stop(signal.SIGINT) == 0, "exit status")


def test_rotation(c):
    s = c.sensor()
    c.mails(3)
    wait_until(lambda: len(read_records(s.output)) == 3, "not three sessions")
    os.rename(s.output, s.output + ".1")
    s.send(signal.SIGHUP)
    wait_until(lambda: os.path.exists(s.output), "not opened again")
    c.mails(2)
    wait_until(lambda: len(read_records(s.output)) == 2, "not two in the new file")
    check(s.stop() == 0 and len(read_records(s.output + ".1")) == 3, "the old file changed")


def test_counters(c):
    s = c.sensor()
    c.mails()
    time.sleep(1)
    s.send(signal.SIGUSR1)
    s.wait_for("dropped by the kernel 0")
    s.wait_for("streams: ")
    check(s.stop() == 0, "exit status")


def stopped_reader(c, output, read):
    """The reader of standard output stops: capture goes on, lines are whole, nothing is lost."""
    words = ["ip", "netns", "exec", c.a, PROGRAM, "--json", "-Z", "nobody", "-i", "c0"]
    log = open(os.path.join(c.work, "log"), "wb+")
    child = subprocess.Popen(words, stdout=output, stderr=log)
    output.close()
    time.sleep(1)
    c.mails(3000)
    time.sleep(7)
    check(child.poll() is None, "the sensor ended")
    child.send_signal(signal.SIGUSR1)
    time.sleep(1)
    log.seek(0)
    said = log.read().decode()
    check("waiting" in said and " 0 waiting" not in said, "nothing waits: " + said)
    taken = []

    def take():
        while data := read(1 << 20):
            taken.append(data)
    reader = threading.Thread(target=take)
    reader.start()
    time.sleep(3)
    child.send_signal(signal.SIGTERM)
    check(child.wait(20) == 0, "exit status")
    reader.join()
    lines = b"".join(taken).split(b"\n")
    check(lines[-1] == b"" and len(lines) - 1 == 3000, f"{len(lines) - 1} whole lines, not 3000")
    log.close()


def test_stopped_reader(c):
    """A pipe."""
    read_end, write_end = os.pipe()
    stopped_reader(c, os.fdopen(write_end, "wb"), lambda n: os.read(read_end, n))
    os.close(read_end)


def test_stopped_journal(c):
    """A socket, as the journal has it for a service."""
    read_end, write_end = socket.socketpair()
    stopped_reader(c, write_end, read_end.recv)
    read_end.close()


def test_reader_never_comes_back(c):
    """SIGTERM with a reader that does not read: an end within seconds, with no half line in the pipe, and
    the exit status tells that records are lost."""
    read_end, write_end = os.pipe()
    words = ["ip", "netns", "exec", c.a, PROGRAM, "--json", "-q", "-Z", "nobody", "-i", "c0"]
    log = open(os.path.join(c.work, "log"), "wb+")
    child = subprocess.Popen(words, stdout=write_end, stderr=log)
    os.close(write_end)
    time.sleep(1)
    c.mails(2000)
    time.sleep(7)
    child.send_signal(signal.SIGTERM)
    check(child.wait(20) == 2, "exit status")
    log.seek(0)
    check(b"records could not be written" in log.read(), "what was left is not said")
    text = b""
    while more := os.read(read_end, 1 << 20):
        text += more
    os.close(read_end)
    check(text.endswith(b"}\n"), "the pipe ends in the middle of a line")


def test_full_disk(c):
    """A file system of 256 KiB fills up: whole lines only, and again when there is room."""
    small = os.path.join(c.work, "small")
    os.mkdir(small)
    c.run("mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "tmpfs", small)
    try:
        s = c.sensor(output="small/live.ndjson")
        c.mails(250)
        s.wait_for("No space left on device; capture goes on", 15)
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
        s.send(signal.SIGHUP)
        wait_until(lambda: not any(n.endswith(".part") for n in os.listdir(small)), "no file was completed")
        for name in os.listdir(small):
            captured(os.path.join(small, name))
            os.unlink(os.path.join(small, name))
        before = len(final(read_records(s.output)))
        c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
        wait_until(lambda: len(final(read_records(s.output))) > before, "no session")
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


def test_storm_of_signals(c):
    """Thousands of SIGHUP and SIGUSR1 among mails: each record once, whole, in one of the files."""
    s = c.sensor("-w", os.path.join(c.work, "ring"), "--ring", "4M", "--seccomp", "kill")
    storm = threading.Event()

    def signals():
        number = 0
        while not storm.is_set():
            s.send(signal.SIGHUP)
            s.send(signal.SIGUSR1)
            number += 1
            if number % 100 == 0 and os.path.exists(s.output):
                os.rename(s.output, f"{s.output}.{number}")
            time.sleep(0.0005)
    thread = threading.Thread(target=signals)
    thread.start()
    c.mails(400)
    time.sleep(7)
    storm.set()
    thread.join()
    check(s.stop() == 0, "exit status")
    numbers = [r["smtp365"]["session"] for name in os.listdir(c.work) if name.startswith("live.ndjson")
               for r in read_records(os.path.join(c.work, name))]
    check(sorted(numbers) == list(range(1, 401)), f"{len(numbers)} records, not 400 once each")


def test_two_sensors(c):
    """Two on the same interface, into the same file: both see all, no line is torn."""
    first, second = c.sensor(name="one"), c.sensor(name="two")
    c.mails(100)
    wait_until(lambda: len(read_records(first.output)) == 200, "not 100 sessions each")
    check(first.stop() == 0 and second.stop() == 0, "exit status")


def test_warnings(c):
    s = c.sensor("--silence", "2")
    s.wait_for("no SMTP seen for 2 seconds", 10)
    c.mails()
    s.wait_for("SMTP is seen again")
    check(s.stop() == 0, "exit status")


def test_one_direction(c):
    """A mirror of one direction: said at the end at the latest."""
    s = c.sensor("-f", "src host 10.77.0.1")
    c.mails(5)
    time.sleep(3)
    check(s.stop() == 0, "exit status")
    check("only one direction seen in" in s.said(), s.said())


def test_metrics(c):
    path = os.path.join(c.work, "smtp365.prom")
    s = c.sensor("--metrics", path)
    c.mails(2)
    wait_until(lambda: os.path.exists(path), "no metrics")
    check(s.stop() == 0, "exit status")
    with open(path, encoding="ascii") as file:
        text = file.read()
    check('smtp365_sessions_total{endpoint="none",outcome="accepted",stopped_at="none"} 2' in text, text)
    subprocess.run([sys.executable, os.path.join(sys.argv[2], "tests", "tools", "check-metrics"), path],
                   check=True)


NOISE = r"""
import socket
listener = socket.create_server(("127.0.0.1", 25))
print("ready", flush=True)
while True:
    a = socket.create_connection(("127.0.0.1", 25))
    b, _ = listener.accept()
    b.sendall(b"220 noise.contoso.example ESMTP\r\n"); a.sendall(b"QUIT\r\n"); b.sendall(b"221 bye\r\n")
    a.close(); b.close()
"""
LOGIN = r"""
import socket, sys
for n in range(1):
    s = socket.create_connection(("10.77.0.2", 25), timeout=5)
    f = s.makefile("rwb")
    for t in (b"", b"HELO scan\r\n", b"AUTH PLAIN AHNjYW5uZXIAU0VDUkVULTE=\r\n", b"QUIT\r\n"):
        f.write(t); f.flush(); f.readline()
    s.close()
"""


def captured(path):
    """Sessions in a file of the recorder, which must be whole."""
    done = subprocess.run([PROGRAM, "--json", "--all", "-r", path], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"{path}: {done.stderr}")
    return done.stdout.count("\n")


def test_recorder(c):
    """Packets of a session with a finding, whole files only, no secret in them."""
    folder = os.path.join(c.work, "ring")
    s = c.sensor("-w", folder, "--ring", "16M", "--all", "--seccomp", "kill")
    c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
    wait_until(lambda: len(final(read_records(s.output))) == 1, "no session")
    s.send(signal.SIGHUP)
    time.sleep(1)
    c.run("ip", "netns", "exec", c.a, sys.executable, "-c", LOGIN)
    wait_until(lambda: len(final(read_records(s.output))) == 2, "no second session")
    check(s.stop() == 0, "exit status")
    names = sorted(os.listdir(folder))
    check(len(names) == 2 and all(n.endswith(".pcapng") for n in names), f"files {names}")
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            data = file.read()
        check(b"AHNjYW5uZXIAU0VDUkVULTE" not in data, "the password is in the file")
        check(b"auth.cleartext_password" in data, "no verdict in the comments")
        check(captured(path) == 1, "it is no capture of one session")


def test_sandbox(c):
    """After the drop, each thread: an ordinary user, no capability, no new privileges, a list of system
    calls."""
    s = c.sensor("--seccomp", "kill")
    pid = int(subprocess.run(["ip", "netns", "pids", c.a], capture_output=True, text=True,
                             check=True).stdout.split()[0])
    tasks = os.listdir(f"/proc/{pid}/task")
    check(len(tasks) == 3, f"{len(tasks)} threads: not the loop, the output and the messages")
    for task in tasks:
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        check("0" not in status["Uid"].split(), "still root: " + status["Uid"])
        for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            check(int(status[key], 16) == 0, f"{key} is {status[key]}")
        check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "no_new_privs or seccomp")
        check("0" not in status["Groups"].split(), "groups of root")
    c.mails()
    check(s.stop() == 0, "exit status")


def test_kernel_drops(c):
    """A sensor that gets no time: the kernel's ring is full, and the loss is said and in the record."""
    s = c.sensor("-B", "256")
    pid = int(subprocess.run(["ip", "netns", "pids", c.a], capture_output=True, text=True,
                             check=True).stdout.split()[0])
    os.kill(pid, signal.SIGSTOP)
    c.mails(400)
    os.kill(pid, signal.SIGCONT)
    time.sleep(2)
    c.mails(1)
    time.sleep(6)
    check(s.stop() == 0, "exit status")
    check("% lost: the kernel dropped" in s.said(), s.said())
    records = read_records(s.output)
    check(any(r["smtp365"]["capture"].get("dropped", 0) > 0 for r in records), "no record tells of it")
    later = max(records, key=lambda r: r["event"]["start"])  # one that was cut in two is told last
    check("dropped" not in later["smtp365"]["capture"], "told of a later session")


def test_service_manager(c):
    """READY, WATCHDOG in time, RELOADING on SIGHUP, STOPPING at the end."""
    path = os.path.join(c.work, "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    os.chmod(path, 0o777)
    s = c.sensor("--seccomp", "kill", env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
    time.sleep(2)
    s.send(signal.SIGHUP)
    time.sleep(0.5)
    check(s.stop() == 0, "exit status")
    manager.setblocking(False)
    said = []
    try:
        while True:
            said.append(manager.recv(4096).decode())
    except BlockingIOError:
        pass
    check("READY=1" in said[0], f"first word {said}")
    check(sum("WATCHDOG=1" in w for w in said) >= 3, f"watchdog {said}")
    check(any("RELOADING=1" in w for w in said) and "STOPPING=1" in said[-1], f"{said}")
    manager.close()


def test_count(c):
    s = c.sensor("-c", "5")
    c.mails()
    check(s.process.wait(10) == 0, "-c does not end it")


def test_file_capability(c):
    """An ordinary user with the capability on the file."""
    copy = os.path.join(c.work, "smtp365")
    shutil.copy(PROGRAM, copy)
    os.chmod(copy, 0o755)
    if subprocess.run(["setcap", "cap_net_raw+ep", copy], check=False).returncode:
        print("    no file capabilities here")
        return
    out = os.path.join(c.work, "out.ndjson")
    log = open(os.path.join(c.work, "log"), "wb+")
    child = subprocess.Popen(["ip", "netns", "exec", c.a, "setpriv", "--reuid", "nobody", "--regid", "nogroup",
                              "--clear-groups", "--", copy, "--json", "-i", "c0", "--output", out], stderr=log)
    wait_until(lambda: os.path.exists(out), "it did not start")
    time.sleep(1)
    c.mails()
    wait_until(lambda: len(read_records(out)) == 1, "no session")
    child.terminate()
    check(child.wait(10) == 0, "exit status")
    log.close()


def trouble(c, words, *command, user=None):
    prefix = ["ip", "netns", "exec", c.a]
    if user:
        prefix += ["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups", "--"]
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL)
    check(done.returncode == 2, f"{command}: exit {done.returncode}, {done.stderr}")
    check(words in done.stderr and done.stderr.count("\n") == 1, f"{words!r} not in one line: {done.stderr}")


def test_bad_input(c):
    trouble(c, "nosuch0: there is no such interface", PROGRAM, "-i", "nosuch0", "-Z", "nobody")
    trouble(c, "-Z nosuchuser", PROGRAM, "-i", "c0", "-Z", "nosuchuser")
    trouble(c, "bad filter", PROGRAM, "-i", "c0", "-Z", "nobody", "bad", "filter")
    trouble(c, "/nosuch/file", PROGRAM, "-i", "c0", "-Z", "nobody", "--output", "/nosuch/file")
    private = os.path.join(c.work, "private")
    os.mkdir(private, 0o700)
    for words in (["--output", private + "/x"], ["--metrics", private + "/x"], ["-w", private]):
        trouble(c, private, PROGRAM, "-i", "c0", "-Z", "nobody", *words)
    trouble(c, "given twice", PROGRAM, "-i", "c0", "-i", "c0", "-Z", "nobody")
    trouble(c, "leave the others out", PROGRAM, "-i", "any", "-i", "c0", "-Z", "nobody")
    trouble(c, "CAP_NET_RAW", "setpriv", "--bounding-set=-net_raw", PROGRAM, "-i", "c0", "-Z", "nobody")
    copy = os.path.join(c.work, "smtp365")
    shutil.copy(PROGRAM, copy)
    os.chmod(copy, 0o755)
    trouble(c, f"setcap cap_net_raw+ep {copy}", copy, "-i", "c0", user="nobody")


def one(test):
    name, play = test
    try:
        with Cable() as cable:
            play(cable)
        print(f"ok: {name}", flush=True)
        return True
    except Exception as error:  # the others still count
        print(f"FAILED: {name}: {error!r}", flush=True)
        return False


def main():
    tests = {k[5:]: v for k, v in globals().items() if k.startswith("test_")}
    chosen = [(name, tests[name]) for name in sys.argv[3:] or tests]
    with ThreadPoolExecutor(int(os.environ.get("LIVE_JOBS", "4"))) as pool:
        good = list(pool.map(one, chosen))
    print(f"{sum(good)} of {len(good)} faults survived")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
