# SPDX-License-Identifier: GPL-2.0-or-later
"""The base recordings as every link type, tunnel and file format gives them.

A row is (slug, file ending, what it is, how, more findings, findings that must stay away).
Each row makes input-SLUG.END from the healthy session, input-SLUG-failing.END from the failing
one and input-SLUG-tls.END from one in TLS; the verdict must be that of the base recording.
"""
import gzip
import os
import subprocess

import transform as tr
from craft import (LINK_ETHERNET, LINK_IPV4, LINK_IPV6, LINK_NULL, LINK_PPP, LINK_RAW, LINK_SLL,
                   LINK_SLL2, Capture, Host, pcap_bytes, pcapng_bytes)
from craft_smtp import CLIENT6, MX_NAME, SUBMISSION_NAME, dns_ask
from craft_story import ROOT, SCENARIOS, capture
import record_net_scenes  # noqa: F401  (the base recordings must be known)

BASES = {"": "base-direct-send.pcapng", "-failing": "base-starttls-missing.pcapng",
         "-tls": "base-submission.pcapng"}
WORDS = {"": "healthy session", "-failing": "failing session", "-tls": "session in TLS"}
LINK_LOOP = 108
RESOLVER6 = Host("2001:db8:1:2::53", "02:00:0a:01:02:35")
V6 = {"10.1.2.30": CLIENT6.ip, "52.101.68.3": "2a01:111:f403:c200::3",
      "52.96.165.18": "2603:1026:c0a::1"}


def base(kind):
    return tr.read_capture(os.path.join(ROOT, BASES[kind]))


def over6(packets):
    """The conversation over IPv6, with the look-up of AAAA that belongs before it."""
    cap = Capture()
    cap.start = packets[0][0]
    only = tr.only_tcp(packets)
    mx = 25 in tr.ports(tr.network(only[0][1]))
    name = MX_NAME if mx else SUBMISSION_NAME
    address = V6["52.101.68.3" if mx else "52.96.165.18"]
    dns_ask(cap, 0, CLIENT6, name, "AAAA", [(name, "AAAA", address)], resolver=RESOLVER6,
            took=0.0005)
    return cap.packets + tr.as_ipv6(only, V6)


def ng(wrap, link=LINK_ETHERNET):
    return lambda packets: pcapng_bytes(wrap(packets), [link])


def plain(packets):
    return packets


def zipped(data):
    return gzip.compress(data, mtime=0)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-19", "-c"], input=data, capture_output=True,
                          check=True).stdout


def interfaces(packets):
    return pcapng_bytes(tr.two_interfaces(packets), [LINK_ETHERNET, LINK_ETHERNET])


def mixed(packets):
    """Two interfaces with different link types: Ethernet one way, raw IP the other."""
    return pcapng_bytes([(t, tr.network(d) if i else d, len(tr.network(d)) if i else o, i)
                         for t, d, o, i in tr.two_interfaces(packets)], [LINK_ETHERNET, LINK_RAW])


def cut(data, less):
    """Ends in the middle of the last packet."""
    return data[:len(data) - less]


