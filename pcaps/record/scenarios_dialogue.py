# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mistakes of the client in the dialogue, several sessions at once, refusals
# sealed by TLS; findings smtp.* and m365.*.  Clear refusals: scenarios_replies.py.
from common import *
from scenarios_replies import FEED, IP, LOGGED_IN

STORIES = "replies"

ROWS = [
    dict(
        name="size-too-big.pcapng",
        kind="mx",
        server={"fail": {"mail": "552 5.3.4 Message size exceeds fixed maximum message size"}},
        story="""A plan of 190 MB: the client announces the size in MAIL FROM, which is
        more than the server offers.""",
        client=HELLO + ask("MAIL FROM:<scanner@contoso.com> SIZE=199229440") + QUIT,
        fires="smtp.too_big",
        near="m365.mailbox_full m365.quota smtp.unknown_5xx",
        cause="smtp.too_big",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="size-within-limit.pcapng",
        kind="mx",
        story="""SIZE= with 157,286,400, exactly what is offered: allowed.""",
        client=HELLO
        + ask("MAIL FROM:<scanner@contoso.com> SIZE=157286400")
        + ask("RCPT TO:<anna@contoso.com>")
        + DATA
        + QUIT,
        fires="",
        near="smtp.too_big",
        outcome="accepted",
    ),
    dict(
        name="bare-lf-smuggling.pcapng",
        kind="mx",
        story="""Inside the letter stand LF, dot, CRLF and a second MAIL FROM: the shape
        of SMTP smuggling. This server waits for the true end.""",
        client=HELLO
        + MAIL
        + ask("DATA")
        + [
            [
                "send",
                (
                    "Subject: hello\r\n\r\ntext\n.\r\nMAIL FROM:<ceo@contoso.com>\r\nRCPT "
                    "TO:<anna@contoso.com>\r\n\r\n.\r\n"
                ),
            ],
            ["reply"],
        ]
        + QUIT,
        fires="smtp.bare_lf",
        near="smtp.bad_sequence",
    ),
    dict(
        name="bare-lf-in-bdat.pcapng",
        kind="mx",
        story="""LF alone inside a BDAT chunk, which is allowed with BINARYMIME.""",
        client=HELLO
        + ask("MAIL FROM:<scanner@contoso.com> BODY=BINARYMIME")
        + ask("RCPT TO:<anna@contoso.com>")
        + [
            [
                "send",
                "BDAT 48 LAST\r\n"
                + "Subject: raw\r\n\r\nline one\nline two\nline three\r\n"[:48].ljust(48, "x"),
            ],
            ["reply"],
        ]
        + QUIT,
        fires="",
        near="smtp.bare_lf",
        outcome="accepted",
    ),
    dict(
        name="mail-from-without-brackets.pcapng",
        kind="mx",
        story="""MAIL FROM without angle brackets, refused with 501 5.1.7.""",
        client=HELLO + ask("MAIL FROM:scanner@contoso.com") + QUIT,
        fires="smtp.bad_syntax",
        near="smtp.bad_helo smtp.bad_sequence m365.recipient",
        cause="smtp.bad_syntax",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="mail-from-empty.pcapng",
        kind="mx",
        story="""MAIL FROM with the empty path, as a bounce has it: right.""",
        client=HELLO + ask("MAIL FROM:<>") + ask("RCPT TO:<anna@contoso.com>") + DATA + QUIT,
        fires="",
        near="smtp.bad_syntax m365.not_accepted_domain",
        outcome="accepted",
    ),
    dict(
        name="ehlo-localhost.pcapng",
        kind="mx",
        story="""Four devices greet badly: as localhost, with an underscore, with a bare
        address, and with nothing at all. The server lets it pass.""",
        clients=[
            [["reply"]] + ask("EHLO" + name) + QUIT
            for name in (" localhost", " scan_2f.contoso.com", " 10.1.2.30", "")
        ],
        fires="smtp.bad_helo",
        near="smtp.bad_syntax starttls.missing_from_m365",
    ),
    dict(
        name="ehlo-address-literal.pcapng",
        kind="mx",
        story="""EHLO with an address literal in brackets: legal.""",
        client=[["reply"]] + ask("EHLO [10.1.2.30]") + MAIL + DATA + QUIT,
        fires="",
        near="smtp.bad_helo",
        outcome="accepted",
    ),
    dict(
        name="bad-sequence-rcpt-first.pcapng",
        kind="mx",
        story="""RCPT before MAIL, answered with 503.""",
        client=HELLO + ask("RCPT TO:<anna@contoso.com>") + QUIT,
        fires="smtp.bad_sequence",
        near="smtp.unknown_5xx m365.recipient mode.wrong_endpoint_auth",
    ),
    dict(
        name="pregreet.pcapng",
        kind="mx",
        server={"banner_delay": 1},
        story="""The client says EHLO before the banner has come.""",
        client=[["send", EHLO], ["reply"], ["reply"]] + QUIT,
        fires="smtp.bad_sequence",
        near="mode.implicit_tls_on_starttls_port tcp.no_banner",
    ),
    dict(
        name="reply-452-parallel.pcapng",
        parallel=True,
        server={
            **FEED,
            "fail": {
                "dot": (
                    "432 4.3.2 Concurrent connections limit exceeded. Visit "
                    "https://aka.ms/concurrent_sending"
                )
            },
        },
        story="""Four sessions of one scanner at the same moment; the mailbox may send
        three at once. As a decrypted feed shows it.""",
        clients=[LOGGED_IN + MAIL + DATA + QUIT] * 4,
        fires="m365.concurrency",
        near="m365.temporary auth.retry_storm m365.quota",
    ),
    dict(
        name="parallel-three.pcapng",
        parallel=True,
        server=FEED,
        story="""Three sessions at once, all accepted: just within the limit.""",
        clients=[LOGGED_IN + MAIL + DATA + QUIT] * 3,
        fires="",
        near="m365.concurrency auth.retry_storm",
    ),
    dict(
        name="no-retry-after-451.pcapng",
        kind="mx",
        server={
            "fail": {
                "rcpt": f"451 4.7.500 Server busy. Please try again later from [{IP}]. (AS761)"
            }
        },
        story="""Two letters, two temporary refusals at RCPT; the device throws both away.""",
        clients=[SWAKS, SWAKS],
        fires="m365.throttled",
        near="m365.ip_blocked smtp.unknown_5xx",
    ),
]


