# SPDX-License-Identifier: GPL-2.0-or-later
#
# Logins: in clear, refused, cancelled, by the wrong mechanism; findings
# auth.*.  Refusals behind TLS are recorded twice: as the feed of a TLS
# inspection box shows them (MIRROR), and some sealed, with a key log.
from common import *

STORIES = "auth"
FEED = {"stay_plain": True}
SEALED = "--tls --tls-sni $HOST "
OPEN = {"auth_before_tls": True, "lenient": True}
REFUSED = dict(stopped_at="auth", outcome="rejected")
XOAUTH_BAD = "eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiYmVhcmVyIn0="
SIBLINGS = [
    "smtp_auth_disabled_tenant",
    "smtp_auth_disabled_mailbox",
    "basic_disabled",
    "security_defaults",
    "conditional_access",
    "bad_credentials",
    "account_locked",
    "account_issue",
    "federation",
    "organization_policy",
    "basic_retired",
    "rejected",
]


def siblings(word):
    return " ".join("auth." + other for other in SIBLINGS if other != word)


def feed_refusal(name, word, text, story):
    """AUTH LOGIN as a decrypted feed shows it, refused with the text."""
    return dict(
        name=name,
        story=story,
        server={**FEED, "fail": {"auth": text}},
        client=MIRROR + LOGIN_STEPS + QUIT,
        fires=f"auth.{word} auth.mech_basic capture.decrypted_mirror",
        cause=f"auth.{word}",
        **REFUSED,
        near=(
            "auth.cleartext_password auth.attempt_before_tls starttls.offered_not_used "
            f"smtp.unknown_5xx {siblings(word)}"
        ),
    )


def sealed_refusal(name, word, text, story, version="tlsv1_2", top="1.3"):
    return dict(
        name=name,
        story=story,
        keylog=True,
        server={"tarpit": 5, "fail": {"auth": text}, "tls": {"max": top}},
        client=SWAKS + LOGIN + SEALED + f"--tls-protocol {version}",
        fires="auth.failed_inferred",
        fires_with_keys=f"auth.{word}",
        cause="auth.failed_inferred",
        near="""auth.ok_inferred auth.mech_xoauth2 auth.cleartext_password
        starttls.offered_not_used tls.accepted_then_refused auth.retry_storm""",
        stopped_at="auth",
    )


