#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Records pcaps/keys: for each TLS library and version one capture, in it one
# session for each way of protecting records, and one key log beside it.  The
# client is openssl s_client or gnutls-cli, the server exchange_server.py
# (OpenSSL).  Takes names, or nothing for all; needs root, as record.py does.
import os
import sys

import record
from common import PASSWORD64, USER64

FOLDER = os.path.join(record.PCAPS, "keys")
LETTER = [
    "EHLO scan-2f.contoso.com",
    "AUTH LOGIN",
    USER64,
    PASSWORD64,
    "MAIL FROM:<scanner@contoso.com>",
    "rcpt to:<anna@contoso.com>",
    "DATA",
    "Subject: scan",
    "",
    "One page.",
    ".",
    "quit",
]
# s_client takes a line that begins with Q, R, k or K for itself unless it is quiet
RENEGOTIATE = LETTER[:4] + ["R"] + LETTER[4:]
UPDATES = LETTER[:2] + ["k"] + LETTER[2:4] + ["K"] + LETTER[4:6] + ["K"] + LETTER[6:]
REKEY = LETTER[:4] + ["^rekey^"] + LETTER[4:6] + ["^rekey^"] + LETTER[6:]
LONG = LETTER[:9] + ["A line of a long page, the %03d. of some." % n for n in range(200)] + LETTER[9:]


def spoken(lines, pause=0.12):
    """A shell command that writes the lines as a person would."""
    parts = []
    for line in lines:
        end = "\\n" if line.startswith("^") else "\\r\\n"  # a command to gnutls-cli itself
        parts.append(f"printf '%s{end}' '{line}'")
        parts.append("sleep " + ("0.004" if line.startswith("A line") else str(pause)))
    return "( sleep 0.5; " + "; ".join(parts) + "; sleep 0.3 )"


def openssl(words, lines=LETTER, commands=False):
    quiet = "" if commands else "-quiet -ign_eof"
    return (
        spoken(lines) + " | timeout 20 openssl s_client -starttls smtp -name scan-2f.contoso.com "
        f"-connect $HOST:$PORT -servername $HOST {quiet} {words} >/dev/null 2>&1"
    )


def gnutls(priority, lines=LETTER, more=""):
    return (
        spoken(lines) + " | timeout 20 gnutls-cli --starttls-proto=smtp --insecure -p $PORT "
        f"{more} --priority='{priority}' $HOST >/dev/null 2>&1"
    )


AEAD = (
    "AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 AES128-CCM "
    "AES256-CCM AES128-CCM8 AES256-CCM8"
).split()
CBC = (
    "AES128-SHA ECDHE-RSA-AES256-SHA AES128-SHA256 AES256-SHA256 ECDHE-RSA-AES256-SHA384 "
    "CAMELLIA128-SHA CAMELLIA256-SHA CAMELLIA128-SHA256 CAMELLIA256-SHA256 "
    "ECDHE-RSA-CAMELLIA256-SHA384"
).split()
OLD = "AES128-SHA ECDHE-RSA-AES256-SHA CAMELLIA128-SHA".split()
SUITES13 = (
    "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
    "TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256"
).split()
ANY = {"min": "1.0", "ciphers": "ALL:@SECLEVEL=0"}


def cipher(version, name, more=""):
    return openssl(f"-{version} -cipher {name}:@SECLEVEL=0 {more}")


def resumed(version, name):
    """A full handshake and two that go on from it."""
    words = f"-{version} {name}"
    return [
        openssl(f"{words} -sess_out $WORK/session"),
        openssl(f"{words} -sess_in $WORK/session"),
        openssl(f"{words} -sess_in $WORK/session"),
    ]


def old(version):
    return [cipher(version, name, etm) for name in OLD for etm in ("", "-no_etm")]


def many(client, tls=None):
    """Sessions with the same kind of server."""
    return [(one, {"tls": tls or ANY}) for one in client]


def with_server(clients, tls):
    return [(one, {"tls": tls}) for one in clients]


