# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sessions in which all is well, or nearly: what must not be reported.
from common import *

STORIES = "healthy"
SEALED = "--tls --tls-sni $HOST "
CALM = """
 starttls.missing_from_m365 starttls.masked starttls.cleartext_fallback starttls.no_client_hello
 auth.cleartext_password auth.failed_inferred cert.inspected cert.time cert.name cert.weak
 cert.chain_incomplete tls.client_max_old tls.negotiated_old tls.client_rejects_cert
 tls.client_quits_after_cert tls.accepted_then_refused tls.alert_other tls.fallback_scsv
 tls.downgrade_sentinel tls.no_renego_info tls.weak_suite_offered tls.big_client_hello
 tls.garbage_after_220 tls.early_plain_alert_after_ccs starttls.no_second_ehlo
 capture.decrypted_mirror smtp.helo_only smtp.bad_helo smtp.unknown_5xx mode.relay_in_path"""
CLEAR = """
 starttls.missing_from_m365 starttls.masked starttls.required_reply auth.cleartext_password
 mode.wrong_endpoint_anon capture.decrypted_mirror smtp.helo_only smtp.bad_helo smtp.bare_lf
 smtp.bad_sequence smtp.bad_syntax smtp.unknown_5xx smtp.too_big m365.not_accepted_domain"""
OK = "accepted encrypted"

