# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose words a reply is, where it can come, and what it means: refusals of Microsoft 365 and of other
servers, each beside one that looks alike.

Most captures are one session and one sentence. Replies to a login come over a mirror that decrypts.
"""
from craft import Capture, Tcp
from craft_review import LOGIN, b64, log_in, mirrored
from craft_smtp import (CAFE, CLIENT, FROM, GO_ON, MX, RCPT_OK, SENDER_OK, TO, bye, client, hello,
                        message, queued, resolve, send_mail, server, to_mx, to_submission)
from craft_story import capture, secret

PART = "replies-words"
CONSUMER_NAME = "smtp-mail.outlook.com"
SUBMISSION = {"endpoint": "submission", "method": "client_submission"}
FABRIKAM = "mail.fabrikam.example"
AT_MX = {"endpoint": "mx", "outcome": "rejected"}
PASSWORD = secret("Werra-Ordner=8127")


def done(t, cap):
    bye(t)
    return cap


def at_rcpt(t, reply):
    return t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(reply)


def at_mail(t, reply):
    return t.c(f"MAIL FROM:<{FROM}>\r\n").s(reply)


def at_data(t, reply):
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    return t.c("DATA\r\n").s(GO_ON).c(message(800)).c(".\r\n").wait(0.14).s(reply)


STEPS = {"mail": at_mail, "rcpt": at_rcpt, "data": at_data}


def from_mx(words, stage):
    """Microsoft's MX host says it, with its trailer."""
    cap = Capture()
    t = hello(to_mx(cap), MX)
    STEPS[stage](t, words + MX.trailer(t) + "\r\n")
    return done(t, cap)


def from_login(words, name=None, site=CAFE):
    """What the submission host says to a login, seen inside TLS."""
    cap = Capture()
    t = mirrored(to_submission(cap, name=name) if name else to_submission(cap), site)
    log_in(t, words + site.trailer(t) + "\r\n")
    return done(t, cap)


def other(cap, words, stage, name=FABRIKAM, address="198.51.100.25", port=25, greeting="ESMTP Postfix",
          host=None, lines=("PIPELINING", "SIZE 10240000", "ENHANCEDSTATUSCODES", "8BITMIME"), at=0.0,
          who=CLIENT, sport=50332):
    """Another server says it; stage auth: to a login that was offered in clear."""
    at = resolve(cap, at, who, name, address)
    t = Tcp(cap, who, server(address, ttl=57), port, sport=sport, at=at).open()
    t.s(f"220 {host or name} {greeting}\r\n").c("EHLO mfp-42.contoso.com\r\n")
    words_of = list(lines) + (["AUTH PLAIN LOGIN"] if stage == "auth" else [])
    t.s("".join(f"250-{w}\r\n" for w in [host or name] + words_of[:-1]) + f"250 {words_of[-1]}\r\n")
    if stage == "auth":
        t.c("AUTH LOGIN\r\n").s("334 VXNlcm5hbWU6\r\n").c(b64(LOGIN) + "\r\n").s("334 UGFzc3dvcmQ6\r\n")
        t.c(secret(b64(PASSWORD)) + "\r\n").s(words + "\r\n")
    else:
        STEPS[stage](t, words + "\r\n")
    return bye(t)


def from_other(words, stage, **how):
    cap = Capture()
    other(cap, words, stage, **how)
    return cap


def one(name, story, make, **facts):
    """A capture of one session, made by a call."""
    facts.setdefault("made", "record/craft_replies.py")
    if "cause" in facts and "fires" not in facts:
        facts["fires"] = facts["cause"]
    capture(PART, f"words-{name}.pcapng", story, **facts)(make)


