# SPDX-License-Identifier: GPL-2.0-or-later
#
# The TLS handshake: versions, suites, alerts, downgrades; findings tls.*.
# Certificates have a table of their own.
from common import *

STORIES = "tls"
OLD = "--tls --tls-sni $HOST --tls-cipher ALL:@SECLEVEL=0 --tls-protocol "
OLD_SERVER = {"min": "1.0", "ciphers": "ALL:@SECLEVEL=0"}
OLD_TLS = (
    "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to "
    "support TLS 1.2. Visit https://aka.ms/smtp_auth_tls."
)
ECDHE_ONLY = {"max": "1.2", "ciphers": "ECDHE+AESGCM:ECDHE+AES"}
MODERN = {
    "sni": "smtp.office365.com",
    "groups": [29, 23, 24],
    "renegotiation": True,
    "sigalgs": [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601],
}
HELLO13 = {**MODERN, "versions": [0x0304, 0x0303], "shares": [[29, 32]]}
FLIGHT12 = [
    ["tls", "server_hello", {}],
    ["tls", "certificate", {"pem": "cafe.pem"}],
    ["tls", "server_hello_done"],
]
BACKEND = {"backend": ["127.0.0.1", 4433]}
SERV = (
    "gnutls-serv -q --echo --port 4433 --x509certfile $CERTS/relay.pem --x509keyfile "
    "$CERTS/relay.pem --priority "
)


def raw_hello(given, *more):
    return TO_TLS + [["tls", "client_hello", given]] + list(more)


def server_alert(code, level=2):
    return {"raw": [["record"], ["tls", "alert", {"level": level, "code": code}], ["close"]]}


