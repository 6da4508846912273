/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies as servers send them, one for each row of replies.def that has a sentence, with the fact
 * and the sentence of the row that must match. Addresses are documentation addresses.
 */
#ifndef SMTP365_REPLY_SAMPLES_H
#define SMTP365_REPLY_SAMPLES_H

#include "m365/replies.h"

/* the trailer of the mailbox servers since 2023 */
#define T " [SY5P282CA0097.AUSP282.PROD.OUTLOOK.COM 2025-11-23T11:12:20.123Z 08DE2A6028D26C22]"

static const struct {
	const char *wire;
	enum fact fact;
	const char *sentence; /* of the row */
} samples[] = {
	{ "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to "
	  "support "
	  "TLS "
	  "1.2. Visit https://aka.ms/smtp_auth_tls. [SA9P221CA0019.NAMP221.PROD.OUTLOOK.COM]",
	  FACT_REPLY_TLS_TOO_OLD, "TLS 1.0 and 1.1 are not supported" },
	{ "451 5.7.3 STARTTLS is required to send mail [SG2PR02CA0073.apcprd02.prod.outlook.com "
	  "2024-07-24T03:43:18.298Z 08DCAB6EB788477A]",
	  FACT_STARTTLS_REQUIRED, "STARTTLS is required to send mail" },
	{ "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
	  FACT_REPLY_THROTTLED, "submission rate for this client has exceeded" },
	{ "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
	  FACT_REPLY_RECIPIENT, "RESOLVER.RST.SenderNotAuthenticated" },
	{ "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required [Stage: CreateMessage]",
	  FACT_REPLY_RECIPIENT, "RESOLVER.RST.AuthRequired" },
	{ "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", FACT_REPLY_RECIPIENT,
	  "RESOLVER.RST.NotAuthorized" },
	{ "530 5.7.0 Must issue a STARTTLS command first", FACT_STARTTLS_REQUIRED,
	  "Must issue a STARTTLS command first" },
	{ "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied",
	  FACT_STARTTLS_REQUIRED, "Failed to establish appropriate TLS channel: Access Denied" },
	{ "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied",
	  FACT_REPLY_CLIENT_CERT, "Failed to establish appropriate TLS channel" },
	{ "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
	  "Tenant. "
	  "Visit https://aka.ms/smtp_auth_disabled for more information." T,
	  FACT_REPLY_TENANT, "SmtpClientAuthentication is disabled for the Tenant" },
	{ "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
	  "Mailbox. "
	  "Visit https://aka.ms/smtp_auth_disabled for more information." T,
	  FACT_REPLY_MAILBOX, "SmtpClientAuthentication is disabled for the Mailbox" },
	{ "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
	  "...",
	  FACT_REPLY_TENANT, "SmtpClientAuthentication is disabled" },
	{ "535 5.7.139 Authentication unsuccessful, basic authentication is disabled." T,
	  FACT_REPLY_BASIC_DISABLED, "basic authentication is disabled" },
	{ "550 5.7.30 Basic authentication is not supported for Client Submission.",
	  FACT_REPLY_BASIC_RETIRED, "Basic authentication is not supported for Client Submission" },
	{ "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security "
	  "defaults "
	  "policy. Contact your administrator." T,
	  FACT_REPLY_SECURITY_DEFAULTS, "security defaults policy" },
	{ "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be "
	  "authenticated "
	  "successfully. Contact your administrator." T,
	  FACT_REPLY_CONDITIONAL_ACCESS, "did not meet the criteria to be authenticated" },
	{ "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect." T,
	  FACT_REPLY_BAD_CREDENTIALS, "user credentials were incorrect" },
	{ "535 5.7.139 Authentication unsuccessful, account locked. Contact your administrator." T,
	  FACT_REPLY_ACCOUNT_LOCKED, "Authentication unsuccessful" },
	{ "535 5.7.139 Authentication unsuccessful, account has an issue. Contact your "
	  "administrator." T,
	  FACT_REPLY_ACCOUNT_ISSUE, "Authentication unsuccessful" },
	{ "535 5.7.139 Authentication unsuccessful, federated STS service was unreachable." T,
	  FACT_REPLY_FEDERATION, "federated STS service was unreachable" },
	{ "535 5.7.139 Authentication unsuccessful, the federated STS URL does not support "
	  "HTTPS." T,
	  FACT_REPLY_FEDERATION, "federated STS URL does not support HTTPS" },
	{ "535 5.7.139 Authentication unsuccessful, the organization configuration does not allow "
	  "this "
	  "authentication." T,
	  FACT_REPLY_ORG_POLICY, "organization configuration does not allow" },
	{ "550 5.7.240 The application is not allowed for use with this High Volume Email "
	  "account" T,
	  FACT_REPLY_ORG_POLICY, "not allowed for use with this High Volume Email account" },
	{ "535 5.7.142 Token will expire soon" T, FACT_REPLY_OAUTH, "Token will expire soon" },
	{ "535 5.7.143 Expired token" T, FACT_REPLY_OAUTH, "Expired token" },
	{ "535 5.7.144 XOAUTH2 authentication failed. Invalid API permissions" T, FACT_REPLY_OAUTH,
	  "Invalid API permissions" },
	{ "501 5.5.124 Invalid XOAUTH2 auth data, bad user" T, FACT_REPLY_OAUTH,
	  "Invalid XOAUTH2 auth data" },
	{ "504 5.7.4 Unrecognized authentication type" T, FACT_REPLY_BAD_MECH,
	  "Unrecognized authentication type" },
	{ "454 4.7.0 Temporary authentication failure", FACT_REPLY_TEMPORARY,
	  "Temporary authentication failure" },

	{ "421 4.3.2 Service not available", FACT_REPLY_TEMPORARY, "Service not available" },
	{ "421 4.3.2 Service not active", FACT_REPLY_TEMPORARY, "Service not active" },
	{ "421 4.4.2 Connection dropped due to SocketError", FACT_REPLY_OUTBOUND,
	  "Connection dropped due to" },
	{ "451 4.7.0 Timeout waiting for client input" T, FACT_TIMEOUT_REPLY,
	  "Timeout waiting for client input" },
	{ "501 5.5.4 Invalid domain name [BMXPR01CA0083.INDPRD01.PROD.OUTLOOK.COM "
	  "2025-04-26T18:06:35.781Z "
	  "08DD842467C8274D]",
	  FACT_REPLY_BAD_HELO, "Invalid domain name" },
	{ "550 5.7.506 Access Denied, Bad HELO", FACT_REPLY_BAD_HELO, "Bad HELO" },
	{ "503 5.5.2 Send hello first [DB5EUR03FT018.eop-EUR03.prod.protection.outlook.com]",
	  FACT_REPLY_BAD_SEQUENCE, "Send hello first" },
	{ "500 5.3.3 Unrecognized command 'unknown' [xx.PROD.OUTLOOK.COM 2024-03-03T19:15:06.603Z "
	  "08DC3B2E11223344]",
	  FACT_REPLY_SYNTAX, "Unrecognized command" },
	{ "421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing "
	  "transmission "
	  "channel PRX8" T,
	  FACT_REPLY_CONCURRENCY, "maximum number of concurrent" },
	{ "421 4.3.2 Temporary server error. Please try again later. PRX8" T,
	  FACT_REPLY_CONCURRENCY, "Temporary server error" },
	{ "451 4.7.0 Temporary server error. Please try again later. PRX5" T, FACT_REPLY_TEMPORARY,
	  "Temporary server error" },
	{ "451 4.3.2 Temporary server error. Please try again later ATTR17" T, FACT_REPLY_TEMPORARY,
	  "Temporary server error" },
	{ "451 4.4.3 Temporary server error. Please try again later ATTR2" T, FACT_REPLY_TEMPORARY,
	  "Temporary server error" },
	{ "451 4.7.0 Temporary server error. Please try again later" T, FACT_REPLY_TEMPORARY,
	  "Temporary server error" },
	{ "451 4.7.700 PFA agent busy, please try again." T, FACT_REPLY_TEMPORARY,
	  "PFA agent busy" },
	{ "530 5.7.57 Client not authenticated to send mail." T, FACT_REPLY_NOT_AUTHENTICATED,
	  "Client not authenticated to send" },
	{ "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM "
	  "[HK2PR06CA0009.apcprd06.prod.outlook.com]",
	  FACT_REPLY_NOT_AUTHENTICATED, "Client was not authenticated to send" },
	{ "550 5.7.1 Unable To Relay: Blocked by Customer Allow list", FACT_REPLY_IP_BLOCKED,
	  "Blocked by Customer Allow list" },
	{ "550 5.7.513 Service unavailable, Client host [192.0.2.7] blocked by contoso.com using "
	  "Customer "
	  "Block list (AS16012607)" T,
	  FACT_REPLY_IP_BLOCKED, "using Customer Block list" },
	{ "550 5.7.1 Service unavailable, Client host [192.0.2.7] blocked using Spamhaus. To "
	  "request "
	  "removal "
	  "from this list see https://www.spamhaus.org/query/ip/192.0.2.7 (AS3130). [Name=Protocol "
	  "Filter "
	  "Agent][AGT=PFA][MxId=11BB60EC9FF1E732] [CH3PEPF00000015.namprd21.prod.outlook.com "
	  "2025-06-22T05:58:01.072Z 08DDB07650EC6878]",
	  FACT_REPLY_IP_BLOCKED, "Client host" },
	{ "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your "
	  "Internet "
	  "service provider since part of their network is on our block list (S3150).",
	  FACT_REPLY_IP_BLOCKED, "network is on our block list" },
	{ "550 5.7.606 Access denied, banned sending IP [192.0.2.7]. To request removal from this "
	  "list "
	  "please "
	  "visit https://sender.office.com/ and follow the directions. (AS16012609) "
	  "[BL2NAM06FT004.Eop-nam06.prod.protection.outlook.com]",
	  FACT_REPLY_IP_BLOCKED, "banned sending IP" },
	{ "550 5.7.511 Access denied, banned sender[192.0.2.7]. To request removal from this list, "
	  "forward "
	  "this message to delist@microsoft.com.",
	  FACT_REPLY_IP_BLOCKED, "Access denied, banned sender[" },
	{ "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP "
	  "reputation. For "
	  "e-mail delivery information, see https://postmaster.live.com (S775)" T,
	  FACT_REPLY_THROTTLED, "rate limited due to IP reputation" },
	{ "451 4.7.652 The mail server [192.0.2.7] has exceeded the maximum number of connections. "
	  "(S3115)" T,
	  FACT_REPLY_THROTTLED, "exceeded the maximum number of connections" },
	{ "451 4.7.500 Server busy. Please try again later from [192.0.2.7]. (S77714)" T,
	  FACT_REPLY_THROTTLED, "Server busy. Please try again later from" },
	{ "451 4.7.550 Access denied, please try again later" T, FACT_REPLY_THROTTLED,
	  "Access denied, please try again later" },
	{ "550 5.7.64 Relay Access Denied ATTR36. For more details please refer to: "
	  "https://support.microsoft.com/kb/3169958" T,
	  FACT_REPLY_RELAY_DENIED, "Relay access denied" },
	{ "451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35. For more information "
	  "please go "
	  "to "
	  "https://go.microsoft.com/fwlink/?linkid=865268" T,
	  FACT_REPLY_WRONG_REGION, "wrong Office 365 region" },
	{ "451 4.4.62 Mail sent to the wrong Office 365 region." T, FACT_REPLY_WRONG_REGION,
	  "wrong Office 365 region" },
	{ "550 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured "
	  "in a "
	  "hosted "
	  "tenant which has no mail-enabled subscriptions. ATTR5" T,
	  FACT_REPLY_LICENCE, "no mail-enabled subscriptions" },
	{ "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from "
	  "unauthorized sources" T,
	  FACT_REPLY_DIRECT_SEND, "Direct Send not allowed" },
	{ "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that "
	  "matched "
	  "the "
	  "message's recipient domain. The connector had either the RestrictDomainsToIPAddresses "
	  "or "
	  "RestrictDomainsToCertificate set" T,
	  FACT_REPLY_RELAY_DENIED, "There is a partner connector configured" },
	{ "550 5.7.64 TenantAttribution; Relay Access Denied" T, FACT_REPLY_RELAY_DENIED,
	  "TenantAttribution; Relay Access Denied" },
	{ "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
	  FACT_REPLY_NOT_ACCEPTED_DOMAIN, "relay recipient in non-accepted domain" },
	{ "550 5.7.504 [a@contoso.com]: Recipient address rejected: Access denied" T,
	  FACT_REPLY_RECIPIENT, "Recipient address rejected: Access denied" },
	{ "550 5.4.1 Recipient address rejected: Access denied. "
	  "[DB3PEPF0000885C.eurprd02.prod.outlook.com "
	  "2025-01-24T13:29:15.015Z 08DD36FABB4C843C]",
	  FACT_REPLY_RECIPIENT, "Recipient address rejected: Access denied" },
	{ "550 5.7.505 Access denied, banned recipient" T, FACT_REPLY_RECIPIENT,
	  "banned recipient" },
	{ "550 5.7.507 Access denied, rejected by recipient" T, FACT_REPLY_RECIPIENT,
	  "Access denied, rejected by recipient" },
	{ "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
	  FACT_REPLY_RECIPIENT, "not found by SMTP address lookup" },
	{ "550 5.1.10 Recipient not found by SMTP address lookup", FACT_REPLY_RECIPIENT,
	  "not found by SMTP address lookup" },
	{ "550 5.5.0 Requested action not taken: mailbox unavailable" T, FACT_REPLY_RECIPIENT,
	  "Requested action not taken: mailbox unavailable" },
	{ "452 4.5.3 Too many recipients" T, FACT_REPLY_TOO_MANY_RCPT, "Too many recipients" },
	{ "550 5.7.508 Access denied, [2001:db8::1] has exceeded permitted limits within "
	  "2001:db8::/64 "
	  "range",
	  FACT_REPLY_IPV6, "exceeded permitted limits within" },
	{ "550 5.7.510 Access denied, contoso.com does not accept email over IPv6", FACT_REPLY_IPV6,
	  "does not accept email over IPv6" },
	{ "450 4.7.26 Access denied, a message sent over IPv6 [2001:db8::1] must pass either SPF "
	  "or "
	  "DKIM "
	  "validation, this message is not signed",
	  FACT_REPLY_IPV6, "must pass either SPF or DKIM validation" },
	{ "550 5.7.25 Access denied, the sending IPv6 address [2001:db8::1] must have a reverse "
	  "DNS "
	  "record",
	  FACT_REPLY_IPV6, "must have a reverse DNS record" },
	{ "450 4.4.8 MX hosts of contoso.com failed MTA-STS validation", FACT_REPLY_MTA_STS_DANE,
	  "failed MTA-STS validation" },
	{ "450 4.7.321 starttls-not-supported: Destination mail server must support TLS to receive "
	  "mail.",
	  FACT_REPLY_MTA_STS_DANE, "must support TLS to receive mail" },
	{ "450 4.7.322 certificate-expired: Destination mail server's certificate is expired.",
	  FACT_REPLY_MTA_STS_DANE, "certificate-expired" },
	{ "450 4.7.323 tlsa-invalid: The domain failed DANE validation.", FACT_REPLY_MTA_STS_DANE,
	  "tlsa-invalid" },
	{ "450 4.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records",
	  FACT_REPLY_MTA_STS_DANE, "dnssec-invalid" },
	{ "450 4.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or "
	  "subject "
	  "alternative name matching the hostname (DANE)",
	  FACT_REPLY_MTA_STS_DANE, "certificate-host-mismatch" },
	{ "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]",
	  FACT_REPLY_OUTBOUND, "Cannot connect to remote server" },
	{ "450 4.4.316 Connection refused [Message=Socket error code 10061]", FACT_REPLY_OUTBOUND,
	  "Connection refused" },
	{ "550 5.4.300 Message expired", FACT_REPLY_OUTBOUND, "Message expired" },

	{ "554 5.2.252 SendAsDenied; a@contoso.com not allowed to send as b@contoso.com; "
	  "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed "
	  "to "
	  "process "
	  "message due to a permanent exception with message [BeginDiagnosticData]Cannot submit "
	  "message.",
	  FACT_REPLY_SEND_AS, "not allowed to send as" },
	{ "554 5.2.0 a@contoso.com not allowed to send as b@contoso.com", FACT_REPLY_SEND_AS,
	  "not allowed to send as" },
	{ "550 5.7.60 SMTP; Client does not have permissions to send as this sender" T,
	  FACT_REPLY_SEND_AS, "permissions to send as this sender" },
	{ "432 4.3.2 Concurrent connections limit exceeded. Visit "
	  "https://aka.ms/concurrent_sending for "
	  "more "
	  "information. [Hostname=BYAPR17MB2920.namprd17.prod.outlook.com]",
	  FACT_REPLY_CONCURRENCY, "Concurrent connections limit exceeded" },
	{ "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded "
	  "[Hostname=BYAPR17MB2920.namprd17.prod.outlook.com]",
	  FACT_REPLY_CONCURRENCY, "sender thread limit exceeded" },
	{ "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", FACT_REPLY_TEMPORARY,
	  "recipient thread limit exceeded" },
	{ "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to "
	  "process "
	  "message",
	  FACT_REPLY_QUOTA, "SubmissionQuotaExceeded" },
	{ "550 5.1.90 Your message can't be sent because you've reached your daily limit for "
	  "message "
	  "recipients",
	  FACT_REPLY_QUOTA, "daily limit for message recipients" },
	{ "550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily "
	  "limit for "
	  "sending email to external recipients (tenant external recipient rate limit)",
	  FACT_REPLY_QUOTA, "trial tenant has exceeded its daily limit" },
	{ "550 5.7.233 Your message can't be sent because your tenant exceeded its daily limit for "
	  "sending "
	  "email to external recipients (tenant external recipient rate limit)",
	  FACT_REPLY_QUOTA, "tenant exceeded its daily limit" },
	{ "554 5.2.2 Submission quota exceeded", FACT_REPLY_QUOTA, "Submission quota exceeded" },
	{ "550 5.2.122 Recipient's per hour message receive limit exceeded", FACT_REPLY_QUOTA,
	  "hour message receive limit" },
	{ "550 5.2.254 Sender throttled due to continuous invalid recipients errors",
	  FACT_REPLY_THROTTLED, "continuous invalid recipients" },
	{ "554 5.2.2 mailbox full; "
	  "STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; "
	  "Failed",
	  FACT_REPLY_MAILBOX_FULL, "MapiExceptionShutoffQuotaExceeded" },
	{ "554 5.2.2 mailbox full; "
	  "STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded; Failed",
	  FACT_REPLY_MAILBOX_FULL, "QuotaExceededException.MapiExceptionQuotaExceeded" },
	{ "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:Other", FACT_REPLY_MAILBOX_FULL,
	  "mailbox full" },
	{ "430 4.2.0 STOREDRV; mailbox logon failure; Failed to process message "
	  "MapiExceptionLogonFailed.MapiExceptionLogonFailed",
	  FACT_REPLY_LOGON_FAILED, "MapiExceptionLogonFailed" },
	{ "430 4.2.0 STOREDRV.Submission MapiExceptionLogonFailed", FACT_REPLY_LOGON_FAILED,
	  "MapiExceptionLogonFailed" },
	{ "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process "
	  "message due "
	  "to a "
	  "permanent exception with message [BeginDiagnosticData]WASCL UserAction verdict is not "
	  "None. "
	  "Actual "
	  "verdict is Suspend. OutboundSpamException [EndDiagnosticData] "
	  "[Hostname=a.prod.outlook.com]",
	  FACT_REPLY_SENDER_BLOCKED, "OutboundSpamException" },
	{ "550 5.1.8 Access denied, bad outbound sender AS(42003)" T, FACT_REPLY_SENDER_BLOCKED,
	  "bad outbound sender" },
	{ "550 5.7.501 Access denied, spam abuse detected", FACT_REPLY_SENDER_BLOCKED,
	  "spam abuse detected" },
	{ "550 5.7.800 Access denied, banned sender", FACT_REPLY_SENDER_BLOCKED,
	  "Access denied, banned sender" },
	{ "550 5.7.502 Access denied, banned sender", FACT_REPLY_SENDER_BLOCKED,
	  "Access denied, banned sender" },
	{ "550 5.7.703 Your message can't be delivered because messages to XXX, YYY are blocked by "
	  "your "
	  "organization using Tenant Allow Block List.",
	  FACT_REPLY_SENDER_BLOCKED, "using Tenant Allow Block List" },
	{ "550 5.7.705 Access denied, tenant has exceeded threshold", FACT_REPLY_SENDER_BLOCKED,
	  "tenant has exceeded threshold" },
	{ "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP. For "
	  "more "
	  "information please go to http://go.microsoft.com/fwlink/?LinkId=526653 AS(8561)" T,
	  FACT_REPLY_SENDER_BLOCKED, "traffic not accepted from this IP" },
	{ "550 5.7.750 Service unavailable. Client blocked from sending from unregistered "
	  "domains" T,
	  FACT_REPLY_SENDER_BLOCKED, "unregistered domain" },
	{ "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant" T,
	  FACT_REPLY_SYNTAX, "3.6.2 compliant" },
	{ "550 5.1.20 Multiple From addresses are not allowed without Sender address",
	  FACT_REPLY_SYNTAX, "Multiple From addresses are not allowed" },
	{ "550 5.6.11 Invalid characters", FACT_REPLY_BARE_LF, "Invalid characters" },
	{ "554 5.6.0 Invalid message content", FACT_REPLY_SYNTAX, "Invalid message content" },
	{ "550 5.7.509 Access denied, sending domain [EXAMPLE.COM] does not pass DMARC "
	  "verification and "
	  "has a "
	  "DMARC policy of reject." T,
	  FACT_REPLY_SPF_DMARC, "does not pass DMARC verification" },
	{ "550 5.7.515 Access denied, sending domain EXAMPLE.JP doesn't meet the required "
	  "authentication level. "
	  "Spf= Fail , Dkim= Pass , DMARC= Pass" T,
	  FACT_REPLY_SPF_DMARC, "meet the required authentication level" },
	{ "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
	  FACT_REPLY_SPF_DMARC, "Sender Policy Framework violation" },
	{ "554 5.4.14 Hop count exceeded - possible mail loop ATTR34" T, FACT_REPLY_LOOP,
	  "Hop count exceeded" },
	{ "554 5.4.6 Routing loop detected", FACT_REPLY_LOOP, "Routing loop detected" },
	{ "550 5.3.190 Journaling on-premises messages to Microsoft 365 or Office 365 not "
	  "supported "
	  "when "
	  "Journaling Archive is disabled",
	  FACT_REPLY_RECIPIENT, "not supported when Journaling Archive is disabled" },
	{ "550 5.7.12 Sender was not authenticated by organization", FACT_REPLY_RECIPIENT,
	  "Sender was not authenticated" },
	{ "550 5.7.124 Sender not in allowed-senders list", FACT_REPLY_RECIPIENT,
	  "Sender not in allowed-senders list" },
	{ "550 5.7.133 Sender not authenticated for group", FACT_REPLY_RECIPIENT,
	  "Sender not authenticated for" },
	{ "554 4.3.2 mailbox busy; "
	  "STOREDRV.Deliver.Exception:StoragePermanentException.MapiExceptionMaxObjsExceeded; x",
	  FACT_REPLY_TEMPORARY, "mailbox busy" },
	{ "554 5.2.0 STOREDRV.Deliver.Exception:ObjectNotFoundException.MapiExceptionNotFound; x",
	  FACT_REPLY_RECIPIENT, "STOREDRV.Deliver" },
	{ "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
	  FACT_REPLY_TOO_BIG, "RESOLVER.RST.RecipSizeLimit" },
	{ "552 5.3.4 Message size exceeds fixed maximum message size", FACT_REPLY_TOO_BIG,
	  "Message size exceeds" },

	{ "530 5.7.1 Please use STARTTLS first", FACT_STARTTLS_REQUIRED, "STARTTLS" },
	{ "550 5.7.0 STARTTLS needed", FACT_STARTTLS_REQUIRED, "STARTTLS" },
	{ "451 5.7.3 use STARTTLS", FACT_STARTTLS_REQUIRED, "STARTTLS" },
	{ "550 5.7.1 a@b.example... Relaying denied", FACT_REPLY_RELAY_DENIED, "relaying denied" },
	{ "454 4.7.1 <a@b.example>: Relay access denied", FACT_REPLY_RELAY_DENIED,
	  "relay access denied" },
	{ "550 5.7.1 Unable to relay", FACT_REPLY_RELAY_DENIED, "unable to relay" },
	{ "550 relay not permitted", FACT_REPLY_RELAY_DENIED, "relay not permitted" },
	{ "550 you are not permitted to relay through this server", FACT_REPLY_RELAY_DENIED,
	  "not permitted to relay" },
	{ "553 relaying not allowed here", FACT_REPLY_RELAY_DENIED, "relaying not allowed" },
	{ "550 we do not relay", FACT_REPLY_RELAY_DENIED, "we do not relay" },
	{ "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted for 5 minutes",
	  FACT_REPLY_TEMPORARY, "greylist" },
	{ "451 graylisted, please try again", FACT_REPLY_TEMPORARY, "graylist" },
	{ "421 4.7.0 mx.example Error: too many connections from 192.0.2.7", FACT_REPLY_THROTTLED,
	  "too many connections" },
	{ "421 4.4.2 mx.example Error: timeout exceeded", FACT_TIMEOUT_REPLY, "timeout exceeded" },
	{ "421 Idle timeout, closing", FACT_TIMEOUT_REPLY, "idle timeout" },
	{ "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user c",
	  FACT_REPLY_SEND_AS, "not owned by user" },
	{ "554 SMTP synchronization error", FACT_REPLY_BAD_SEQUENCE, "synchronization error" },
	{ "504 5.5.2 <printer>: Helo command rejected: need fully-qualified hostname",
	  FACT_REPLY_BAD_HELO, "Helo command rejected" },
	{ "554 5.7.1 see https://www.spamhaus.org/query/ip/192.0.2.7", FACT_REPLY_IP_BLOCKED,
	  "spamhaus" },
	{ "554 5.7.1 blocked using bl.example", FACT_REPLY_IP_BLOCKED, "blocked using" },
	{ "530 5.7.0 Authentication required", FACT_REPLY_NOT_AUTHENTICATED,
	  "authentication required" },
	{ "550 5.1.1 <a@b.example>: User unknown", FACT_REPLY_RECIPIENT, "user unknown" },
	{ "550 No such user here", FACT_REPLY_RECIPIENT, "no such user" },
	{ "550 5.1.1 <a@b.example>: Recipient address rejected: undeliverable",
	  FACT_REPLY_RECIPIENT, "recipient address rejected" },
	{ "554 5.5.1 Error: no valid recipients", FACT_REPLY_RECIPIENT, "no valid recipients" },
	{ "552 5.2.2 the mailbox is full", FACT_REPLY_MAILBOX_FULL, "mailbox is full" },
	{ "452 4.2.2 user is over quota", FACT_REPLY_MAILBOX_FULL, "over quota" },
	{ "454 4.7.0 TLS cipher strength is too weak", FACT_REPLY_TLS_TOO_OLD,
	  "cipher strength is too weak" },
	{ "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot", FACT_REPLY_CLIENT_CERT,
	  "Certificate validation failure" },
	{ "550 5.2.1 Mailbox cannot be accessed", FACT_REPLY_LOGON_FAILED,
	  "Mailbox cannot be accessed" },
	{ "550 5.2.1 Mailbox cannot be accessed", FACT_REPLY_RECIPIENT,
	  "Mailbox cannot be accessed" },
	{ "501 5.5.4 Authentication cancelled", FACT_REPLY_SYNTAX, "Authentication cancelled" },
	{ "421 4.4.2 Connection dropped due to timeout", FACT_TIMEOUT_REPLY,
	  "Connection dropped due to timeout" },
	{ "421 4.4.1 Connection timed out. Total session duration: 00:20:55", FACT_TIMEOUT_REPLY,
	  "Total session duration" },
	{ "421 4.7.0 Too many errors on this connection, closing transmission channel",
	  FACT_REPLY_TOO_MANY_ERRORS, "Too many errors on this connection" },
	{ "450 4.7.0 Message not proxied", FACT_REPLY_TEMPORARY, "Message not proxied" },
	{ "451 4.4.22 Message failed to be replicated: no healthy peers found",
	  FACT_REPLY_TEMPORARY, "Message failed to be replicated" },
	{ "451 4.4.0 Message failed to be replicated: No healthy secondary server available at "
	  "this time",
	  FACT_REPLY_TEMPORARY, "No healthy secondary server available" },
	{ "451 4.4.24 Message failed to be replicated: Insufficient system resource",
	  FACT_REPLY_TEMPORARY, "Message failed to be replicated" },
	{ "452 4.3.1 Insufficient system resources", FACT_REPLY_TEMPORARY,
	  "Insufficient system resource" },
	{ "450 4.7.1 Unable to fetch attribution data. ATTR21", FACT_REPLY_TEMPORARY,
	  "Unable to fetch attribution data" },
	{ "451 4.4.0 DNS query failed", FACT_REPLY_TEMPORARY, "DNS query failed" },
	{ "451 5.7.3 Cannot achieve Exchange Server authentication", FACT_REPLY_TEMPORARY,
	  "Cannot achieve Exchange Server authentication" },
	{ "451 4.5.127 Message rejected. Excessive message rate from sender.", FACT_REPLY_THROTTLED,
	  "Excessive message rate from sender" },
	{ "450 4.5.127 Message rejected. Excessive message rate from sender.", FACT_REPLY_THROTTLED,
	  "Excessive message rate from sender" },
	{ "421 4.5.127 Message rejected. Excessive message rate from sender.", FACT_REPLY_THROTTLED,
	  "Excessive message rate from sender" },
	{ "450 4.7.3 Organization queue quota exceeded.", FACT_REPLY_THROTTLED,
	  "Organization queue quota exceeded" },
	{ "451 4.4.4 Temporary server error. Please try again later ATTR35",
	  FACT_REPLY_WRONG_REGION, "Temporary server error" },
	{ "550 5.7.1 Service unavailable, MailFrom domain is listed in Spamhaus. To request "
	  "removal from this list see https://www.spamhaus.org/query/lookup/ (S8002)",
	  FACT_REPLY_SENDER_BLOCKED, "MailFrom domain is listed in" },
	{ "550 5.7.1 Service unavailable, Helo domain is listed in Spamhaus. To request removal "
	  "from this list see https://www.spamhaus.org/query/lookup/ (S8001)",
	  FACT_REPLY_SENDER_BLOCKED, "Helo domain is listed in" },
	{ "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your "
	  "Internet service provider. AS(900)",
	  FACT_REPLY_IP_BLOCKED, "Unfortunately, messages" },
	{ "550 5.7.501 Access denied, spam abuse detected from IP range. For more information "
	  "please go to https://go.microsoft.com/fwlink/?LinkId=526653",
	  FACT_REPLY_IP_BLOCKED, "spam abuse detected from IP range" },
	{ "450 4.7.1 Unable to Relay. ATTR14", FACT_REPLY_TEMPORARY, "Unable to relay" },
	{ "550 5.7.1 Unable to Relay. ATTR12", FACT_REPLY_RELAY_DENIED, "Unable to relay" },
	{ "550 5.7.1 Client does not have permissions to submit to this server",
	  FACT_REPLY_RELAY_DENIED, "permissions to submit to this server" },
	{ "451 5.7.3 Require basic authentication", FACT_REPLY_NOT_AUTHENTICATED,
	  "Require basic authentication" },
	{ "452 4.5.3 Too many recipients (AS780090)", FACT_REPLY_THROTTLED, "Too many recipients" },
	{ "452 4.5.3 Recipients belong to multiple regions ATTR38", FACT_REPLY_TOO_MANY_RCPT,
	  "ATTR38" },
	{ "550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to "
	  "recipient",
	  FACT_REPLY_RECIPIENT, "RestrictedToRecipientsPermission" },
	{ "550 5.7.129 The sender isn't on the recipient's allowed senders list",
	  FACT_REPLY_RECIPIENT, "sender isn't on the recipient's" },
	{ "550 5.7.193 UnifiedGroupAgent; Delivery failed", FACT_REPLY_RECIPIENT,
	  "UnifiedGroupAgent" },
	{ "550 5.7.193 Delivery failed because the sender isn't a group member or external senders "
	  "aren't permitted to send to this group",
	  FACT_REPLY_RECIPIENT, "sender isn't a group member" },
	{ "550 5.7.1 Unable to accept unauthorized message over IPv6 ATTR2", FACT_REPLY_IPV6,
	  "unauthorized message over IPv6" },
	{ "451 4.4.0 Primary target IP address responded with: 421 4.2.1 Unable to connect",
	  FACT_REPLY_OUTBOUND, "responded with" },
	{ "550 Access denied, bad inbound connector. AS(2204)", FACT_REPLY_SENDER_BLOCKED,
	  "bad inbound connector" },
	{ "550 5.7.1 Submission has been disabled for this account", FACT_REPLY_SENDER_BLOCKED,
	  "Submission has been disabled for this account" },
	{ "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process "
	  "message due to a permanent exception with message [BeginDiagnosticData]WASCL UserAction "
	  "verdict is not None. Actual verdict is RefuseQuota, ShowTierUpgrade.[EndDiagnosticData]",
	  FACT_REPLY_QUOTA, "OutboundSpamException" },
	{ "550 5.2.1 Content Filter agent quarantined this message", FACT_REPLY_CONTENT,
	  "Content Filter agent quarantined this message" },
	{ "554 5.6.0 Invalid message content, contains bare linefeeds", FACT_REPLY_BARE_LF,
	  "Invalid message content, contains bare linefeeds" },
	{ "550 5.6.11 the message contains bare linefeeds", FACT_REPLY_BARE_LF,
	  "contains bare linefeeds" },
	{ "501 5.1.8 UTF-8 addresses not supported", FACT_REPLY_SYNTAX,
	  "UTF-8 addresses not supported" },
	{ "552 5.3.4 Header size exceeds fixed maximum size", FACT_REPLY_TOO_BIG,
	  "Header size exceeds" },
	{ "550 5.7.1 Client does not have permissions to send on behalf of the from address",
	  FACT_REPLY_SEND_AS, "permissions to send on behalf of the from address" },
	{ "550 5.7.1 x not authorized to send mail directly to our servers",
	  FACT_REPLY_RELAY_DENIED, "not authorized to send mail directly" },
	{ "550 relaying is not allowed", FACT_REPLY_RELAY_DENIED, "relaying is not" },
	{ "451 4.7.1 <a@b.example>: Recipient address rejected: Greylisting in action, please come "
	  "back later",
	  FACT_REPLY_TEMPORARY, "greylist" },
	{ "450 4.2.0 <a@b.example>: Recipient address rejected: Graylisted", FACT_REPLY_TEMPORARY,
	  "graylist" },
	{ "450 4.1.1 <a@b.example>: Recipient address rejected: unverified address",
	  FACT_REPLY_TEMPORARY, "recipient address rejected" },
	{ "451 4.3.0 <a@b.example>: Recipient address rejected: Server configuration problem",
	  FACT_REPLY_TEMPORARY, "recipient address rejected" },
	{ "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.7]",
	  FACT_REPLY_IPV6, "hostname" },
	{ "450 4.7.1 greylisted, try again", FACT_REPLY_TEMPORARY, "greylist" },
	{ "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your "
	  "IP address",
	  FACT_REPLY_THROTTLED, "unusual rate of" },
	{ "450 4.7.1 Error: too much mail from 192.0.2.7", FACT_REPLY_THROTTLED, "too much mail" },
	{ "421 too many messages in this connection", FACT_REPLY_THROTTLED, "too many messages" },
	{ "454 Throttling failure: Maximum sending rate exceeded.", FACT_REPLY_THROTTLED,
	  "sending rate exceeded" },
	{ "450 4.7.1 sender is over the rate limit", FACT_REPLY_THROTTLED, "rate limit" },
	{ "451 4.7.1 Rate exceeded", FACT_REPLY_THROTTLED, "rate exceeded" },
	{ "454 Throttling failure: Daily message quota exceeded.", FACT_REPLY_QUOTA,
	  "daily message quota exceeded" },
	{ "421 4.7.0 mx.example Error: too many errors", FACT_REPLY_TOO_MANY_ERRORS,
	  "too many errors" },
	{ "550 The from address does not match a verified Sender Identity.", FACT_REPLY_SEND_AS,
	  "does not match a verified sender" },
	{ "554 Message rejected: Email address is not verified.", FACT_REPLY_SEND_AS,
	  "address is not verified" },
	{ "553 5.7.1 <a@b.example>: Sender address rejected: not logged in", FACT_REPLY_LOGIN_FIRST,
	  "sender address rejected: not logged in" },
	{ "553 authentication is required", FACT_REPLY_LOGIN_FIRST, "authentication is required" },
	{ "553 5.1.8 <a@b.example>... Domain of sender address a@b.example does not exist",
	  FACT_REPLY_SENDER_DOMAIN, "domain of sender address" },
	{ "501 5.1.8 sender domain must exist", FACT_REPLY_SENDER_DOMAIN, "sender domain must" },
	{ "450 4.1.8 <a@b.example>: Sender address rejected: Domain not found",
	  FACT_REPLY_SENDER_DOMAIN, "sender address rejected: domain not found" },
	{ "550 Sender verify failed", FACT_REPLY_SENDER_DOMAIN, "sender verify failed" },
	{ "501 5.0.0 EHLO requires domain address", FACT_REPLY_BAD_HELO,
	  "EHLO requires domain address" },
	{ "550 your host is blacklisted", FACT_REPLY_IP_BLOCKED, "blacklisted" },
	{ "550 your host is blocklisted", FACT_REPLY_IP_BLOCKED, "blocklisted" },
	{ "554 5.7.1 your address is on our block list", FACT_REPLY_IP_BLOCKED,
	  "on our block list" },
	{ "554 5.7.1 poor reputation of 192.0.2.7", FACT_REPLY_IP_BLOCKED, "poor reputation" },
	{ "550 5.7.1 the sending IP has a very low reputation", FACT_REPLY_IP_BLOCKED,
	  "low reputation" },
	{ "550 192.0.2.7 is listed in an RBL", FACT_REPLY_IP_BLOCKED, "listed in an RBL" },
	{ "534 5.7.9 Application-specific password required.", FACT_REPLY_AUTH_573,
	  "application-specific password" },
	{ "535 5.7.8 Username and Password not accepted.", FACT_REPLY_AUTH_573,
	  "username and password not accepted" },
	{ "501 5.5.2 Cannot Decode response", FACT_REPLY_SYNTAX, "cannot decode" },
	{ "550 Unrouteable address", FACT_REPLY_RECIPIENT, "unrouteable address" },
	{ "550 5.1.1 user doesn't exist", FACT_REPLY_RECIPIENT, "user doesn't exist" },
	{ "550 5.1.1 The email account that you tried to reach does not exist.",
	  FACT_REPLY_RECIPIENT, "account that you tried to reach does not exist" },
	{ "550 5.2.1 The email account that you tried to reach is disabled.", FACT_REPLY_RECIPIENT,
	  "account that you tried to reach is disabled" },
	{ "452 4.2.2 OverQuota", FACT_REPLY_MAILBOX_FULL, "overquota" },
	{ "552 5.2.2 quota exceeded", FACT_REPLY_MAILBOX_FULL, "quota exceeded" },
	{ "552 5.2.2 mailbox full", FACT_REPLY_MAILBOX_FULL, "mailbox full" },
	{ "452 4.2.2 The recipient's inbox is out of storage space", FACT_REPLY_MAILBOX_FULL,
	  "out of storage" },
	{ "552 5.3.4 Message file too big", FACT_REPLY_TOO_BIG, "message file too big" },
	{ "552 message too large", FACT_REPLY_TOO_BIG, "message too large" },
	{ "552 5.2.3 exceeds the message size limit", FACT_REPLY_TOO_BIG, "message size limit" },
	{ "552 Message too big for system", FACT_REPLY_TOO_BIG, "message too big" },
	{ "550 5.7.1 rejected by the DMARC policy of b.example", FACT_REPLY_SPF_DMARC, "DMARC" },
	{ "550 5.7.1 SPF fail", FACT_REPLY_SPF_DMARC, "SPF fail" },
	{ "550 5.7.1 SPF check did not pass", FACT_REPLY_SPF_DMARC, "SPF check" },
	{ "550 5.7.1 SPF validation error", FACT_REPLY_SPF_DMARC, "SPF validation" },
	{ "550 192.0.2.7 is not designated as a sender of b.example", FACT_REPLY_SPF_DMARC,
	  "not designated" },
	{ "550 5.7.26 Unauthenticated email from b.example is not accepted", FACT_REPLY_SPF_DMARC,
	  "unauthenticated email" },
	{ "550 5.7.1 no DKIM signature", FACT_REPLY_SPF_DMARC, "DKIM" },
	{ "552 5.7.0 This message was blocked because its content presents a potential security "
	  "issue.",
	  FACT_REPLY_CONTENT, "presents a potential security issue" },
	{ "550 5.7.1 classified as spam", FACT_REPLY_CONTENT, "classified as spam" },
	{ "550 considered spam", FACT_REPLY_CONTENT, "considered spam" },
	{ "550 this looks like spam", FACT_REPLY_CONTENT, "looks like spam" },
	{ "554 5.7.1 Spam message rejected", FACT_REPLY_CONTENT, "spam message rejected" },
	{ "550 5.7.1 Message rejected as spam by Content Filtering.", FACT_REPLY_CONTENT,
	  "rejected as spam" },
	{ "554 5.6.0 content rejected", FACT_REPLY_CONTENT, "content rejected" },
	{ "554 5.7.1 Message content rejected, id=1", FACT_REPLY_CONTENT,
	  "message content rejected" },
	{ "550 virus found", FACT_REPLY_CONTENT, "virus" },
	{ "550 5.7.1 our system has detected that this message is likely unsolicited mail",
	  FACT_REPLY_CONTENT, "likely unsolicited mail" },
	{ "550 5.7.64 TenantAttribution; Relay Access Denied SMTP ATTR36", FACT_REPLY_RELAY_DENIED,
	  "TenantAttribution; Relay Access Denied" },
	{ "550 5.7.64 no certificate fits. ATTR36", FACT_REPLY_RELAY_DENIED, "ATTR36" },
	{ "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
	  "account",
	  FACT_REPLY_MAILBOX, "SmtpClientAuthentication is disabled" },
	{ "550 5.7.1 Unable to relay for a@b.example", FACT_REPLY_RELAY_DENIED, "Unable to relay" },
	{ "550 5.4.1 Relay access denied", FACT_REPLY_RELAY_DENIED, "Relay access denied" },
	{ "451 4.4.62 another region. ATTR35", FACT_REPLY_WRONG_REGION, "ATTR35" },
	{ "550 5.1.10 RESOLVER.ADR.RecipientNotFound; gone", FACT_REPLY_RECIPIENT,
	  "RecipientNotFound" },
	{ "554 5.2.0 "
	  "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed "
	  "to process message",
	  FACT_REPLY_SEND_AS, "SendAsDenied" },
	{ "430 4.2.0 STOREDRV; mailbox logon failure; Failed to process message",
	  FACT_REPLY_LOGON_FAILED, "mailbox logon failure" },
};

#endif