PLAIN12 = "NONE:+VERS-TLS1.2:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509:+COMP-NULL:+ECDHE-RSA:+RSA:+MAC-ALL"
PLAIN13 = "NONE:+VERS-TLS1.3:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509:+COMP-NULL:+MAC-ALL"
OLD_GNUTLS = "NONE:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509:+COMP-NULL:+ECDHE-RSA:+RSA:+MAC-ALL:%VERIFY_ALLOW_BROKEN"
GNUTLS12 = (
    "AES-128-GCM AES-256-GCM CHACHA20-POLY1305 AES-128-CCM AES-256-CCM AES-128-CCM-8 AES-256-CCM-8 "
    "AES-128-CBC AES-256-CBC CAMELLIA-128-CBC CAMELLIA-256-CBC"
).split()
GNUTLS13 = "AES-128-GCM AES-256-GCM CHACHA20-POLY1305 AES-128-CCM AES-128-CCM-8".split()

RECORDINGS = {
    "openssl-tls12-aead": many([cipher("tls1_2", name) for name in AEAD]),
    "openssl-tls12-cbc": many([cipher("tls1_2", n, etm) for n in CBC for etm in ("", "-no_etm")]),
    "openssl-tls12-resumed": with_server(
        resumed("tls1_2", "-cipher ECDHE-RSA-AES128-GCM-SHA256"), {**ANY, "resume": True}
    )
    + with_server(
        resumed("tls1_2", "-cipher AES128-SHA"), {**ANY, "resume": True, "no_tickets12": True}
    ),
    "openssl-tls12-renegotiated": with_server(
        [
            openssl("-tls1_2 -cipher AES128-SHA:@SECLEVEL=0", RENEGOTIATE, True),
            openssl("-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384", RENEGOTIATE, True),
        ],
        {**ANY, "allow_renegotiation": True},
    ),
    "openssl-tls12-long": many(
        [
            openssl("-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384 -max_send_frag 512", LONG),
            openssl("-tls1_2 -cipher AES128-SHA:@SECLEVEL=0", LONG),
        ]
    ),
    "openssl-tls13": many([openssl(f"-tls1_3 -ciphersuites {name}") for name in SUITES13]),
    "openssl-tls13-updates": many(
        [openssl(f"-tls1_3 -ciphersuites {name}", UPDATES, True) for name in SUITES13[:3]]
    ),
    "openssl-tls13-resumed": with_server(resumed("tls1_3", ""), {**ANY, "resume": True}),
    "openssl-tls13-retry": with_server(
        [openssl("-tls1_3 -groups X25519:P-384")], {**ANY, "curve": "secp384r1"}
    ),
    "openssl-tls10": many(old("tls1")),
    "openssl-tls11": many(old("tls1_1")),
    "gnutls-tls12": many([gnutls(f"{PLAIN12}:+{name}") for name in GNUTLS12])
    + many([gnutls(f"{PLAIN12}:+{n}:%NO_ETM") for n in GNUTLS12 if n.endswith("CBC")]),
    "gnutls-tls12-resumed": with_server(
        [gnutls(PLAIN12 + ":+AES-256-GCM", more="--resume")], {**ANY, "resume": True}
    ),
    "gnutls-tls13": many([gnutls(f"{PLAIN13}:+{name}") for name in GNUTLS13]),
    "gnutls-tls13-rekeyed": many(
        [gnutls(f"{PLAIN13}:+AES-256-GCM", REKEY, "--inline-commands")]
    ),
    "gnutls-tls10": many(
        [gnutls(f"{OLD_GNUTLS}:+VERS-TLS1.0:+{n}") for n in ("AES-128-CBC", "AES-256-CBC")]
        + [gnutls(f"{OLD_GNUTLS}:+VERS-TLS1.1:+{n}:%NO_ETM") for n in ("AES-128-CBC", "AES-256-CBC")]
    ),
}
CONF = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
Ciphersuites = TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:\
TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
"""


class KeysRecording(record.Recording):
    """Weak versions and suites are wanted here, on both sides."""

    def __init__(self, name, sessions, certs, number):
        row = {
            "name": f"keys/{name}.pcapng",
            "keylog": True,
            "clients": [client for client, _ in sessions],
            "server": [server for _, server in sessions],
            "between": 0.2,
            "filter": "tcp",
        }
        super().__init__(row, certs, number)
        self.env["OPENSSL_CONF"] = os.path.join(self.work, "openssl.cnf")
        with open(self.env["OPENSSL_CONF"], "w", encoding="utf-8") as file:
            file.write(CONF)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    certs = record.certificates()
    for number, name in enumerate(sys.argv[1:] or RECORDINGS):
        frames = KeysRecording(name, RECORDINGS[name], certs, number).go()
        print(f"keys/{name}: {frames} frames", flush=True)


if __name__ == "__main__":
    main()
