# SPDX-License-Identifier: GPL-2.0-or-later
#
# Refusals of Exchange Online and mistakes in the dialogue; findings m365.*
# and smtp.*.  Port 25 in clear, where that is how it happens; what only the
# submission host says comes from the feed of a TLS inspection box (MIRROR).
from common import *

STORIES = "replies"
FEED = {"stay_plain": True}
LOGGED_IN = MIRROR + LOGIN_STEPS
STAGE = {
    "connect": "banner",
    "ehlo": "ehlo",
    "mail": "mail",
    "rcpt": "rcpt",
    "data": "data",
    "dot": "data accepted",
}
SOON = "rejected failed"
IP = "203.0.113.25"


def mx(name, phase, text, finding, near, story, **more):
    """Direct send or relay in clear; the real client meets the reply at the phase."""
    return (
        dict(
            name=name,
            kind="mx",
            story=story,
            server={"fail": {phase: text}, **more.pop("server", {})},
            client=more.pop("client", SWAKS),
            fires=finding,
            cause=more.pop("cause", finding.split(" ")[0]),
            near=near + " smtp.unknown_5xx starttls.missing_from_m365",
            stopped_at=STAGE[phase],
            outcome="rejected" if text[0] == "5" else SOON,
        )
        | more
    )


def feed(name, phase, text, finding, near, story, **more):
    """Client submission, as a decrypted feed shows it."""
    mail = ask("MAIL FROM:<scanner@contoso.com>")
    steps = {"mail": mail, "rcpt": MAIL, "dot": MAIL + DATA}[phase]
    return (
        dict(
            name=name,
            story=story,
            server={**FEED, "fail": {phase: text}},
            client=LOGGED_IN + steps + QUIT,
            fires=finding + " capture.decrypted_mirror",
            cause=finding,
            near=near + " smtp.unknown_5xx auth.rejected auth.cleartext_password",
            stopped_at=STAGE[phase],
            outcome="rejected" if text[0] == "5" else SOON,
        )
        | more
    )


