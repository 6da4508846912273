#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Records captures from rows of the scenario tables (scenarios_*.py) and writes
# the stories that go with them.  For each row: three network namespaces, a
# name server and an SMTP server, tcpdump, the real client; then the addresses
# are rewritten.  Takes names of captures, "all", a table's name, or --stories;
# needs root.  What a row may say is told in README.md.
import glob
import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import rewrite

HERE = os.path.dirname(os.path.abspath(__file__))
PCAPS = os.path.dirname(HERE)
PYTHON = "/usr/bin/python3"
TOOLS = {
    "swaks": "swaks",
    "curl": "curl",
    "openssl": "openssl",
    "gnutls-cli": "gnutls-bin",
    "msmtp": "msmtp",
    "postfix": "postfix",
    "sendmail": "postfix",
    "smtplib": "python3",
}

ADDRESSES = {
    "10.9.0.1": "52.96.165.18",
    "10.9.0.3": "40.96.12.98",  # submission
    "10.9.0.2": "52.101.68.3",
    "10.9.0.4": "104.47.11.10",  # MX
    "10.9.0.5": "10.1.9.25",
    "10.9.0.6": "198.51.100.25",  # not Microsoft
    "10.9.0.53": "10.1.0.53",
    "10.9.0.254": "10.1.0.254",
    "fd09::1": "2603:1026:c0a:26::2",
    "fd09::2": "2a01:111:f403:c903::1",
    "fd09::fe": "2001:db8:1:9::fe",
    "fd01:2::30": "2001:db8:1:2::30",
    "fd01:2::1": "2001:db8:1:2::1",
}
SUBMISSION = [["CNAME", "outlook.ms-acdc.office.com"]]
FRONT = [["A", "10.9.0.1"]]
ZONE = {
    "smtp.office365.com": [["CNAME", "outlook.office365.com"]],
    "outlook.office365.com": [["CNAME", "ooc-g2.tm-4.office.com"]],
    "ooc-g2.tm-4.office.com": SUBMISSION,
    "outlook.ms-acdc.office.com": FRONT,
    "smtp-legacy.office365.com": [["A", "10.9.0.3"]],
    "smtp-mail.outlook.com": SUBMISSION,
    "contoso-com.mail.protection.outlook.com": [["A", "10.9.0.2"]],
    "contoso-com.o-v1.mx.microsoft": [["A", "10.9.0.4"]],
    "contoso.com": [["MX", "0 contoso-com.mail.protection.outlook.com"]],
    "relay.contoso.example": [["A", "10.9.0.5"]],
    "smtp6.office365.com": [["AAAA", "fd09::1"]],
}
KINDS = {  # host, port, endpoint, method, role of the server
    "submission": ("smtp.office365.com", 587, "submission", "client_submission", "cafe"),
    "legacy": ("smtp-legacy.office365.com", 587, "legacy", "client_submission", "cafe"),
    "consumer": ("smtp-mail.outlook.com", 587, "consumer", "client_submission", "cafe"),
    "mx": ("contoso-com.mail.protection.outlook.com", 25, "mx", "direct_send_or_relay", "eop"),
    "mx-microsoft": ("contoso-com.o-v1.mx.microsoft", 25, "mx", "direct_send_or_relay", "eop"),
    "relay": ("relay.contoso.example", 25, "none", "unknown", "other"),
}
FRONTS = {  # short name of a front end, and the suffix of its error trailer
    "cafe": [
        ("BE1P281CA0440", "DEUP281.PROD.OUTLOOK.COM"),
        ("LO4P302CA0005", "GBRP302.PROD.OUTLOOK.COM"),
        ("SY5P282CA0097", "AUSP282.PROD.OUTLOOK.COM"),
        ("AM0PR04CA0071", "eurprd04.prod.outlook.com"),
        ("BMXPR01CA0083", "INDPRD01.PROD.OUTLOOK.COM"),
    ],
    "eop": [
        ("DB3PEPF0000885C", "eurprd02.prod.outlook.com"),
        ("CH3PEPF00000015", "namprd21.prod.outlook.com"),
        ("AMS0EPF0000019A", "eurprd05.prod.outlook.com"),
        ("DB1PEPF000509EF", "eurprd03.prod.outlook.com"),
    ],
}
STORY_KEYS = (
    "fires",
    "fires_with_keys",
    "fires_inferred",
    "near",
    "cause",
    "stopped_at",
    "outcome",
    "endpoint",
    "method",
    "sessions",
    "keylog",
)


def base_name(name):
    return name.split(".")[0]


