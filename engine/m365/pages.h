/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that a finding or a reply refers to, as addresses that a person can open. Several stand
 * with commas between them. Of Microsoft's pages those were taken that have kept their place for
 * years.
 */
#ifndef SMTP365_PAGES_H
#define SMTP365_PAGES_H

#define RFC(n) "https://www.rfc-editor.org/rfc/rfc" n
#define RFC_AT(n, section) RFC(n) "#section-" section
#define CVE(n) "https://nvd.nist.gov/vuln/detail/CVE-" n
#define CWE(n) "https://cwe.mitre.org/data/definitions/" n ".html"

#define LEARN "https://learn.microsoft.com/"
#define TROUBLESHOOT LEARN "troubleshoot/exchange/"
#define CMDLET(name) LEARN "powershell/module/exchange/" name
#define TEAM_BLOG(name) "https://techcommunity.microsoft.com/blog/exchange/" name
#define KB(n) "https://support.microsoft.com/help/" n

#define PAGE_NDR TROUBLESHOOT "email-delivery/ndr/non-delivery-reports-in-exchange-online"
#define PAGE_DEVICES                                                                               \
	LEARN "exchange/mail-flow-best-practices/"                                                 \
	      "how-to-set-up-a-multifunction-device-or-application-to-send-email-using-"           \
	      "microsoft-365-or-office-365"
#define PAGE_PRINTERS                                                                              \
	TROUBLESHOOT "email-delivery/"                                                             \
		     "fix-issues-with-printers-scanners-and-lob-applications-that-send-email-"     \
		     "using-off"
#define PAGE_OAUTH                                                                                 \
	LEARN "exchange/client-developer/legacy-protocols/"                                        \
	      "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth"
#define PAGE_OLD_TLS                                                                               \
	LEARN "exchange/clients-and-mobile-in-exchange-online/"                                    \
	      "opt-in-exchange-online-endpoint-for-legacy-tls-using-smtp-auth"
#define PAGE_SMTP_AUTH "https://aka.ms/smtp_auth_disabled"
#define PAGE_ENCRYPTION LEARN "purview/technical-reference-details-about-encryption"
#define PAGE_CHAINS LEARN "purview/encryption-office-365-certificate-chains"
#define PAGE_ADDRESSES LEARN "microsoft-365/enterprise/urls-and-ip-address-ranges"
#define PAGE_PRINCIPLES                                                                            \
	LEARN "microsoft-365/enterprise/microsoft-365-network-connectivity-principles"
#define PAGE_SUBMISSION TROUBLESHOOT "send-emails/smtp-submission-improvements"
#define PAGE_CONNECTORS                                                                            \
	LEARN "exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/"           \
	      "set-up-connectors-to-route-mail"
#define PAGE_BLOCKED_CONNECTORS LEARN "defender-office-365/connectors-remove-blocked"
#define PAGE_HVE LEARN "exchange/mail-flow-best-practices/high-volume-mails-m365"
#define PAGE_LIMITS                                                                                \
	LEARN "office365/servicedescriptions/exchange-online-service-description/"                 \
	      "exchange-online-limits"
#define PAGE_ACS_LIMITS LEARN "azure/communication-services/concepts/service-limits"
#define PAGE_LICENCES LEARN "microsoft-365/admin/manage/assign-licenses-to-users"
#define PAGE_LOCKOUT LEARN "entra/identity/authentication/howto-password-smart-lockout"
#define PAGE_CONSUMER                                                                              \
	"https://support.microsoft.com/office/modern-authentication-methods-now-needed-to-"        \
	"continue-syncing-outlook-email-in-non-microsoft-email-apps-c5d65390-9676-4763-b41f-"      \
	"d7986499a90d"
#define PAGE_BASIC_AUTH                                                                            \
	TEAM_BLOG("updated-exchange-online-smtp-auth-basic-authentication-deprecation-timeline/"   \
		  "4489835")
#define PAGE_DIRECT_SEND                                                                           \
	TEAM_BLOG("introducing-more-control-over-direct-send-in-exchange-online/4408790")
#define PAGE_CAPTURING "https://wiki.wireshark.org/CaptureSetup/Ethernet"
#define PAGE_OFFLOADING "https://wiki.wireshark.org/CaptureSetup/Offloading"
#define PAGE_LIBPCAP(name) "https://www.tcpdump.org/manpages/" name ".3pcap.html"

#endif