ROWS = [
    dict(
        name="tls10-only-printer.pcapng",
        story="""A printer of 2011 knows TLS 1.0 and nothing newer. Its ClientHello says
        so, and the server answers with the alert protocol_version.""",
        client=SWAKS + LOGIN + OLD + "tlsv1",
        fires="tls.client_max_old tls.alert_protocol_version",
        cause="tls.client_max_old",
        near="""tls.fallback_scsv tls.downgrade_dance tls.negotiated_old
        tls.no_common_suite tls.silent_reject tls.sslv3 tls.accepted_then_refused
        tls.alert_other tls.client_rejects_cert""",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls11-only-copier.pcap.gz",
        kind="mx",
        story="""A copier that ends at TLS 1.1 talks to the MX; the server refuses the
        version with an alert and the copier does not try again in clear.""",
        client=SWAKS + OLD + "tlsv1_1",
        fires="tls.client_max_old tls.alert_protocol_version",
        cause="tls.client_max_old",
        near="tls.sslv3 tls.negotiated_old starttls.cleartext_fallback",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls10-silent-close.pcapng",
        story="""The same old printer, but the server closes after the hello without an
        alert, as SChannel does.""",
        server={"tls": {"close_on_hello": "fin"}},
        client=SWAKS + LOGIN + OLD + "tlsv1",
        fires="tls.client_max_old tls.silent_reject",
        cause="tls.client_max_old",
        near="tls.alert_protocol_version tcp.rst_injected",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls11-legacy-endpoint.pcapng",
        kind="legacy",
        story="""An old device on smtp-legacy.office365.com, which the tenant has opted in
        to: TLS 1.1 is agreed on and the letter goes out.""",
        server={"tls": OLD_SERVER},
        client=SWAKS + LOGIN + OLD + "tlsv1_1",
        fires="tls.negotiated_old tls.client_max_old",
        near="""tls.accepted_then_refused tls.alert_protocol_version tls.tls13 tls.sslv3""",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls10-accepted-then-421.pcapng",
        keylog=True,
        story="""The TLS 1.0 handshake completes, the device says EHLO and AUTH, and
        inside TLS comes 421 4.7.66 and the end. Without keys one sees a short session, one long
        reply and the server closing.""",
        server={"tls": OLD_SERVER, "fail": {"auth_verb": OLD_TLS}},
        client=SWAKS + LOGIN + OLD + "tlsv1",
        fires="tls.negotiated_old tls.client_max_old",
        fires_inferred="tls.accepted_then_refused",
        fires_with_keys="tls.accepted_then_refused tls.negotiated_old",
        near="""auth.failed_inferred tls.alert_protocol_version
        tls.client_quits_after_cert auth.ok_inferred""",
        cause="tls.accepted_then_refused",
    ),
    dict(
        name="tls-rsa-only-suites.pcapng",
        story="""Since February 2025 a row of copiers fails: they offer TLS 1.2, but only
        RSA and DHE key exchange. The server has ECDHE alone and sends handshake_failure.""",
        server={"tls": ECDHE_ONLY},
        client=SWAKS
        + LOGIN
        + (
            "--tls --tls-protocol tlsv1_2 --tls-sni $HOST --tls-cipher "
            "AES256-SHA256:AES128-SHA256:AES256-SHA:AES128-SHA:"
            "DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA"
        ),
        fires="tls.no_common_suite",
        cause="tls.no_common_suite",
        near="""tls.client_max_old tls.no_common_sigalg tls.silent_reject
        tls.alert_protocol_version tls.weak_suite_offered""",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-no-common-group.pcapng",
        story="""The device offers ECDHE, but of the curves only secp521r1, which the
        front end does not use.""",
        server={"tls": {"max": "1.2", "curve": "secp384r1", "ciphers": "ECDHE+AESGCM"}},
        client=S_CLIENT + "-tls1_2 -curves P-521 " + NAMED,
        fires="tls.no_common_suite",
        near="tls.client_max_old tls.no_common_sigalg",
        cause="tls.no_common_suite",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-rsa-only-reset.pcapng",
        story="""RSA-only suites again; this front end resets the connection instead of
        sending an alert.""",
        server={"tls": {"close_on_hello": "rst"}},
        client=SWAKS
        + "--tls --tls-protocol tlsv1_2 --tls-sni $HOST --tls-cipher AES128-SHA:AES256-SHA",
        fires="tls.silent_reject tls.no_common_suite",
        near="tls.alert_other tls.alert_protocol_version tls.client_max_old",
        cause="tls.no_common_suite",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-sha1-signatures-only.pcapng",
        story="""Suites overlap, but the only signatures the device knows are with SHA-1;
        the server has nothing to sign with.""",
        server={"tls": {"max": "1.2", "ciphers": "ECDHE+AESGCM"}},
        client=S_CLIENT
        + (
            "-tls1_2 -sigalgs RSA+SHA1:ECDSA+SHA1 -cipher "
            "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0 "
        )
        + NAMED,
        fires="tls.no_common_sigalg",
        near="tls.no_common_suite tls.client_max_old tls.silent_reject",
        cause="tls.no_common_sigalg",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-silent-close-modern.pcapng",
        story="""A modern hello, nothing wrong with it, and the server side closes without
        a word. What did it is not on the wire.""",
        server={"tls": {"close_on_hello": "fin"}},
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST",
        fires="tls.silent_reject",
        near="""tls.no_common_suite tls.no_common_sigalg tls.client_max_old
        tls.client_quits_after_cert""",
        cause="tls.silent_reject",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-null-suite.pcapng",
        kind="relay",
        story="""The company relay agrees on a suite with NULL encryption: there is a
        handshake, but commands, login and letter can be read in the TLS records.""",
        server={"tls": {"max": "1.2", "ciphers": "NULL-SHA256:@SECLEVEL=0"}},
        client=TO_TLS
        + [["start_tls", {"max": "1.2", "ciphers": "NULL-SHA256:@SECLEVEL=0"}]]
        + ask("EHLO scan-2f.contoso.com")
        + LOGIN_STEPS
        + MAIL
        + DATA
        + QUIT,
        fires="tls.weak_suite_selected tls.weak_suite_offered",
        near="""starttls.cleartext_fallback starttls.offered_not_used tls.garbage_after_220""",
    ),
    dict(
        name="tls-anonymous-suite.pcapng",
        kind="relay",
        story="""Anonymous elliptic-curve Diffie-Hellman: the server shows no certificate
        at all.""",
        server={"tls": {"max": "1.2", "ciphers": "AECDH-AES128-SHA:@SECLEVEL=0"}},
        client=S_CLIENT + "-tls1_2 -cipher AECDH-AES128-SHA:@SECLEVEL=0 " + NAMED,
        fires="tls.weak_suite_selected tls.weak_suite_offered",
        near="tls.resumed_no_cert tls.client_quits_after_cert",
    ),
    dict(
        name="tls-rc4.pcapng",
        kind="relay",
        server=BACKEND,
        services=[SERV + "'NORMAL:+ARCFOUR-128:-VERS-TLS1.3:%SERVER_PRECEDENCE'"],
        story="""An old relay and an old device agree on RC4.""",
        client=GNUTLS
        + "--priority 'NONE:+VERS-TLS1.2:+ARCFOUR-128:+RSA:+SHA1:+COMP-NULL:+SIGN-ALL' $HOST",
        fires="tls.weak_suite_selected",
        near="tls.client_max_old tls.negotiated_old",
    ),
    dict(
        name="tls-3des.pcapng",
        kind="relay",
        server=BACKEND,
        services=[SERV + "'NORMAL:+3DES-CBC:-VERS-TLS1.3'"],
        story="""Triple DES is the best this device has; the relay still takes it.""",
        client=GNUTLS
        + "--priority 'NONE:+VERS-TLS1.2:+3DES-CBC:+RSA:+SHA1:+COMP-NULL:+SIGN-ALL' $HOST",
        fires="tls.weak_suite_selected",
        near="tls.weak_suite_offered tls.negotiated_old",
    ),
    dict(
        name="tls-static-rsa.pcapng",
        server={"tls": {"max": "1.2", "ciphers": "AES128-GCM-SHA256"}},
        story="""Key exchange with plain RSA, no forward secrecy: works here, and is a
        reason to plan for new firmware.""",
        client=SWAKS
        + LOGIN
        + "--tls --tls-protocol tlsv1_2 --tls-sni $HOST --tls-cipher AES128-GCM-SHA256",
        fires="tls.weak_suite_selected",
        near="tls.no_common_suite tls.weak_suite_offered",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls-cbc.pcapng",
        server={"tls": {"max": "1.2", "ciphers": "ECDHE-RSA-AES128-SHA"}},
        story="""ECDHE with AES in CBC mode, the best the device offers.""",
        client=SWAKS
        + LOGIN
        + "--tls --tls-protocol tlsv1_2 --tls-sni $HOST --tls-cipher ECDHE-RSA-AES128-SHA",
        fires="tls.weak_suite_selected",
        near="tls.negotiated_old tls.weak_suite_offered",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls-weak-suites-offered.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The hello lists everything the library has, NULL and anonymous suites
        included; the server picks a good one.""",
        client=S_CLIENT + "-tls1_2 -cipher " + WEAK + " " + NAMED,
        fires="tls.weak_suite_offered",
        near="tls.weak_suite_selected tls.client_max_old",
    ),
    dict(
        name="tls-grease-hello.pcapng",
        cut="fin",
        story="""A hello with GREASE values among suites, groups and versions, as
        browsers' TLS libraries send it; nothing weak in it.""",
        client=raw_hello(
            {
                **HELLO13,
                "suites": [0x1A1A, 0x1301, 0x1302, 0xC02F, 0x00FF],
                "versions": [0x2A2A, 0x0304, 0x0303],
                "groups": [0x3A3A, 29, 23],
            },
            ["wait", 0.5],
        ),
        fires="tls.tls13",
        near="""tls.weak_suite_offered tls.client_max_old tls.fallback_scsv
        tls.no_common_suite""",
    ),
    dict(
        name="sslv2-hello.pcapng",
        story="""The hello comes in the frame of SSL 2, as stacks of the nineties greeted
        a server of unknown version; inside it asks for TLS 1.0.""",
        client=TO_TLS + [["tls", "sslv2_hello"], ["wait", 0.8], ["close"]],
        fires="tls.sslv2_hello",
        near="""mode.implicit_tls_on_starttls_port tls.garbage_after_220
        starttls.injection_c2s""",
        cause="tls.sslv2_hello",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-garbage-like-sslv2.pcapng",
        server={"raw": [["wait", 0.5], ["close"]]},
        story="""After 220 the client sends bytes whose first has the high bit set, as an
        SSL 2 hello has, but the lengths fit nothing.""",
        client=TO_TLS + [["hex", "80290107" + "9f31c0de" * 9], ["wait", 1], ["close"]],
        fires="tls.garbage_after_220",
        near="tls.sslv2_hello starttls.injection_c2s",
        cause="tls.garbage_after_220",
        outcome="failed",
    ),
    dict(
        name="sslv3-hello.pcapng",
        story="""A device that ends at SSL 3.0; the server refuses.""",
        client=raw_hello(
            {
                "version": 0x0300,
                "record_version": 0x0300,
                "bare": True,
                "suites": [5, 4, 0x35, 0x2F, 0x0A],
            },
            ["wait", 0.6],
            ["close"],
        ),
        fires="tls.sslv3 tls.client_max_old",
        near="tls.sslv2_hello tls.negotiated_old tls.garbage_after_220",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="sslv3-chosen.pcapng",
        kind="relay",
        server={
            "raw": [
                ["record"],
                ["tls", "server_hello", {"version": 0x0300, "suite": 5}],
                ["tls", "certificate", {"version": 0x0300, "pem": "relay.pem"}],
                ["tls", "server_hello_done", {"version": 0x0300}],
                ["wait", 1],
                ["close"],
            ]
        },
        story="""The relay picks SSL 3.0 with RC4, although the device offers TLS 1.2.""",
        client=raw_hello(
            {**MODERN, "sni": "relay.contoso.example", "suites": [0xC02F, 0x2F, 5]},
            ["record", 3],
            ["tls", "alert", {"version": 0x0300, "code": 70}],
            ["close"],
        ),
        fires="tls.sslv3 tls.negotiated_old tls.weak_suite_selected",
        near="tls.client_max_old tls.downgrade_sentinel",
    ),
    dict(
        name="tls-record-version-0300.pcapng",
        cut="fin",
        story="""The record layer of the first hello says 3.0, which RFC 5246 allows; the
        hello itself offers TLS 1.2.""",
        client=raw_hello({**MODERN, "record_version": 0x0300}, ["wait", 0.5]),
        fires="",
        near="tls.sslv3 tls.client_max_old tls.negotiated_old tls.garbage_after_220",
    ),
    dict(
        name="tls-fallback-scsv-refused.pcapng",
        server={"tls": OLD_SERVER},
        story="""The client comes back at TLS 1.1 and marks the hello as a fallback. The
        server can do better and stops it with inappropriate_fallback.""",
        client=S_CLIENT + "-tls1_1 -fallback_scsv -cipher ALL:@SECLEVEL=0 " + NAMED,
        fires="tls.fallback_scsv",
        near="tls.client_max_old tls.alert_protocol_version tls.no_common_suite",
        cause="tls.fallback_scsv",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-fallback-scsv-accepted.pcapng",
        kind="relay",
        server={"tls": {**OLD_SERVER, "max": "1.1"}},
        story="""The mark of a fallback, but this relay really ends at TLS 1.1 and accepts.""",
        client=S_CLIENT + "-tls1_1 -fallback_scsv -cipher ALL:@SECLEVEL=0 " + NAMED,
        fires="tls.fallback_scsv tls.negotiated_old",
        near="tls.accepted_then_refused tls.alert_other tls.alert_protocol_version",
    ),
    dict(
        name="tls-downgrade-dance.pcapng",
        server={"tls": {"close_on_hello": "rst"}},
        story="""The client tries TLS 1.2, 1.1 and 1.0 in three connections within
        seconds; each is reset after the hello. The first failure is the one to explain.""",
        clients=[SWAKS + LOGIN + OLD + v for v in ("tlsv1_2", "tlsv1_1", "tlsv1")],
        fires="tls.downgrade_dance tls.silent_reject",
        near="starttls.cleartext_fallback tls.alert_protocol_version",
    ),
    dict(
        name="tls-versions-of-two-programs.pcapng",
        server={"tls": OLD_SERVER},
        story="""Two programs on one host: one at TLS 1.2, then another at TLS 1.1. Both
        succeed; nobody was pushed down.""",
        clients=[
            SWAKS + LOGIN + "--tls --tls-sni $HOST",
            S_CLIENT + "-tls1_1 -cipher ALL:@SECLEVEL=0 " + NAMED,
        ],
        fires="tls.negotiated_old",
        near="tls.accepted_then_refused tls.downgrade_dance tls.fallback_scsv tls.downgrade_sentinel",
    ),
    dict(
        name="tls-downgrade-sentinel.pcapng",
        server={"tls": {"hide_versions": True}},
        story="""The client offers TLS 1.3, the server saw an offer of 1.2 only and says
        so in its random: somebody between them edited the hello. The client stops with
        illegal_parameter.""",
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST",
        fires="tls.downgrade_sentinel",
        near="tls.client_is_limit tls.server_is_limit tls.client_rejects_cert",
        cause="tls.downgrade_sentinel",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-client-is-limit.pcapng",
        story="""The same mark in the server's random, but the device offered no more than
        TLS 1.2: the device is the limit.""",
        client=SWAKS + LOGIN + "--tls --tls-protocol tlsv1_2 --tls-sni $HOST",
        fires="tls.client_is_limit",
        near="""tls.downgrade_sentinel tls.server_is_limit tls.client_max_old tls.tls13""",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls-server-is-limit.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The device could do TLS 1.3, this server chooses 1.2.""",
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST",
        fires="tls.server_is_limit",
        near="tls.client_is_limit tls.downgrade_sentinel tls.tls13 tls.fallback_scsv",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls-client-quits-silently.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The device gets the certificate and closes without an alert: it does not
        trust what it saw, and does not say why.""",
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com", "quirk": "quit_after_flight"}]],
        fires="tls.client_quits_after_cert cert.g2_trust",
        near="tls.client_rejects_cert tls.silent_reject starttls.no_client_hello",
        cause="cert.g2_trust",
        stopped_at="certificate",
        outcome="failed",
    ),
    dict(
        name="tls-capture-ends-at-certificate.pcapng",
        server={"tls": {"max": "1.2"}},
        cut=15,
        story="""The capture stops after the certificate; the session went on.""",
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST",
        fires="",
        near="tls.client_quits_after_cert tls.client_rejects_cert cert.g2_trust",
        outcome="incomplete",
    ),
    dict(
        name="tls13-client-rejects-inferred.pcapng",
        story="""TLS 1.3 and a program with GnuTLS: the certificate is sealed. Instead of Finished the
        client sends one record of 19 bytes, the size of a sealed alert, and closes.""",
        client="(sleep 1; printf 'QUIT\\r\\n'; sleep 0.5) | gnutls-cli --starttls-proto=smtp "
        "-p $PORT --x509cafile $CERTS/old-ca.pem $HOST",
        keylog=True,
        fires="tls.client_quits_after_cert tls.tls13",
        fires_with_keys="tls.tls13 tls.client_rejects_cert",
        near="tls.silent_reject auth.failed_inferred",
        cause="tls.client_quits_after_cert",
        stopped_at="certificate",
        outcome="failed",
    ),
    dict(
        name="tls13-client-rejects-plain-alert.pcapng",
        story="""TLS 1.3 and a program with OpenSSL: it has no keys of its own yet when it meets the
        certificate, so its alert unknown_ca goes out in clear.""",
        client=SWAKS + LOGIN + "--tls --tls-verify --tls-ca-path $CERTS/old-ca.pem --tls-sni $HOST",
        fires="tls.client_rejects_cert tls.tls13",
        near="tls.silent_reject auth.failed_inferred tls.client_quits_after_cert",
        cause="tls.client_rejects_cert",
        stopped_at="certificate",
        outcome="failed",
    ),
    dict(
        name="tls13-sha256-finished.pcapng",
        story="""TLS 1.3 with AES-128-GCM: the client's Finished is 53 bytes long. A
        healthy handshake.""",
        client=S_CLIENT + "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 " + NAMED,
        fires="tls.tls13",
        near="""tls.client_quits_after_cert tls.no_renego_info tls.hello_retry
        tls.renegotiation""",
    ),
]
