#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the plugin for other releases of Wireshark and runs its tests there, each in a folder that
# debootstrap fills: Debian 13 has 4.4, sid 4.6. Needs root and the Debian archive; says "skip:" and
# ends with 77 where it lacks either. The folders are kept for the next run.
#
#   releases.sh SOURCE FOLDER [SUITE...]      SMTP365_MIRROR=http://deb.debian.org/debian
#   SMTP365_ALL=1: all captures instead of every eighth
set -u

source=$(readlink -f "$1")
folder=$2
shift 2
[ $# -gt 0 ] || set -- trixie sid
mirror=${SMTP365_MIRROR:-http://deb.debian.org/debian}
packages="wireshark-dev tshark libpcap-dev libgnutls28-dev libjansson-dev zlib1g-dev libzstd-dev
libseccomp-dev libcap-ng-dev libcmocka-dev cmake ninja-build gcc pkg-config python3 setpriv"

skip() {
	echo "skip: $1"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "the other releases of Wireshark are tested as root only, for debootstrap"
command -v debootstrap > /dev/null || skip "no debootstrap here, so no other release of Wireshark"
mkdir -p "$folder"

# A Debian of this suite with what the build needs.
prepare() {
	root=$folder/$1
	[ -e "$root/.ready" ] && return 0
	rm -rf "$root"
	debootstrap --variant=minbase "$1" "$root" "$mirror" > "$folder/$1.log" 2>&1 ||
		skip "$1 cannot be fetched from $mirror ($(tail -n 1 "$folder/$1.log"))"
	chroot "$root" sh -c "apt-get -o Acquire::Check-Valid-Until=false update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends $packages" >> "$folder/$1.log" 2>&1 ||
		skip "the packages of $1 cannot be installed ($(tail -n 1 "$folder/$1.log"))"
	touch "$root/.ready"
}

# Every eighth capture, or all.
some_captures() {
	cd "$source/pcaps" && ls | grep -E '\.(pcap|pcapng)$' |
		if [ -n "${SMTP365_ALL:-}" ]; then cat; else awk 'NR % 8 == 1 || /keylog|^base-|^auth-clear/'; fi
}

test_in() {
	root=$folder/$1
	rm -rf "$root/smtp365"
	mkdir -p "$root/smtp365/pcaps"
	(cd "$source" && cp -r CMakeLists.txt LICENSE cmake engine capture-tool plugin tests "$root/smtp365/")
	some_captures | while read -r name; do
		cp "$source/pcaps/$name" "$root/smtp365/pcaps/"
	done
	cp "$source"/pcaps/*.keylog "$root/smtp365/pcaps/"
	cp -r "$source/pcaps/hostile" "$source/pcaps/stories" "$root/smtp365/pcaps/"
	chroot "$root" sh -e << 'EOF'
cd /smtp365
cmake -B build -G Ninja -DBUILD_TESTING=OFF > build.log
ninja -C build plugin smtp365 findings >> build.log || { tail -n 30 build.log; exit 1; }
if grep -A 3 'plugin/[a-z0-9_-]*\.[ch]:.*warning' build.log; then
	echo "warnings in the plugin"
	exit 1
fi
so=$(echo build/wireshark/*/epan/smtp365.so)
version=$(basename "$(dirname "$(dirname "$so")")")
tshark --version 2> /dev/null | head -n 1
for test in tests/same/check_same.py tests/plugin/check_*.py; do
	echo "$test"
	python3 "$test" build/smtp365 . "$so" "$version" tshark || [ $? = 77 ]
done
EOF
}

bad=0
for suite; do
	prepare "$suite"
	echo "== $suite"
	test_in "$suite" || { echo "$suite: FAILED"; bad=1; }
done
exit $bad
