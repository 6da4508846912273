#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the plugin for other releases of Wireshark and runs its tests there, each in a folder that
# debootstrap fills: Debian 13 has 4.4, sid 4.6. Needs root, debootstrap and the Debian archive; what
# it lacks it says in a line that begins with "skip:", and ends with 77 when no suite could be tested.
# The folders (1 GB each) are kept for the next run. Both suites run at the same time.
#
#   releases.sh SOURCE FOLDER [SUITE...]      SMTP365_MIRROR=http://deb.debian.org/debian
#
# Captures: one for each finding, and all with keys, one by one; all merged into a few for evidence,
# preferences and memory. SMTP365_ALL=1: all one by one, and a minute of damaged ones instead of ten
# seconds.
set -u

source=$(readlink -f "$1")
mkdir -p "$2" && folder=$(readlink -f "$2")
shift 2
[ $# -gt 0 ] || set -- trixie sid
mirror=${SMTP365_MIRROR:-http://deb.debian.org/debian}
all=${SMTP365_ALL:-}
packages="wireshark-dev tshark libpcap-dev libglib2.0-dev libgnutls28-dev libjansson-dev zlib1g-dev
libzstd-dev libseccomp-dev libcap-ng-dev cmake ninja-build gcc libc6-dev pkg-config python3 perl xz-utils
dpkg-dev file"

# Ends the suite (each runs in a subshell of its own).
skip() {
	echo "skip: $1"
	exit 77
}

in_root() {
	chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# The clock of a mirror may be behind; what it signed is checked all the same.
apt() {
	in_root apt-get -o Acquire::Check-Valid-Until=false -o Acquire::Retries=2 -q "$@" >> "$log" 2>&1
}

last_line() {
	tail -n 1 "$log"
}

# A Debian of this suite with what the build needs. Wrong names of packages are a failure of ours;
# what cannot be fetched or does not fit together today (sid) is not.
prepare() {
	[ -e "$root/.ready" ] && return 0
	curl -sfL --max-time 20 -o /dev/null "$mirror/dists/$suite/InRelease" ||
		skip "$suite: $mirror cannot be reached, so this release of Wireshark was not tested"
	rm -rf "$root"
	debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$log" 2>&1 ||
		skip "$suite cannot be fetched from $mirror ($(last_line))"
	echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/no-sync"
	printf 'path-exclude=/usr/share/%s/*\n' doc man locale > "$root/etc/dpkg/dpkg.cfg.d/no-doc"
	echo 'path-include=/usr/share/doc/smtp365*' >> "$root/etc/dpkg/dpkg.cfg.d/no-doc"
	apt update || skip "$suite: the lists of packages cannot be fetched ($(last_line))"
	# shellcheck disable=SC2086
	apt install -y --no-install-recommends $packages || {
		grep 'Unable to locate package' "$log" && exit 1
		skip "$suite: the packages cannot be installed ($(last_line))"
	}
	in_root apt-get clean
	touch "$root/.ready"
}

copy_source() {
	rm -rf "$root/smtp365"
	mkdir -p "$root/smtp365"
	(cd "$source" && cp -r CMakeLists.txt LICENSE cmake engine frames capture-tool plugin tests pcaps "$root/smtp365/")
}

# Warnings in the plugin are errors, as in the build of the project itself.
build() {
	in_root sh -e << 'EOS'
cd /smtp365
cmake -B build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DSMTP365_WERROR=ON -DBUILD_TESTING=OFF > build.log 2>&1 ||
	{ tail -n 30 build.log; exit 1; }
ninja -C build plugin smtp365 findings >> build.log 2>&1 || { grep -A 6 -E 'error|warning' build.log; exit 1; }
EOS
}

# check SECONDS SCRIPT [CAPTURE...]: one of the plugin's checks; that it cannot run is a failure here.
check() {
	seconds=$1 script=$2
	shift 2
	began=$(date +%s)
	in_root env SMTP365_SECONDS="$seconds" SMTP365_ALL="$all" sh -c 'cd /smtp365
		so=$(echo build/wireshark/*/epan/smtp365.so)
		version=$(basename "$(dirname "$(dirname "$so")")")
		script=$1
		shift
		exec python3 "$script" build/smtp365 . "$so" "$version" tshark "$@"' sh "$script" "$@" ||
		{ echo "$suite: $script FAILED"; failed=1; }
	echo "   $(basename "$script"): $(($(date +%s) - began)) s"
}

# Wireshark's own checker for what plugins may call, out of its source package; it is in no other.
style() {
	if [ ! -e "$root/.tools" ]; then
		echo "deb-src $mirror $suite main" > "$root/etc/apt/sources.list.d/source.list"
		in_root mkdir -p /source
		apt update && in_root sh -c 'cd /source && apt-get source -q --download-only wireshark' >> "$log" 2>&1 &&
			in_root sh -c 'cd /source && tar -xf wireshark_*.orig.tar.* --wildcards --strip-components=1 \
				"*/tools/checkAPIs.pl" && rm -f wireshark_*' >> "$log" 2>&1 || {
			echo "skip: $suite: no source of Wireshark, so its checkAPIs.pl did not run ($(last_line))"
			return 0
		}
		touch "$root/.tools"
	fi
	in_root sh -c 'perl /source/tools/checkAPIs.pl -g dissectors-prohibited -g dissectors-restricted \
		/smtp365/plugin/*.c' || { echo "$suite: checkAPIs.pl FAILED"; failed=1; }
}

test_suite() {
	root=$folder/$suite log=$folder/$suite.log failed=0
	started=$(date +%s)
	prepare
	copy_source
	echo "== $suite: $(in_root tshark --version 2> /dev/null | head -n 1), ready after $(($(date +%s) - started)) s"
	build || { echo "$suite: the build FAILED"; exit 1; }
	echo "   built after $(($(date +%s) - started)) s"
	style
	captures=
	[ -n "$all" ] || captures=$(cd "$source" && python3 tests/plugin/one_each.py .)
	# shellcheck disable=SC2086
	check 0 tests/same/check_same.py $captures
	check 0 tests/same/check_preferences.py
	check 0 tests/plugin/check_views.py
	check 0 tests/plugin/check_prefs.py
	check "$([ -n "$all" ] && echo 60 || echo 10)" tests/plugin/check_fuzz.py
	in_root env SMTP365_THROWAWAY=1 sh /smtp365/tests/plugin/install.sh /smtp365 /smtp365/build \
		/smtp365/pcaps/base-submission.pcapng || { echo "$suite: install FAILED"; failed=1; }
	echo "   $suite: all after $(($(date +%s) - started)) s"
	exit $failed
}

[ "$(id -u)" = 0 ] || skip "the other releases of Wireshark are tested as root only, for debootstrap"
for program in debootstrap curl; do
	command -v $program > /dev/null || skip "no $program here, so no other release of Wireshark was tested"
done

for suite; do
	(test_suite) > "$folder/$suite.out" 2>&1 &
	eval "pid_$suite=\$!"
done
bad=0 tested=0
for suite; do
	eval "wait \$pid_$suite"
	status=$?
	cat "$folder/$suite.out"
	[ $status = 77 ] || tested=$((tested + 1))
	[ $status = 77 ] || [ $status = 0 ] || bad=1
done
[ $tested -gt 0 ] || exit 77
exit $bad
