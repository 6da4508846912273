#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records sessions of real programs in a network of three namespaces: client, router, server.

    record_net.py [NAME.pcapng ...]      records these (all without names) into pcaps/

Packets go over veth pairs with private addresses only; the router can drop, refuse or limit with
nftables. What was recorded at the client is then rewritten: the servers get addresses of
Microsoft 365, checksums are made right. Needs root, iproute2, nftables, tcpdump and the clients
that record_net_scenes.py names. Everything is taken down at the end, also after a failure.
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import transform
from craft import LINK_ETHERNET, write_file
from craft_story import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, CLIENT6, ROUTER = "10.1.2.30", "fd01:2::30", "10.1.2.1"
SUBMISSION, MX, MX2 = "10.9.9.18", "10.9.9.3", "10.9.9.36"
SUBMISSION6, MX6 = "fd09::18", "fd09::3"
PUBLIC = {SUBMISSION: "52.96.165.18", MX: "52.101.68.3", MX2: "104.47.10.36",
          SUBMISSION6: "2603:1026:c0a::1", MX6: "2a01:111:f403:c200::3",
          CLIENT6: "2001:db8:1:2::30", "fd01:2::1": "2001:db8:1:2::1"}


def run(*words, check=True, **how):
    return subprocess.run(words, check=check, **how)


class Net:
    """The three namespaces and what runs in them; a context manager that cleans up."""

    def __init__(self, label):
        self.id = f"s365{os.getpid() % 10000}{label}"
        self.spaces = {k: f"{self.id}{k}" for k in "crs"}
        self.children = []
        self.work = tempfile.mkdtemp(prefix="record-net-")

    def ip(self, space, *words):
        run("ip", "-n", self.spaces[space], *words)

    def inside(self, space, *words, **how):
        return run("ip", "netns", "exec", self.spaces[space], *words, **how)

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        for name in self.spaces.values():
            run("ip", "netns", "add", name)
        os.makedirs(f"/etc/netns/{self.spaces['c']}", exist_ok=True)
        with open(f"/etc/netns/{self.spaces['c']}/resolv.conf", "w", encoding="ascii") as out:
            out.write(f"nameserver {ROUTER}\noptions timeout:2 attempts:3\n")
        self.pair("c", "r", "lan", "02:00:0a:01:02:1e", "02:00:0a:01:02:01")
        self.pair("s", "r", "wan", "02:00:0a:09:09:03", "02:00:0a:09:09:01")
        self.address("c", "lan", f"{CLIENT}/24", f"{CLIENT6}/64")
        self.address("r", "lan", f"{ROUTER}/24", "fd01:2::1/64")
        self.address("r", "wan", "10.9.9.1/24", "fd09::1/64")
        self.address("s", "wan", *(f"{a}/24" for a in (SUBMISSION, MX, MX2)),
                     f"{SUBMISSION6}/64", f"{MX6}/64")
        for space, gate, gate6 in (("c", ROUTER, "fd01:2::1"), ("s", "10.9.9.1", "fd09::1")):
            self.ip(space, "route", "add", "default", "via", gate)
            self.ip(space, "-6", "route", "add", "default", "via", gate6)
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            self.inside("r", "sysctl", "-qw", f"{key}=1")

    def pair(self, left, right, name, left_mac, right_mac):
        run("ip", "-n", self.spaces[left], "link", "add", "name", name, "address", left_mac,
            "type", "veth", "peer", "name", name, "address", right_mac, "netns",
            self.spaces[right])
        for space in (left, right):
            self.ip(space, "link", "set", name, "gso_max_segs", "1")
            self.ip(space, "link", "set", name, "up")
            self.ip(space, "link", "set", "lo", "up")

    def address(self, space, name, *addresses):
        for address in addresses:
            extra = ["nodad"] if ":" in address else []
            self.ip(space, "addr", "add", address, "dev", name, *extra)

    def rules(self, space, hook, *rules):
        """nftables rules on a hook of a namespace."""
        self.inside(space, "nft", "add table inet t")
        self.inside(space, "nft", f"add chain inet t {hook} {{ type filter hook {hook}"
                                  " priority 0 ; }")
        for rule in rules:
            self.inside(space, "nft", f"add rule inet t {hook} {rule}")

    def start(self, space, *words, ready="ready"):
        child = subprocess.Popen(("ip", "netns", "exec", self.spaces[space], *words),
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.children.append(child)
        for line in child.stdout:
            if ready in line:
                break
        child.said = []
        child.reader = threading.Thread(target=lambda: child.said.append(child.stdout.read()),
                                        daemon=True)
        child.reader.start()
        return child

    def peer(self, space, kind, setup):
        self.start(space, sys.executable, os.path.join(HERE, "record_net_peers.py"), kind,
                   json.dumps(setup))

    def smtp(self, *listeners):
        self.peer("s", "smtp", listeners)

    def dns(self, **zone):
        """dns(name=entry) with dots as they are: pass a dict through **."""
        self.peer("r", "dns", {"ip": ROUTER, "zone": zone})

    def certificate(self):
        path = os.path.join(self.work, "server.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path, "-out",
            path + ".crt", "-subj", "/CN=outlook.com", "-days", "30", capture_output=True)
        with open(path, "a", encoding="ascii") as key, open(path + ".crt", encoding="ascii") as crt:
            key.write(crt.read())
        return path

    def client(self, *words, timeout=120):
        """A client program; its exit status does not matter, what it said is returned."""
        done = self.inside("c", *words, check=False, capture_output=True, text=True,
                           timeout=timeout, stdin=subprocess.DEVNULL)
        return done.stdout + done.stderr

    def record(self, act, linger=0.5):
        """Runs act(self) while tcpdump records at the client."""
        path = os.path.join(self.work, "client.pcap")
        tcpdump = self.start("c", "tcpdump", "-i", "lan", "-Z", "root", "-U", "--immediate-mode",
                             "-B", "32768",
                             "--time-stamp-precision=nano", "-w", path,
                             "ip or ip6", ready="listening")
        act(self)
        time.sleep(linger)
        tcpdump.terminate()
        tcpdump.wait()
        tcpdump.reader.join()
        if "\n0 packets dropped by kernel" not in tcpdump.said[0]:
            raise RuntimeError("tcpdump lost packets: " + tcpdump.said[0])
        packets = [p for p in transform.read_capture(path) if not housekeeping(p[1])]
        return transform.rewrite(packets, PUBLIC)

    def __exit__(self, *_):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        for name in self.spaces.values():
            run("ip", "netns", "del", name, check=False, capture_output=True)
        path = f"/etc/netns/{self.spaces['c']}"
        for leaf in (f"{path}/resolv.conf",):
            if os.path.exists(leaf):
                os.unlink(leaf)
        if os.path.isdir(path):
            os.rmdir(path)
        for leaf in os.listdir(self.work):
            os.unlink(os.path.join(self.work, leaf))
        os.rmdir(self.work)


def housekeeping(frame):
    """Neighbour discovery and multicast listener reports, which say nothing about mail."""
    if frame[12:14] != b"\x86\xdd":
        return frame[12:14] != b"\x08\x00"
    return frame[20] == 0 or frame[20] == 58 and frame[54] >= 130


def main(wanted):
    from record_net_scenes import SCENES
    for number, (name, scene) in enumerate(SCENES.items()):
        if wanted and name not in wanted:
            continue
        with Net(str(number)) as net:
            packets = scene(net)
        write_file(os.path.join(ROOT, name), packets, [LINK_ETHERNET])
        print(f"{name}: {len(packets)} packets", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