ROWS = [
    dict(
        name="submission-587-tls12.pcapng",
        keylog=True,
        story="""A multifunction printer logs in at smtp.office365.com:587 and hands in
        one scan. TLS 1.2 with ECDHE and AES-GCM, certificate in clear, everything behind it
        sealed; the key log opens it: AUTH LOGIN, one message, accepted.""",
        server={"tls": {"max": "1.2"}, "pause": 0.02},
        client=SWAKS + LOGIN + SEALED,
        fires="mode.method_guess",
        fires_inferred="auth.ok_inferred auth.mech_basic",
        fires_with_keys="auth.mech_basic mode.method_guess",
        near=CALM
        + (
            " auth.mech_xoauth2 starttls.offered_not_used tls.no_sni tls.sni_mismatch "
            "tls.tls13 tls.hello_retry tls.resumed_no_cert tls.weak_suite_selected "
            "tls.client_cert tls.renegotiation tls.compression tls.slow_peer"
        ),
        outcome=OK,
    ),
    dict(
        name="submission-587-tls13.pcapng",
        keylog=True,
        story="""The same with TLS 1.3: certificate and all else sealed. The client's
        Finished is 69 bytes long.""",
        server={"pause": 0.02},
        client=SWAKS + LOGIN + SEALED,
        fires="tls.tls13 auth.ok_inferred mode.method_guess",
        fires_with_keys="auth.mech_basic tls.tls13",
        near=CALM
        + (
            " starttls.offered_not_used tls.no_sni tls.hello_retry tls.server_is_limit "
            "tls.client_is_limit tls.resumed_no_cert"
        ),
        outcome=OK,
    ),
    dict(
        name="submission-587-embedded-keys.pcapng",
        keylog=True,
        embed=True,
        story="""A healthy TLS 1.3 submission whose key log is also inside the file, as a
        Decryption Secrets Block.""",
        client=SWAKS + LOGIN + SEALED,
        fires="tls.tls13",
        near=CALM + " starttls.offered_not_used",
        outcome=OK,
    ),
    dict(
        name="submission-587-aes128.pcapng.zst",
        story="""A healthy submission in a file compressed with zstd.""",
        client=SWAKS
        + LOGIN
        + SEALED
        + "--tls-protocol tlsv1_2 --tls-cipher ECDHE-RSA-AES128-GCM-SHA256",
        fires="tls.client_is_limit auth.ok_inferred",
        near=CALM + " tls.weak_suite_selected",
        outcome=OK,
    ),
    dict(
        name="submission-587-chacha.ns.pcap",
        story="""A healthy submission with ChaCha20-Poly1305; classic pcap with nanoseconds.""",
        client=SWAKS
        + LOGIN
        + SEALED
        + "--tls-protocol tlsv1_2 --tls-cipher ECDHE-RSA-CHACHA20-POLY1305",
        server={"tls": {"ciphers": "ECDHE+CHACHA20:ECDHE+AESGCM"}},
        fires="tls.client_is_limit",
        near=CALM + " tls.weak_suite_selected",
        outcome=OK,
    ),
    dict(
        name="submission-587-outlook-host.pcapng",
        host="outlook.office365.com",
        story="""The device uses outlook.office365.com, which answers on 587 as well.""",
        client=SWAKS + LOGIN + SEALED,
        fires="tls.tls13",
        near=CALM + " tls.sni_mismatch",
        outcome=OK,
    ),
    dict(
        name="submission-587-ipv6.pcapng",
        zone={"outlook.ms-acdc.office.com": [["AAAA", "fd09::1"]]},
        story="""Submission over IPv6, curl as the client.""",
        client=curl("-6 " + CURL_LOGIN),
        server={"hello_ip": "2001:db8:1:2::30"},
        fires="tls.tls13",
        near=CALM + " net.ipv6_only_path m365.ipv6",
        outcome=OK,
    ),
    dict(
        name="submission-three-letters.pcapng",
        keylog=True,
        story="""Three letters in one sealed session.""",
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com", "max": "1.2"}]]
        + ask("EHLO scan-2f.contoso.com")
        + LOGIN_STEPS
        + (MAIL + DATA) * 3
        + QUIT,
        fires="auth.ok_inferred",
        fires_with_keys="auth.mech_basic",
        near=CALM + " m365.concurrency m365.quota",
        outcome=OK,
    ),
    dict(
        name="direct-send-clear.pcapng",
        kind="mx",
        story="""Direct send: the scanner delivers to the tenant's own MX on port 25, in
        clear, and the letter is accepted. STARTTLS is offered and not used.""",
        client=SWAKS,
        fires="starttls.offered_not_used mode.method_guess",
        near=CLEAR + " auth.attempt_before_tls",
        outcome="accepted",
    ),
    dict(
        name="direct-send-tls.pcapng",
        where="middle",
        kind="mx",
        story="""Direct send with STARTTLS and TLS 1.3, no login.""",
        client=SWAKS + SEALED,
        fires="tls.tls13 mode.method_guess",
        near=CALM + " starttls.offered_not_used auth.not_attempted",
        outcome=OK,
    ),
    dict(
        name="direct-send-tls12-keylog.pcapng",
        kind="mx",
        keylog=True,
        server={"tls": {"max": "1.2"}},
        story="""Direct send, TLS 1.2, with a key log.""",
        client=SWAKS + SEALED,
        fires="tls.server_is_limit",
        fires_with_keys="mode.method_guess",
        near=CALM + " auth.not_attempted auth.ok_inferred",
        outcome=OK,
    ),
    dict(
        name="direct-send-mx-microsoft.pcapng",
        where="server",
        kind="mx-microsoft",
        story="""Direct send to a tenant with one of the new MX names under mx.microsoft.""",
        client=SWAKS,
        fires="starttls.offered_not_used",
        near=CLEAR,
        outcome="accepted",
    ),
    dict(
        name="direct-send-ipv6.pcapng",
        kind="mx",
        zone={"contoso-com.mail.protection.outlook.com": [["AAAA", "fd09::2"]]},
        server={"hello_ip": "2001:db8:1:2::30"},
        story="""Direct send over IPv6, accepted.""",
        client=HELLO + MAIL + DATA + QUIT,
        fires="starttls.offered_not_used",
        near=CLEAR + " m365.ipv6 net.ipv6_only_path",
        outcome="accepted",
    ),
    dict(
        name="direct-send-several-rset.pcapng",
        kind="mx",
        story="""Two letters in one session with RSET between them, and a letter that was
        begun and taken back.""",
        client=HELLO
        + MAIL
        + DATA
        + ask("RSET")
        + ask("MAIL FROM:<scanner@contoso.com>")
        + ask("RSET")
        + MAIL
        + DATA
        + QUIT,
        fires="starttls.offered_not_used",
        near=CLEAR,
        outcome="accepted",
    ),
    dict(
        name="direct-send-dot-stuffed.pcapng",
        kind="mx",
        story="""The letter has lines that begin with a dot and a line that looks like a
        reply; inside DATA these are text.""",
        client=HELLO
        + MAIL
        + ask("DATA")
        + [
            [
                "send",
                (
                    "Subject: log\r\n\r\n..hidden\r\nSTARTTLS\r\n550 5.7.64 TenantAttribution; Relay "
                    "Access Denied\r\nAUTH LOGIN\r\n.\r\n"
                ),
            ],
            ["reply"],
        ]
        + QUIT,
        fires="starttls.offered_not_used",
        near=CLEAR
        + " m365.relay_denied auth.attempt_before_tls starttls.command_mangled auth.port25",
        outcome="accepted",
    ),
    dict(
        name="direct-send-bdat.pcapng",
        kind="mx",
        story="""BDAT in two chunks instead of DATA.""",
        client=HELLO
        + MAIL
        + [
            ["send", "BDAT 40\r\n" + "Subject: chunked\r\n\r\n".ljust(40, "a")],
            ["reply"],
            ["send", "BDAT 22 LAST\r\n" + "second chunk".ljust(20, ".") + "\r\n"],
            ["reply"],
        ]
        + QUIT,
        fires="starttls.offered_not_used",
        near=CLEAR,
        outcome="accepted",
    ),
    dict(
        name="direct-send-pipelined.pcapng",
        kind="mx",
        story="""MAIL, RCPT, RCPT and DATA in one segment, as PIPELINING allows.""",
        client=HELLO
        + [
            [
                "send",
                (
                    "MAIL FROM:<scanner@contoso.com>\r\nRCPT TO:<anna@contoso.com>\r\nRCPT "
                    "TO:<bert@contoso.com>\r\nDATA\r\n"
                ),
            ],
            ["reply"],
            ["reply"],
            ["reply"],
            ["reply"],
            ["send", BODY],
            ["reply"],
        ]
        + QUIT,
        fires="starttls.offered_not_used",
        near=CLEAR,
        outcome="accepted",
    ),
    dict(
        name="postfix-clear.pcapng",
        kind="mx",
        seconds=45,
        story="""Postfix as the company's relay delivers two letters, pipelined, in clear.""",
        sessions="2",
        client="bash $RECORD/postfix.sh none",
        fires="starttls.offered_not_used",
        near=CLEAR,
        outcome="accepted",
    ),
    dict(
        name="postfix-tls.pcapng",
        kind="mx",
        seconds=45,
        story="""Postfix with smtp_tls_security_level = may: STARTTLS is used. At this
        level it offers anonymous suites as well; the server picks a good one.""",
        sessions="2",
        client="bash $RECORD/postfix.sh may",
        fires="tls.tls13 tls.weak_suite_offered",
        near=CALM.replace("tls.weak_suite_offered", "") + " starttls.offered_not_used",
        outcome=OK,
    ),
    dict(
        name="curl-submission.pcapng",
        where="lan",
        story="""curl hands in a letter with TLS 1.3 and AUTH LOGIN, and checks the
        certificate.""",
        client=curl(CURL_LOGIN),
        fires="tls.tls13",
        near=CALM + " starttls.offered_not_used tls.no_sni",
        outcome=OK,
    ),
    dict(
        name="gnutls-submission.pcapng",
        story="""A probe with GnuTLS: handshake and QUIT.""",
        client=GNUTLS + "$HOST",
        fires="tls.tls13",
        near=CALM + " tls.no_sni",
        outcome="no_mail encrypted",
    ),
    dict(
        name="helo-accepted.pcapng",
        kind="relay",
        server={"drop": ["STARTTLS"]},
        story="""HELO to the company's own relay, which offers nothing anyway.""",
        client=[["reply"]] + ask("HELO scan-2f.contoso.com") + MAIL + DATA + QUIT,
        fires="smtp.helo_only",
        near="starttls.missing_from_m365 smtp.bad_helo",
        outcome="accepted",
    ),
    dict(
        name="probe-vrfy-noop.pcapng",
        kind="mx",
        story="""A monitoring probe: EHLO, NOOP, VRFY, HELP, QUIT; no letter.""",
        client=HELLO + ask("NOOP") + ask("VRFY anna") + ask("HELP") + QUIT,
        fires="",
        near=CLEAR + " starttls.offered_not_used",
        outcome="no_mail",
    ),
    dict(
        name="probe-banner-quit.pcapng",
        story="""A load balancer's health check, every two seconds: banner, QUIT.""",
        clients=[[["reply"]] + QUIT] * 3,
        between=2,
        fires="tcp.probe",
        near="""tcp.no_banner smtp.bad_sequence starttls.missing_from_m365
        starttls.no_client_hello""",
        outcome="no_mail",
    ),
    dict(
        name="probe-starttls-check.pcapng",
        story="""A check tool: STARTTLS, handshake, EHLO, QUIT.""",
        client=S_CLIENT + NAMED,
        fires="tls.tls13",
        near="""starttls.no_client_hello tls.client_quits_after_cert auth.not_attempted
        auth.failed_inferred""",
        outcome="no_mail encrypted",
    ),
    dict(
        name="relay-one-refused-recipient.pcapng",
        kind="mx",
        server={"fail": {"rcpt": [None, "550 5.4.1 Recipient address rejected: Access denied."]}},
        story="""Two recipients; one is refused, the other gets the letter.""",
        client=HELLO + MAIL + ask("RCPT TO:<nobody@contoso.com>") + DATA + QUIT,
        fires="m365.recipient starttls.offered_not_used",
        near="m365.relay_denied smtp.unknown_5xx",
        outcome="accepted",
    ),
    dict(
        name="submission-slow-tarpit.pcapng",
        keylog=True,
        story="""The server takes five seconds for the accepted login, for no bad reason;
        the letter goes out. A pause alone is no refusal.""",
        server={"slow_ok": 5, "tls": {"max": "1.2"}},
        client=SWAKS + LOGIN + SEALED,
        fires="auth.ok_inferred",
        fires_with_keys="auth.mech_basic",
        near="auth.failed_inferred tls.slow_peer tcp.idle_drop",
        outcome=OK,
    ),
]