# (file, story, words, stage, cause, what must not be said)
AT_MICROSOFT = (
    ("new-sender", "One recipient, and the server has too many: the throttle of new senders.",
     "452 4.5.3 Too many recipients (AS780090)", "rcpt", "m365.throttled", "smtp.too_many_rcpt"),
    ("queue-quota", "The organisation's queue is over its quota.",
     "450 4.7.3 Organization queue quota exceeded.", "rcpt", "m365.throttled",
     "smtp.unknown_5xx m365.temporary"),
    ("message-rate", "Azure Communication Services slows a sender down.",
     "451 4.5.127 Message rejected. Excessive message rate from sender.", "data", "m365.throttled",
     "smtp.unknown_5xx m365.temporary"),
    ("region-attr35", "A temporary server error that is about the region (ATTR35).",
     "451 4.4.4 Temporary server error. Please try again later ATTR35", "rcpt", "m365.wrong_region",
     "m365.temporary"),
    ("temporary-attr3", "The same sentence with another token is temporary.",
     "451 4.4.4 Temporary server error. Please try again later ATTR3", "rcpt", "m365.temporary",
     "m365.wrong_region"),
    ("relay-attr14", "Unable to relay as a 450 with ATTR14: the tenant could not be looked up.",
     "450 4.7.1 Unable to Relay. ATTR14", "rcpt", "m365.temporary", "m365.relay_denied"),
    ("relay-attr12", "Unable to relay for good.",
     "550 5.7.1 Unable to Relay. ATTR12", "rcpt", "m365.relay_denied", "m365.temporary"),
    ("not-replicated", "No healthy peer for the second copy of a message.",
     "451 4.4.22 Message failed to be replicated: no healthy peers found", "data", "m365.temporary",
     "smtp.unknown_5xx m365.recipient"),
    ("quarantined", "A content filter, with the code of a mailbox that is switched off.",
     "550 5.2.1 Content Filter agent quarantined this message", "data", "smtp.content_refused",
     "m365.recipient smtp.too_many_errors"),
    ("group-members-only", "A group that takes mail of its members only.",
     "550 5.7.193 UnifiedGroupAgent; Delivery failed because the sender isn't a group member or external"
     " senders aren't permitted to send to this group.", "data", "m365.recipient", "smtp.unknown_5xx"),
    ("restricted-recipient", "A mailbox that takes mail of listed senders only.",
     "550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to recipient",
     "data", "m365.recipient", "smtp.unknown_5xx m365.sender_blocked"),
    ("network-blocked", "The network of the sender is blocked.",
     "550 5.7.1 Unfortunately, messages from [203.0.113.44] weren't sent. Please contact your Internet"
     " service provider. AS(900)", "mail", "m365.ip_blocked", "smtp.unknown_5xx"),
    ("from-domain-listed", "The domain in MAIL FROM stands on a list: another address is useless.",
     "550 5.7.1 Service unavailable, MailFrom domain is listed in Spamhaus. To request removal from this"
     " list see https://www.spamhaus.org/query/lookup/ (S8002)", "mail", "m365.sender_blocked",
     "m365.ip_blocked"),
    ("address-listed", "The address stands on the same list.",
     "550 5.7.1 Service unavailable, Client host [203.0.113.44] blocked using Spamhaus. To request removal"
     " from this list see https://www.spamhaus.org/query/ip/203.0.113.44 (AS3130)", "mail",
     "m365.ip_blocked", "m365.sender_blocked"),
    ("connector-restricted", "The tenant's inbound connector is restricted; no enhanced code.",
     "550 Access denied, bad inbound connector. AS(2204)", "rcpt", "m365.sender_blocked",
     "smtp.unknown_5xx auth.rejected"),
    ("account-banned", "An account that is banned: other words than a connector.",
     "550 5.1.8 Access denied, bad outbound sender", "data", "m365.sender_blocked",
     "smtp.sender_domain auth.rejected"),
    ("ipv6-unauthorized", "No anonymous mail over IPv6.",
     "550 5.7.1 Unable to accept unauthorized message over IPv6 ATTR2", "rcpt", "m365.ipv6",
     "smtp.unknown_5xx"),
    ("client-certificate", "A certificate of the sender that is not trusted, at RCPT.",
     "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot", "rcpt", "m365.client_cert",
     "m365.mta_sts_dane"),
    ("bare-linefeeds", "Invalid content because of bare line feeds.",
     "554 5.6.0 Invalid message content, contains bare linefeeds", "data", "smtp.bare_lf",
     "smtp.bad_syntax"),
    ("invalid-content", "Invalid content and no word of line feeds.",
     "554 5.6.0 Invalid message content", "data", "smtp.bad_syntax", "smtp.bare_lf"),
    ("prjct", "A 530 at the end of DATA that is about no login.",
     "530 5.3.1 Intercepted and rejected by administrative action. PRJCT", "data", "smtp.unknown_5xx",
     "mode.wrong_endpoint_anon starttls.required_reply"),
    ("header-size", "The headers are too big, not the scan.",
     "552 5.3.4 Header size exceeds fixed maximum size", "data", "smtp.too_big", "smtp.unknown_5xx"),
    ("range-banned", "A range of addresses is banned, with the code of banned accounts.",
     "550 5.7.501 Access denied, spam abuse detected from IP range. For more information please go to"
     " https://go.microsoft.com/fwlink/?LinkId=526653", "mail", "m365.ip_blocked",
     "m365.sender_blocked"),
    ("quoted-starttls", "Microsoft quotes the next server, which wants STARTTLS.",
     "450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to send mail]",
     "data", "m365.outbound", "starttls.required_reply m365.temporary"),
    ("quoted-response", "The same in quotation marks.",
     '451 4.4.0 Primary target IP address responded with: "451 5.7.3 STARTTLS is required to send mail"',
     "data", "m365.outbound", "starttls.required_reply m365.temporary"),
    ("unknown-4xx", "A 4xx that nobody knows: Microsoft's side, and a repeat.",
     "452 4.6.77 Something is not as it should be", "data", "m365.temporary",
     "m365.recipient unknown.refused"),
    ("edge-blocking", "The form of the directory's refusal since October 2025.",
     "550 5.4.1 Recipient address rejected: Access denied. For more information see"
     " https://aka.ms/EXOSmtpErrors", "rcpt", "m365.recipient", "m365.relay_denied"),
    ("consumer-unknown", "No such consumer mailbox.",
     "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "rcpt",
     "m365.recipient", "smtp.unknown_5xx"),
)

