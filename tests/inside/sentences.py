# SPDX-License-Identifier: GPL-2.0-or-later
"""What the server of the measurement says: replies that the tool knows, and five classes of replies that it
does not know."""
import random

S535 = "535 5.7.139 Authentication unsuccessful, "
AKA = ". Visit https://aka.ms/smtp_auth_disabled for more information."
ADMIN = ". Contact your administrator."

# label -> (group, weight after LOGIN, after XOAUTH2, sentence)
AUTH = {
    "smtpauth_disabled_mailbox": ("smtpauth_off", .12, .15,
                                  S535 + "SmtpClientAuthentication is disabled for the Mailbox" + AKA),
    "smtpauth_disabled_tenant": ("smtpauth_off", .20, .25,
                                 S535 + "SmtpClientAuthentication is disabled for the Tenant" + AKA),
    "criteria_not_met": ("policy", .11, .05, S535 + "the request did not meet the criteria to be "
                         "authenticated successfully" + ADMIN),
    "security_defaults": ("policy", .07, 0, S535 + "user is locked by your organization's security "
                          "defaults policy" + ADMIN),
    "account_locked": ("account", .04, 0, S535 + "account locked" + ADMIN),
    "bad_credentials": ("credentials", .12, 0, S535 + "the user credentials were incorrect."),
    "basic_auth_disabled": ("basic_off", .17, 0, S535 + "basic authentication is disabled."),
    "temp_server_error_451": ("temporary", .02, .03,
                              "451 4.7.0 Temporary server error. Please try again later. PRX4"),
    "auth_unsuccessful_573": ("credentials", .12, .40, "535 5.7.3 Authentication unsuccessful"),
}
MECHANISM = ("mech_unsupported_504", "mechanism", "504 5.7.4 Unrecognized authentication type")
NOT_AUTHENTICATED = "530 5.7.57 Client not authenticated to send mail."

AKA_MX = "For more information see https://aka.ms/EXOSmtpErrors"
AGENT = "[Name=Protocol Filter Agent][AGT=PFA][MxId={hex}]"
# label -> (group, command, sentence)
MX = {
    "spamhaus_571": ("ip_reputation", "MAIL", "550 5.7.1 Service unavailable, Client host [{ip}] blocked using "
                     "Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/{ip} "
                     "(AS3130). " + AGENT),
    "ip_rate_limited_47650": ("ip_reputation", "MAIL", "451 4.7.650 The mail server [{ip}] has been temporarily "
                              "rate limited due to IP reputation. For e-mail delivery information, see "
                              "https://aka.ms/postmaster (S775) " + AGENT),
    "recipient_rejected_541": ("recipient", "RCPT",
                               "550 5.4.1 Recipient address rejected: Access denied. " + AKA_MX),
    "relay_denied_5764": ("relay", "RCPT", "550 5.7.64 TenantAttribution; Relay Access Denied"),
    "direct_send_5768": ("direct_send", "RCPT", "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for "
                         "this organization from unauthorized sources"),
    "server_busy_47500": ("throttle_ip", "RCPT",
                          "451 4.7.500 Server busy. Please try again later from [{ip}]. {token}"),
    "banned_ip_57606": ("ip_reputation", "RCPT", "550 5.7.606 Access denied, banned sending IP [{ip}]. To request "
                        "removal from this list please visit https://sender.office.com/ and follow the directions. "
                        "For more information please go to  http://go.microsoft.com/fwlink/?LinkID=526655 {as}"),
    "mailbox_unavailable_550": ("recipient", "RCPT", "550 5.5.0 Requested action not taken: mailbox unavailable "
                                "(S2017062302)."),
}
# label -> (group, sentence)
MESSAGE = {
    "sendas_denied_52252": ("send_as", "554 5.2.252 SendAsDenied; {a} not allowed to send as {b}; "
                            "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to "
                            "process message due to a permanent exception with message [BeginDiagnosticData]Cannot "
                            "submit message. {diag}[EndDiagnosticData] [Hostname={fqdn}]"),
    "outbound_spam": ("outbound_spam", "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to "
                      "process message due to a permanent exception with message [BeginDiagnosticData]WASCL UserAction "
                      "verdict is not None. Actual verdict is {verdict}. OutboundSpamException: WASCL UserAction "
                      "verdict is not None. Actual verdict is {verdict}.[EndDiagnosticData] [Hostname={fqdn}]"),
    "concurrent_limit_432": ("throttle", "432 4.3.2 Concurrent connections limit exceeded. Visit "
                             "https://aka.ms/concurrent_sending for more information. [Hostname={fqdn}]"),
}
VERDICTS = ["Suspend", "RefuseQuota", "RefuseQuota, ShowTierUpgrade"]