ROWS = [
    feed_refusal(
        "auth-535-tenant.pcapng",
        "smtp_auth_disabled_tenant",
        NO_TENANT,
        """SMTP AUTH is switched off for the whole tenant; the login of the scanner is
                 right and refused all the same. Seen through the feed of an inspection box.""",
    ),
    feed_refusal(
        "auth-535-mailbox.pcapng",
        "smtp_auth_disabled_mailbox",
        NO_MAILBOX,
        """SMTP AUTH is switched off for this one mailbox.""",
    ),
    feed_refusal(
        "auth-535-basic-disabled.pcapng",
        "basic_disabled",
        U139 + "basic authentication is disabled.",
        """An authentication policy of the tenant blocks passwords for SMTP.""",
    ),
    feed_refusal(
        "auth-535-security-defaults.pcapng",
        "security_defaults",
        U139
        + (
            "user is locked by your organization's security defaults policy. Contact your "
            "administrator."
        ),
        """Security defaults are on: every login with a password alone is refused.""",
    ),
    feed_refusal(
        "auth-535-conditional-access.pcapng",
        "conditional_access",
        U139
        + (
            "the request did not meet the criteria to be authenticated successfully. Contact "
            "your administrator."
        ),
        """A Conditional Access policy blocks the login; which one is in the sign-in log.""",
    ),
    feed_refusal(
        "auth-535-credentials.pcapng",
        "bad_credentials",
        U139 + "the user credentials were incorrect.",
        """The password of the scanner's mailbox was changed, the scanner still has the old
                 one.""",
    ),
    feed_refusal(
        "auth-535-locked.pcapng",
        "account_locked",
        U139 + "account locked. Contact your administrator.",
        """Too many wrong passwords: the account is locked for a while.""",
    ),
    feed_refusal(
        "auth-535-account-issue.pcapng",
        "account_issue",
        U139 + "account has an issue. Contact your administrator.",
        """The account itself is in a state that allows no login.""",
    ),
    feed_refusal(
        "auth-535-federation.pcap",
        "federation",
        U139 + "federated STS service was unreachable.",
        """Logins of this domain are checked by the company's own AD FS, which cannot be
                 reached from outside.""",
    ),
    feed_refusal(
        "auth-535-federation-no-https.pcapng",
        "federation",
        U139 + "the federated STS URL does not support HTTPS.",
        """AD FS is published without HTTPS.""",
    ),
    feed_refusal(
        "auth-535-organization.pcapng",
        "organization_policy",
        U139 + "the organization configuration does not allow this authentication.",
        """A policy of the organisation forbids this way of logging in.""",
    ),
    feed_refusal(
        "auth-535-unknown-sentence.pcapng",
        "rejected",
        U139 + "the moon is in the wrong quarter.",
        """535 with a sentence nobody has written down yet: still a refused login.""",
    ),
    feed_refusal(
        "auth-535-573.pcapng",
        "rejected",
        "535 5.7.3 Authentication unsuccessful",
        """The old, general refusal: password, mailbox switch or licence, the wire does not
                 say.""",
    ),
    feed_refusal(
        "auth-550-basic-retired.pcapng",
        "basic_retired",
        "550 5.7.30 Basic authentication is not supported for Client Submission.",
        """The refusal announced for the final end of passwords in SMTP.""",
    ),
    feed_refusal(
        "auth-454-temporary.pcapng",
        "rejected",
        "454 4.7.0 Temporary authentication failure",
        """The service could not check the login just now.""",
    )
    | dict(
        fires="m365.temporary capture.decrypted_mirror",
        cause="m365.temporary",
        outcome="rejected failed",
        near="""auth.rejected auth.bad_credentials starttls.refused auth.cleartext_password""",
    ),
    sealed_refusal(
        "auth-535-tenant-keylog.pcapng",
        "smtp_auth_disabled_tenant",
        NO_TENANT,
        """TLS 1.2, sealed: prompts of 18 bytes, two answers, five seconds, a long reply,
                   QUIT. The key log shows the sentence.""",
    ),
    sealed_refusal(
        "auth-535-tenant-tls13-keylog.pcapng",
        "smtp_auth_disabled_tenant",
        NO_TENANT,
        """The same under TLS 1.3.""",
        "tlsv1_3",
    ),
    sealed_refusal(
        "auth-535-credentials-keylog.pcapng",
        "bad_credentials",
        U139 + "the user credentials were incorrect.",
        """A stale password, sealed by TLS 1.2 and opened by the key log.""",
        top="1.2",
    ),
    sealed_refusal(
        "auth-535-defaults-tls13-keylog.pcapng",
        "security_defaults",
        U139
        + (
            "user is locked by your organization's security defaults policy. Contact your "
            "administrator."
        ),
        """Security defaults, sealed by TLS 1.3.""",
        "tlsv1_3",
    ),
    dict(
        name="auth-530-inner-535-keylog.pcapng",
        keylog=True,
        story="""The program ignores the refused login and goes on with MAIL FROM; the
        server's 530 repeats the real reason, the 535.""",
        server={
            "tarpit": 5,
            "fail": {
                "auth": U139 + "the user credentials were incorrect.",
                "mail": "530 5.7.57 Client not authenticated to send mail. Error: "
                + U139
                + "the user credentials were incorrect.",
            },
        },
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com", "max": "1.2"}]]
        + ask("EHLO scan-2f.contoso.com")
        + LOGIN_STEPS
        + ask("MAIL FROM:<scanner@contoso.com>")
        + QUIT,
        fires="",
        fires_with_keys="auth.bad_credentials",
        near="auth.ok_inferred mode.wrong_endpoint_anon",
    ),
    dict(
        name="auth-530-inner-535.pcapng",
        server={
            **FEED,
            "fail": {
                "auth": NO_MAILBOX,
                "mail": "530 5.7.57 Client not authenticated to send mail. Error: " + NO_MAILBOX,
            },
        },
        story="""As a decrypted feed shows it: refused login, MAIL FROM all the same, 530
        with the 535 inside.""",
        client=MIRROR + LOGIN_STEPS + ask("MAIL FROM:<scanner@contoso.com>") + QUIT,
        fires="auth.smtp_auth_disabled_mailbox capture.decrypted_mirror",
        cause="auth.smtp_auth_disabled_mailbox",
        near="""mode.wrong_endpoint_anon auth.smtp_auth_disabled_tenant auth.not_attempted""",
    ),
    dict(
        name="auth-535-over-clear.pcapng",
        server={**OPEN, "fail": {"auth": U139 + "the user credentials were incorrect."}},
        story="""A front that claims to be Microsoft's offers AUTH before TLS. The scanner
        logs in in clear, is refused, and the password is exposed all the same.""",
        client=SWAKS + LOGIN,
        fires="""auth.cleartext_password auth.offered_before_tls auth.bad_credentials
        starttls.offered_not_used""",
        near="""capture.decrypted_mirror auth.cleartext_user starttls.missing_from_m365""",
        cause="auth.bad_credentials",
        **REFUSED,
    ),
    dict(
        name="auth-clear-plain-port25.pcapng",
        kind="relay",
        server={**OPEN, "mechanisms": "PLAIN LOGIN"},
        story="""AUTH PLAIN without TLS on port 25 of the company relay: anyone on the
        path can read the password.""",
        client=SWAKS + PLAIN,
        fires="auth.cleartext_password auth.port25 starttls.offered_not_used",
        near="auth.cleartext_user capture.decrypted_mirror auth.mech_basic",
        outcome="accepted",
    ),
    dict(
        name="auth-clear-login-no-starttls.pcapng",
        kind="relay",
        server={**OPEN, "drop": ["STARTTLS"]},
        story="""AUTH LOGIN in two steps, in clear, on a relay without STARTTLS.""",
        client=SWAKS + LOGIN,
        fires="auth.cleartext_password auth.port25",
        near="starttls.offered_not_used starttls.missing_from_m365",
        outcome="accepted",
    ),
    dict(
        name="auth-clear-plain-refused.pcapng",
        story="""The device sends AUTH PLAIN with the password in one line before TLS. The
        server refuses with 504, but the password has crossed the wire.""",
        client=HELLO + ask("AUTH PLAIN " + PLAIN64) + QUIT,
        fires="""auth.cleartext_password auth.attempt_before_tls starttls.offered_not_used""",
        near="auth.cleartext_user auth.offered_before_tls auth.rejected",
        cause="starttls.offered_not_used",
        **REFUSED,
    ),
    dict(
        name="auth-clear-user-only.pcapng",
        story="""AUTH LOGIN with the user name in the same line, refused with 504: the
        name is exposed, the password is not.""",
        client=HELLO + ask("AUTH LOGIN " + USER64) + QUIT,
        fires="auth.cleartext_user auth.attempt_before_tls starttls.offered_not_used",
        near="auth.cleartext_password auth.rejected",
        cause="starttls.offered_not_used",
        **REFUSED,
    ),
    dict(
        name="auth-attempt-before-tls.pcapng",
        story="""AUTH LOGIN before STARTTLS, refused at the verb: nothing was exposed.""",
        client=HELLO + ask("AUTH LOGIN") + QUIT,
        fires="auth.attempt_before_tls starttls.offered_not_used",
        near="""auth.cleartext_password auth.cleartext_user auth.offered_before_tls
        auth.bad_mech""",
        cause="starttls.offered_not_used",
        **REFUSED,
    ),
    dict(
        name="auth-cancelled.pcapng",
        kind="relay",
        server={**OPEN, "mechanisms": "PLAIN LOGIN"},
        story="""The client asks for AUTH PLAIN, thinks better of it and cancels with an
        asterisk.""",
        client=HELLO + ask("AUTH PLAIN") + ask("*") + QUIT,
        fires="",
        near="auth.cleartext_password auth.cleartext_user auth.rejected",
    ),
    dict(
        name="auth-login-cancelled-at-password.pcapng",
        kind="relay",
        server=OPEN,
        story="""AUTH LOGIN, the user name, and then an asterisk instead of the password.""",
        client=HELLO + ask("AUTH LOGIN") + ask(USER64) + ask("*") + QUIT,
        fires="auth.cleartext_user",
        near="auth.cleartext_password auth.rejected",
    ),
    dict(
        name="auth-empty-response.pcapng",
        kind="relay",
        server={
            **OPEN,
            "mechanisms": "PLAIN EXTERNAL",
            "fail": {"auth": "535 5.7.8 Authentication credentials invalid"},
        },
        story="""AUTH EXTERNAL with the empty response "=": there is no secret in it.""",
        client=HELLO + ask("AUTH EXTERNAL =") + QUIT,
        fires="",
        near="auth.cleartext_password auth.cleartext_user",
    ),
    dict(
        name="auth-cram-md5-clear.pcapng",
        kind="relay",
        server={
            **OPEN,
            "mechanisms": "CRAM-MD5 LOGIN",
            "auth_challenge": "PDE4OTYuNjk3MTcwOTUyQHJlbGF5LmNvbnRvc28uZXhhbXBsZT4=",
        },
        story="""CRAM-MD5 in clear: a digest is exposed, the password is not.""",
        client=SWAKS + LOGIN.replace("LOGIN", "CRAM-MD5"),
        fires="",
        near="auth.cleartext_password",
        outcome="accepted",
    ),
    dict(
        name="auth-offered-before-tls.pcapng",
        server={"auth_before_tls": True},
        story="""Something that answers for smtp.office365.com lists AUTH before TLS,
        which Microsoft never does. The client starts TLS first, as it should.""",
        client=SWAKS + LOGIN + SEALED,
        fires="auth.offered_before_tls",
        near="""auth.cleartext_password auth.attempt_before_tls starttls.offered_not_used
        capture.decrypted_mirror""",
        outcome="accepted encrypted",
    ),
    dict(
        name="auth-port25-sealed.pcapng",
        port=25,
        story="""Client submission on port 25, but with TLS: the login is sealed.""",
        client=SWAKS + LOGIN + SEALED,
        fires="mode.port25_submission",
        near="auth.port25 auth.cleartext_password",
        outcome="accepted encrypted",
    ),
    dict(
        name="auth-user-not-upn.pcapng",
        server=OPEN,
        story="""The user name is CONTOSO\\scanner, where Microsoft 365 wants the full address.""",
        client=HELLO + ask("AUTH LOGIN") + ask("Q09OVE9TT1xzY2FubmVy") + ask(PASSWORD64) + QUIT,
        fires="auth.user_not_upn auth.cleartext_password",
        near="auth.cleartext_user",
    ),
    dict(
        name="auth-user-is-upn.pcapng",
        server=OPEN,
        story="""The user name is a full address.""",
        client=HELLO + ask("AUTH LOGIN") + ask(USER64) + ask(PASSWORD64) + QUIT,
        fires="auth.cleartext_password",
        near="auth.user_not_upn",
    ),
    dict(
        name="auth-cram-md5-submission.pcapng",
        server=FEED,
        story="""The device picks CRAM-MD5, which Exchange Online does not know: 504. As
        seen in a decrypted feed.""",
        client=MIRROR + ask("AUTH CRAM-MD5") + QUIT,
        fires="auth.bad_mech capture.decrypted_mirror",
        near="auth.rejected auth.attempt_before_tls mode.wrong_endpoint_auth",
        cause="auth.bad_mech",
        **REFUSED,
    ),
    dict(
        name="auth-ntlm-submission-keylog.pcapng",
        keylog=True,
        story="""AUTH NTLM inside TLS, refused with 504.""",
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com"}]]
        + ask("EHLO scan-2f.contoso.com")
        + ask("AUTH NTLM")
        + QUIT,
        fires="tls.tls13",
        fires_with_keys="auth.bad_mech",
        near="auth.ok_inferred auth.cleartext_password",
    ),
    dict(
        name="auth-to-mx.pcapng",
        kind="mx",
        story="""The login goes to the MX host, whose list has no AUTH: 504. The scanner
        has the wrong server name.""",
        client=HELLO + ask("AUTH LOGIN") + QUIT,
        fires="mode.wrong_endpoint_auth",
        near="auth.rejected auth.cleartext_password auth.cleartext_user",
        cause="mode.wrong_endpoint_auth",
        **REFUSED,
    ),
    dict(
        name="auth-xoauth2-ok.pcapng",
        server={**FEED},
        story="""A modern client logs in with a token; seen in a decrypted feed.""",
        client=MIRROR + ask("AUTH XOAUTH2 " + XOAUTH64) + MAIL + DATA + QUIT,
        fires="auth.mech_xoauth2 capture.decrypted_mirror",
        near="auth.mech_basic auth.oauth_bad auth.cleartext_password",
        outcome="accepted",
    ),
    dict(
        name="auth-xoauth2-keylog.pcapng",
        keylog=True,
        story="""curl logs in with a token inside TLS: AUTH XOAUTH2, an empty prompt, then
        an answer longer than a thousand bytes.""",
        client=curl(
            (
                f"--tls-max 1.2 --sasl-ir -u {USER} --oauth2-bearer {TOKEN} --login-options "
                "AUTH=XOAUTH2"
            )
        ),
        fires="",
        fires_with_keys="auth.mech_xoauth2",
        near="auth.mech_basic auth.failed_inferred",
        outcome="accepted encrypted",
    ),
    dict(
        name="auth-xoauth2-one-line-keylog.pcapng",
        keylog=True,
        story="""The token in the same line as AUTH, inside TLS: the first thing the
        client says after EHLO is longer than a thousand bytes, which betrays OAuth without
        keys.""",
        client=TO_TLS
        + [["start_tls", {"sni": "smtp.office365.com", "max": "1.2"}]]
        + ask("EHLO scan-2f.contoso.com")
        + ask("AUTH XOAUTH2 " + XOAUTH64)
        + MAIL
        + DATA
        + QUIT,
        fires="mode.method_guess",
        fires_inferred="auth.mech_xoauth2",
        fires_with_keys="auth.mech_xoauth2",
        near="auth.mech_basic auth.failed_inferred",
        outcome="accepted encrypted",
    ),
    dict(
        name="auth-xoauth2-refused.pcapng",
        server={**FEED, "fail": {"auth": "535 5.7.3 Authentication unsuccessful"}},
        story="""The token is refused: 535 5.7.3.""",
        client=MIRROR + ask("AUTH XOAUTH2 " + XOAUTH64) + QUIT,
        fires="auth.oauth_bad auth.mech_xoauth2",
        near="auth.bad_credentials auth.mech_basic auth.cleartext_password",
        cause="auth.oauth_bad",
        **REFUSED,
    ),
    dict(
        name="auth-xoauth2-challenge.pcapng",
        server={
            **FEED,
            "auth_challenge": XOAUTH_BAD,
            "fail": {"auth": "535 5.7.3 Authentication unsuccessful"},
        },
        story="""The server answers the token with a challenge in JSON, the client with an
        empty line, and then comes 535.""",
        client=MIRROR + ask("AUTH XOAUTH2 " + XOAUTH64) + ask("") + QUIT,
        fires="auth.oauth_bad",
        near="auth.bad_credentials auth.mech_basic",
        cause="auth.oauth_bad",
        **REFUSED,
    ),
    dict(
        name="auth-xoauth2-malformed.pcapng",
        server={**FEED, "fail": {"auth": "501 5.5.124 Invalid XOAUTH2 auth data"}},
        story="""The client built the XOAUTH2 string wrongly: 501 5.5.124.""",
        client=MIRROR + ask("AUTH XOAUTH2 " + XOAUTH64[:64]) + QUIT,
        fires="auth.oauth_bad",
        near="auth.rejected auth.mech_basic smtp.bad_syntax",
        cause="auth.oauth_bad",
        **REFUSED,
    ),
    dict(
        name="auth-not-attempted.pcapng",
        server=FEED,
        story="""The submission host offers AUTH, the device has no login configured and
        goes to MAIL FROM: 530 5.7.57. As a decrypted feed shows it.""",
        client=MIRROR + ask("MAIL FROM:<scanner@contoso.com>") + QUIT,
        fires="auth.not_attempted mode.wrong_endpoint_anon capture.decrypted_mirror",
        near="auth.rejected starttls.required_reply starttls.offered_not_used",
        cause="mode.wrong_endpoint_anon",
        stopped_at="mail",
        outcome="rejected",
    ),
    dict(
        name="auth-not-attempted-keylog.pcapng",
        keylog=True,
        server={"tarpit": 5, "tls": {"max": "1.2"}},
        story="""The same, sealed: the client never logs in and is refused at MAIL FROM.""",
        client=SWAKS + SEALED,
        fires="",
        fires_with_keys="mode.wrong_endpoint_anon auth.not_attempted",
        near="auth.failed_inferred auth.ok_inferred",
    ),
    dict(
        name="auth-retry-storm.pcapng",
        server={
            **FEED,
            "tarpit": 0.3,
            "fail": {"auth": U139 + "the user credentials were incorrect."},
        },
        story="""Six refused logins of one scanner within seconds: a stale password, tried
        over and over.""",
        clients=[MIRROR + LOGIN_STEPS + QUIT] * 6,
        fires="auth.retry_storm auth.bad_credentials",
        near="auth.account_locked auth.policy_change auth.cleartext_password",
    ),
    dict(
        name="auth-three-refusals.pcapng",
        server={
            **FEED,
            "tarpit": 0.3,
            "fail": {"auth": U139 + "the user credentials were incorrect."},
        },
        story="""Three refused logins: annoying, no storm.""",
        clients=[MIRROR + LOGIN_STEPS + QUIT] * 3,
        fires="auth.bad_credentials",
        near="auth.retry_storm",
    ),
    dict(
        name="auth-policy-change.pcapng",
        server=[FEED, {**FEED, "fail": {"auth": NO_TENANT}}],
        story="""The same user logs in from the same scanner; the first time it works, the
        second time the tenant's switch refuses it. Something was changed in between.""",
        clients=[MIRROR + LOGIN_STEPS + MAIL + DATA + QUIT, MIRROR + LOGIN_STEPS + QUIT],
        fires="auth.policy_change auth.smtp_auth_disabled_tenant",
        near="auth.retry_storm auth.cleartext_password",
    ),
    dict(
        name="auth-refused-then-ok.pcapng",
        server=[{**FEED, "fail": {"auth": U139 + "the user credentials were incorrect."}}, FEED],
        story="""A wrong password first, the right one later: the other way round, no
        change of policy.""",
        clients=[MIRROR + LOGIN_STEPS + QUIT, MIRROR + LOGIN_STEPS + MAIL + DATA + QUIT],
        fires="auth.bad_credentials",
        near="auth.policy_change auth.retry_storm",
    ),
    dict(
        name="auth-smtplib.pcapng",
        story="""A monitoring script with Python's smtplib logs in and sends; healthy.""",
        client=f"""/usr/bin/python3 -c "
import smtplib, os, ssl
s = smtplib.SMTP(os.environ['HOST'], 587, 'monitor.contoso.com', 20)
s.starttls(context=ssl._create_unverified_context())
s.login('{USER}', '{PASSWORD}')
s.sendmail('{USER}', 'anna@contoso.com', 'Subject: disk full\\r\\n\\r\\nsrv2 is at 91 %.\\r\\n')
s.quit()
" """,
        fires="tls.tls13",
        near="auth.failed_inferred auth.not_attempted tls.client_quits_after_cert",
        outcome="accepted encrypted",
    ),
    dict(
        name="auth-msmtp.pcapng",
        story="""msmtp of a NAS hands in its report with AUTH LOGIN inside TLS; healthy.""",
        client="printf 'Subject: report\\n\\nAll disks are well.\\n' | "
        "msmtp --host=$HOST --port=$PORT "
        "--tls=on --tls-starttls=on --tls-certcheck=off --auth=login --timeout=20 "
        f"--user={USER} --passwordeval='echo {PASSWORD}' --from={USER} "
        "--domain=nas.contoso.com anna@contoso.com",
        fires="",
        near="""auth.failed_inferred auth.cleartext_password tls.client_quits_after_cert""",
        outcome="accepted encrypted",
    ),
]

