#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the certificates that the test servers show: a tree with the names of
# Microsoft's (leaf, intermediate, root), and the leaves that are wrong on
# purpose.  Takes a folder, gives NAME.pem (key and chain) in it, and ca.pem
# (what a healthy device trusts) and old-ca.pem (what an old one trusts).
# Dates are fixed, keys are made anew: a new run means the same.
set -euo pipefail
out=${1:?folder}
mkdir -p "$out" && cd "$out"
[ -e complete ] && exit 0

VALID="-not_before 20260201000000Z -not_after 20360201000000Z"
CAFE_NAMES="DNS:*.clo.footprintdns.com,DNS:*.hotmail.com,DNS:*.internal.outlook.com,DNS:*.live.com,\
DNS:*.office.com,DNS:*.office365.com,DNS:*.outlook.com,DNS:*.outlook.office365.com,\
DNS:attachment.outlook.live.net,DNS:hotmail.com,DNS:mail.services.live.com,DNS:office365.com,\
DNS:outlook.com,DNS:outlook.office.com,DNS:outlook.office365.com,DNS:smtp.office365.com,\
DNS:substrate.office.com"
EOP_NAMES="DNS:mail.protection.outlook.com,DNS:*.mail.eo.outlook.com,DNS:*.mail.protection.outlook.com,\
DNS:mail.messaging.microsoft.com,DNS:outlook.com,DNS:*.olc.protection.outlook.com,DNS:*.mx.microsoft,\
DNS:*.pamx1.hotmail.com"
MS="/C=US/ST=Washington/L=Redmond/O=Microsoft Corporation"

key() { openssl genrsa -out "$1.key" "${2:-2048}" 2>/dev/null; }

# root NAME SUBJECT [DIGEST] - a self-signed authority
root() {
	key "$1"
	openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' > "$1.ext"
	sign "$1" "$1" "${3:-sha256}" "$VALID"
}

# sign NAME ISSUER DIGEST DATES - openssl ca is the one that takes dates
sign() {
	local self=
	[ "$1" = "$2" ] && self=-selfsign
	mkdir -p "ca-$2" && : > "ca-$2/index" && openssl rand -hex 16 > "ca-$2/serial"
	cat > "ca-$2/conf" <<-CONF
	[ca]
	default_ca = x
	[x]
	database = ca-$2/index
	serial = ca-$2/serial
	new_certs_dir = ca-$2
	policy = p
	unique_subject = no
	email_in_dn = no
	[p]
	countryName = optional
	stateOrProvinceName = optional
	localityName = optional
	organizationName = optional
	organizationalUnitName = optional
	commonName = supplied
	CONF
	local from=(-cert "$2.crt" -keyfile "$2.key")
	[ -n "$self" ] && from=(-keyfile "$2.key" -selfsign)
	# shellcheck disable=SC2086
	openssl ca -batch -notext -preserveDN -config "ca-$2/conf" "${from[@]}" -md "$3" \
		-startdate "$(date_of "$4" 2)" -enddate "$(date_of "$4" 4)" \
		-extfile "$1.ext" -in "$1.csr" -out "$1.crt" 2>"$1.log"
}
date_of() { echo "$1" | cut -d' ' -f"$2"; }

# middle NAME SUBJECT ISSUER - an intermediate authority
middle() {
	key "$1"
	openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
	printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,digitalSignature,keyCertSign,cRLSign\nextendedKeyUsage=serverAuth,clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > "$1.ext"
	sign "$1" "$3" sha256 "$VALID"
}

# leaf NAME SUBJECT ISSUER NAMES [DIGEST] [BITS] [DATES] - a server certificate; the
# chain that goes with it is every further argument
leaf() {
	key "$1" "${6:-2048}"
	openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
	printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s\n' "$4" > "$1.ext"
	sign "$1" "$3" "${5:-sha256}" "${7:-$VALID}"
}
chain() { local name=$1; shift; cat "$name.key" "$name.crt" "${@/%/.crt}" > "$name.pem"; }

root g2 "/C=US/O=DigiCert Inc/OU=www.digicert.com/CN=DigiCert Global Root G2"
root g1 "/C=US/O=DigiCert Inc/OU=www.digicert.com/CN=DigiCert Global Root CA" sha1
root fortinet "/C=US/ST=California/L=Sunnyvale/O=Fortinet/OU=Certificate Authority/CN=FGT60FTK20031337"
root proxy "/O=Contoso Ltd/CN=Contoso Web Proxy CA"
middle g2tls "/C=US/O=DigiCert Inc/CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1" g2
middle cloud "/C=US/O=DigiCert Inc/CN=DigiCert Cloud Services CA-1" g1

leaf cafe "$MS/CN=outlook.com" g2tls "$CAFE_NAMES"; chain cafe g2tls
leaf eop "$MS/CN=mail.protection.outlook.com" g2tls "$EOP_NAMES"; chain eop g2tls
leaf cafe-g1 "$MS/CN=outlook.com" cloud "$CAFE_NAMES"; chain cafe-g1 cloud g1
leaf expired "$MS/CN=outlook.com" g2tls "$CAFE_NAMES" sha256 2048 \
	"-not_before 20250110000000Z -not_after 20260109235959Z"; chain expired g2tls
leaf future "$MS/CN=outlook.com" g2tls "$CAFE_NAMES" sha256 2048 \
	"-not_before 20410101000000Z -not_after 20420101000000Z"; chain future g2tls
leaf wrong-name "/C=US/O=Hosting Example/CN=mail.hosting.example" g2tls \
	"DNS:mail.hosting.example,DNS:www.hosting.example"; chain wrong-name g2tls
leaf inspected "$MS/CN=outlook.com" fortinet "$CAFE_NAMES"; chain inspected
leaf inspected-eop "$MS/CN=mail.protection.outlook.com" proxy "$EOP_NAMES"; chain inspected-eop
leaf weak "/C=US/O=Contoso Ltd/CN=relay.contoso.example" g2tls \
	"DNS:relay.contoso.example" sha1 1024; chain weak g2tls
leaf relay "/O=Contoso Ltd/CN=relay.contoso.example" proxy "DNS:relay.contoso.example"; chain relay
cat cafe.key cafe.crt > no-intermediate.pem
leaf device "/O=Contoso Ltd/CN=scan.contoso.example" proxy "DNS:scan.contoso.example"; chain device
cat g2.crt g1.crt > ca.pem
cp g1.crt old-ca.pem
cat ca.pem fortinet.crt proxy.crt > all-ca.pem
: > complete
