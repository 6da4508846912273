# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever answers in the place of Microsoft 365, or is a server of its own, is not Microsoft: in every
capture, a session whose endpoint is none has no side microsoft or tenant, no cmdlet, no name or address
of Microsoft in cause, fix, check and reference, and no check on another host than its own. The forty
ordinary refusals of other servers are among them."""
import re

from common import captures, each, finish, records

FORTY = "words-forty-others.pcapng"
STRANGE = re.compile(r"[Mm]icrosoft|365|[Oo]utlook|Exchange Online|Entra|Defender|tenant|\b[A-Z][a-z]+-[A-Z]\w+")
# A name with a port, or what a tool connects to: the host of a check.
HOST = re.compile(r"(?:-connect |--server |telnet |nslookup |ping |pathping )(\[?[\w.:-]*[.:][\w.:-]+\]?)")


def words(cause, rule):
    """What a person reads of the cause, without the server's own text. References lead to pages, whose
    addresses may be anybody's."""
    return [cause.get("title", ""), rule.get("description", ""), cause.get("fix", ""), cause.get("check", "")]


def own_host(host, server):
    """Is it the session's server, with or without its port?"""
    names = {server.get("domain", ""), server["ip"]}
    return any(host in (name, f"{name}:{server['port']}", f"[{name}]:{server['port']}") for name in names if name)


def check(name):
    bad, seen = [], 0
    for record in records(name):
        ours = record["smtp365"]
        if ours.get("endpoint") != "none" or record.get("network", {}).get("protocol") == "dns":
            continue
        seen += 1
        where = f"{name}: session {ours['session']}"
        for finding in ours.get("findings", []):
            if finding["side"] in ("microsoft", "tenant"):
                bad.append(f"{where}: side {finding['side']} in {finding['id']}")
        cause = ours.get("cause")
        if not cause:
            continue
        for text in words(cause, record["rule"]):
            strange = STRANGE.search(text)
            if strange:
                bad.append(f"{where}: {cause['id']} says '{strange[0]}': {text}")
        for host in HOST.findall(cause.get("check", "")):
            if not own_host(host, record["server"]):
                bad.append(f"{where}: {cause['id']} checks {host}, not {record['server']}")
    if name == FORTY and seen != 40:
        bad.append(f"{name}: {seen} sessions of other servers, not 40")
    return seen, bad


results = list(each(check, captures()))
failures = [line for _, lines in results for line in lines]
total = sum(seen for seen, _ in results)
if total < 100:
    failures.append(f"only {total} sessions of other servers in all captures")
finish("others", failures, total)