# the other refusals, sealed, for what record lengths can tell
ROWS += [
    sealed_refusal(
        f"auth-sealed-{name}-keylog.pcapng",
        word,
        text,
        f"The login is refused inside TLS 1.2 ({name}); only the length of the reply shows.",
        top="1.2",
    )
    for name, word, text in (
        ("mailbox", "smtp_auth_disabled_mailbox", NO_MAILBOX),
        ("basic-disabled", "basic_disabled", U139 + "basic authentication is disabled."),
        (
            "conditional-access",
            "conditional_access",
            U139 + "the request did not meet the criteria to be "
            "authenticated successfully. Contact your administrator.",
        ),
        ("locked", "account_locked", U139 + "account locked. Contact your administrator."),
        (
            "account-issue",
            "account_issue",
            U139 + "account has an issue. Contact your administrator.",
        ),
        ("573", "rejected", "535 5.7.3 Authentication unsuccessful"),
        (
            "retired",
            "basic_retired",
            "550 5.7.30 Basic authentication is not supported for Client Submission.",
        ),
    )
]
ROWS += [
    dict(
        name="auth-sealed-cbc.pcapng",
        story="""A refused login inside TLS 1.2 with AES-CBC: lengths are rounded up to
        blocks, so less can be told.""",
        server={
            "tarpit": 5,
            "fail": {"auth": NO_TENANT},
            "tls": {"max": "1.2", "ciphers": "ECDHE-RSA-AES256-SHA384"},
        },
        client=SWAKS + LOGIN + SEALED + "--tls-protocol tlsv1_2",
        fires="tls.weak_suite_selected",
        near="auth.ok_inferred auth.mech_xoauth2",
    ),
    dict(
        name="auth-sealed-reset.pcapng",
        server={"fail": {"auth": "rst"}},
        story="""The connection is reset after the password, inside TLS; no reply was sent.""",
        client=SWAKS + LOGIN + SEALED + "--tls-protocol tlsv1_2",
        fires="",
        near="auth.ok_inferred tls.accepted_then_refused tls.silent_reject",
    ),
    dict(
        name="auth-two-users-one-refused.pcapng",
        server=[FEED, {**FEED, "fail": {"auth": U139 + "the user credentials were incorrect."}}],
        story="""Two scanners with two mailboxes: one login works, the other is refused.
        Two matters, no change of policy.""",
        clients=[
            MIRROR + LOGIN_STEPS + MAIL + DATA + QUIT,
            [["from", "10.1.2.31"]]
            + MIRROR
            + ask("AUTH LOGIN")
            + ask("c2Nhbi0zQGNvbnRvc28uY29t")
            + ask(PASSWORD64)
            + QUIT,
        ],
        fires="auth.bad_credentials",
        near="auth.policy_change auth.retry_storm",
    ),
]
