# SPDX-License-Identifier: GPL-2.0-or-later
"""What captures of another hand taught: other programs, odd words, half a view.

Each made the engine accuse someone wrongly, miss a failure or name a wrong cause. Most pairs are a
case and the near miss beside it.
"""
import os

import transform as tr
from craft import Capture, Tcp, icmp_error, ip
from craft_quality import Packets
from craft_review import b64, envelope, mirrored, to_relay
from craft_smtp import (BYE, CAFE, CLIENT, FROM, GO_ON, MX, PASS_PROMPT, RCPT_OK, SENDER_OK,
                        USER_PROMPT, bye, client_hello, dns_ask, hello, mail_in_tls,
                        queued, sealed, send_mail, server, starttls, tls13, tls_record, to_mx,
                        to_submission)
from craft_story import ROOT, capture, secret

PART = "strangers"
BASE = "submission-587-tls12.pcapng"
PASSWORD = secret("Weser-Lotse_4402")
LOGIN = "scanner@contoso.com"
SUBMISSION = {"endpoint": "submission", "method": "client_submission"}
LIST = "250-relay.example\r\n250-SIZE 10240000\r\n250 AUTH PLAIN LOGIN\r\n"


def ended(t, cap):
    bye(t)
    return cap


def alert(code, level=2):
    return tls_record(21, bytes((level, code)))


# commands that are not SMTP

@capture(PART, "strangers-unknown-command.pcapng",
         """A program tries a command of its own before the mail and is told 500; then it sends one
         message, which is accepted.""", fires="smtp.bad_syntax",
         near="mode.cross_protocol smtp.bad_sequence", outcome="accepted", endpoint="mx")
def unknown_command():
    cap = Capture()
    t = hello(to_mx(cap), MX).c("XFOO bar\r\n")
    t.s(f"500 5.3.3 Unrecognized command 'XFOO'{MX.trailer(t)}\r\n")
    return ended(send_mail(t), cap)


@capture(PART, "strangers-unknown-command-quits.pcapng",
         """The same program takes the 500 for a failure and leaves.""", fires="smtp.bad_syntax",
         near="mode.cross_protocol tcp.probe", cause="smtp.bad_syntax", stopped_at="mail",
         outcome="rejected", endpoint="mx")
def unknown_command_quits():
    cap = Capture()
    t = hello(to_mx(cap), MX).c("XFOO bar\r\n")
    t.s(f"500 5.3.3 Unrecognized command 'XFOO'{MX.trailer(t)}\r\n")
    return ended(t, cap)


@capture(PART, "strangers-unknown-parameter.pcapng",
         """501 5.5.4 to a parameter of MAIL. To EHLO it would be about the host name.""",
         fires="smtp.bad_syntax", near="smtp.bad_helo", cause="smtp.bad_syntax",
         stopped_at="mail", outcome="rejected", endpoint="mx")
def unknown_parameter():
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}> FOO=BAR\r\n")
    t.s(f"501 5.5.4 Unrecognized parameter{MX.trailer(t)}\r\n")
    return ended(t, cap)


@capture(PART, "strangers-recipient-domain.pcapng",
         """'Invalid domain name' about a recipient's domain, not about the name in EHLO.""",
         fires="smtp.unknown_5xx", near="smtp.bad_helo", cause="smtp.unknown_5xx",
         stopped_at="rcpt", outcome="rejected", endpoint="mx")
def recipient_domain():
    cap = Capture()
    t = envelope(hello(to_mx(cap), MX), "anna@contoso.invalid")
    t.s("554 5.4.4 Invalid domain name\r\n")
    return ended(t, cap)


# greetings

@capture(PART, "strangers-synchronization.pcapng",
         """A client sends EHLO before the greeting; the server greets with a refusal that says
         so.""", fires="smtp.bad_sequence", near="tcp.server_busy_close m365.ip_blocked",
         cause="smtp.bad_sequence", stopped_at="banner", outcome="rejected")
def synchronization():
    cap = Capture()
    t = to_relay(cap).wait(0.3).c("EHLO mfp-42\r\n").wait(2)
    t.s("554 SMTP synchronization error\r\n").close(1)
    return cap


