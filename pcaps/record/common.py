# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words that the rows of the scenario tables share: commands of the real
# clients, step lists of the raw ones, test users and passwords, and the
# replies of Exchange Online that more than one table uses.
import base64

USER, PASSWORD = "scanner@contoso.com", "Pass-w0rd-SECRET-1"
USER64 = base64.b64encode(USER.encode()).decode()
PASSWORD64 = base64.b64encode(PASSWORD.encode()).decode()
PLAIN64 = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
TOKEN = "eyJ0eXAiOiJKV1QiLCJub25jZSI6IlNFQ1JFVC10b2tlbi0xIn0." + "TOKEN-SECRET-1." * 90
XOAUTH64 = base64.b64encode(f"user={USER}\1auth=Bearer {TOKEN}\1\1".encode()).decode()

# every secret as it stands on the wire, plain and base64
SECRETS = [PASSWORD, PASSWORD64, PLAIN64, TOKEN, XOAUTH64, XOAUTH64[:64], "TOKEN-SECRET-1"]

ADDRESSES = "--from scanner@contoso.com --to anna@contoso.com "
LETTER = (
    "--ehlo scan-2f.contoso.com --header 'Subject: Scan from 2nd floor' "
    "--body 'One page, black and white.' --timeout 20 "
)
SWAKS = "swaks --server $HOST --port $PORT " + ADDRESSES + LETTER
LOGIN = f"--auth LOGIN --auth-user {USER} --auth-password {PASSWORD} "
PLAIN = f"--auth PLAIN --auth-user {USER} --auth-password {PASSWORD} "
S_CLIENT = (
    "(sleep 1; printf 'EHLO scan-2f.contoso.com\\r\\n'; sleep 0.4; "
    "printf 'QUIT\\r\\n'; sleep 0.5) | "
    "openssl s_client -starttls smtp -connect $HOST:$PORT -crlf -name scan-2f.contoso.com -quiet "
)
NAMED = "-servername $HOST "
GNUTLS = (
    "(sleep 1; printf 'QUIT\\r\\n'; sleep 0.5) | gnutls-cli --starttls-proto=smtp -p "
    "$PORT --no-ca-verification "
)

CURL_LETTER = (
    "printf 'From: scanner@contoso.com\\r\\nTo: anna@contoso.com\\r\\nSubject: "
    "Scan\\r\\n\\r\\nOne page.\\r\\n' > $WORK/letter; "
)
CURL_LOGIN = f"-u {USER}:{PASSWORD} --login-options AUTH=LOGIN "


def curl(options):
    """A letter sent by curl, which demands TLS and checks the certificate."""
    return (
        CURL_LETTER
        + "curl -sS --max-time 20 --ssl-reqd --cacert $CERTS/ca.pem "
        + options
        + " --url smtp://$HOST:$PORT/scan-2f.contoso.com --mail-from scanner@contoso.com "
        + "--mail-rcpt anna@contoso.com -T $WORK/letter"
    )


EHLO = "EHLO scan-2f.contoso.com\r\n"
BODY = (
    "From: scanner@contoso.com\r\nTo: anna@contoso.com\r\nSubject: Scan from 2nd floor\r\n"
    "\r\nOne page, black and white.\r\n.\r\n"
)


def ask(text):
    """A command and its reply."""
    return [["send", text + "\r\n"], ["reply"]]


HELLO = [["reply"]] + ask("EHLO scan-2f.contoso.com")
TO_TLS = HELLO + ask("STARTTLS")
QUIT = ask("QUIT") + [["close"]]
# a feed of a TLS inspection box: STARTTLS is there, the TLS itself is not
MIRROR = TO_TLS + ask("EHLO scan-2f.contoso.com")
LOGIN_STEPS = ask("AUTH LOGIN") + ask(USER64) + ask(PASSWORD64)
MAIL = ask("MAIL FROM:<scanner@contoso.com>") + ask("RCPT TO:<anna@contoso.com>")
DATA = ask("DATA") + [["send", BODY], ["reply"]]

NO_TENANT = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
    "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."
)
NO_MAILBOX = NO_TENANT.replace("Tenant", "Mailbox")
U139 = "535 5.7.139 Authentication unsuccessful, "
WEAK = "ALL:eNULL:aNULL:@SECLEVEL=0"