def sealed(name, text, word, near, story):
    """Client submission inside TLS 1.2, refused after the letter."""
    return dict(
        name=name,
        story=story,
        keylog=True,
        server={"tarpit": 5, "fail": {"dot": text}},
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST --tls-protocol tlsv1_2",
        fires="auth.ok_inferred",
        fires_with_keys=word,
        near="auth.failed_inferred smtp.unknown_5xx " + near,
    )


ROWS += [
    sealed(
        "reply-sealed-concurrency-keylog.pcapng",
        (
            "432 4.3.2 Concurrent connections limit exceeded. Visit "
            "https://aka.ms/concurrent_sending "
            "[Hostname=FR0P281MB2345.DEUP281.PROD.OUTLOOK.COM]"
        ),
        "m365.concurrency",
        "m365.temporary",
        "Too many messages at once from one mailbox; sealed, with a key log.",
    ),
    sealed(
        "reply-sealed-mailbox-full-keylog.pcapng",
        (
            "554 5.2.2 mailbox full; "
            "STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded "
            "[Hostname=FR0P281MB2345.DEUP281.PROD.OUTLOOK.COM]"
        ),
        "m365.mailbox_full",
        "m365.quota",
        "The sender's own mailbox is full; sealed, with a key log.",
    ),
    sealed(
        "reply-sealed-outbound-keylog.pcapng",
        "550 5.1.8 Access denied, bad outbound sender",
        "m365.sender_blocked",
        "m365.recipient",
        "The account is restricted for spam; sealed, with a key log.",
    ),
    dict(
        name="office-morning.pcapng",
        between=0.2,
        server=[
            {},
            {"tls": {"max": "1.2"}},
            {},
            {"drop": ["STARTTLS"]},
            {"tls": {"max": "1.2", "cert": "inspected.pem"}},
            {},
        ],
        story="""Six devices of one office within a minute: two healthy ones, a printer
        that ends at TLS 1.0, one whose STARTTLS is stripped, one that does not trust the
        inspecting firewall, and a probe.""",
        clients=[
            SWAKS + LOGIN + "--tls --tls-sni $HOST",
            SWAKS + LOGIN + "--tls --tls-sni $HOST --local-interface 10.1.2.31",
            SWAKS
            + LOGIN
            + (
                "--tls --tls-sni $HOST --local-interface 10.1.2.32 --tls-protocol tlsv1 "
                "--tls-cipher ALL:@SECLEVEL=0"
            ),
            SWAKS + LOGIN + "--tls --local-interface 10.1.2.33",
            SWAKS
            + LOGIN
            + (
                "--tls --tls-verify --tls-ca-path $CERTS/ca.pem --tls-sni $HOST --tls-protocol "
                "tlsv1_2"
            ),
            [["from", "10.1.2.31"], ["reply"]] + QUIT,
        ],
        fires="""tls.client_max_old tls.alert_protocol_version starttls.missing_from_m365
        cert.inspected tls.client_rejects_cert tls.tls13 starttls.inconsistent""",
        near="""auth.cleartext_password starttls.cleartext_fallback tls.downgrade_dance
        auth.retry_storm starttls.masked""",
    ),
]