OTHER = [
    "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", "535 5.7.8 Error: authentication failed:",
    "535 Incorrect authentication data", "550 5.1.1 <b@contoso.example>: Recipient address rejected: User unknown",
    "554 5.7.1 <b@contoso.example>: Relay access denied", "550 relay not permitted",
    "451 4.3.0 <a@contoso.example>: Temporary lookup failure", "535 Authentication Credentials Invalid",
    "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail",
    "554 Message rejected: Email address is not verified.", "550 5.7.1 Unable to relay",
    "530 5.7.0 Must issue a STARTTLS command first. a1b2c3", "454 Throttling failure: Maximum sending rate exceeded.",
    "550 5.7.1 Client does not have permissions to send as this sender", "421 4.7.0 Try again later, closing connection.",
    "450 4.2.0 <b@contoso.example>: Recipient address rejected: Greylisted",
    "554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org", "550 Administrative prohibition",
    "535 5.7.0 authentication failed", "550 sender verify fail for <a@contoso.example>: Unrouteable address",
]
FUTURE = [
    S535 + "the user's password has expired.", S535 + "the account is disabled. Contact your administrator.",
    S535 + "multifactor authentication is required. Visit https://aka.ms/smtp_mfa for more information.",
    S535 + "the mailbox has no licence for this service.", S535 + "the user must change the password.",
    S535 + "the sign-in risk is too high. Contact your administrator.", S535 + "the tenant is suspended.",
    S535 + "the location of the client is not allowed. Contact your administrator.", S535 + "the user was not found.",
    S535 + "this protocol is blocked by an authentication policy. Visit https://aka.ms/exo_authpolicy.",
    S535 + "SmtpClientAuthentication is disabled for this client address.", S535 + "session revoked.",
    S535 + "the application is not allowed for this mailbox. Contact your administrator.",
    S535 + "the shared mailbox cannot sign in.", S535 + "the time of the client differs too much.",
    "550 5.7.30 Basic authentication has been retired.", "535 5.7.3 Authentication unsuccessful, try again later",
    "550 5.7.31 Basic authentication is not supported for this protocol. Visit https://aka.ms/exobasic.",
    "535 5.7.145 XOAUTH2 authentication failed. The token's audience is not valid",
    "535 5.7.146 XOAUTH2 authentication failed. The mailbox is not in the scope of the application",
    "535 5.7.147 XOAUTH2 authentication failed", "501 5.5.125 Invalid OAUTHBEARER auth data",
    "421 4.7.67 TLS 1.2 without forward secrecy is not supported. Please update your client.",
    "421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel",
    "451 4.7.0 Authentication is throttled for this account. Please try again in 15 minutes.",
    "454 4.7.1 Directory is not available for the moment", "430 4.2.0 STOREDRV; mailbox logon failure",
    "550 5.7.69 TenantInboundAttribution; relay without a connector is not allowed for this organization",
    "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains.",
    "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550 5.1.8 Access denied, bad outbound sender.", "550 5.7.501 Access denied, spam abuse detected.",
    "550 5.7.511 Access denied, banned sender. To request removal from this list please forward this message.",
    "550 5.4.300 Message expired.", "550 5.7.515 Access denied, sending domain does not meet the required level.",
    "452 4.5.3 Too many recipients", "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35",
    "452 4.3.1 Insufficient system resources", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup",
    "550 5.7.61 Sender domain is not among the accepted domains of the tenant. Visit https://aka.ms/exo_domains.",
    "450 4.7.26 Service does not accept messages sent over IPv6 unless they pass either SPF or DKIM validation",
    "450 4.7.25 Service unavailable, sending IPv6 address must have reverse DNS record",
    "550 5.7.23 The message was rejected because of Sender Policy Framework violation", "503 5.5.2 Send hello first",
    "500 5.3.3 Unrecognized command", "501 5.5.4 Invalid arguments", "552 5.3.4 Message size exceeds fixed limit",
]
WORDS = ["client", "connection", "organization", "temporarily", "not", "blocked", "the", "mail", "policy", "access",
         "server", "again", "refused", "sender", "allowed", "account", "by", "message", "service", "unavailable", "user",
         "for", "address", "administrator's", "tenant", "domain", "mailbox", "credentials", "authentication", "is",
         "registered", "limit", "exceeded", "please", "contact", "session", "token", "expired", "protocol", "required"]


def changed(rng, sentence):
    """A word of a listed sentence in the place of another one; true when the cause may still be the same."""
    words = sentence.split(" ")
    at = rng.randrange(2, len(words))
    words[at] = rng.choice(WORDS)
    return " ".join(words)


def unlisted(rng, listed, trailer):
    """One of five classes: (class, records to send)."""
    kind = rng.choice(["random", "other", "changed", "future", "two"])
    if kind == "random":
        text = "550 5.7.0 " + "x" * (rng.randint(30, 400) - 12)
        return kind, [text + "\r\n"]
    if kind == "other":
        return kind, [rng.choice(OTHER) + "\r\n"]
    if kind == "changed":
        return kind, [changed(rng, listed) + trailer + "\r\n"]
    if kind == "future":
        return kind, [rng.choice(FUTURE) + trailer + "\r\n"]
    first = "535-5.7.139 " + " ".join(rng.choice(WORDS) for _ in range(rng.randint(3, 9))) + "\r\n"
    second = "535 5.7.139 " + " ".join(rng.choice(WORDS) for _ in range(rng.randint(3, 9))) + trailer + "\r\n"
    return kind, [first + second] if rng.random() < .5 else [first, second]


def hexadecimal(rng, n=16):
    return "".join(rng.choice("0123456789ABCDEF") for _ in range(n))


def letters(rng, n):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(n))


def seeded(*words):
    return random.Random(" ".join(str(w) for w in words))