TUNNEL, NOT_TUNNEL = "capture.tunnel", ""
ROWS = (
    ("vlan", "pcapng", "with a VLAN tag", ng(tr.vlan), "", "capture.tunnel"),
    ("vlan-per-direction", "pcapng", "with another VLAN tag in each direction",
     ng(tr.vlan_per_direction), "", "capture.tunnel capture.one_sided"),
    ("qinq", "pcapng", "with two VLAN tags (802.1ad)", ng(tr.qinq), TUNNEL, ""),
    ("qinq-8100", "pcapng", "with two VLAN tags, both 8100", ng(tr.qinq_old), TUNNEL, ""),
    ("mpls", "pcapng", "under two MPLS labels", ng(tr.mpls), TUNNEL, ""),
    ("mpls-ethernet", "pcapng", "as Ethernet over MPLS", ng(tr.mpls_ethernet), TUNNEL, ""),
    ("pppoe", "pcapng", "in a PPPoE session", ng(tr.pppoe), TUNNEL, ""),
    ("vlan-pppoe", "pcapng", "in PPPoE behind a VLAN tag", ng(lambda p: tr.vlan(tr.pppoe(p))),
     TUNNEL, ""),
    ("gre", "pcapng", "in GRE", ng(tr.gre), TUNNEL, ""),
    ("gre-one-way", "pcapng", "in GRE towards the server and bare on the way back",
     ng(tr.gre_one_way), TUNNEL, "capture.one_sided"),
    ("gre-key", "pcapng", "in GRE with key and sequence", ng(lambda p: tr.gre(p, 9)), TUNNEL, ""),
    ("gre-ethernet", "pcapng", "as Ethernet in GRE", ng(tr.gre_ethernet), TUNNEL, ""),
    ("gre-over-ipv6", "pcapng", "as Ethernet in GRE over IPv6",
     ng(lambda p: tr.gre_ethernet(p, True)), TUNNEL, ""),
    ("erspan1", "pcapng", "in ERSPAN type I", ng(lambda p: tr.erspan(p, 1)), TUNNEL, ""),
    ("erspan2", "pcapng", "in ERSPAN type II", ng(lambda p: tr.erspan(p, 2)), TUNNEL, ""),
    ("erspan3", "pcapng", "in ERSPAN type III", ng(lambda p: tr.erspan(p, 3)), TUNNEL, ""),
    ("vxlan", "pcapng", "in VXLAN", ng(tr.vxlan), TUNNEL, ""),
    ("geneve", "pcapng", "in GENEVE with an option", ng(tr.geneve), TUNNEL, ""),
    ("ip-in-ip", "pcapng", "in IP-in-IP", ng(tr.ip_in_ip), TUNNEL, ""),
    ("4in6", "pcapng", "as IPv4 in IPv6", ng(tr.ip_in_6), TUNNEL, ""),
    ("6in4", "pcapng", "over IPv6 in IPv4 (6in4)", ng(lambda p: tr.sixin4(over6(p))), TUNNEL, ""),
    ("nested", "pcapng", "with VLAN in VXLAN in GRE behind QinQ",
     ng(lambda p: tr.qinq(tr.gre(tr.vxlan(tr.vlan(p))))), TUNNEL, ""),
    ("ipv6", "pcapng", "over IPv6", ng(over6), "", ""),
    ("ipv6-extensions", "pcapng", "over IPv6 with hop-by-hop, destination and fragment headers",
     ng(lambda p: tr.extension_headers(over6(p))), "", ""),
    ("ipv6-fragments", "pcapng", "over IPv6 in fragments",
     ng(lambda p: tr.fragments6(over6(p), 400)), "", ""),
    ("fragments", "pcapng", "in IPv4 fragments", ng(lambda p: tr.fragments4(p, 220)), "", ""),
    ("fragments-backwards", "pcapng", "in IPv4 fragments, last one first",
     ng(lambda p: tr.fragments4(p, 220, True)), "", ""),
    ("ip-options", "pcapng", "with an IPv4 option in every packet", ng(tr.ip_options), "", ""),
    ("cooked1", "pcapng", "as Linux cooked v1 (any)", ng(tr.cooked, LINK_SLL), "", ""),
    ("cooked2", "pcapng", "as Linux cooked v2 (any)", ng(lambda p: tr.cooked(p, 2), LINK_SLL2),
     "", ""),
    ("raw", "pcapng", "as raw IP", ng(tr.raw, LINK_RAW), "", ""),
    ("raw-ipv4", "pcapng", "as link type IPv4", ng(tr.raw, LINK_IPV4), "", ""),
    ("raw-ipv6", "pcapng", "as link type IPv6", ng(lambda p: tr.raw(over6(p)), LINK_IPV6), "", ""),
    ("null", "pcapng", "as BSD loopback", ng(tr.null, LINK_NULL), "", ""),
    ("null-bigendian", "pcap", "as BSD loopback of a big-endian machine",
     lambda p: pcap_bytes(tr.null(p, ">"), LINK_NULL, ">"), "", ""),
    ("loop", "pcapng", "as OpenBSD loopback", ng(tr.loop, LINK_LOOP), "", ""),
    ("ppp", "pcapng", "as PPP", ng(tr.ppp, LINK_PPP), "", ""),
    ("pcap", "pcap", "as pcap", lambda p: pcap_bytes(p, 1), "", ""),
    ("pcap-bigendian", "pcap", "as pcap with swapped bytes", lambda p: pcap_bytes(p, 1, ">"), "",
     ""),
    ("pcap-nanoseconds", "pcap", "as pcap with nanoseconds",
     lambda p: pcap_bytes(p, 1, nano=True), "", ""),
    ("pcap-gzip", "pcap.gz", "as pcap, gzip", lambda p: zipped(pcap_bytes(p, 1)), "", ""),
    ("pcap-zstd", "pcap.zst", "as pcap, zstd", lambda p: zstd(pcap_bytes(p, 1)), "", ""),
    ("gzip", "pcapng.gz", "as pcapng, gzip", lambda p: zipped(ng(plain)(p)), "", ""),
    ("zstd", "pcapng.zst", "as pcapng, zstd", lambda p: zstd(ng(plain)(p)), "", ""),
    ("pcapng-bigendian", "pcapng", "as pcapng of a big-endian machine",
     lambda p: tr.pcapng_bigendian(p, 1), "", ""),
    ("pcapng-rich", "pcapng", "as pcapng with comments, names, foreign blocks and two sections",
     lambda p: tr.pcapng_rich(p, 1), "", ""),
    ("interfaces", "pcapng", "from two interfaces, one per direction", interfaces, "",
     "capture.one_sided"),
    ("mixed-links", "pcapng", "from two interfaces with different link types", mixed, "", ""),
    ("cut", "pcap", "cut in the middle of the last packet",
     lambda p: cut(pcap_bytes(p, 1), 31), "", ""),
    ("cut", "pcapng.gz", "cut in the middle of the last packet, then compressed",
     lambda p: zipped(cut(ng(plain)(p), 31)), "", ""),
    ("cut-stream", "pcapng.gz", "with the end of the compressed stream missing",
     lambda p: cut(zipped(ng(plain)(p)), 20), "", ""),
)
NOTES = {
    "mixed-links": "libpcap refuses it: exit 2 with a line that says how to split it, or read it",
    "cut": "a warning and exit 0", "cut-stream": "a warning and exit 0",
}