@capture(PART, "strangers-greeting-blocklist.pcapng",
         """The greeting is a refusal that names a block list.""", fires="m365.ip_blocked",
         near="smtp.bad_sequence tcp.server_busy_close", cause="m365.ip_blocked",
         stopped_at="banner", outcome="rejected")
def greeting_blocklist():
    cap = Capture()
    to_relay(cap).s("554 5.7.1 Service unavailable; Client host [203.0.113.44] blocked using"
                    " zen.spamhaus.org\r\n").close(1)
    return cap


@capture(PART, "strangers-greeting-450.pcapng",
         """The greeting is a 450; the session stops there and not at a recipient.""",
         fires="tcp.server_busy_close", near="smtp.unknown_5xx m365.recipient",
         cause="tcp.server_busy_close", stopped_at="banner", outcome="rejected")
def greeting_450():
    cap = Capture()
    to_relay(cap).s("450 4.3.2 Service currently unavailable\r\n").close(1)
    return cap


# handshakes

def refused(code, **how):
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE)).c(client_hello(**how)).s(alert(code))
    t.close(1)
    return cap


@capture(PART, "strangers-handshake-failure.pcapng",
         """handshake_failure to a hello that offers all of Microsoft's list: the device does not
         lack a cipher suite.""", fires="tls.alert_other",
         near="tls.no_common_suite tls.no_common_sigalg tls.silent_reject",
         cause="tls.alert_other", stopped_at="server_hello", outcome="failed", **SUBMISSION)
def handshake_failure():
    return refused(40)


@capture(PART, "strangers-internal-error.pcapng",
         """A device with RSA key exchange alone, and a server that ends with internal_error, which
         is not about suites.""", fires="tls.alert_other",
         near="tls.no_common_suite tls.no_common_sigalg tls.silent_reject",
         cause="tls.alert_other", stopped_at="server_hello", outcome="failed", **SUBMISSION)
def internal_error():
    return refused(80, tls13=False, suites=(0x009D, 0x003D, 0x0035, 0x00FF))


@capture(PART, "strangers-name-unknown-without-sni.pcapng",
         """A hello without server_name is answered with unrecognized_name.""",
         fires="tls.no_sni tls.alert_other", near="tls.sni_mismatch", cause="tls.no_sni",
         stopped_at="server_hello", outcome="failed", **SUBMISSION)
def name_unknown():
    return refused(112, sni=None)


@capture(PART, "strangers-left-after-handshake.pcapng",
         """The client drops the connection right after the handshake, without close_notify, and
         nothing was said inside: a check of the certificate, or Node.js, which looks at it only
         then. Nothing tells which.""", fires="tcp.probe",
         near="tls.client_quits_after_cert tls.alert_other", outcome="no_mail", **SUBMISSION)
def left_after_handshake():
    cap = Capture()
    tls13(starttls(hello(to_submission(cap), CAFE))).close(0)
    return cap


def left_in_handshake(packets):
    """The client's first record of data becomes its FIN, and the capture ends."""
    at = next(i for i, p in enumerate(packets)
              if tr.to_server(p[1]) and tr.payload(p[1])[:1] == b"\x17")
    when, frame, _, iface = packets[at]
    packet = tr.network(frame)
    start = tr.transport(packet)[1]
    packet = packet[:start + (packet[start + 12] >> 4) * 4]
    packet = packet[:2] + len(packet).to_bytes(2, "big") + packet[4:start + 13] + b"\x11" \
        + packet[start + 14:]
    frame = frame[:14] + tr.fix(packet)
    return packets[:at] + [(when, frame, len(frame), iface)]


@capture(PART, "strangers-left-inspected.pcapng",
         """The same in TLS 1.2 before a firewall that inspects: its certificate is a reason to
         leave.""", fires="cert.inspected tls.client_quits_after_cert", near="tcp.probe",
         cause="cert.inspected", stopped_at="ehlo2", outcome="failed")
def left_inspected():
    return Packets(left_in_handshake(tr.read_capture(
        os.path.join(ROOT, "cert-inspected-trusted.pcapng"))))


@capture(PART, "strangers-handshake-check.pcapng",
         """The near miss: 's_client < /dev/null', a check of the certificate, says close_notify and
         leaves.""", fires="tcp.probe", near="tls.client_quits_after_cert tls.client_rejects_cert",
         outcome="no_mail", **SUBMISSION)
