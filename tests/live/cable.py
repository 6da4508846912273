# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of faults share: two namespaces joined by a cable with an SMTP server at one end, mails
over it, and running the tests of a file, LIVE_JOBS (4) at a time."""
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from sensor import Sensor, need

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
    s = socket.create_connection(("10.77.0.2", 25), timeout=30)
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
    s = socket.create_connection(("10.77.0.2", 25), timeout=30)
    f = s.makefile("rwb")
    for t in (b"", b"HELO scan\r\n", b"AUTH PLAIN AHNjYW5uZXIAU0VDUkVULTE=\r\n", b"QUIT\r\n"):
        f.write(t); f.flush(); f.readline()
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
        sensor = Sensor(PROGRAM, self.a, how.pop("interfaces", ["c0"]), self.work, *more, **how)
        self.children.append(sensor.process)
        return sensor

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


def captured(path):
    """Sessions in a file of the recorder, which must be whole."""
    done = subprocess.run([PROGRAM, "--json", "--all", "-r", path], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"{path}: {done.stderr}")
    return done.stdout.count("\n")


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


def run(found):
    """The functions test_NAME of a module, or those that the command line names."""
    tests = {k[5:]: v for k, v in found.items() if k.startswith("test_")}
    chosen = [(name, tests[name]) for name in sys.argv[3:] or tests]
    with ThreadPoolExecutor(int(os.environ.get("LIVE_JOBS", "4"))) as pool:
        good = list(pool.map(one, chosen))
    print(f"{sum(good)} of {len(good)} faults survived")
    sys.exit(0 if all(good) else 1)
