#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the running sensor may do, as the kernel tells it: started as root, with a file capability and
with an ambient one as the service gets it; the messages to the service manager; and one line with
exit status 2 for everything that stands in the way of starting. Works in a network namespace of its
own, on an interface on which nothing is sent. Needs root; without it only the last part runs."""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOOL, SOURCE = os.path.abspath(sys.argv[1]), sys.argv[2]
SPACE = f"smtp365-check-{os.getpid()}"
LINK = "mirror"
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
AMBIENT = NOBODY + ["--inh-caps=+net_raw", "--ambient-caps=+net_raw", "--bounding-set=-all,+net_raw",
                    "--no-new-privs"]
PIDFD_GETFD, SO_LOCK_FILTER = 438, 44
bad = []


def expect(what, true, said=""):
    if not true:
        bad.append(f"{what}: {said}")


def inside(*words):
    return ["ip", "netns", "exec", SPACE, *words]


def refused(what, command, *wanted):
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    said = done.stderr
    expect(what, done.returncode == 2, f"exit status {done.returncode}: {said}")
    expect(what, said.count("\n") == 1, "not one line: " + said)
    for word in wanted:
        expect(what, word in said, f"no \"{word}\" in: {said}")


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(re.findall(r"(?m)^(\w+):[ \t]*(.*)$", f.read()))


def start(command, **more):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             **more)
    line = child.stderr.readline()
    expect(" ".join(command[-6:]), "capturing on" in line, line)
    return child


def stop(what, child):
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=30)
    expect(what, child.returncode == 0, f"exit status {child.returncode}: {said}")


def check_dropped(what, child, uid, bounding):
    """Nothing is left, whatever it started with."""
    s = status_of(child.pid)
    expect(what, s["Uid"].split() == [uid] * 4, s["Uid"])
    expect(what, s["Groups"].strip() == "", s["Groups"])
    for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        expect(what, int(s[key], 16) == 0, f"{key} {s[key]}")
    expect(what, int(s["CapBnd"], 16) in bounding, "CapBnd " + s["CapBnd"])
    expect(what, s["NoNewPrivs"] == "1", "no_new_privs " + s["NoNewPrivs"])
    expect(what, s["Seccomp"] == "2", "seccomp " + s["Seccomp"])
    # Of one that may be traced or dumped the files in /proc are the user's.
    expect(what, os.stat(f"/proc/{child.pid}/mem").st_uid == 0, "can be traced by its own user")
    kinds = [os.readlink(f"/proc/{child.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{child.pid}/fd")]
    expect(what, not any("/etc/" in k for k in kinds), str(kinds))


def check_filter_locked(what, child):
    """No packet socket of the sensor lets its filter go, not even in the hands of root."""
    libc, seen = ctypes.CDLL(None, use_errno=True), 0
    pidfd = os.pidfd_open(child.pid)
    for fd in os.listdir(f"/proc/{child.pid}/fd"):
        if not os.readlink(f"/proc/{child.pid}/fd/{fd}").startswith("socket:"):
            continue
        copy = libc.syscall(PIDFD_GETFD, pidfd, int(fd), 0)
        if copy < 0:
            print("descriptors cannot be taken here, the lock of the filter is left out")
            return
        with socket.socket(fileno=copy) as taken:
            if taken.family != socket.AF_PACKET:
                continue
            seen += 1
            expect(what, taken.getsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER) == 1, "filter not locked")
    os.close(pidfd)
    expect(what, seen > 0, "no packet socket found")


def check_root(tool, uid, folder):
    command = inside(tool, "-i", LINK, "-Z", "nobody", "--json", "--output", folder + "/a.ndjson",
                     "-w", folder + "/packets", "--ring", "1M", "--metrics", folder + "/a.prom")
    child = start(command)
    check_dropped("started as root", child, uid, [0])
    check_filter_locked("started as root", child)
    for signal_ in (signal.SIGHUP, signal.SIGUSR1, signal.SIGHUP):
        child.send_signal(signal_)
        time.sleep(0.3)
    expect("started as root", child.poll() is None, "ended by a signal that it should take")
    stop("started as root", child)
    for name in ("a.ndjson", "packets"):
        expect("started as root", os.stat(f"{folder}/{name}").st_uid == int(uid), name + " is not "
               "the user's")


def check_output(tool):
    """Standard output is a pipe, and opening "any" leaves low numbers free: it can be written to."""
    child = subprocess.Popen(inside(tool, "-i", "any", "-Z", "nobody"), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    expect("output", "capturing on" in child.stderr.readline(), "no first line")
    child.send_signal(signal.SIGTERM)
    out, said = child.communicate(timeout=30)
    expect("output", child.returncode == 0 and "no SMTP sessions" in out, f"{child.returncode} {said}")


def check_capability(tool, uid):
    done = subprocess.run(["setcap", "cap_net_raw+ep", tool], capture_output=True, text=True)
    if done.returncode != 0:
        print("file capabilities do not work here, left out:", done.stderr.strip())
        return
    # Reading a file it keeps none of it: wait for it at a pipe that nobody fills.
    held, end = os.pipe()
    reader = subprocess.Popen([*NOBODY, tool, "-r", "-"], stdin=held, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    rights = status_of(reader.pid)
    expect("file capability", int(rights["CapPrm"], 16) == 0, "-r keeps " + rights["CapPrm"])
    os.close(end)
    os.close(held)
    reader.wait()
    child = start(inside(*NOBODY, tool, "-i", LINK))
    check_dropped("file capability", child, uid, range(1 << 64))
    stop("file capability", child)
    subprocess.run(["setcap", "-r", tool], check=True)


def heard(manager, seconds):
    """All messages of so many seconds."""
    out, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            out.append(manager.recv(4096).decode())
        except (BlockingIOError, socket.timeout):
            pass
    return out


def check_service(tool, uid, folder):
    """As the unit starts it, this script being the service manager."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(folder + "/notify")
    os.chmod(folder + "/notify", 0o777)
    manager.settimeout(0.1)
    child = start(inside(*AMBIENT, tool, "-i", LINK),
                  env=dict(os.environ, NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC="1000000"))
    said = heard(manager, 1.8)
    expect("service", any(m.startswith("READY=1") for m in said), str(said))
    expect("service", said.count("WATCHDOG=1") >= 2, str(said))
    check_dropped("service", child, uid, [1 << 13])
    child.send_signal(signal.SIGHUP)
    said = heard(manager, 0.6)
    expect("service", any(m.startswith("RELOADING=1\nMONOTONIC_USEC=") for m in said), str(said))
    expect("service", any(m.startswith("READY=1") for m in said), str(said))
    stop("service", child)
    expect("service", "STOPPING=1" in heard(manager, 0.3), "no STOPPING=1")
    manager.close()