class Bytes:
    """Something with the write() of a Capture."""

    def __init__(self, data):
        self.data = data

    def write(self, path):
        with open(path, "wb") as out:
            out.write(self.data)


def register(row, kind):
    slug, end, words, how, more, near = row
    _, _, facts, _ = SCENARIOS[BASES[kind]]
    facts = {k: v for k, v in facts.items() if k != "made"}
    facts["fires"] = f"{facts['fires']} {more}".strip()
    if more or near:
        keep = [n for n in facts["near"].split() if n not in more.split()]
        facts["near"] = " ".join(dict.fromkeys(keep + near.split()))
    if slug in NOTES:
        facts["note"] = NOTES[slug]
    if slug == "mixed-links":
        facts["unsure"] = "fires cause stopped_at outcome endpoint method"
    capture("input", f"input-{slug}{kind}.{end}",
            f"The {WORDS[kind]} of {BASES[kind]} {words}. The verdict is that of the base.",
            made=f"record/craft_input.py from {BASES[kind]}",
            **facts)(lambda: Bytes(how(base(kind))))


def split(part):
    """A rotated capture: the first file ends in the middle of the session."""
    capture("input", f"input-split-{part + 1}.pcapng",
            f"Part {part + 1} of 2 of base-starttls-missing.pcapng, as a rotating capture leaves"
            " it; the first one ends before the EHLO reply. Read together (-r twice) the verdict is"
            " that of the base; alone none is possible.",
            made="record/craft_input.py from base-starttls-missing.pcapng",
            fires=("capture.no_tcp_close", "capture.midstream")[part], unsure="cause outcome",
            near="tcp.no_banner starttls.no_220 tcp.syn_no_answer smtp.helo_only",
            note="with -r input-split-1.pcapng -r input-split-2.pcapng: the base's verdict")(
        lambda: Bytes(ng(lambda p: half(p, part))(base("-failing"))))


def half(packets, part):
    first = len(packets) - len(tr.from_first(packets, b"Hello ["))
    return packets[first:] if part else packets[:first]


split(0)
split(1)
for one in ROWS:
    for which in BASES:
        register(one, which)
