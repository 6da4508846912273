# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the live tests beside those of pcaps/record/scenarios_*.py, in the same form: ports that
are blocked, paths that lose, middleboxes, mirror ports, other servers and clients. Further keys:
`card` [namespace, interface] to capture on, `live_finding` what must be found, `live_early`
what must be told before the end of the session, `sensor` more options.

Mirror ports are made with tc mirred, wrappings with devices of the kernel, loss and reordering with
netem, as far as the kernel that runs the tests has them; where it has not, mirror.py and nftables
stand in. HOW says which it is."""
import os
import subprocess
import sys

from common import HELLO, LOGIN_STEPS, MAIL, QUIT, S_CLIENT, SWAKS, curl

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = sys.executable
TABLE = "nft add table inet t && nft 'add chain inet t f { type filter hook forward priority 0; }' && "
SMTP_ONLY = "tcp or udp port 53 or (icmp and icmp[0] != 8 and icmp[0] != 0)"
MTU = SWAKS + "--body @$WORK/pages "


def rule(text):
    return [["middle", TABLE + f"nft 'add rule inet t f {text}'"]]


def middlebox(kind, port, server, more=""):
    return [["middle", "nft add table ip n && nft 'add chain ip n p { type nat hook prerouting "
                       f"priority dstnat; }}' && nft 'add rule ip n p tcp dport {port} redirect to :2600' && "
                       f"({PYTHON} {HERE}/middlebox.py {kind} 2600 {server} {port} {more} "
                       "</dev/null >/dev/null 2>&1 &) && sleep 0.5"]]


MONITOR = ("ip link add mon0 type veth peer name mon1 && for i in mon0 mon1; do "
           "echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; ip link set $i mtu 1700 up; done && "
           "ip addr add 192.0.2.1/24 dev mon0 && ip neigh add 192.0.2.2 lladdr 02:00:00:00:02:02 dev mon0")
# All of IPv4, no ARP. "matchall" is a module that many kernels lack.
MIRRED = ("tc qdisc add dev lan0 clsact && for way in ingress egress; do tc filter add dev lan0 $way "
          "protocol ip u32 match u32 0 0 action mirred egress mirror dev {0}; done")
ENDS = "local 192.0.2.1 remote 192.0.2.2"
# What a copy goes through before it leaves at mon0: commands that make the device, and its name.
WRAPPERS = {
    "plain": ("true", "mon0"),
    "vlan": ("ip link add link mon0 name wrap type vlan id 120", "wrap"),
    "qinq": ("ip link add link mon0 name outer type vlan proto 802.1ad id 7 && ip link set outer up && "
             "ip link add link outer name wrap type vlan id 120", "wrap"),
    "gre": (f"ip link add wrap type gretap {ENDS} nopmtudisc", "wrap"),
    "erspan": (f"ip link add wrap type erspan {ENDS} seq key 30 erspan_ver 1 erspan 5", "wrap"),
    "vxlan": (f"ip link add wrap type vxlan id 4711 {ENDS} dstport 4789 dev mon0", "wrap"),
}


def mirred(kind):
    make, name = WRAPPERS[kind]
    raise_it = ("&& echo 1 > /proc/sys/net/ipv6/conf/wrap/disable_ipv6 && ip link set wrap mtu 1500 up"
                if name == "wrap" else "")
    return f"{MONITOR} && {make} {raise_it} && {MIRRED.format(name)}"


def kernel_can(command):
    """Does this work in a namespace with a cable lan0 - lan1?"""
    probe = f"probe{os.getpid()}"
    inside = ["ip", "netns", "exec", probe, "bash", "-c"]
    try:
        subprocess.run(["ip", "netns", "add", probe], check=True, capture_output=True)
        return not subprocess.run([*inside, "ip link add lan0 type veth peer name lan1 && ip link set lan0 up "
                                   f"&& {command}"], check=False, capture_output=True).returncode
    except OSError:
        return False
    finally:
        subprocess.run(["ip", "netns", "del", probe], check=False, capture_output=True)


HOW = {}


def mirror(kind):
    by_kernel = kind in WRAPPERS and kernel_can(mirred(kind))
    HOW[f"live-mirror-{kind}"] = "tc mirred" if by_kernel else "mirror.py"
    if by_kernel:
        return [["middle", mirred(kind)]]
    return [["middle", f"{MONITOR} && ({PYTHON} {HERE}/mirror.py {kind} lan0 mon0 </dev/null "
                       ">/dev/null 2>&1 &) && sleep 0.5"]]


def mirrored(kind, filter_words, **more):
    return dict(name=f"live-mirror-{kind}", kind="mx", client=SWAKS, setup=mirror(kind),
                card=["middle", "mon1"], filter=filter_words,
                server={"fail": {"rcpt": "550 5.7.64 TenantAttribution; Relay Access Denied"}},
                live_finding="m365.relay_denied", **more)


NETEM = kernel_can("tc qdisc add dev lan0 root netem loss 1%")


def loss(name, where, words, client):
    """Random loss of what leaves the router at `where`."""
    HOW[name] = "netem" if NETEM else "nftables"
    setup = ([["middle", f"tc qdisc add dev {where} root netem loss 8%"]] if NETEM
             else rule(f"{words} numgen random mod 100 < 8 drop"))
    return dict(name=name, kind="mx", where="client", client=client, setup=setup, seconds=60)


def reordered(name):
    """Data overtakes data, both ways. Where the path cannot do that, the mirror port does."""
    HOW[name] = "netem" if NETEM else "mirror.py"
    row = dict(name=name, kind="mx", client=SWAKS + "--body @/etc/services", seconds=60)
    if NETEM:
        late = "root netem delay 8ms reorder 40% 25%"
        return dict(row, where="client", setup=[["middle", f"tc qdisc add dev wan0 {late} && "
                                                           f"tc qdisc add dev lan0 {late}"]])
    return dict(row, setup=mirror("reordered"), card=["middle", "mon1"], filter=SMTP_ONLY)


POSTFIX = ("mkdir -p $WORK/pf/spool $WORK/pf/data $WORK/pf/etc; chmod 755 $WORK $WORK/pf; chown postfix "
           "$WORK/pf/data; cp /usr/share/postfix/master.cf.dist $WORK/pf/etc/master.cf; sed -i "
           "'s/^\\([a-z].*[ \\t]\\)y\\([ \\t].*\\)$/\\1n\\2/' $WORK/pf/etc/master.cf; grep -q ^postlog "
           "$WORK/pf/etc/master.cf || echo 'postlog unix-dgram n - n - 1 postlogd' >> $WORK/pf/etc/master.cf; "
           "printf 'compatibility_level = 3.6\\nqueue_directory = %s/spool\\ndata_directory = %s/data\\n"
           "maillog_file = %s/mail.log\\nmaillog_file_prefixes = %s\\nmyhostname = relay.contoso.example\\n"
           "mydestination = contoso.com\\nlocal_recipient_maps =\\nlocal_transport = discard\\n"
           "mynetworks = 127.0.0.0/8\\ninet_interfaces = 10.9.0.5\\ninet_protocols = ipv4\\n"
           "smtpd_client_restrictions =\\nnotify_classes =\\n' $WORK/pf $WORK/pf $WORK/pf $WORK/pf "
           "> $WORK/pf/etc/main.cf; postfix -c $WORK/pf/etc start >/dev/null 2>&1; sleep 1")

ROWS = [
    dict(name="live-blocked-drop", kind="mx", setup=rule("tcp dport 25 drop"),
         client=SWAKS.replace("--timeout 20", "--timeout 9"), live_finding="tcp.syn_no_answer"),
    dict(name="live-blocked-reset", kind="mx", setup=rule("tcp dport 25 reject with tcp reset"),
         client=SWAKS, live_finding="tcp.refused"),
    dict(name="live-blocked-prohibited", kind="mx", client=SWAKS, live_finding="tcp.icmp_reject",
         setup=rule("tcp dport 25 reject with icmp type admin-prohibited")),
    dict(name="live-mtu-black-hole", kind="mx", live_finding="tcp.mtu_blackhole", seconds=30,
         setup=rule("tcp dport 25 meta length > 1400 drop") +
         [["client", "seq -f 'A page of the scanned document, line %g, as text.' 900 > $WORK/pages"]],
         client=MTU.replace("--timeout 20", "--timeout 12")),
    dict(name="live-masked-by-proxy", kind="mx", setup=middlebox("mask", 25, "10.9.0.2"),
         client=SWAKS + "--tls", live_finding="starttls.masked"),
    dict(name="live-inspected", setup=middlebox("inspect", 587, "10.9.0.1", "$CERTS/inspected.pem"),
         client=curl("--tls-max 1.2 "), live_finding="cert.inspected"),
    loss("live-loss", "wan0", "tcp dport 25", SWAKS + "--body @/etc/services"),
    loss("live-loss-of-replies", "lan0", "tcp sport 25", SWAKS),
    reordered("live-reordered"),
    mirrored("plain", SMTP_ONLY),
    mirrored("vlan", "vlan"),
    mirrored("qinq", ""),
    mirrored("gre", "proto gre"),
    mirrored("erspan", "proto gre"),
    mirrored("vxlan", "udp port 4789"),
    mirrored("reordered", SMTP_ONLY),
    dict(name="live-postfix-as-server", kind="relay", setup=[["server", POSTFIX]], client=SWAKS),
    dict(name="live-msmtp", client="printf 'Subject: Scan\\n\\nOne page.\\n' | msmtp --host=$HOST --port=$PORT "
         "--tls=on --tls-starttls=on --tls-trust-file=$CERTS/ca.pem --auth=off --timeout=20 "
         "-f scanner@contoso.com anna@contoso.com"),
    dict(name="live-openssl", client=S_CLIENT + "-tls1_2"),
    dict(name="live-smtplib", kind="mx", client=f"{PYTHON} -c 'import smtplib; s = smtplib.SMTP(\"'$HOST'\", "
         "'$PORT', \"scan-2f.contoso.com\"); s.sendmail(\"a@contoso.com\", [\"b@contoso.com\"], "
         "\"Subject: x\\n\\ny\\n\")'"),
    dict(name="live-told-early-password", kind="relay", live_early="auth.cleartext_password", seconds=40,
         server={"auth_before_tls": True, "lenient": True, "mechanisms": "PLAIN LOGIN"},
         client=HELLO + LOGIN_STEPS + [["sleep", 4]] + QUIT),
    dict(name="live-told-early-cause", kind="mx", host="10.9.0.2", live_early="m365.relay_denied", seconds=40,
         server={"fail": {"rcpt": "550 5.7.64 TenantAttribution; Relay Access Denied"}},
         client=HELLO + MAIL + [["sleep", 9]] + QUIT),
]