for _name, _story, _words, _stage, _cause, _near in AT_MICROSOFT:
    one(_name, _story, lambda words=_words, stage=_stage: from_mx(words, stage), cause=_cause,
        near=_near, stopped_at=_stage, **AT_MX)

AT_LOGIN = (
    ("login-mailbox", "The mailbox of the login itself cannot be accessed: not a recipient.",
     "550 5.2.1 Mailbox cannot be accessed", "m365.mailbox_logon", "m365.recipient unknown.refused"),
    ("login-prx", "The login meets a server that cannot hand on for a moment.",
     "451 4.7.0 Temporary server error. Please try again later. PRX4", "m365.temporary",
     "auth.rejected unknown.refused"),
    ("login-502", "502 to AUTH: the kind of login is not known.", "502 5.3.3 Command not implemented",
     "auth.bad_mech", "smtp.bad_syntax"),
    ("login-no-reason", "Authentication unsuccessful, and nothing more.",
     "535 5.7.139 Authentication unsuccessful", "auth.rejected", "auth.basic_disabled"),
    ("login-basic-disabled", "Passwords are switched off in a tenant: its administrator acts.",
     "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "auth.basic_disabled",
     "auth.rejected"),
)

for _name, _story, _words, _cause, _near in AT_LOGIN:
    one(_name, _story, lambda words=_words: from_login(words), cause=_cause, near=_near,
        stopped_at="auth", outcome="rejected", **SUBMISSION)

one("consumer-basic-disabled", "The same sentence from the consumer host: nobody there is an"
    " administrator.", lambda: from_login("535 5.7.139 Authentication unsuccessful, basic authentication is"
                                          " disabled.", CONSUMER_NAME),
    cause="auth.basic_disabled", near="auth.rejected m365.licence", stopped_at="auth", outcome="rejected",
    endpoint="consumer")


@capture(PART, "words-anonymous-then-prx.pcapng",
         """MAIL without a login is refused; then the login meets a server that cannot hand on.""",
         fires="m365.temporary", near="unknown.refused auth.rejected", cause="m365.temporary", **SUBMISSION)
def anonymous_then_prx():
    cap = Capture()
    t = mirrored(to_submission(cap))
    at_mail(t, f"530 5.7.57 Client not authenticated to send mail.{CAFE.trailer(t)}\r\n")
    log_in(t, f"451 4.7.0 Temporary server error. Please try again later. PRX4{CAFE.trailer(t)}\r\n")
    return done(t, cap)


def several(words):
    """Three recipients, and the last one is one too many."""
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK)
    for who in ("anna", "bert"):
        t.c(f"RCPT TO:<{who}@contoso.com>\r\n").s(RCPT_OK)
    t.c("RCPT TO:<carla@contoso.com>\r\n").s(words + MX.trailer(t) + "\r\n")
    return done(t, cap)


one("too-many-rcpt", "Too many recipients, and there are several.",
    lambda: several("452 4.5.3 Too many recipients"), cause="smtp.too_many_rcpt", near="m365.throttled",
    stopped_at="rcpt", **AT_MX)
one("regions", "Recipients of several regions in one message.",
    lambda: several("452 4.5.3 Recipients belong to multiple regions ATTR38"), cause="smtp.too_many_rcpt",
    near="m365.wrong_region m365.throttled", stopped_at="rcpt", **AT_MX)