def handshake_check():
    cap = Capture()
    tls13(starttls(hello(to_submission(cap), CAFE))).c(sealed(2, "bye")).close(0)
    return cap


@capture(PART, "strangers-server-leaves-after-handshake.pcapng",
         """The server closes right after the handshake, before the client said anything.""",
         fires="unknown.server_closed", near="tls.client_quits_after_cert tls.silent_reject",
         cause="unknown.server_closed", stopped_at="ehlo2", outcome="failed", **SUBMISSION)
def server_leaves():
    cap = Capture()
    tls13(starttls(hello(to_submission(cap), CAFE))).close(1)
    return cap


@capture(PART, "strangers-text-for-tls.pcapng",
         """The client takes the 220 and goes on in clear text; the server, which waits for TLS,
         closes.""", fires="tls.garbage_after_220",
         near="starttls.no_client_hello capture.decrypted_mirror unknown.server_closed",
         cause="tls.garbage_after_220", stopped_at="client_hello", outcome="failed", **SUBMISSION)
def text_for_tls():
    cap = Capture()
    starttls(hello(to_submission(cap), CAFE)).c("EHLO mfp-42.contoso.com\r\n").close(1)
    return cap


@capture(PART, "strangers-bytes-for-tls.pcapng",
         """After the 220 come bytes that are neither TLS nor a line; the server resets.""",
         fires="tls.garbage_after_220", near="starttls.no_client_hello unknown.server_closed",
         cause="tls.garbage_after_220", stopped_at="client_hello", outcome="failed", **SUBMISSION)
def bytes_for_tls():
    cap = Capture()
    starttls(hello(to_submission(cap), CAFE)).c(bytes(range(40, 90))).reset(1)
    return cap


@capture(PART, "strangers-http-for-tls.pcapng",
         """A box answers the ClientHello with HTTP; that is no silence.""",
         fires="tls.garbage_after_220", near="tls.silent_reject", cause="tls.garbage_after_220",
         stopped_at="server_hello", outcome="failed", **SUBMISSION)
def http_for_tls():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE)).c(client_hello())
    t.s("HTTP/1.1 400 Bad Request\r\n\r\n").close(1)
    return cap


@capture(PART, "strangers-implicit-tls-client-only.pcapng",
         """Only the client was captured: TLS at once on port 587, and it goes on to data. Whoever
         answers speaks TLS there.""", fires="capture.one_sided",
         near="mode.implicit_tls_on_starttls_port", unsure="outcome")
def implicit_client_only():
    whole = Capture()
    t = tls13(to_relay(whole, 587), "relay.example")
    mail_in_tls(t, login=True)
    return Packets(tr.one_direction(whole.packets, True))


# the message

@capture(PART, "strangers-bdat-and-quit.pcapng",
         """Exim sends MAIL, RCPT, BDAT LAST and QUIT at once and closes its side; the replies come
         after that. The message is accepted.""", fires="starttls.offered_not_used",
         near="unknown.client_closed smtp.bad_sequence", outcome="accepted", endpoint="mx")
def bdat_and_quit():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.c(f"MAIL FROM:<{FROM}>\r\nRCPT TO:<{FROM}>\r\nBDAT 8 LAST\r\nscan 7\r\nQUIT\r\n")
    t.send(0, "FA")
    t.s(SENDER_OK + RCPT_OK + queued(8) + BYE)
    t.send(1, "FA")
    t.send(0, "A")
    return cap


@capture(PART, "strangers-second-recipient-open.pcapng",
         """One recipient is refused, the other taken, and there the capture ends: the message may
         still come.""", fires="m365.recipient capture.no_tcp_close", near="m365.relay_denied",
         outcome="incomplete", endpoint="mx")
def second_recipient():
    cap = Capture()
    t = envelope(hello(to_mx(cap), MX), "gone@contoso.com")
    t.s(f"550 5.4.1 Recipient address rejected: Access denied.{MX.trailer(t)}\r\n")
    t.c(f"RCPT TO:<{FROM}>\r\n").s(RCPT_OK).c("DATA\r\n").s(GO_ON)
    return cap


# logins in clear text

def login(*steps, reply="535 5.7.8 refused\r\n"):
    cap = Capture()
    t = to_relay(cap).s("220 relay.example ESMTP\r\n").c("EHLO mfp-42\r\n").s(LIST)
    for line, answer in steps:
        t.c(line).s(answer)
    return ended(t, cap)