ROWS = [
    feed(
        "reply-send-as-denied.pcapng",
        "dot",
        (
            "554 5.2.252 SendAsDenied; scanner@contoso.com not allowed to send as "
            "office@contoso.com; "
            "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
            "Failed to process message due to a permanent exception with message "
            "[BeginDiagnosticData]Cannot submit message. 1.84300:0A000000, "
            "1.84300:0E000000[EndDiagnosticData] "
            "[Hostname=FR0P281MB2345.DEUP281.PROD.OUTLOOK.COM]"
        ),
        "m365.send_as",
        "m365.quota m365.mailbox_full",
        """The scanner logs in as itself and sends as another mailbox, without the
         right Send As.""",
    ),
    feed(
        "reply-send-as-old-wording.pcapng",
        "dot",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "m365.send_as",
        "m365.relay_denied m365.spf_dmarc",
        """The oldest wording of the same refusal.""",
    ),
    feed(
        "reply-concurrency.pcapng",
        "dot",
        "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
        "m365.concurrency",
        "m365.temporary m365.throttled m365.quota",
        """More than three messages at once from one mailbox.""",
    ),
    feed(
        "reply-quota.pcapng",
        "dot",
        (
            "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; "
            "Failed to process message [Hostname=FR0P281MB2345.DEUP281.PROD.OUTLOOK.COM]"
        ),
        "m365.quota",
        "m365.send_as m365.mailbox_full m365.sender_blocked",
        """Ten thousand recipients in a day: the mailbox may not send more today.""",
    ),
    feed(
        "reply-mailbox-full.pcapng",
        "dot",
        (
            "554 5.2.2 mailbox full; "
            "STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded "
            "[Hostname=FR0P281MB2345.DEUP281.PROD.OUTLOOK.COM]"
        ),
        "m365.mailbox_full",
        "m365.send_as smtp.too_big",
        """The scanner's own mailbox is full: Sent Items have never been emptied.""",
    ),
    feed(
        "reply-bad-outbound-sender.pcapng",
        "dot",
        "550 5.1.8 Access denied, bad outbound sender",
        "m365.sender_blocked",
        "m365.recipient m365.ip_blocked",
        """The account was restricted for sending spam.""",
    ),
    dict(
        name="reply-send-as-keylog.pcapng",
        keylog=True,
        story="""Send As denied, sealed by TLS 1.2; the key log opens it.""",
        server={
            "tarpit": 5,
            "fail": {
                "dot": "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
            },
        },
        client=SWAKS + LOGIN + "--tls --tls-sni $HOST --tls-protocol tlsv1_2",
        fires="auth.ok_inferred",
        fires_with_keys="m365.send_as",
        near="auth.failed_inferred m365.relay_denied",
    ),
    mx(
        "reply-relay-denied.pcapng",
        "rcpt",
        "550 5.7.64 TenantAttribution; Relay Access Denied",
        "m365.relay_denied",
        "m365.recipient m365.direct_send_rejected m365.ip_blocked",
        """The office got a new internet line; the connector still knows the old
       address, so mail to the outside is refused.""",
        method="relay direct_send_or_relay",
    ),
    mx(
        "reply-relay-denied-attr36.pcapng",
        "rcpt",
        (
            "550 5.7.64 Relay Access Denied ATTR36. For more details please refer to: "
            "https://support.microsoft.com/kb/3169958"
        ),
        "m365.relay_denied",
        "m365.wrong_region m365.recipient",
        """The connector's certificate or sender domain is none of the tenant's
       accepted domains.""",
        method="relay direct_send_or_relay",
    ),
    mx(
        "reply-541-relay.pcapng",
        "rcpt",
        "550 5.4.1 Relay Access Denied",
        "m365.relay_denied",
        "m365.recipient m365.loop",
        """5.4.1, but about relaying: the domain of the recipient is not served here.""",
        method="relay direct_send_or_relay",
    ),
    mx(
        "reply-unable-to-relay.pcapng",
        "rcpt",
        "550 5.7.1 Unable to relay",
        "m365.relay_denied",
        "m365.sender_blocked m365.recipient",
        """5.7.1 in the wording of relaying.""",
        method="relay direct_send_or_relay",
    ),
    mx(
        "reply-direct-send-rejected.pcapng",
        "rcpt",
        (
            "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this "
            "organization from unauthorized sources"
        ),
        "m365.direct_send_rejected",
        "m365.relay_denied m365.recipient m365.spf_dmarc",
        """The tenant has switched on RejectDirectSend; the scanner sends
       without login from the company's own domain.""",
        method="direct_send direct_send_or_relay",
    ),
    mx(
        "reply-recipient-541.pcapng",
        "rcpt",
        "550 5.4.1 Recipient address rejected: Access denied.",
        "m365.recipient",
        "m365.licence m365.relay_denied m365.loop",
        """The address does not exist in the tenant.""",
    ),
    mx(
        "reply-recipient-5110.pcap",
        "rcpt",
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address "
            "lookup"
        ),
        "m365.recipient",
        "m365.sender_blocked m365.relay_denied",
        """Recipient unknown, in the other wording.""",
    ),
    mx(
        "reply-recipient-57504.pcapng",
        "rcpt",
        "550 5.7.504 [anna@contoso.com]: Recipient address rejected: Access denied",
        "m365.recipient",
        "m365.sender_blocked m365.relay_denied m365.ip_blocked",
        """5.7.504 stands between the codes of blocked senders, but speaks of the
       recipient.""",
    ),
    mx(
        "reply-spf.pcapng",
        "dot",
        "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
        "m365.spf_dmarc",
        "m365.ip_blocked m365.direct_send_rejected m365.mta_sts_dane",
        """The public address of the office is missing in the SPF record.""",
    ),
    mx(
        "reply-dmarc.pcapng",
        "dot",
        (
            "550 5.7.509 Access denied, sending domain [CONTOSO.COM] does not pass DMARC "
            "verification and has a DMARC policy of reject."
        ),
        "m365.spf_dmarc",
        "m365.sender_blocked m365.ip_blocked m365.recipient",
        """SPF and DKIM do not match the From domain, whose DMARC policy says
       reject.""",
    ),
    mx(
        "reply-banned-ip.pcapng",
        "rcpt",
        (
            f"550 5.7.606 Access denied, banned sending IP [{IP}]. To request removal from "
            "this list please visit https://sender.office.com/ and follow the directions. "
            "For more information please go to  "
            "http://go.microsoft.com/fwlink/?LinkID=526655 (AS16012609)"
        ),
        "m365.ip_blocked",
        "m365.sender_blocked m365.throttled m365.relay_denied",
        """The public address is on Microsoft's own list.""",
        server={"old_trailer": True},
    ),
    mx(
        "reply-spamhaus.pcapng",
        "mail",
        (
            f"550 5.7.1 Service unavailable, Client host [{IP}] blocked using Spamhaus. To "
            f"request removal from this list see https://www.spamhaus.org/query/ip/{IP} "
            "(AS3130). [Name=Protocol Filter Agent][AGT=PFA][MxId=11BB60EC9FF1E732]|bare"
        ),
        "m365.ip_blocked",
        "m365.relay_denied m365.recipient",
        """An office line with a dynamic address, which Spamhaus lists.""",
    ),
    mx(
        "reply-customer-block-list.pcapng",
        "rcpt",
        (
            f"550 5.7.513 Service unavailable, Client host [{IP}] blocked by contoso.com "
            "using Customer Block list (AS16012607)"
        ),
        "m365.ip_blocked",
        "m365.sender_blocked",
        """The tenant's own block list has the address.""",
    ),
    mx(
        "reply-banned-sender.pcapng",
        "dot",
        "550 5.7.502 Access denied, banned sender",
        "m365.sender_blocked",
        "m365.ip_blocked m365.recipient",
        """The sender, not the address, is banned.""",
    ),
    mx(
        "reply-tenant-threshold.pcapng",
        "dot",
        "550 5.7.705 Access denied, tenant has exceeded threshold",
        "m365.sender_blocked",
        "m365.quota m365.throttled",
        """The whole tenant is blocked.""",
    ),
    mx(
        "reply-unregistered-domain.pcapng",
        "dot",
        (
            "550 5.7.750 Service unavailable. Client blocked from sending from unregistered "
            "domains"
        ),
        "m365.sender_blocked",
        "m365.ip_blocked m365.spf_dmarc",
        """Relayed mail carries From domains that the tenant has not registered.""",
    ),
    mx(
        "reply-421-432-prx8.pcapng",
        "dot",
        (
            "421 4.3.2 The maximum number of concurrent connections has exceeded a limit, "
            "closing transmission channel PRX8"
        ),
        "m365.concurrency",
        "m365.timeout m365.temporary",
        """Too many connections at once.""",
    ),
    mx(
        "reply-server-busy.pcapng",
        "rcpt",
        f"451 4.7.500 Server busy. Please try again later from [{IP}]. (AS77714)",
        "m365.throttled",
        "m365.temporary m365.ip_blocked starttls.required_reply",
        """An address that suddenly sends much is slowed down.""",
    ),
    mx(
        "reply-rate-limited.pcapng",
        "mail",
        (
            f"451 4.7.650 The mail server [{IP}] has been temporarily rate limited due to IP "
            "reputation. For e-mail delivery information, see https://postmaster.live.com "
            "(S775)"
        ),
        "m365.throttled",
        "m365.temporary m365.ip_blocked",
        """Bad reputation of the address, a temporary limit.""",
    ),
    mx(
        "reply-temporary-prx.pcapng",
        "rcpt",
        "451 4.7.0 Temporary server error. Please try again later. PRX4",
        "m365.temporary",
        "m365.throttled starttls.required_reply m365.timeout",
        """A fault inside the service; try again.""",
    ),
    mx(
        "reply-temporary-attr3.pcapng",
        "rcpt",
        "451 4.4.4 Temporary server error. Please try again later ATTR3",
        "m365.temporary",
        "m365.wrong_region m365.throttled",
        """The service could not look the tenant up.""",
    ),
    mx(
        "reply-insufficient-resources.pcapng",
        "mail",
        "452 4.3.1 Insufficient system resources",
        "m365.temporary",
        "m365.quota smtp.too_many_rcpt",
        """The server is short of resources.""",
    ),
    mx(
        "reply-tls-channel.pcapng",
        "rcpt",
        "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied",
        "m365.temporary",
        "starttls.refused m365.relay_denied",
        """The connector wants TLS and the session is in clear: 454, but at RCPT.""",
        cause="",
    )
    | dict(fires="starttls.offered_not_used"),
    mx(
        "reply-timeout-442.pcapng",
        "dot",
        "421 4.4.2 Connection timed out",
        "m365.timeout",
        "m365.concurrency m365.temporary",
        """The device dawdled; the server hung up.""",
    ),
    mx(
        "reply-timeout-441.pcapng",
        "rcpt",
        "421 4.4.1 Connection timed out",
        "m365.timeout",
        "m365.concurrency m365.temporary",
        """Connection timed out.""",
    ),
    mx(
        "reply-wrong-region.pcapng",
        "rcpt",
        (
            "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35. For more "
            "information please go to https://go.microsoft.com/fwlink/?linkid=865268"
        ),
        "m365.wrong_region",
        "m365.temporary m365.relay_denied",
        """The smart host is an old name of years ago, in another region.""",
    ),
    mx(
        "reply-no-subscription.pcapng",
        "rcpt",
        (
            "451 4.4.4 Mail received as unauthenticated, incoming to a recipient domain "
            "configured in a hosted tenant which has no mail-enabled subscriptions. ATTR5"
        ),
        "",
        "m365.recipient m365.relay_denied m365.wrong_region m365.throttled",
        """The tenant has no Exchange licence any more; the service says so in
       its own way.""",
        cause="",
    )
    | dict(near="m365.recipient m365.relay_denied m365.wrong_region m365.throttled"),
    mx(
        "reply-loop.pcapng",
        "dot",
        "554 5.4.14 Hop count exceeded - possible mail loop ATTR34",
        "m365.loop",
        "m365.recipient m365.relay_denied",
        """Two systems send the letter back and forth.""",
    ),
    mx(
        "reply-bare-lf-refused.pcapng",
        "dot",
        (
            "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds, "
            "which cannot be sent via DATA"
        ),
        "smtp.bare_lf",
        "smtp.bad_syntax m365.loop",
        """The application ends some lines with LF alone; the server refuses the letter.""",
        client=HELLO
        + MAIL
        + ask("DATA")
        + [
            [
                "send",
                "From: scanner@contoso.com\r\nSubject: Scan\r\n\r\nfirst line\nsecond line\r\n.\r\n",
            ],
            ["reply"],
        ]
        + QUIT,
    ),
    mx(
        "reply-multiple-from.pcapng",
        "dot",
        "550 5.1.20 Multiple From addresses are not allowed without Sender address",
        "smtp.bad_syntax",
        "m365.recipient m365.spf_dmarc",
        """Two addresses in From and no Sender.""",
    ),
    mx(
        "reply-rfc5322.pcapng",
        "dot",
        "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant",
        "smtp.bad_syntax",
        "m365.ip_blocked m365.sender_blocked",
        """The From line of the printer is a name without an address.""",
    ),
    mx(
        "reply-bad-helo-506.pcapng",
        "rcpt",
        "550 5.7.506 Access Denied, Bad HELO",
        "smtp.bad_helo",
        "m365.ip_blocked m365.sender_blocked m365.recipient",
        """The device greets the server with the server's own name.""",
        client=SWAKS.replace(
            "--ehlo scan-2f.contoso.com", "--ehlo contoso-com.mail.protection.outlook.com"
        ),
    ),
    mx(
        "reply-bad-helo-501.pcapng",
        "ehlo",
        "501 5.5.4 Invalid domain name",
        "smtp.bad_helo",
        "smtp.bad_syntax smtp.helo_only",
        """The host name of the device has two dots in a row.""",
        client=[["reply"]] + ask("EHLO MacBook..") + QUIT,
    ),
    mx(
        "reply-too-many-recipients.pcapng",
        "rcpt",
        "452 4.5.3 Too many recipients",
        "m365.throttled",
        "smtp.too_many_rcpt m365.quota m365.temporary",
        """Too many recipients, in a letter to one: the sender is slowed down.""",
    ),
    mx(
        "reply-mta-sts.pcapng",
        "dot",
        "550 5.4.8 MX hosts of fabrikam.example failed MTA-STS validation",
        "m365.mta_sts_dane",
        "m365.recipient m365.loop m365.relay_denied",
        """The recipient's MX does not match its MTA-STS policy.""",
    ),
    mx(
        "reply-dane-tlsa.pcapng",
        "dot",
        "550 5.7.323 tlsa-invalid: The domain failed DANE validation.",
        "m365.mta_sts_dane",
        "m365.spf_dmarc m365.sender_blocked",
        """DANE validation failed.""",
    ),
    mx(
        "reply-ipv6-ptr.pcapng",
        "rcpt",
        (
            "550 5.7.25 Access denied, the sending IPv6 address [2001:db8:1:2::30] must have "
            "a reverse DNS record"
        ),
        "m365.ipv6",
        "m365.spf_dmarc m365.ip_blocked",
        """The device sends over IPv6 and its address has no name.""",
        zone={"contoso-com.mail.protection.outlook.com": [["AAAA", "fd09::2"]]},
        client=HELLO + MAIL + QUIT,
        server={"hello_ip": "2001:db8:1:2::30"},
    ),
    mx(
        "reply-ipv6-not-accepted.pcapng",
        "rcpt",
        "550 5.7.510 Access denied, [contoso.com] does not accept email over IPv6",
        "m365.ipv6",
        "m365.ip_blocked m365.recipient",
        """The recipient's domain takes no mail over IPv6.""",
    ),
    mx(
        "reply-not-accepted-domain.pcapng",
        "rcpt",
        "550 5.7.64 TenantAttribution; Relay Access Denied",
        "m365.not_accepted_domain m365.relay_denied",
        "m365.recipient m365.direct_send_rejected",
        """Sender and recipient are both of foreign domains: the sender's is not an accepted
        domain of the tenant.""",
        client=SWAKS.replace("scanner@contoso.com", "scanner@old-name.example").replace(
            "anna@contoso.com", "anna@fabrikam.example"
        ),
        cause="",
        method="relay direct_send_or_relay",
    ),
    mx(
        "reply-unknown-550.pcapng",
        "rcpt",
        "550 5.7.999 Access denied, for a reason of next year",
        "smtp.unknown_5xx",
        "m365.ip_blocked m365.sender_blocked m365.relay_denied",
        """A refusal that no list knows.""",
    )
    | dict(
        near="""m365.ip_blocked m365.sender_blocked m365.relay_denied m365.recipient
        starttls.missing_from_m365"""
    ),
    mx(
        "reply-unknown-450.pcapng",
        "rcpt",
        "450 4.2.99 Come back when the moon is full",
        "smtp.unknown_5xx",
        "m365.temporary",
        """A temporary refusal that no list knows.""",
    )
    | dict(near="m365.throttled m365.mailbox_full m365.timeout"),
    mx(
        "reply-service-not-available.pcapng",
        "connect",
        "421 4.3.2 Service not available",
        "tcp.server_busy_close",
        "tcp.no_banner m365.timeout",
        """The front end is being drained and says so instead of a banner.""",
    )
    | dict(near="tcp.no_banner m365.timeout starttls.missing_from_m365"),
]