class Recording:
    """One row, from namespaces to finished file."""

    def __init__(self, row, certs, number):
        self.row, self.certs = row, certs
        self.prefix = f"rec{os.getpid() % 10000}x{number}"
        kind = KINDS[row.get("kind", "submission")]
        self.host, self.port = row.get("host", kind[0]), row.get("port", kind[1])
        self.role = kind[4]
        self.running, self.dump = [], None
        self.work = tempfile.mkdtemp(prefix="record-")
        self.env = {
            **os.environ,
            "HOST": self.host,
            "PORT": str(self.port),
            "CERTS": certs,
            "RECORD": HERE,
            "WORK": self.work,
            "OPENSSL_CONF": "/dev/null",
            "NETNS": self.prefix,
            "HOME": self.work,
            "LC_ALL": "C",
            "CLIENT_IP": row.get("client_ip", "10.1.2.30"),
        }

    def json_file(self, name, value):
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file)
        return path

    def inside(self, where, command):
        return ["ip", "netns", "exec", f"{self.prefix}-{where}"] + command

    def start(self, where, command, ready):
        """Starts a program; waits until it prints the word that says it listens."""
        error = (
            subprocess.STDOUT
            if ready != "ready"
            else open(os.path.join(self.work, "log"), "a", encoding="utf-8")
        )
        process = subprocess.Popen(
            self.inside(where, command),
            stdout=subprocess.PIPE,
            stderr=error,
            text=True,
            env=self.env,
        )
        self.running.append(process)
        while ready:
            line = process.stdout.readline()
            if ready in line:
                break
            if not line:
                raise RuntimeError(f"{command[0]} did not start in {self.row['name']}")
        return process

    def serve(self):
        row = self.row
        zone = {**ZONE, **row.get("zone", {})}
        self.start(
            "server",
            [PYTHON, f"{HERE}/dns_server.py", "10.9.0.53", self.json_file("zone", zone)],
            "ready",
        )
        servers = row.get("servers") or {self.port: row.get("server", {})}
        for port, given in servers.items():
            rows = given if isinstance(given, list) else [given]
            rows = [{"role": self.role, **self.front(), **one} for one in rows]
            self.start(
                "server",
                [
                    PYTHON,
                    f"{HERE}/exchange_server.py",
                    "--port",
                    str(port),
                    "--certs",
                    self.certs,
                    "--keylog",
                    f"{self.work}/keylog",
                    "--options",
                    self.json_file(f"options{port}", rows),
                ],
                "ready",
            )
        for command in row.get("services", []):
            self.start("server", ["bash", "-c", "exec " + command], None)
            time.sleep(0.7)
        for where, command in row.get("setup", []):
            subprocess.run(self.inside(where, ["bash", "-c", command]), env=self.env, check=True)

    def front(self):
        """A front end chosen by the row's name, so that it stays the same."""
        pool = FRONTS.get(self.role)
        if not pool:
            return {}
        host, inside = pool[sum(self.row["name"].encode()) % len(pool)]
        return {"host": host, "inside": inside}

    def capture(self):
        row = self.row
        where, card = {
            "client": ("client", "eth0"),
            "middle": ("middle", "wan0"),
            "lan": ("middle", "lan0"),
            "server": ("server", "eth0"),
        }[row.get("where", "client")]
        words = row.get("filter", "tcp or udp or icmp or (icmp6 and ip6[40] < 5)")
        self.dump = self.start(
            where,
            [
                "tcpdump",
                "-i",
                card,
                "-U",
                "-n",
                "--immediate-mode",
                "--time-stamp-precision=nano",
                "-s",
                str(row.get("snaplen", 262144)),
                "-Z",
                "root",
                "-w",
                f"{self.work}/raw.pcap",
                words,
            ],
            "listening",
        )

    def client(self, what, number=0):
        if isinstance(what, list):
            steps = self.json_file(f"steps{number}", what)
            command = [
                PYTHON,
                f"{HERE}/raw_client.py",
                self.host,
                str(self.port),
                steps,
                self.certs,
            ]
        else:
            command = ["bash", "-c", what]
        log = open(os.path.join(self.work, f"client{number}.log"), "wb")
        try:
            subprocess.run(
                self.inside("client", command),
                env=self.env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                timeout=self.row.get("seconds", 60),
                check=False,
            )
        except subprocess.TimeoutExpired:
            pass

    def run_clients(self):
        clients = self.row.get("clients") or [self.row["client"]]
        if self.row.get("parallel"):
            threads = [
                threading.Thread(target=self.client, args=(c, n)) for n, c in enumerate(clients)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return
        for number, what in enumerate(clients):
            self.client(what, number)
            time.sleep(self.row.get("between", 0.3))

    def stop(self, process):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def go(self):
        netns = ["bash", f"{HERE}/netns.sh"]
        try:
            subprocess.run(netns + ["up", self.prefix], env=self.env, check=True)
            self.serve()
            self.capture()
            self.run_clients()
            time.sleep(self.row.get("linger", 0.6))
            self.stop(self.dump)
            return self.finish()
        finally:
            for process in self.running:
                if process.poll() is None:
                    self.stop(process)
            subprocess.run(netns + ["down", self.prefix], check=False)
            if not os.environ.get("RECORD_KEEP"):
                shutil.rmtree(self.work, ignore_errors=True)

    def finish(self):
        row = self.row
        secrets = b""
        if row.get("keylog"):
            with open(f"{self.work}/keylog", "rb") as file:
                secrets = b"".join(line for line in file if not line.startswith(b"#"))
            with open(os.path.join(PCAPS, base_name(row["name"]) + ".keylog"), "wb") as file:
                file.write(secrets)
        return rewrite.rewrite(
            f"{self.work}/raw.pcap",
            os.path.join(PCAPS, row["name"]),
            {**ADDRESSES, **row.get("map", {})},
            row.get("snaplen", 262144),
            secrets=secrets if row.get("embed") else b"",
            cut=row.get("cut"),
        )


def tables():
    names = sorted(glob.glob(f"{HERE}/scenarios_*.py"))
    return {
        os.path.basename(n)[:-3]: importlib.import_module(os.path.basename(n)[:-3]) for n in names
    }


def program_of(row):
    if row.get("with"):
        return row["with"]
    clients = row.get("clients") or [row["client"]]
    seen = []
    for client in clients:
        word = (
            "raw client"
            if isinstance(client, list)
            else next((t for t in TOOLS if t in client), "shell")
        )
        if word not in seen:
            seen.append(word)
    return ", ".join(seen)


def story_of(table, row):
    kind = KINDS[row.get("kind", "submission")]
    full = {"endpoint": kind[2], "method": kind[3], **row}
    sessions = len(row.get("clients", [0]))
    if sessions > 1:
        full["sessions"] = str(sessions)
    if row.get("keylog"):
        full["keylog"] = base_name(row["name"]) + ".keylog"
    lines = [
        f"[{row['name']}]",
        "story = " + " ".join(row["story"].split()),
        f"made = record/{table}.py ({program_of(row)})",
    ]
    for key in STORY_KEYS:
        value = full.get(key, "")
        value = " ".join(value.split()) if isinstance(value, str) else ""
        nothing_failed = key == "cause" and full.get("outcome", "").startswith(
            ("accepted", "no_mail")
        )
        if value or key in ("fires", "near") or nothing_failed:
            lines.append(f"{key} = {value}".rstrip())
    return "\n".join(lines) + "\n"


def write_stories():
    texts = {}
    for table, module in tables().items():
        if hasattr(module, "STORIES"):
            told = texts.setdefault(module.STORIES, [])
            told += [story_of(table, row) for row in module.ROWS]
    head = (
        "# Made by pcaps/record/record.py --stories out of pcaps/record/scenarios_*.py;\n"
        "# change the rows there.  Keys are told in pcaps/record/README.md.\n\n"
    )
    for target, told in texts.items():
        with open(f"{PCAPS}/stories/{target}.ini", "w", encoding="utf-8") as file:
            file.write(head + "\n".join(told))


def write_secrets():
    """Every string no output of the analyser may contain, as it stands on the wire."""
    import common

    with open(f"{PCAPS}/stories/secrets.txt", "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in common.SECRETS))


def certificates():
    """The folder of certificates; a changed script means new ones."""
    with open(f"{HERE}/certificates.sh", "rb") as script:
        mark = hashlib.sha256(script.read()).hexdigest()[:12]
    folder = os.environ.get("RECORD_CERTS") or f"{tempfile.gettempdir()}/record-certs-{mark}"
    subprocess.run(["bash", f"{HERE}/certificates.sh", folder], check=True)
    return folder


def chosen(words):
    for table, module in tables().items():
        for row in module.ROWS:
            if "all" in words or table in words or base_name(row["name"]) in map(base_name, words):
                yield row


def main():
    words = sys.argv[1:]
    if not words:
        sys.exit("usage: record.py NAME... | scenarios_TABLE | all | --stories")
    write_stories()
    write_secrets()
    if words == ["--stories"]:
        return
    rows = list(chosen(words))
    certs = certificates()
    failed = []

    def one(pair):
        number, row = pair
        try:
            print(f"{row['name']}: {Recording(row, certs, number).go()} frames", flush=True)
        except Exception as error:  # the others are still worth recording
            failed.append(row["name"])
            print(f"{row['name']}: {error!r}", flush=True)

    with ThreadPoolExecutor(int(os.environ.get("RECORD_JOBS", "3"))) as pool:
        list(pool.map(one, enumerate(rows)))
    if failed:
        sys.exit("not recorded: " + " ".join(failed))


if __name__ == "__main__":
    main()