one("one-too-many", "Too many recipients without the token, and there is one only: the sender is slowed"
    " down.", lambda: from_mx("452 4.5.3 Too many recipients", "rcpt"), cause="m365.throttled",
    near="smtp.too_many_rcpt", stopped_at="rcpt", **AT_MX)


@capture(PART, "words-starttls-after-mail.pcapng",
         """STARTTLS in the middle of a transaction is refused with 503: the order of the commands, not an
         unknown reason.""", fires="smtp.bad_sequence", near="unknown.refused unknown.tls_failed",
         cause="smtp.bad_sequence", endpoint="mx")
def starttls_after_mail():
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK)
    t.c("STARTTLS\r\n").s(f"503 5.5.2 Bad sequence of commands{MX.trailer(t)}\r\n")
    return done(t, cap)


def put_off(times):
    """A device that logs in every ten minutes and is put off each time; returns the capture."""
    cap = Capture()
    for turn in range(times):
        t = mirrored(to_submission(cap, at=turn * 600.0, sport=50332 + turn))
        log_in(t, "451 4.7.0 Temporary server error. Please try again later. PRX4" + CAFE.trailer(t) +
               "\r\n")
        bye(t)
    return cap


@capture(PART, "words-login-put-off-thrice.pcapng",
         """Three logins in ten minutes each meet the same temporary trouble: it is the account's.""",
         fires="m365.temporary", near="auth.rejected m365.mailbox_logon", cause="m365.temporary",
         stopped_at="auth", sessions="3", **SUBMISSION)
def login_put_off_thrice():
    return put_off(3)


@capture(PART, "words-login-put-off-twice.pcapng",
         """Two of them: a repeat is still the advice.""", fires="m365.temporary",
         near="auth.rejected m365.mailbox_logon", cause="m365.temporary", stopped_at="auth",
         sessions="2", **SUBMISSION)
def login_put_off_twice():
    return put_off(2)


@capture(PART, "words-first-refusal.pcapng",
         """MAIL is put off and the pipelined RCPT and DATA get 501: the first refusal is the cause.""",
         fires="m365.temporary", near="smtp.bad_syntax smtp.bad_sequence", cause="m365.temporary",
         stopped_at="mail", outcome="rejected")
def first_refusal():
    cap = Capture()
    at = resolve(cap, 0.0, CLIENT, FABRIKAM, "198.51.100.25")
    t = Tcp(cap, CLIENT, server("198.51.100.25", ttl=57), 25, at=at).open()
    t.s(f"220 {FABRIKAM} ESMTP\r\n").c("EHLO mfp-42.contoso.com\r\n")
    t.s(f"250-{FABRIKAM}\r\n250 PIPELINING\r\n")
    t.c(f"MAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\nDATA\r\n")
    t.s("451 4.3.5 Server configuration problem\r\n501 5.5.4 No sender\r\n501 5.5.4 No recipients\r\n")
    return done(t, cap)


@capture(PART, "words-bad-rcpt-syntax.pcapng",
         """MAIL is taken and RCPT gets 501: here the 501 is the first refusal.""",
         fires="smtp.bad_syntax", near="m365.temporary", cause="smtp.bad_syntax", stopped_at="rcpt",
         outcome="rejected")
def bad_rcpt_syntax():
    return from_other("501 5.5.4 Unrecognized parameter", "rcpt")


@capture(PART, "words-redirected.pcapng",
         """A hoster redirects port 587: the name asked for is Microsoft's, the greeting is the hoster's,
         and so is the refused login.""", fires="mode.relay_in_path auth.cleartext_password",
         near="m365.licence auth.bad_credentials", cause="mode.relay_in_path", stopped_at="auth",
         outcome="rejected", endpoint="submission")
def redirected():
    cap = Capture()
    other(cap, "535 Incorrect authentication data", "auth", name="smtp.office365.com",
          address="52.96.165.18", port=587, host="server42.hoster.example", greeting="ESMTP Exim")
    return cap


@capture(PART, "words-session-life.pcapng",
         """A session that sent a message is ended because it lived long enough.""",
         fires="m365.timeout", near="m365.temporary", outcome="accepted", endpoint="mx")
def session_life():
    cap = Capture()
    t = send_mail(hello(to_mx(cap), MX)).wait(120)
    t.s(f"421 4.4.1 Connection timed out. Total session duration: 00:20:55{MX.trailer(t)}\r\n").close(1)
    return cap


