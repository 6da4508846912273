#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Re-records captures: record.sh NAME... | scenarios_TABLE | all | --stories.
# Says what is missing on this machine, then hands over to record.py.
set -euo pipefail
cd "$(dirname "$0")"
if [ "${1-}" != --stories ]; then
	missing=
	for tool in ip tcpdump openssl swaks curl gnutls-cli gnutls-serv msmtp postfix faketime zstd; do
		command -v "$tool" >/dev/null || missing+=" $tool"
	done
	perl -MNet::SSLeay -e 1 2>/dev/null || missing+=" libnet-ssleay-perl"
	if [ -n "$missing" ]; then
		echo "record.sh: missing:$missing (packages are listed in README.md)" >&2
		exit 2
	fi
	if [ "$(id -u)" != 0 ]; then
		echo "record.sh: network namespaces need root" >&2
		exit 2
	fi
fi
exec /usr/bin/python3 -B record.py "$@"
