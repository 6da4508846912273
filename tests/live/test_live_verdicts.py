# SPDX-License-Identifier: GPL-2.0-or-later
"""The live verdict of a session equals the verdict of the same packets from a file.

    test_live_verdicts.py PROGRAM ROOT [NAME ...]     names of rows; all (or LIVE=1 in the
                                             environment): every row there is

Each row makes three namespaces, servers and a real client (rows of pcaps/record/scenarios_*.py, and
those of scenes.py); smtp365 captures and tcpdump records on the same interface at the same time.
Then `smtp365 -r` of the recording must say what the sensor said, apart from the clock. Needs root.
"""
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from sensor import (ALL_TOOLS, LONG, Sensor, comparable, differences, early, final, from_file,
                    need, read_records)

PROGRAM = os.path.abspath(sys.argv[1])
need(*ALL_TOOLS)
import record  # noqa: E402 (needs the path of sensor.py)
import scenes  # noqa: E402

# One of each kind of story: it works, it is refused, TLS breaks, login fails, DNS fails.
CHOSEN = """submission-587-tls12 submission-587-tls13 submission-587-ipv6 direct-send-bdat
    starttls-masked-asa starttls-refused-454-required starttls-fallback-with-login
    tls10-only-printer cert-inspected-not-trusted cert-g2-not-trusted tls13-client-rejects-inferred
    auth-535-over-clear auth-clear-plain-port25 auth-sealed-cbc reply-direct-send-rejected
    reply-relay-denied parallel-three postfix-tls curl-submission gnutls-submission""".split()


class Live(record.Recording):
    """A recording that is not kept: what counts is what the sensor says meanwhile."""

    def __init__(self, row, certs, number):
        self.finished = False
        super().__init__({**row, "linger": max(1, row.get("linger", 0))}, certs, number)

    def capture(self):
        """tcpdump and the sensor, on the same interface."""
        row = self.row
        where, card = row.get("card") or {
            "client": ("client", "eth0"), "middle": ("middle", "wan0"), "lan": ("middle", "lan0"),
            "server": ("server", "eth0")}[row.get("where", "client")]
        words = row.get("filter", "tcp or udp port 53 or icmp or (icmp6 and ip6[40] < 5)")
        self.dump = self.start(where, ["tcpdump", "-i", card, "-U", "-n", "--immediate-mode",
                                       "--time-stamp-precision=nano", "-Z", "root", "-w",
                                       f"{self.work}/raw.pcap", words], "listening")
        self.sensor = Sensor(PROGRAM, f"{self.prefix}-{where}", [card], self.work,
                             *row.get("sensor", []))

    def stop(self, process):
        """Both ends of the comparison stop together, in finish()."""
        if process is not self.dump or self.finished:
            super().stop(process)

    def finish(self):
        path, more = os.path.join(self.work, "raw.pcap"), self.row.get("sensor", [])
        end = time.time() + 9
        while time.time() < end:
            if len(final(read_records(self.sensor.output))) >= len(from_file(PROGRAM, path, *more)):
                break
            time.sleep(0.3)
        self.finished = True
        for card in ("lan0", "wan0"):  # what is sent again now would be seen by one of the two only
            subprocess.run(["ip", "-n", f"{self.prefix}-middle", "link", "set", card, "down"], check=False)
        time.sleep(0.3)
        self.sensor.send(signal.SIGTERM)
        super().stop(self.dump)
        file = from_file(PROGRAM, path, *more)
        status = self.sensor.stop()
        said = read_records(self.sensor.output)
        troubles = [f"exit status {status}"] if status else []
        live, wanted = comparable(final(said)), comparable(file)
        if not wanted:
            troubles.append("no session at all")
        if len(live) != len(wanted):
            troubles.append(f"{len(live)} sessions live, {len(wanted)} from the file")
        for one, other in zip(live, wanted):
            troubles += differences(one, other)
        for key, some in (("live_finding", final(said)),
                          ("live_early", [r for r in said if early(r)])):
            found = {f["id"] for r in some for f in r["smtp365"].get("findings", [])}
            if self.row.get(key) and self.row[key] not in found:
                troubles.append(f"{key}: {found or 'nothing'}, not {self.row[key]}")
        return troubles


def rows(words):
    known = {record.base_name(row["name"]): row
             for module in record.tables().values() for row in module.ROWS}
    own = {record.base_name(row["name"]): row for row in scenes.ROWS}
    if words == ["all"] or (LONG and not words):
        return list(known.values()) + list(own.values())
    if not words:
        return [known[n] for n in CHOSEN if n in known] + list(own.values())
    return [{**known, **own}[n] for n in words]


def main():
    chosen = rows(sys.argv[3:])
    certs = record.certificates()
    failed = []
    print("made by: " + ", ".join(f"{name[5:]} {how}" for name, how in sorted(scenes.HOW.items())), flush=True)

    def one(pair):
        number, row = pair
        try:
            troubles = Live(row, certs, number).go()
        except Exception as error:  # the others still count
            troubles = [repr(error)]
        print(f"{'FAILED' if troubles else 'ok'}: {row['name']}", flush=True)
        for line in troubles[:12]:
            print(f"    {line}", flush=True)
        if troubles:
            failed.append(row["name"])

    with ThreadPoolExecutor(int(os.environ.get("LIVE_JOBS", "4"))) as pool:
        list(pool.map(one, enumerate(chosen)))
    print(f"{len(chosen) - len(failed)} of {len(chosen)} scenarios: live as from the file")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
