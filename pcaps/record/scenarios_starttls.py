# SPDX-License-Identifier: GPL-2.0-or-later
#
# STARTTLS that is stripped, masked, refused, not used, injected into;
# findings starttls.*, with a near miss for each.
from common import *

STORIES = "starttls"
MASKED = {
    "mask": {"STARTTLS": "XXXXXXXA"},
    "banner": "220 " + "*" * 57 + "2**" + "*" * 30 + "0*2******",
}
TLS_ON = "--tls --tls-sni $HOST "
SCANNER_TLS = [["start_tls", {"sni": "smtp.office365.com"}]]
MX_TLS = [["start_tls", {"sni": "contoso-com.mail.protection.outlook.com"}]]

ROWS = [
    dict(
        name="starttls-stripped-submission.pcapng",
        story="""A scanner that insists on TLS finds no STARTTLS in the EHLO reply of
        smtp.office365.com and gives up. Everything else in the list is Microsoft's: something
        on the path took the one line out.""",
        server={"drop": ["STARTTLS"]},
        client=SWAKS + LOGIN + "--tls",
        fires="starttls.missing_from_m365",
        cause="starttls.missing_from_m365",
        near="""starttls.masked starttls.offered_not_used starttls.cleartext_fallback
        starttls.refused smtp.helo_only""",
        stopped_at="starttls",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-stripped-mx.pcapng",
        kind="mx",
        story="""Direct send to the tenant's MX with TLS "when available". The line
        STARTTLS is missing from the list, so the letter goes in clear and is accepted: nobody
        notices.""",
        server={"drop": ["STARTTLS"]},
        client=SWAKS + "-tlso",
        fires="starttls.missing_from_m365",
        near="starttls.offered_not_used starttls.masked starttls.required_reply",
        outcome="accepted",
    ),
    dict(
        name="starttls-absent-own-relay.pcapng",
        kind="relay",
        story="""The device hands its mail to the company's own relay, which offers no
        STARTTLS and never did. That is no sign of stripping.""",
        server={"drop": ["STARTTLS"]},
        client=SWAKS + "-tlso",
        fires="",
        near="starttls.missing_from_m365 starttls.masked starttls.offered_not_used",
        outcome="accepted",
    ),
    dict(
        name="starttls-masked-asa.pcapng",
        story="""Mail of the copier stopped the day the firewall was replaced. The banner
        is starred out and STARTTLS has become XXXXXXXA; the copier goes on in clear and
        Microsoft answers 451 5.7.3. ESMTP inspection on the firewall is the reason.""",
        server=MASKED,
        client=SWAKS + "-tlso",
        fires="starttls.masked starttls.missing_from_m365 starttls.required_reply",
        near="auth.cleartext_password starttls.offered_not_used mode.relay_in_path",
        cause="starttls.masked",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="starttls-masked-quit.pcap",
        story="""The same inspection, but the client requires TLS: it reads XXXXXXXA, says
        QUIT and reports that the server has no TLS.""",
        server={"mask": {"STARTTLS": "XXXXXXXX"}},
        client=SWAKS + LOGIN + "--tls",
        fires="starttls.masked starttls.missing_from_m365",
        near="starttls.offered_not_used auth.attempt_before_tls",
        cause="starttls.masked",
        stopped_at="starttls",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-masked-mx-in-clear.pcapng",
        kind="mx",
        story="""The mask on port 25: direct send falls back to clear text and is accepted.""",
        server=MASKED,
        client=SWAKS + "-tlso",
        fires="starttls.masked starttls.missing_from_m365",
        near="starttls.offered_not_used starttls.required_reply",
        outcome="accepted",
    ),
    dict(
        name="starttls-masked-other-word.pcapng",
        kind="mx",
        story="""The firewall masked CHUNKING, which has eight letters like STARTTLS;
        STARTTLS itself is intact and used. Inspection is at work, but nothing was stripped.""",
        server={"mask": {"CHUNKING": "XXXXXXXA"}},
        client=SWAKS + "--tls",
        fires="",
        near="""starttls.missing_from_m365 starttls.offered_not_used
        starttls.cleartext_fallback""",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-banner-masked-tls-ok.pcapng",
        kind="mx",
        story="""A firewall with mask-banner and allow-tls: only the banner is starred
        out, the list is whole and TLS starts.""",
        server={"banner": MASKED["banner"]},
        client=SWAKS + "--tls",
        fires="starttls.masked",
        near="starttls.missing_from_m365 starttls.offered_not_used",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-x-extensions-onprem.pcapng",
        kind="relay",
        story="""An Exchange server of the company offers X-ANONYMOUSTLS and X-EXPS
        besides STARTTLS: extensions that begin with X, no mask.""",
        server={
            "banner": "220 mail.contoso.example Microsoft ESMTP MAIL Service ready at {date} +0000",
            "list": [
                "SIZE 37748736",
                "PIPELINING",
                "DSN",
                "ENHANCEDSTATUSCODES",
                "STARTTLS",
                "X-ANONYMOUSTLS",
                "X-EXPS NTLM",
                "8BITMIME",
                "XRDST",
            ],
        },
        client=SWAKS + "-tlso",
        fires="",
        near="starttls.masked starttls.missing_from_m365",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-helo-only.pcapng",
        kind="mx",
        story="""An alarm panel says HELO. It gets the one-line reply without any
        extension, so it can never use TLS; the letter goes in clear and is accepted.""",
        client=[["reply"]] + ask("HELO panel7") + MAIL + DATA + QUIT,
        fires="smtp.helo_only",
        near="starttls.missing_from_m365 starttls.masked starttls.offered_not_used",
        outcome="accepted",
    ),
    dict(
        name="starttls-ehlo-refused-helo.pcapng",
        kind="mx",
        story="""Something answers 502 to EHLO; the client falls back to HELO and so to
        clear text, although the MX of Exchange Online always knows EHLO.""",
        server={"fail": {"ehlo": '502 Error: command "EHLO" not implemented|bare'}},
        client=SWAKS + "-tlso",
        fires="smtp.helo_only",
        near="starttls.missing_from_m365 starttls.refused",
        outcome="accepted",
    ),
    dict(
        name="starttls-mangled-500.pcapng",
        story="""EHLO offers STARTTLS, yet the command is answered with 500: a mail shield
        or firewall overwrote it on its way. The client gives up.""",
        server={"fail": {"starttls": "500 5.3.3 Unrecognized command 'XXXX'"}},
        client=SWAKS + LOGIN + "--tls",
        fires="starttls.command_mangled",
        near="starttls.missing_from_m365 starttls.no_220 starttls.cleartext_fallback",
        cause="starttls.command_mangled",
        stopped_at="starttls",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-mangled-seen-at-server.pcapng",
        where="server",
        story="""Recorded behind the firewall: the client's STARTTLS arrives as XXXXXXXX
        and the server does not know such a command.""",
        client=HELLO + ask("XXXXXXXX") + QUIT,
        fires="starttls.command_mangled",
        near="starttls.missing_from_m365 starttls.offered_not_used",
        cause="starttls.command_mangled",
        stopped_at="starttls",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-after-mail-503.pcapng",
        kind="mx",
        story="""The program asks for STARTTLS in the middle of a message and gets 503.
        Its own mistake, no box on the path; the letter is accepted in clear.""",
        server={"fail": {"starttls": "503 5.5.2 Bad sequence of commands"}},
        client=HELLO
        + ask("MAIL FROM:<scanner@contoso.com>")
        + ask("STARTTLS")
        + ask("RCPT TO:<anna@contoso.com>")
        + DATA
        + QUIT,
        fires="smtp.bad_sequence",
        near="starttls.command_mangled",
        outcome="accepted",
    ),
    dict(
        name="starttls-refused-454.pcapng",
        kind="mx",
        story="""The answer to STARTTLS is 454 4.7.0; the client is content with clear
        text in the same connection and the letter is accepted unprotected.""",
        server={"fail": {"starttls": "454 4.7.0 TLS not available due to temporary reason|bare"}},
        client=HELLO + ask("STARTTLS") + MAIL + DATA + QUIT,
        fires="starttls.refused starttls.cleartext_fallback",
        near="starttls.command_mangled starttls.missing_from_m365 tls.fail_then_454",
        outcome="accepted",
    ),
    dict(
        name="starttls-refused-454-required.pcapng",
        story="""454 to STARTTLS, and the client requires TLS: it stops here.""",
        server={"fail": {"starttls": "454 4.7.0 TLS not available due to local problem|bare"}},
        client=SWAKS + LOGIN + "--tls",
        fires="starttls.refused",
        near="""starttls.cleartext_fallback starttls.offered_not_used
        starttls.command_mangled""",
        cause="starttls.refused",
        stopped_at="starttls",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-refused-then-password.pcapng",
        story="""STARTTLS is refused with 501 and the scanner sends its login in clear all
        the same. The server accepts it: password exposed, on the submission port.""",
        server={
            "fail": {"starttls": "501 Syntax error|bare"},
            "auth_before_tls": True,
            "lenient": True,
        },
        client=HELLO + ask("STARTTLS") + LOGIN_STEPS + MAIL + DATA + QUIT,
        fires="""starttls.command_mangled starttls.cleartext_fallback
        auth.cleartext_password auth.offered_before_tls""",
        near="starttls.missing_from_m365 capture.decrypted_mirror",
        outcome="accepted",
    ),
    dict(
        name="starttls-not-used-submission.pcapng",
        story="""The device is set to "no encryption". The server offers STARTTLS, the
        device goes straight to MAIL FROM and gets 451 5.7.3.""",
        client=SWAKS,
        fires="starttls.offered_not_used starttls.required_reply",
        near="""starttls.missing_from_m365 starttls.masked auth.cleartext_password
        m365.throttled""",
        cause="starttls.offered_not_used",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="starttls-required-530.pcapng",
        kind="consumer",
        story="""MAIL FROM in clear to the consumer host, refused with 530 5.7.0 in the
        old wording.""",
        server={"fail": {"mail": "530 5.7.0 Must issue a STARTTLS command first|bare"}},
        client=SWAKS,
        fires="starttls.offered_not_used starttls.required_reply",
        near="mode.wrong_endpoint_anon",
        cause="starttls.offered_not_used",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="starttls-required-5710.pcapng",
        kind="mx",
        story="""The recipient's rules demand TLS: MAIL FROM in clear is refused with 5.7.10.""",
        server={"fail": {"mail": "530 5.7.10 Encryption needed to deliver this message"}},
        client=SWAKS,
        fires="starttls.offered_not_used starttls.required_reply",
        near="mode.wrong_endpoint_anon smtp.unknown_5xx m365.spf_dmarc",
        cause="starttls.offered_not_used",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="starttls-required-538.pcapng",
        story="""AUTH LOGIN in clear is refused at the verb with 538 5.7.11: the password
        was never sent.""",
        server={
            "fail": {
                "auth_verb": "538 5.7.11 Encryption required for requested authentication mechanism"
            }
        },
        client=HELLO + ask("AUTH LOGIN") + QUIT,
        fires="""starttls.required_reply auth.attempt_before_tls starttls.offered_not_used""",
        near="auth.cleartext_password auth.cleartext_user auth.rejected",
        cause="starttls.offered_not_used",
        stopped_at="auth",
        outcome="rejected",
    ),
    dict(
        name="starttls-fallback-second-session.pcapng",
        kind="mx",
        story="""The first connection ends with the alert protocol_version; seconds later
        the same device comes back without STARTTLS and delivers in clear. "TLS if available"
        has quietly become no TLS.""",
        clients=[SWAKS + "--tls --tls-protocol tlsv1 --tls-cipher ALL:@SECLEVEL=0", SWAKS],
        fires="""starttls.cleartext_fallback tls.alert_protocol_version
        starttls.offered_not_used""",
        near="tls.downgrade_dance starttls.missing_from_m365 starttls.inconsistent",
    ),
    dict(
        name="starttls-fallback-with-login.pcapng",
        story="""TLS fails on the certificate, and the next connection of the same scanner
        tries to log in in clear. The server refuses the verb, so only the attempt is exposed.""",
        clients=[
            SWAKS
            + LOGIN
            + (
                "--tls --tls-verify --tls-ca-path $CERTS/old-ca.pem --tls-sni $HOST "
                "--tls-protocol tlsv1_2"
            ),
            HELLO + ask("AUTH LOGIN") + QUIT,
        ],
        fires="""starttls.cleartext_fallback tls.client_rejects_cert cert.g2_trust
        auth.attempt_before_tls""",
        near="auth.cleartext_password tls.downgrade_dance",
        cause="cert.g2_trust",
    ),
    dict(
        name="starttls-retry-with-tls.pcapng",
        kind="mx",
        story="""The first handshake fails as the server dies after the hello; the second
        connection uses TLS again and works. No fallback to clear text.""",
        server=[{"tls": {"close_on_hello": "rst"}}, {}],
        clients=[SWAKS + "--tls", SWAKS + "--tls"],
        fires="tls.silent_reject",
        near="starttls.cleartext_fallback tls.downgrade_dance",
    ),
    dict(
        name="starttls-injection-client.pcapng",
        story="""NOOP is sent in the same segment as STARTTLS, before the server said 220:
        the shape of a command injection, or a client that pipelines where it must not.""",
        client=HELLO
        + [["send", "STARTTLS\r\nNOOP\r\n"], ["reply"]]
        + SCANNER_TLS
        + ask("EHLO scan-2f.contoso.com")
        + QUIT,
        fires="starttls.injection_c2s",
        near="starttls.injection_s2c starttls.tls_before_220 tls.garbage_after_220",
    ),
    dict(
        name="starttls-injection-server.pcapng",
        story="""Behind the 220 to STARTTLS, in the same segment, comes another reply in
        clear. A careful client stops; a careless one takes it for the answer to its first
        command inside TLS.""",
        server={
            "after_220": (
                "250-DB3PEPF0000885C.mail.protection.outlook.com Hello [203.0.113.25]\r\n250 "
                "AUTH LOGIN"
            )
        },
        kind="mx",
        client=TO_TLS + [["sleep", 0.4], ["close"]],
        fires="starttls.injection_s2c",
        near="starttls.injection_c2s capture.decrypted_mirror",
    ),
    dict(
        name="starttls-two-line-220.pcapng",
        kind="relay",
        story="""A relay answers STARTTLS with a reply of two lines. Legal, and not an
        injection.""",
        server={"ready": "220-2.0.0 Ready when you are\r\n220 2.0.0 go ahead"},
        client=SWAKS + "--tls",
        fires="",
        near="starttls.injection_s2c tls.garbage_after_220",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-hello-before-220.pcapng",
        story="""The client does not wait for 220: its ClientHello follows STARTTLS at once.""",
        client=HELLO
        + [
            ["send", "STARTTLS\r\n"],
            [
                "tls",
                "client_hello",
                {
                    "sni": "smtp.office365.com",
                    "groups": [29, 23, 24],
                    "sigalgs": [0x0804, 0x0401, 0x0501],
                    "renegotiation": True,
                },
            ],
            ["wait", 0.6],
            ["close"],
        ],
        fires="starttls.tls_before_220",
        near="""starttls.injection_c2s starttls.injection_s2c
        mode.implicit_tls_on_starttls_port""",
    ),
    dict(
        name="starttls-no-client-hello.pcapng",
        story="""The server says 220 to STARTTLS; the device is silent for twelve seconds
        and closes. Its TLS library did not start.""",
        client=TO_TLS + [["sleep", 12], ["close"]],
        fires="starttls.no_client_hello",
        near="starttls.no_220 starttls.refused tls.silent_reject",
        cause="starttls.no_client_hello",
        stopped_at="client_hello",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-no-client-hello-closes.pcapng",
        story="""After 220 the device closes the connection at once, without a TLS byte.""",
        client=TO_TLS + [["sleep", 0.1], ["close"]],
        fires="starttls.no_client_hello",
        near="starttls.no_220 starttls.injection_s2c",
        cause="starttls.no_client_hello",
        stopped_at="client_hello",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-capture-ends-at-220.pcapng",
        cut=11,
        story="""The capture was stopped just after the 220 to STARTTLS. What came next is
        unknown, so nobody is to blame.""",
        client=SWAKS + "--tls",
        fires="",
        near="starttls.no_client_hello starttls.no_220",
        outcome="incomplete",
    ),
    dict(
        name="starttls-no-220.pcapng",
        story="""STARTTLS is offered and asked for, and then nothing comes back: the proxy
        in between cannot do it. The client gives up after twelve seconds.""",
        server={"fail": {"starttls": "silent"}, "tarpit": 0},
        client=HELLO + [["send", "STARTTLS\r\n"], ["sleep", 12], ["close"]],
        fires="starttls.no_220",
        near="starttls.no_client_hello starttls.refused",
        cause="starttls.no_220",
        stopped_at="starttls",
        outcome="failed no_mail",
    ),
    dict(
        name="starttls-slow-220.pcapng",
        kind="mx",
        story="""The 220 to STARTTLS takes four seconds, then TLS works.""",
        server={"pause": 0.01, "slow_220": 4},
        client=SWAKS + "--tls",
        fires="",
        near="starttls.no_220 starttls.no_client_hello",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-inconsistent.pcapng",
        kind="mx",
        story="""Two clients, one MX, the same minute: one is offered STARTTLS, the other,
        whose way leads through another firewall, is not.""",
        server=[{}, {"drop": ["STARTTLS"]}],
        clients=[SWAKS + "-tlso", SWAKS + "-tlso --local-interface 10.1.2.31"],
        fires="starttls.inconsistent starttls.missing_from_m365",
        near="starttls.offered_not_used starttls.masked",
    ),
    dict(
        name="starttls-consistent.pcapng",
        kind="mx",
        story="""Two clients, one MX, STARTTLS offered to and used by both.""",
        clients=[SWAKS + "-tlso", SWAKS + "-tlso --local-interface 10.1.2.31"],
        fires="",
        near="starttls.inconsistent starttls.missing_from_m365 tls.downgrade_dance",
    ),
    dict(
        name="starttls-no-second-ehlo.pcapng",
        keylog=True,
        story="""After the handshake the program goes straight to AUTH LOGIN. The server
        has forgotten the first EHLO, as RFC 3207 asks, and answers 503.""",
        server={"fail": {"auth_verb": "503 5.5.2 Send hello first"}, "tls": {"max": "1.2"}},
        client=TO_TLS + SCANNER_TLS + ask("AUTH LOGIN") + QUIT,
        fires="mode.method_guess",
        fires_inferred="starttls.no_second_ehlo",
        fires_with_keys="starttls.no_second_ehlo smtp.bad_sequence",
        near="auth.failed_inferred starttls.missing_from_m365",
    ),
    dict(
        name="starttls-in-greeting-line.pcapng",
        kind="relay",
        story="""A gateway puts STARTTLS into the first line of its EHLO reply, where the
        host name belongs; strict clients say it is not offered and go on in clear.""",
        server={"greeting": "STARTTLS", "drop": ["STARTTLS"]},
        client=SWAKS + "-tlso",
        fires="starttls.ehlo_order",
        near="starttls.masked starttls.missing_from_m365 starttls.parse_bug_client",
    ),
    dict(
        name="starttls-last-line-ignored.pcapng",
        kind="relay",
        story="""When STARTTLS stands in the middle of the list the program uses it; when
        it is the last line, with a blank instead of a hyphen, the same program goes on in
        clear.""",
        server=[{}, {"list": ["SIZE 52428800", "8BITMIME", "STARTTLS"]}],
        clients=[SWAKS + "--tls", SWAKS],
        fires="starttls.parse_bug_client starttls.offered_not_used",
        near="starttls.ehlo_order starttls.missing_from_m365",
    ),
    dict(
        name="starttls-last-line-used.pcapng",
        kind="relay",
        story="""STARTTLS is the last line of the list and the client uses it.""",
        server={"list": ["SIZE 52428800", "8BITMIME", "STARTTLS"]},
        client=SWAKS + "--tls",
        fires="",
        near="""starttls.parse_bug_client starttls.ehlo_order starttls.offered_not_used""",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-decrypted-mirror.pcapng",
        server={"stay_plain": True},
        story="""A TLS inspection box mirrors the inside of the session to the sensor:
        after 220 the text simply goes on, and the second EHLO reply has AUTH and no STARTTLS.
        On the real wire all of this was sealed.""",
        client=MIRROR + LOGIN_STEPS + MAIL + DATA + QUIT,
        fires="capture.decrypted_mirror",
        near="""auth.cleartext_password starttls.offered_not_used
        starttls.cleartext_fallback starttls.missing_from_m365 auth.attempt_before_tls
        tls.garbage_after_220 starttls.no_client_hello starttls.injection_c2s
        starttls.injection_s2c auth.offered_before_tls""",
        outcome="accepted",
    ),
    dict(
        name="starttls-twice-mirror.pcapng",
        server={"stay_plain": True},
        story="""A program asks for STARTTLS a second time, inside TLS, and gets 503; then it logs in
        and sends. As a decrypted feed shows it.""",
        client=MIRROR + ask("STARTTLS") + LOGIN_STEPS + MAIL + DATA + QUIT,
        fires="capture.decrypted_mirror",
        near="""starttls.refused starttls.command_mangled starttls.cleartext_fallback
        starttls.offered_not_used auth.cleartext_password""",
        outcome="accepted",
    ),
    dict(
        name="starttls-twice-keylog.pcapng",
        keylog=True,
        server={"tls": {"max": "1.2"}},
        story="""STARTTLS again inside TLS, refused with 503; the login after it works. The key log
        opens it.""",
        client=TO_TLS
        + SCANNER_TLS
        + ask("EHLO scan-2f.contoso.com")
        + ask("STARTTLS")
        + LOGIN_STEPS
        + MAIL
        + DATA
        + QUIT,
        fires="tls.server_is_limit",
        fires_with_keys="auth.mech_basic",
        near="starttls.refused starttls.command_mangled starttls.cleartext_fallback",
        outcome="accepted encrypted",
    ),
    dict(
        name="starttls-inside-and-outside.pcapng",
        kind="mx",
        server=[{}, {"mask": {"STARTTLS": "XXXXXXXA"}}, {}],
        between=0.4,
        story="""One server, one device, three letters: between the first and the third somebody
        switched ESMTP inspection on and off again. The second letter went out in clear.""",
        clients=[SWAKS + "-tlso", SWAKS + "-tlso", SWAKS + "-tlso"],
        fires="starttls.masked starttls.inconsistent starttls.missing_from_m365 tls.tls13",
        near="starttls.offered_not_used starttls.cleartext_fallback tls.downgrade_dance",
    ),
    dict(
        name="starttls-220-but-stays-plain.pcapng",
        kind="relay",
        story="""A broken relay answers 220 to STARTTLS and goes on in clear; so does the
        client. Its list still has STARTTLS and no AUTH: no decrypted feed, the letter really
        went in clear.""",
        server={"ready": "220 2.0.0 Ready to start TLS", "raw": [["sleep", 0]]},
        client=TO_TLS + ask("EHLO scan-2f.contoso.com") + MAIL + DATA + QUIT,
        fires="",
        near="capture.decrypted_mirror starttls.no_220",
        outcome="accepted",
    ),
]
