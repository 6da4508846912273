# SPDX-License-Identifier: GPL-2.0-or-later
#
# TLS messages that are odd: alerts, garbage, names, retries, renegotiation,
# resumption; findings tls.*.  Versions and suites: scenarios_tls.py.
from common import *
from scenarios_tls import FLIGHT12, HELLO13, MODERN, raw_hello, server_alert

STORIES = "tls"

ROWS = [
    dict(
        name="tls-client-cert-asked.pcapng",
        kind="mx",
        server={"tls": {"max": "1.2", "client_cert": True}},
        story="""The MX asks for a client certificate; the sender has none and sends an
        empty list. The connector by certificate will not match.""",
        client=S_CLIENT + "-tls1_2 " + NAMED,
        fires="tls.client_cert",
        near="tls.client_rejects_cert tls.client_quits_after_cert",
    ),
    dict(
        name="tls-client-cert-sent.pcapng",
        kind="mx",
        server={"tls": {"max": "1.2", "client_cert": True}},
        story="""The relay shows its certificate, as a connector expects.""",
        client=S_CLIENT + "-tls1_2 -cert $CERTS/device.pem -key $CERTS/device.pem " + NAMED,
        fires="tls.client_cert",
        near="tls.client_rejects_cert cert.name cert.inspected",
    ),
    dict(
        name="tls-no-sni.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The hello names no server. Microsoft's front end does not mind.""",
        client=SWAKS + LOGIN + "--tls",
        fires="tls.no_sni",
        near="tls.sni_mismatch cert.name",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls-sni-mismatch.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The name in the hello, mail.contoso.example, is not the name that was
        looked up: two fields of the device's settings disagree.""",
        client=S_CLIENT + "-servername mail.contoso.example",
        fires="tls.sni_mismatch cert.name",
        near="tls.no_sni",
    ),
    dict(
        name="tls-sni-literal.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The hello names the server by an IP address, which RFC 6066 does not allow.""",
        client=S_CLIENT + "-servername 52.96.165.18",
        fires="tls.sni_mismatch",
        near="tls.no_sni",
    ),
    dict(
        name="tls-sni-alias.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The hello names outlook.office365.com, the alias that smtp.office365.com
        resolves through. That is fine.""",
        client=S_CLIENT + "-servername outlook.office365.com",
        fires="",
        near="tls.sni_mismatch tls.no_sni cert.name",
    ),
    dict(
        name="tls-garbage-from-server.pcapng",
        server={"raw": [["record"], ["hex", "0102030405060708" * 12], ["wait", 0.5], ["close"]]},
        story="""The answer to the ClientHello is no TLS and no text: a box on the path
        does not understand what follows 220.""",
        client=SWAKS + "--tls --tls-sni $HOST",
        fires="tls.garbage_after_220",
        near="starttls.injection_s2c tls.alert_other tls.silent_reject",
        cause="tls.garbage_after_220",
        stopped_at="server_hello",
        outcome="failed",
    ),
    dict(
        name="tls-garbage-from-client.pcapng",
        server={"raw": [["wait", 1.5], ["close"]]},
        story="""After 220 the client sends bytes that are no TLS record.""",
        client=TO_TLS + [["hex", "00ff00fe" * 10], ["wait", 1], ["close"]],
        fires="tls.garbage_after_220",
        near="starttls.injection_c2s tls.sslv2_hello starttls.no_client_hello",
        cause="tls.garbage_after_220",
        outcome="failed",
    ),
    dict(
        name="tls-alerts-from-server.pcapng",
        server=[
            server_alert(c)
            for c in (10, 20, 21, 22, 47, 49, 50, 51, 71, 80, 90, 109, 110, 112, 113, 115, 116, 120)
        ],
        story="""Eighteen connections; each hello is answered with another fatal alert.""",
        clients=[raw_hello(HELLO13, ["wait", 0.4], ["close"])] * 18,
        between=0,
        fires="tls.alert_other",
        near="""tls.alert_protocol_version tls.client_rejects_cert tls.no_common_suite
        tls.silent_reject""",
    ),
    dict(
        name="tls-alerts-from-client.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""Nine connections; each time the client answers the server's flight with
        another fatal alert that does not speak of the certificate.""",
        clients=[
            raw_hello(MODERN, ["wait", 0.2], ["tls", "alert", {"code": c}], ["close"])
            for c in (10, 20, 47, 50, 51, 71, 80, 90, 110)
        ],
        between=0,
        fires="tls.alert_other",
        near="""tls.client_rejects_cert tls.client_quits_after_cert
        tls.alert_protocol_version""",
    ),
    dict(
        name="tls-warning-unrecognized-name.pcapng",
        cut="fin",
        server={
            "raw": [["record"], ["tls", "alert", {"level": 1, "code": 112}], ["sleep", 0.02]]
            + FLIGHT12
            + [["wait", 1]]
        },
        story="""A warning about the server name, and the handshake goes on: not fatal.""",
        client=raw_hello(MODERN, ["wait", 0.4]),
        fires="",
        near="tls.alert_other tls.silent_reject",
    ),
    dict(
        name="tls-fail-then-454.pcapng",
        kind="relay",
        server={
            "raw": [
                ["record"],
                ["tls", "alert", {"code": 40}],
                ["sleep", 0.05],
                ["send", "454 4.7.5 TLS not available: TLS negotiation failed\r\n"],
                ["wait", 1],
                ["close"],
            ]
        },
        story="""The gateway sends a fatal alert and then says 454 in clear. Odd, but no
        injection.""",
        client=SWAKS + "--tls",
        fires="tls.fail_then_454",
        near="starttls.injection_s2c starttls.refused tls.garbage_after_220",
        outcome="failed",
    ),
    dict(
        name="tls-big-hello-swallowed.pcapng",
        server=[{"tls": {"mute_on_hello": True}}, {}],
        story="""A hello with a post-quantum key share needs two segments. Both are
        acknowledged, no answer ever comes; a small hello of the same network works at once.""",
        clients=[
            raw_hello(
                {
                    **HELLO13,
                    "groups": [0x11EC, 29, 23],
                    "shares": [[0x11EC, 1216], [29, 32]],
                    "suites": [0x1301, 0x1302, 0x1303] + list(range(0xC000, 0xC030)),
                },
                ["sleep", 11],
                ["close"],
            ),
            SWAKS + LOGIN + "--tls --tls-sni $HOST",
        ],
        fires="tls.big_client_hello",
        near="tcp.mtu_blackhole tls.silent_reject tls.no_common_suite",
    ),
    dict(
        name="tls-big-hello-works.pcapng",
        cut="fin",
        story="""The same large hello, answered as it should be.""",
        client=raw_hello(
            {
                **HELLO13,
                "groups": [0x11EC, 29, 23],
                "shares": [[0x11EC, 1216], [29, 32]],
                "suites": [0x1301, 0x1302, 0x1303] + list(range(0xC000, 0xC030)),
            },
            ["wait", 0.4],
        ),
        fires="tls.tls13",
        near="tls.big_client_hello tcp.mtu_blackhole",
    ),
    dict(
        name="tls-slow-server.pcapng",
        server={"tls": {"max": "1.2", "delay": 6}},
        story="""Six seconds from the hello to the server's answer; the letter still goes
        out.""",
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com"}]]
        + ask("EHLO scan-2f.contoso.com")
        + QUIT,
        fires="tls.slow_peer",
        near="tls.silent_reject starttls.no_client_hello",
    ),
    dict(
        name="tls-slow-client.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The copier needs six seconds for its part of the key exchange.""",
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com", "delay": 6}]]
        + ask("EHLO scan-2f.contoso.com")
        + QUIT,
        fires="tls.slow_peer",
        near="tls.client_quits_after_cert",
    ),
    dict(
        name="tls-renegotiation.pcapng",
        server={"tls": {"max": "1.2", "allow_renegotiation": True}},
        story="""The client asks for a second handshake inside the first.""",
        client=(
            "(sleep 1; echo R; sleep 1; printf 'QUIT\\r\\n'; sleep 1) | openssl s_client "
            "-starttls smtp -connect $HOST:$PORT -crlf -servername $HOST"
        ),
        fires="tls.renegotiation",
        near="tls.hello_retry tls.garbage_after_220",
    ),
    dict(
        name="tls-no-renegotiation-info.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The hello has neither the extension nor the signalling suite of RFC 5746:
        an old stack.""",
        client=GNUTLS + "--priority 'NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION' $HOST",
        fires="tls.no_renego_info",
        near="tls.renegotiation",
    ),
    dict(
        name="tls-compression.pcapng",
        kind="relay",
        server={
            "raw": [
                ["record"],
                ["tls", "server_hello", {"compression": 1}],
                ["tls", "certificate", {"pem": "relay.pem"}],
                ["tls", "server_hello_done"],
                ["wait", 1],
                ["close"],
            ]
        },
        story="""The relay chooses DEFLATE, which the old client offered.""",
        client=raw_hello(
            {**MODERN, "sni": "relay.contoso.example", "compression": "0100"},
            ["record", 3],
            ["close"],
        ),
        fires="tls.compression",
        near="tls.weak_suite_selected",
    ),
    dict(
        name="tls-compression-offered.pcapng",
        kind="relay",
        server={"tls": {"max": "1.2"}},
        cut="fin",
        story="""DEFLATE is offered, and the server declines.""",
        client=raw_hello(
            {**MODERN, "sni": "relay.contoso.example", "compression": "0100"}, ["wait", 0.4]
        ),
        fires="",
        near="tls.compression",
    ),
    dict(
        name="tls-resumed.pcapng",
        server={"tls": {"max": "1.2", "resume": True}},
        story="""The second connection resumes the session of the first: no certificate is
        shown, so none can be judged.""",
        clients=[
            S_CLIENT + "-tls1_2 -sess_out $WORK/session " + NAMED,
            S_CLIENT + "-tls1_2 -sess_in $WORK/session " + NAMED,
        ],
        fires="tls.resumed_no_cert",
        near="tls.client_quits_after_cert cert.chain_incomplete cert.inspected",
    ),
    dict(
        name="tls-ticket-not-taken.pcapng",
        server={"tls": {"max": "1.2"}},
        story="""The second connection offers a ticket, another node answers and makes a
        full handshake.""",
        clients=[
            S_CLIENT + "-tls1_2 -sess_out $WORK/session " + NAMED,
            S_CLIENT + "-tls1_2 -sess_in $WORK/session " + NAMED,
        ],
        fires="",
        near="tls.resumed_no_cert tls.downgrade_dance starttls.inconsistent",
    ),
    dict(
        name="tls-plain-alert-after-ccs.pcapng",
        server={"raw": [["record"]] + FLIGHT12 + [["wait", 1], ["close"]]},
        story="""The client has switched to sealed records and then sends an alert in
        clear: the two sides are out of step.""",
        client=raw_hello(
            MODERN,
            ["record", 3],
            ["tls", "client_key_exchange"],
            ["tls", "change_cipher_spec"],
            ["tls", "alert", {"code": 20}],
            ["close"],
        ),
        fires="tls.early_plain_alert_after_ccs",
        near="tls.client_quits_after_cert",
    ),
    dict(
        name="tls13-hello-retry.pcapng",
        kind="mx",
        server={"tls": {"curve": "secp384r1"}},
        story="""The MX wants secp384r1, the client guessed X25519: one hello more, then
        TLS 1.3 as usual.""",
        client=SWAKS + "--tls --tls-sni $HOST",
        fires="tls.hello_retry tls.tls13",
        near="tls.renegotiation tls.no_common_suite tls.server_is_limit",
        outcome="accepted encrypted",
    ),
    dict(
        name="tls13-hello-retry-loop.pcapng",
        server={
            "raw": [
                ["record"],
                ["tls", "hello_retry", {"group": 24}],
                ["record"],
                ["tls", "hello_retry", {"group": 23}],
                ["wait", 1],
                ["close"],
            ]
        },
        story="""Two HelloRetryRequests in one handshake: never allowed, the client stops.""",
        client=raw_hello(
            {**HELLO13, "groups": [24, 23, 29]},
            ["record"],
            ["tls", "client_hello", {**HELLO13, "groups": [24, 23, 29], "shares": [[24, 96]]}],
            ["record"],
            ["tls", "alert", {"code": 10}],
            ["close"],
        ),
        fires="tls.hello_retry",
        near="tls.renegotiation tls.tls13",
    ),
]