def check_refusals(tool, folder):
    refused("unknown user", inside(tool, "-i", LINK, "-Z", "no-such-user"), "-Z no-such-user")
    refused("root as user", inside(tool, "-i", LINK, "-Z", "root"), "ordinary user")
    refused("no interface", inside(tool, "-i", "none0", "-Z", "nobody"), "none0")
    refused("bad filter", inside(tool, "-i", LINK, "-Z", "nobody", "tcp prot 25"), "tcp prot 25")
    refused("output", inside(tool, "-i", LINK, "-Z", "nobody", "--output", "/none/a"), "/none/a")
    refused("recorder", inside(tool, "-i", LINK, "-Z", "nobody", "-w", "/none/at/all"),
            "/none/at/all")
    refused("no permission", inside(*NOBODY, tool, "-i", LINK), LINK,
            f"setcap cap_net_raw+ep {tool}")
    setuid = folder + "/setuid"
    shutil.copy(tool, setuid)
    shutil.chown(setuid, "nobody")
    os.chmod(setuid, 0o4755)
    refused("setuid", inside(setuid, "-i", LINK), "setuid")


def filter_of(what, command, *wanted):
    """The text of -d, which must begin with these words and go on with instructions."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    for word in ("587", "(000) ", *wanted):
        expect(what, word in done.stdout, f"no \"{word}\" in: {done.stdout[:300]}{done.stderr}")
    return done.stdout


def check_filter_text():
    filter_of("-d", [TOOL, "-d", "--port", "1025", "-f", "host 192.0.2.1"], "1025", "host 192.0.2.1",
              "link type EN10MB")
    cooked = os.path.join(SOURCE, "pcaps", "input-cooked2.pcapng")
    text = filter_of("-d -r", [TOOL, "-d", "-r", cooked, "-f", "host 192.0.2.1"], "link type LINUX_SLL2",
                     "host 192.0.2.1")
    expect("-d -r", len(re.findall("0xc0000201", text)) >= 2, "the user's filter is not in it")
    refused("-d twice", [TOOL, "-d", "-r", cooked, "-r", cooked], "one -r FILE")


def check_interface_filter(tool):
    """With -i it is the program that this interface gets."""
    filter_of("-d -i", inside(tool, "-d", "-i", LINK), "link type EN10MB")
    filter_of("-d -i any", inside(tool, "-d", "-i", "any", "tcp", "port", "25"), "link type LINUX_SLL",
              "tcp port 25")
    refused("-d -i none0", inside(tool, "-d", "-i", "none0"), "none0")
    refused("-d without permission", inside(*NOBODY, tool, "-d", "-i", LINK), "setcap")


def with_namespace():
    subprocess.run(["ip", "netns", "add", SPACE], check=True)
    try:
        subprocess.run(inside("ip", "link", "add", "name", LINK, "type", "veth", "peer",
                              "name", "other"), check=True)
        for link in (LINK, "other"):
            subprocess.run(inside("ip", "link", "set", link, "up"), check=True)
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            # A build folder may be closed to the user that is dropped to.
            tool = shutil.copy(TOOL, folder + "/smtp365")
            uid = subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True).stdout.strip()
            check_refusals(tool, folder)
            check_interface_filter(tool)
            check_root(tool, uid, folder)
            check_output(tool)
            check_service(tool, uid, folder)
            check_capability(tool, uid)
    finally:
        subprocess.run(["ip", "netns", "del", SPACE], check=False)


def is_instrumented():
    """Sanitizers end with a fork to look for leaks, which the list of system calls forbids."""
    with open(TOOL, "rb") as f:
        return b"__asan_init" in f.read()


def main():
    check_filter_text()
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("setpriv"):
        print("needs root, ip and setpriv for the rest, left out")
    elif is_instrumented():
        print("a build with sanitizers cannot run in its sandbox, the rest is left out")
    else:
        with_namespace()
    for line in bad:
        print(line)
    print("privileges:", "FAILED" if bad else "fine")
    return 1 if bad else 0


sys.exit(main())