@capture(PART, "words-own-goodbye.pcapng",
         """After a message the server closes an idle session in its own words; nothing of it is about
         another server.""", fires="m365.timeout", near="m365.outbound", outcome="accepted",
         endpoint="mx")
def own_goodbye():
    cap = Capture()
    t = send_mail(hello(to_mx(cap), MX)).wait(120)
    t.s("421 4.4.2 Connection dropped due to timeout\r\n").close(1)
    return cap


@capture(PART, "words-too-many-errors.pcapng",
         """Three refused logins, and then the server has had enough: the logins are the cause.""",
         fires="smtp.too_many_errors auth.rejected", near="m365.temporary m365.timeout",
         cause="auth.rejected", stopped_at="auth", **SUBMISSION)
def too_many_errors():
    cap = Capture()
    t = mirrored(to_submission(cap))
    for _ in range(3):
        log_in(t, f"535 5.7.3 Authentication unsuccessful{CAFE.trailer(t)}\r\n")
    t.s("421 4.7.0 Too many errors on this connection, closing transmission channel\r\n").close(1)
    return cap


# other servers: (file, story, words, stage, cause, what must not be said)
AT_OTHERS = (
    ("other-not-logged-in", "The sender belongs to the server's own users, and nobody logged in.",
     f"553 5.7.1 <{FROM}>: Sender address rejected: not logged in", "rcpt", "auth.not_attempted",
     "smtp.bad_syntax m365.sender_blocked"),
    ("other-no-domain", "The domain of the sender does not exist.",
     f"553 5.1.8 <{FROM}>... Domain of sender address {FROM} does not exist", "mail",
     "smtp.sender_domain", "m365.sender_blocked smtp.bad_syntax"),
    ("other-domain-not-found", "The same in Postfix' words, put off.",
     f"450 4.1.8 <{FROM}>: Sender address rejected: Domain not found", "rcpt", "smtp.sender_domain",
     "m365.temporary m365.recipient auth.not_attempted"),
    ("other-address-syntax", "553 about the form of an address.",
     "553 5.1.7 The address is not a valid RFC 5321 address", "mail", "smtp.bad_syntax",
     "smtp.sender_domain auth.not_attempted"),
    ("other-policy-521", "A rule of the receiver about who may send, with the code of a mailbox.",
     "521 5.2.1 SENDERS MUST COMPLETE REGISTRATION BEFORE SENDING", "rcpt", "m365.sender_blocked",
     "m365.recipient"),
    ("other-mailbox-521", "The same enhanced code in a 550 is about the mailbox.",
     "550 5.2.1 The email account that you tried to reach is disabled", "rcpt", "m365.recipient",
     "m365.sender_blocked smtp.content_refused"),
    ("other-spam", "A filter takes the message for spam.",
     "554 5.7.1 Spam message rejected", "data", "smtp.content_refused", "m365.sender_blocked"),
    ("other-login-454", "Trouble with logins at another server.",
     "454 4.7.0 Temporary authentication failure: Connection lost to authentication server", "auth",
     "m365.temporary", "unknown.refused"),
    ("other-login-501", "501 to a login at another server.", "501 5.5.4 Syntax: AUTH mechanism", "auth",
     "auth.bad_mech", "smtp.bad_syntax"),
)

for _name, _story, _words, _stage, _cause, _near in AT_OTHERS:
    one(_name, _story, lambda words=_words, stage=_stage: from_other(words, stage), cause=_cause,
        near=_near, stopped_at=_stage, outcome="rejected")

