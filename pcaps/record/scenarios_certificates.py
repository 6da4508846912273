# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is wrong with the certificate, or with the trust in it; findings
# cert.*.
from common import *

STORIES = "certificates"
VERIFY = "-tls1_2 -verify_return_error -verify_quiet -CAfile $CERTS/{ca}.pem " + NAMED
CLIENT_STOPS = dict(stopped_at="certificate", outcome="failed")
HELLO12 = {
    "sni": "smtp.office365.com",
    "groups": [29, 23, 24],
    "renegotiation": True,
    "sigalgs": [0x0804, 0x0401, 0x0501, 0x0601],
}


def showing(cert, **more):
    return {"tls": {"max": "1.2", "cert": cert + ".pem", **more}}


def verifying(ca):
    return S_CLIENT + VERIFY.format(ca=ca)


def refusing(code, level=2):
    return TO_TLS + [
        ["tls", "client_hello", HELLO12],
        ["wait", 0.2],
        ["tls", "alert", {"level": level, "code": code}],
        ["close"],
    ]


ROWS = [
    dict(
        name="cert-g2-not-trusted.pcapng",
        server=showing("cafe"),
        story="""The printer's trust store is older than March 2026: it knows the root G1
        only, and answers Microsoft's chain, which ends in G2, with unknown_ca.""",
        client=verifying("old-ca"),
        fires="tls.client_rejects_cert cert.g2_trust",
        cause="cert.g2_trust",
        near="""cert.inspected cert.time cert.name cert.chain_incomplete cert.weak
        tls.client_quits_after_cert tls.alert_other""",
        **CLIENT_STOPS
    ),
    dict(
        name="cert-inspected-not-trusted.pcapng",
        server=showing("inspected"),
        story="""A firewall opens TLS and shows a certificate of its own authority, which
        the scanner does not know: unknown_ca.""",
        client=verifying("ca"),
        fires="cert.inspected tls.client_rejects_cert",
        cause="cert.inspected",
        near="cert.g2_trust cert.name cert.time",
        **CLIENT_STOPS
    ),
    dict(
        name="cert-inspected-trusted.pcapng",
        kind="mx",
        server=showing("inspected-eop"),
        story="""The corporate proxy's authority is installed on the client, so inspection
        goes unnoticed and the letter is accepted.""",
        client=SWAKS
        + (
            "--tls --tls-verify --tls-ca-path $CERTS/all-ca.pem --tls-sni $HOST "
            "--tls-protocol tlsv1_2"
        ),
        fires="cert.inspected",
        near="tls.client_rejects_cert cert.g2_trust cert.name",
        outcome="accepted encrypted",
    ),
    dict(
        name="cert-root-g1-chain.pcapng",
        server=showing("cafe-g1"),
        story="""A chain of the old root G1, the root itself included; its own signature
        is with SHA-1, which means nothing for a root.""",
        client=SWAKS
        + LOGIN
        + (
            "--tls --tls-verify --tls-ca-path $CERTS/old-ca.pem --tls-sni $HOST "
            "--tls-protocol tlsv1_2"
        ),
        fires="",
        near="cert.weak cert.inspected cert.g2_trust cert.chain_incomplete",
        outcome="accepted encrypted",
    ),
    dict(
        name="cert-expired.pcapng",
        server=showing("expired"),
        story="""The certificate ended in January 2026. The client checks and sends
        certificate_expired.""",
        client=verifying("ca"),
        fires="cert.time tls.client_rejects_cert",
        cause="cert.time",
        near="cert.inspected cert.name",
        **CLIENT_STOPS
    ),
    dict(
        name="cert-expired-accepted.pcapng",
        server=showing("expired"),
        story="""The same certificate, and a device that checks nothing.""",
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST --tls-protocol tlsv1_2",
        fires="cert.time",
        near="tls.client_rejects_cert cert.inspected",
        outcome="accepted encrypted",
    ),
    dict(
        name="cert-not-yet-valid.pcapng",
        server=showing("future"),
        story="""The certificate begins in 2041.""",
        client=verifying("ca"),
        fires="cert.time tls.client_rejects_cert",
        near="cert.inspected cert.name",
        cause="cert.time",
        **CLIENT_STOPS
    ),
    dict(
        name="cert-device-clock-wrong.pcapng",
        server=showing("cafe"),
        story="""The certificate is good, but the device's battery is empty and it
        believes to be in 2019: it refuses a certificate "of the future".""",
        client=verifying("ca").replace("openssl", "faketime '2019-01-01 00:00:00' openssl"),
        fires="tls.client_rejects_cert",
        near="cert.time cert.inspected",
        **CLIENT_STOPS
    ),
    dict(
        name="cert-wrong-name.pcapng",
        server=showing("wrong-name"),
        story="""The certificate is for mail.hosting.example; the client asked for
        smtp.office365.com.""",
        client=S_CLIENT + "-tls1_2 " + NAMED,
        fires="cert.name",
        near="cert.time cert.weak cert.chain_incomplete tls.no_sni",
    ),
    dict(
        name="cert-wildcard-one-label.pcapng",
        kind="mx-microsoft",
        server=showing("eop"),
        story="""The MX is under o-v1.mx.microsoft, two labels below; the certificate's
        *.mx.microsoft covers only one.""",
        client=S_CLIENT + "-tls1_2 " + NAMED,
        fires="cert.name",
        near="cert.inspected tls.sni_mismatch",
    ),
    dict(
        name="cert-wildcard-matches.pcapng",
        kind="mx",
        server=showing("eop"),
        story="""contoso-com.mail.protection.outlook.com is covered by the wildcard in the
        certificate; curl checks and is content.""",
        client=curl("--tlsv1.2 --tls-max 1.2"),
        fires="",
        near="cert.name cert.inspected tls.client_rejects_cert",
        outcome="accepted encrypted",
    ),
    dict(
        name="cert-weak-relay.pcapng",
        kind="relay",
        server=showing("weak", ciphers="ALL:@SECLEVEL=0"),
        story="""The company relay shows a certificate with a key of 1024 bits, signed
        with SHA-1.""",
        client=S_CLIENT + "-tls1_2 -cipher DEFAULT:@SECLEVEL=0 " + NAMED,
        fires="cert.weak",
        near="cert.name cert.time cert.inspected",
    ),
    dict(
        name="cert-no-intermediate.pcapng",
        server=showing("no-intermediate"),
        story="""The server sends its own certificate and not the authority between it and
        the root; the client cannot build the chain.""",
        client=verifying("ca"),
        fires="cert.chain_incomplete tls.client_rejects_cert",
        near="cert.inspected cert.g2_trust cert.name",
        cause="cert.chain_incomplete",
        **CLIENT_STOPS
    ),
    dict(
        name="cert-client-alerts.pcapng",
        server=showing("cafe"),
        story="""Five connections: bad, unsupported, revoked, expired and unknown
        certificate, as the client's alert says.""",
        clients=[refusing(c) for c in (42, 43, 44, 45, 46)],
        between=0,
        fires="tls.client_rejects_cert cert.time",
        near="tls.alert_other tls.client_quits_after_cert cert.inspected",
    ),
    dict(
        name="cert-warning-no-certificate.pcapng",
        server=showing("cafe", client_cert=True),
        cut="fin",
        story="""The client has no certificate of its own and says so with a warning, in
        the way of SSL 3. It does not refuse the server's.""",
        client=refusing(41, 1),
        fires="",
        near="tls.client_rejects_cert tls.alert_other cert.g2_trust",
    ),
    dict(
        name="cert-alert-48-from-server.pcapng",
        kind="mx",
        server={
            "raw": [
                ["record"],
                ["tls", "server_hello"],
                ["tls", "certificate", {"pem": "eop.pem"}],
                ["tls", "server_hello_done"],
                ["record", 1],
                ["tls", "alert", {"code": 48}],
                ["close"],
            ]
        },
        story="""unknown_ca, but from the server: it is the client's certificate that is
        not trusted.""",
        client=TO_TLS
        + [
            ["tls", "client_hello", HELLO12],
            ["record", 3],
            ["tls", "client_key_exchange"],
            ["wait", 0.5],
            ["close"],
        ],
        fires="",
        near="tls.client_rejects_cert cert.g2_trust cert.inspected",
        outcome="failed",
    ),
    dict(
        name="cert-gnutls-rejects.pcapng",
        server=showing("inspected"),
        story="""A program with GnuTLS meets the inspecting firewall and refuses its
        certificate.""",
        client=(
            "(sleep 1; printf 'QUIT\\r\\n'; sleep 0.5) | gnutls-cli --starttls-proto=smtp -p "
            "$PORT --x509cafile $CERTS/ca.pem --priority NORMAL:-VERS-TLS1.3 $HOST"
        ),
        fires="cert.inspected",
        near="cert.g2_trust cert.time",
    ),
]