@capture(PART, "strangers-login-without-base64.pcapng",
         """A script answers the prompts of LOGIN with name and password as they are. The password
         crossed the network all the same.""", fires="auth.cleartext_password",
         near="auth.cleartext_hash", cause="auth.rejected", stopped_at="auth", outcome="rejected")
def login_raw():
    return login(("AUTH LOGIN\r\n", USER_PROMPT), (LOGIN + "\r\n", PASS_PROMPT),
                 (PASSWORD + "\r\n", "535 5.7.8 refused\r\n"))


@capture(PART, "strangers-plain-without-padding.pcapng",
         """AUTH PLAIN whose base64 lacks the '=' at its end; the server takes it.""",
         fires="auth.cleartext_password", near="auth.rejected", outcome="accepted")
def plain_unpadded():
    payload = secret(b64(f"\0{LOGIN}\0{PASSWORD}").rstrip("="))
    cap = Capture()
    t = to_relay(cap).s("220 relay.example ESMTP\r\n").c("EHLO mfp-42\r\n").s(LIST)
    t.c(f"AUTH PLAIN {payload}\r\n").s("235 2.7.0 ok\r\n")
    return ended(send_mail(t), cap)


@capture(PART, "strangers-plain-taken.pcapng",
         """Someone in Microsoft's place lists LOGIN before TLS and takes PLAIN: no complaint about
         the kind of login is due.""", fires="auth.cleartext_password auth.offered_before_tls",
         near="auth.bad_mech", outcome="accepted", **SUBMISSION)
def plain_taken():
    cap = Capture()
    t = hello(to_submission(cap), CAFE, auth=True)
    t.c(f"AUTH PLAIN {secret(b64(chr(0) + LOGIN + chr(0) + PASSWORD))}\r\n")
    t.s("235 2.7.0 Authentication successful\r\n")
    return ended(send_mail(t), cap)


# DNS and the network

@capture(PART, "strangers-tenant-mx-elsewhere.pcapng",
         """The sender's domain has its MX at a gateway, and the scanner sends to outside through
         the domain's own tenant.""", fires="dns.mx_elsewhere", near="dns.foreign_answer",
         outcome="accepted", endpoint="mx")
def tenant_mx():
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, "contoso.com", "MX",
                 [("contoso.com", "MX", (10, "mx1.gateway.example"))])
    t = send_mail(hello(to_mx(cap, at=at), MX), to="berta@fabrikam.example")
    return ended(t, cap)


@capture(PART, "strangers-other-sender-mx.pcapng",
         """The near miss: the MX of a foreign sender's domain says nothing about the tenant that
         the mail goes to.""", fires="starttls.offered_not_used", near="dns.mx_elsewhere",
         outcome="accepted", endpoint="mx")
def other_sender_mx():
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, "fabrikam.example", "MX",
                 [("fabrikam.example", "MX", (10, "mx1.gateway.example"))])
    t = send_mail(hello(to_mx(cap, at=at), MX), sender="berta@fabrikam.example")
    return ended(t, cap)


@capture(PART, "strangers-aaaa-empty.pcapng",
         """The name has no IPv6 address, the answer about IPv4 lies before the capture: the name is
         there all the same.""", fires="mode.method_guess", near="dns.nxdomain dns.no_answer",
         outcome="accepted")
def aaaa_empty():
    cap = Capture()
    dns_ask(cap, 0, CLIENT, "contoso-com.mail.protection.outlook.com", "AAAA", [])
    t = hello(Tcp(cap, CLIENT, server(), 25, at=1.0).open(), MX)
    return ended(send_mail(t), cap)


@capture(PART, "strangers-icmp-and-connected.pcapng",
         """A router reports the host unreachable for the SYN, and yet the SYN-ACK comes and the
         mail goes out.""", fires="tcp.icmp_reject", near="tcp.refused tcp.syn_no_answer",
         outcome="accepted", endpoint="mx")
def icmp_and_connected():
    cap = Capture()
    t = to_mx(cap)
    syn = cap.packets[2]
    router = icmp_error("10.1.2.1", CLIENT.ip, 3, 1, syn[1][14:])
    cap.packets.insert(3, (syn[0] + 4_000_000, syn[1][6:12] + syn[1][:6] + b"\x08\0" +
                           ip("10.1.2.1", CLIENT.ip, 1, router), 70, 0))
    return ended(send_mail(hello(t, MX)), cap)


