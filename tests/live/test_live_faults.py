# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong around a sensor: interfaces that go away, readers that stop, logs that are rotated,
storms of signals, permissions that are missing. usage: test_live_faults.py PROGRAM ROOT [NAME ...]

Needs root. What happens to disks is in test_live_disks.py."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from cable import LOGIN, NOISE, PROGRAM, captured, check, run, wait_until
from sensor import RECORD, final, read_records


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


REPLAY = r"""
import socket, sys, time
sys.path.insert(0, sys.argv[1])
import transform
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("c1", 0))
for packet in transform.read_capture(sys.argv[2]):
    s.send(packet[1])
    time.sleep(0.002)
"""


def test_any_behind_two_tags(c):
    """On "any" Linux hands over the inner tag without its type; libpcap filters the first packets itself."""
    capture = os.path.join(sys.argv[2], "pcaps", "input-qinq-failing.pcapng")
    s = c.sensor(interfaces=["any"])
    c.run("ip", "netns", "exec", c.b, sys.executable, "-B", "-c", REPLAY, RECORD, capture)
    time.sleep(0.5)
    check(s.stop() == 0, "exit status")
    records = read_records(s.output)
    check(len(records) == 1 and records[0]["smtp365"]["cause"]["id"] == "starttls.missing_from_m365",
          f"{len(records)} records, not one with the cause; {s.said()}")
    vlan = records[0]["network"]
    check(vlan["vlan"]["id"] == "200" and vlan["inner"]["vlan"]["id"] == "100", f"tags {vlan}")


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
    began = time.monotonic()
    s = c.sensor("--silence", "2")
    s.wait_for("no SMTP seen for ", 10)
    told = int(re.search(r"no SMTP seen for (\d+) seconds", s.said())[1])
    check(2 <= told <= time.monotonic() - began, f"{told} seconds of silence told")
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
    def counted():
        """Twice the same number: no more of those losses will be added to a later session."""
        s.send(signal.SIGUSR1)
        time.sleep(1.2)
        told = re.findall(r"dropped by the kernel (\d+)", s.said())
        return told[-1:] != ["0"] and told[-2:-1] == told[-1:]
    wait_until(counted, "the kernel's losses were not counted", 30)
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
    for words in (["--metrics", private + "/x"], ["-w", private]):
        trouble(c, private, PROGRAM, "-i", "c0", "-Z", "nobody", *words)
    trouble(c, "given twice", PROGRAM, "-i", "c0", "-i", "c0", "-Z", "nobody")
    trouble(c, "leave the others out", PROGRAM, "-i", "any", "-i", "c0", "-Z", "nobody")
    trouble(c, "CAP_NET_RAW", "setpriv", "--bounding-set=-net_raw", PROGRAM, "-i", "c0", "-Z", "nobody")
    copy = os.path.join(c.work, "smtp365")
    shutil.copy(PROGRAM, copy)
    os.chmod(copy, 0o755)
    trouble(c, f"setcap cap_net_raw+ep {copy}", copy, "-i", "c0", user="nobody")


if __name__ == "__main__":
    run(globals())
