#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ./build.sh build            install what is missing, build release binaries into build/
# ./build.sh run [arguments]  build, then run smtp365 (without arguments: the captures of pcaps/)
# ./build.sh test             build and run every test
set -eu
cd "$(dirname "$0")"

# What building and running needs, and what the tests need on top. Names of Debian 12.
BUILD="gcc cmake ninja-build pkg-config libc6-dev libpcap-dev libglib2.0-dev libgnutls28-dev
	libjansson-dev zlib1g-dev libzstd-dev libseccomp-dev libcap-ng-dev"
TEST="clang libclang-rt-14-dev libcmocka-dev python3 python3-jsonschema mandoc zstd gzip clang-format-14
	wireshark-dev tshark iproute2 libcap2-bin tcpdump tcpreplay lintian logrotate
	swaks libnet-ssleay-perl curl openssl gnutls-bin msmtp postfix nftables e2fsprogs procps debootstrap valgrind"

say() {
	printf 'build.sh: %s\n' "$*" >&2
}

# Install the packages of the list that are missing, as root or through sudo.
need() {
	missing=
	command -v dpkg-query >/dev/null 2>&1 || {
		say "this is no Debian: install the equivalents of: $*"
		return 0
	}
	for package in "$@"; do
		dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	say "installing$missing"
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null 2>&1 || {
			say "run as root, or install sudo: apt-get install$missing"
			exit 2
		}
		as_root=sudo
	fi
	# Without a configuration no mail server is started on this machine; the tests bring their own.
	case " $missing " in
	*" postfix "*)
		echo "postfix postfix/main_mailer_type select No configuration" | $as_root debconf-set-selections
		;;
	esac
	log=$(mktemp)
	# shellcheck disable=SC2086
	if ! { $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
		tail -n 5 "$log" >&2
		rm -f "$log"
		say "could not install$missing"
		exit 2
	fi
	rm -f "$log"
}

# promtool checks metrics and alert rules. Its package would start a server that nobody asked for, so
# the one program is taken out of it.
need_promtool() {
	if command -v promtool >/dev/null 2>&1 || [ -x build-tools/promtool ]; then
		return 0
	fi
	mkdir -p build-tools
	(cd build-tools && apt-get download -qq prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb |
		tar -x --strip-components=3 ./usr/bin/promtool && rm -f prometheus_*.deb) >/dev/null 2>&1 ||
		say "promtool: not to be had here, its checks are left out"
}

build() {
	# shellcheck disable=SC2086
	need $BUILD
	[ -f build/build.ninja ] || cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
		>build.log 2>&1 || { cat build.log >&2; say "cmake failed"; exit 1; }
	ninja -C build >build.log 2>&1 || { cat build.log >&2; say "the build failed"; exit 1; }
	rm -f build.log
}

case "${1:-}" in
build)
	build
	say "built build/smtp365"
	;;
run)
	shift
	build
	if [ "$#" -gt 0 ]; then
		exec build/smtp365 "$@"
	fi
	for capture in pcaps/*.pcap pcaps/*.pcapng pcaps/*.pcap.* pcaps/*.pcapng.*; do
		printf '\n== %s\n' "$capture"
		build/smtp365 -q -r "$capture" || say "$capture: exit status $?"
	done
	;;
test)
	# shellcheck disable=SC2086
	need $BUILD $TEST
	need_promtool
	exec tests/run
	;;
*)
	sed -n '3,5s/^# //p' "$0"
	exit 2
	;;
esac