# forty ordinary refusals: (server, greeting, stage, words)
ORDINARY = (
    ("postfix", "rcpt", "554 5.7.1 <anna@contoso.com>: Relay access denied"),
    ("postfix", "rcpt", "450 4.2.0 <anna@contoso.com>: Recipient address rejected: Greylisted, see"
     " http://postgrey.example/help.html"),
    ("postfix", "rcpt", "554 5.7.1 Service unavailable; Client host [203.0.113.44] blocked using"
     " zen.spamhaus.org"),
    ("postfix", "rcpt", "552 5.2.2 <anna@contoso.com>: mailbox over quota"),
    ("postfix", "mail", "552 5.3.4 Message size exceeds fixed limit"),
    ("postfix", "rcpt", "550 5.7.23 <anna@contoso.com>: Recipient address rejected: Message rejected due to:"
     " SPF fail - not authorized"),
    ("postfix", "mail", "530 5.7.0 Must issue a STARTTLS command first"),
    ("postfix", "auth", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"),
    ("postfix", "rcpt", "450 4.7.1 <anna@contoso.com>: Error: too much mail from 203.0.113.44"),
    ("postfix", "rcpt", "550 5.1.1 <anna@contoso.com>: Recipient address rejected: User unknown in virtual"
     " mailbox table"),
    ("exim", "rcpt", "550 relay not permitted"),
    ("exim", "rcpt", "451 Temporary local problem - please try later"),
    ("exim", "rcpt", "550 203.0.113.44 is listed in an RBL"),
    ("exim", "data", "552 Message size exceeds maximum permitted"),
    ("exim", "rcpt", "550 Sender verify failed"),
    ("exim", "auth", "535 Incorrect authentication data"),
    ("exim", "rcpt", "550 Unrouteable address"),
    ("exim", "data", "550 Administrative prohibition"),
    ("gmail", "rcpt", "550-5.1.1 The email account that you tried to reach does not exist.\r\n550 5.1.1"
     " https://support.google.example/mail/?p=NoSuchUser - gsmtp"),
    ("gmail", "rcpt", "452 4.2.2 The recipient's inbox is out of storage space. - gsmtp"),
    ("gmail", "data", "550 5.7.26 Unauthenticated email from contoso.com is not accepted due to domain's"
     " DMARC policy. - gsmtp"),
    ("gmail", "data", "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail. - gsmtp"),
    ("gmail", "data", "552 5.7.0 This message was blocked because its content presents a potential security"
     " issue. - gsmtp"),
    ("gmail", "auth", "534 5.7.9 Application-specific password required. - gsmtp"),
    ("gmail", "mail", "530 5.7.0 Authentication Required. - gsmtp"),
    ("ses", "data", "554 Message rejected: Email address is not verified."),
    ("ses", "auth", "535 Authentication Credentials Invalid"),
    ("ses", "data", "454 Throttling failure: Maximum sending rate exceeded."),
    ("ses", "data", "454 Throttling failure: Daily message quota exceeded."),
    ("sendgrid", "data", "550 The from address does not match a verified Sender Identity."),
    ("sendgrid", "auth", "535 Authentication failed: Bad username / password"),
    ("sendgrid", "mail", "451 You have exceeded your messaging limits"),
    ("zimbra", "rcpt", "452 4.2.2 <anna@contoso.com>: Over quota"),
    ("zimbra", "auth", "535 5.7.8 Error: authentication failed: generic failure"),
    ("zimbra", "rcpt", "504 5.5.2 <mfp-42>: Helo command rejected: need fully-qualified hostname"),
    ("exchange", "rcpt", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    ("exchange", "mail", "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL"
     " FROM"),
    ("exchange", "data", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    ("exchange", "rcpt", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address"
     " lookup"),
    ("exchange", "mail", "452 4.3.1 Insufficient system resources"),
)
GREETINGS = {"postfix": "ESMTP Postfix", "exim": "ESMTP Exim 4.97", "gmail": "ESMTP gsmtp",
             "ses": "ESMTP SimpleEmailService", "sendgrid": "SG ESMTP service ready",
             "zimbra": "ESMTP Postfix", "exchange": "Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026"
             " 10:00:00 +0100"}


@capture(PART, "words-forty-others.pcapng",
         """Forty ordinary refusals of Postfix, Exim, Gmail, SES, SendGrid, Zimbra and an Exchange server of
         the organisation's own: nothing in them is about Microsoft 365.""",
         fires="m365.relay_denied m365.temporary m365.ip_blocked m365.mailbox_full smtp.too_big"
         " m365.spf_dmarc starttls.required_reply auth.rejected m365.throttled m365.recipient"
         " smtp.sender_domain smtp.content_refused m365.send_as m365.quota",
         near="m365.licence m365.direct_send_rejected auth.bad_credentials m365.wrong_region"
         " auth.mech_basic mode.method_guess", sessions=str(len(ORDINARY)),
         unsure="cause stopped_at outcome")
def forty_others():
    cap = Capture()
    for turn, (kind, stage, words) in enumerate(ORDINARY):
        private = kind == "exchange"
        other(cap, words, stage, name=f"{kind}{turn}.fabrikam.example",
              address=f"10.9.8.{turn + 1}" if private else f"198.51.100.{turn + 1}",
              greeting=GREETINGS[kind], at=turn * 20.0, who=client(60 + turn % 30),
              sport=51000 + turn)
    return cap
