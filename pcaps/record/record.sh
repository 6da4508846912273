#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Re-records captures: record.sh NAME... | scenarios_TABLE | all | --stories.
# Says what is missing on this machine, then hands over to record.py.
set -euo pipefail
cd "$(dirname "$0")"
missing=
for tool in ip tcpdump openssl swaks curl gnutls-cli gnutls-serv msmtp zstd nft; do
	command -v "$tool" >/dev/null || missing+=" $tool"
done
if [ -n "$missing" ]; then
	echo "record.sh: missing:$missing (packages are listed in README.md)" >&2
	exit 2
fi
if [ "$(id -u)" != 0 ]; then
	echo "record.sh: network namespaces need root" >&2
	exit 2
fi
exec /usr/bin/python3 -B record.py "$@"