@capture(PART, "strangers-synack-lost.pcapng",
         """The capture lost the SYN-ACK, and the server answers a late QUIT with RST: the
         connection was not refused.""", fires="m365.recipient",
         near="tcp.refused tcp.rst_injected", cause="m365.recipient", stopped_at="rcpt", outcome="rejected", endpoint="mx")
def synack_lost():
    cap = Capture()
    t = envelope(hello(to_mx(cap), MX), "gone@contoso.com")
    t.s("550 5.4.1 Recipient address rejected: Access denied.\r\n")
    t.send(1, "FA")
    t.c("QUIT\r\n", ack=False).reset(1)
    del cap.packets[3]
    return cap


def unknown_range(packets):
    return tr.rewrite(packets, {"52.96.165.18": "20.190.159.2"})


capture(PART, "strangers-new-range.pcapng",
        """The address is in none of the ranges that are known, but greeting and certificate are
        Microsoft's: new ranges rather than a DNS that lies.""",
        made=f"record/transform.py from {BASE}", fires="dns.foreign_answer",
        near="mode.relay_in_path cert.inspected", note="dns.foreign_answer at most low",
        unsure="outcome", endpoint="submission")(
    lambda: Packets(unknown_range(tr.read_capture(os.path.join(ROOT, BASE)))))


# half a view

@capture(PART, "strangers-late-start-after-454.pcapng",
         """The capture begins between STARTTLS and its refusal; the mail goes out in clear
         text.""", fires="capture.midstream", near="starttls.no_220 smtp.unknown_5xx",
         outcome="accepted", endpoint="mx")
def late_start():
    cap = Capture()
    t = hello(to_mx(cap), MX).c("STARTTLS\r\n")
    first = len(cap.packets)
    t.s("454 4.7.0 TLS not available\r\n")
    bye(send_mail(t))
    cap.packets = cap.packets[first:]
    return cap


@capture(PART, "strangers-snap-refusal.pcapng",
         """96 bytes of each packet: the refusal is cut in its sentence, its code is there.""",
         fires="capture.snaplen m365.relay_denied",
         near="unknown.refused starttls.missing_from_m365",
         cause="m365.relay_denied", stopped_at="rcpt", outcome="rejected")
def snap_refusal():
    whole = Capture()
    t = envelope(hello(to_mx(whole), MX), "berta@fabrikam.example")
    t.s(f"550 5.7.64 TenantAttribution; Relay Access Denied{MX.trailer(t)}\r\n")
    bye(t)
    return Packets(tr.snap(whole.packets, 110))


@capture(PART, "strangers-snap-reason.pcapng",
         """96 bytes of each packet: 'Client not authenticated' is there, the reason behind it is cut
         off. Nobody is accused of sending without a login.""",
         fires="capture.snaplen unknown.refused capture.decrypted_mirror",
         near="mode.wrong_endpoint_anon smtp.unknown_5xx", cause="unknown.refused",
         stopped_at="mail", outcome="rejected", endpoint="submission")
def snap_reason():
    whole = Capture()
    t = mirrored(to_submission(whole)).c(f"MAIL FROM:<{FROM}>\r\n")
    t.s("530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication"
        f" unsuccessful, the user credentials were incorrect.{CAFE.trailer(t)}\r\n")
    bye(t)
    return Packets(tr.snap(whole.packets, 96, lambda d: b"530 5.7.57" in d))


@capture(PART, "strangers-retry-open.pcapng",
         """A login is refused, the next one is on its way when the capture ends.""",
         fires="auth.rejected capture.no_tcp_close", near="unknown.refused", outcome="incomplete",
         unsure="outcome")
def retry_open():
    cap = Capture()
    t = to_relay(cap).s("220 relay.example ESMTP\r\n").c("EHLO mfp-42\r\n").s(LIST)
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(b64(LOGIN) + "\r\n").s(PASS_PROMPT)
    t.c(secret(b64(PASSWORD)) + "\r\n").s("535 5.7.8 refused\r\n").c("AUTH LOGIN\r\n")
    return cap
