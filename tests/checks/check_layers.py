# SPDX-License-Identifier: GPL-2.0-or-later
"""An arrow of design goes one way: a file of the engine includes only files of its own or lower
layers, never libpcap, epan or stdio on files; and every file is in the table."""
import glob
import os
import re

from common import ROOT, finish

LAYERS = [
    "bytes caps arena",
    "segment verdict names phrase",
    "flow gate dns dns_records dns_message community_id",
    "smtp smtp_client smtp_client_internal smtp_client_line smtp_server smtp_line smtp_auth smtp_secret "
    "smtp_hidden smtp_body smtp_verbs tls tls_internal tls_handshake tls_sslv2 tls_message tls_hello "
    "tls_names certificate",
    "facts replies peers peers_json peers_ranges peers_like",
    "seen judge clock",
    "session session_notes session_smtp session_auth session_replies session_progress session_ehlo "
    "session_echo session_login session_plain session_tls",
    "rules conclude clients early",
    "report",
    "smtp365 catalogue",
]
PREFIXES = {"judge_": "judge", "flow_": "flow", "report_": "report", "rules_": "rules", "replies_": "replies"}
FORBIDDEN = re.compile(r"<(pcap|epan|wireshark|ws_|netinet|unistd|fcntl|time)\b")
layer_of = {name: number for number, names in enumerate(LAYERS) for name in names.split()}


def layer(name):
    if name in layer_of:
        return layer_of[name]
    for prefix, parent in PREFIXES.items():
        if name.startswith(prefix):
            return layer_of[parent]
    return None


failures, count = [], 0
for path in sorted(glob.glob(os.path.join(ROOT, "engine", "*.[ch]"))):
    name = os.path.basename(path)[:-2]
    count += 1
    if layer(name) is None:
        failures.append(f"engine/{os.path.basename(path)}: stands in no layer")
        continue
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for line in text.splitlines():
        if line.startswith("#include") and FORBIDDEN.search(line):
            failures.append(f"engine/{os.path.basename(path)}: {line}")
    for include in re.findall(r'#include "(\w+)\.h"', text):
        upper = layer(include)
        if upper is None or upper > layer(name):
            failures.append(f"engine/{os.path.basename(path)}: includes {include}.h of a higher layer")
finish("layers", failures, count)
