#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the plugin as people do: the Debian package, one user's own copy, and what is built where
# there is no Wireshark. It changes the system: releases.sh runs it in a folder made for it, as root.
#
#   SMTP365_THROWAWAY=1 install.sh SOURCE BUILD CAPTURE
set -eu

[ "${SMTP365_THROWAWAY:-}" = 1 ] || { echo "this installs packages: only for a system to be thrown away"; exit 2; }
source=$1 build=$2 capture=$3
user=plugintest

fail() {
	echo "install: $1"
	exit 1
}

# says WHERE COMMAND...: tshark lists the plugin in WHERE, and prints with it what the tool prints.
says() {
	where=$1
	shift
	"$@" tshark -G plugins > /tmp/plugins 2>&1
	grep -q "smtp365.so.*$where/.*epan/smtp365.so" /tmp/plugins || { cat /tmp/plugins; fail "tshark does not list the plugin in $where"; }
	"$@" tshark -n -q -r "$capture" -z smtp365,sessions > /tmp/by-plugin 2> /tmp/errors || true
	cmp -s /tmp/by-tool /tmp/by-plugin || { cat /tmp/errors; fail "the plugin in $where says something else than the tool"; }
	"$@" tshark -C smtp365 -n -r "$capture" > /tmp/columns 2>&1 || { cat /tmp/columns; fail "no profile"; }
	grep -q 'encrypted\|submission\|smtp' /tmp/columns || { cat /tmp/columns; fail "the profile shows nothing"; }
}

"$build/smtp365" -r "$capture" > /tmp/by-tool

# The package: installed, used, removed without a trace.
(cd "$build" && cpack --config CPackPlugin.cmake) > /tmp/cpack.log 2>&1 || { tail -n 20 /tmp/cpack.log; fail "cpack"; }
package=$(echo "$build"/smtp365-wireshark_*.deb)
dpkg-deb -f "$package" Depends | grep -q "$(dpkg-query -W -f='${binary:Package}' 'libwireshark[0-9]*' | sed 's/:.*//')" ||
	fail "the package does not depend on this libwireshark"
dpkg -i "$package" > /tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; fail "dpkg -i"; }
says /usr/lib env
[ -s /usr/share/doc/smtp365-wireshark/findings.html ] || fail "no page of findings"
dpkg --purge smtp365-wireshark > /tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; fail "dpkg --purge"; }
tshark -G plugins 2> /dev/null | grep smtp365 && fail "the plugin is there after purge"
[ -z "$(find /usr /etc -name '*smtp365*' ! -path "$source/*")" ] || fail "purge leaves files"

# One user's copy. Wireshark loads none of root's.
id $user > /dev/null 2>&1 || useradd -m $user
home=$(getent passwd $user | cut -d : -f 6)
as_user="setpriv --reuid=$user --regid=$user --clear-groups env HOME=$home"
chown -R $user "$build"
$as_user cmake -B "$build" -S "$source" -DSMTP365_PLUGIN_USER=ON > /tmp/cmake.log 2>&1 || { cat /tmp/cmake.log; fail "cmake"; }
$as_user ninja -C "$build" plugin findings > /tmp/ninja.log 2>&1 || { tail /tmp/ninja.log; fail "ninja"; }
$as_user cmake --install "$build" --component wireshark > /tmp/cmake.log 2>&1 || { cat /tmp/cmake.log; fail "cmake --install"; }
# shellcheck disable=SC2086
says "$home/.local/lib" $as_user
[ -s "$home/.local/share/doc/smtp365-wireshark/findings.html" ] || fail "no page of findings for the user"

# No Wireshark: the tool alone, with a message.
hidden=
for there in /usr/lib/*/cmake/wireshark /usr/lib/*/wireshark/cmake; do
	[ -d "$there" ] && mv "$there" /tmp/hidden && hidden=$there
done
status=0
cmake -S "$source" -B /tmp/alone -G Ninja -DBUILD_TESTING=OFF > /tmp/cmake.log 2>&1 || status=$?
[ -z "$hidden" ] || mv /tmp/hidden "$hidden"
[ $status = 0 ] || { cat /tmp/cmake.log; fail "cmake without Wireshark"; }
grep -q 'the tool is built alone' /tmp/cmake.log || { cat /tmp/cmake.log; fail "no message that the tool is built alone"; }
ninja -C /tmp/alone -t targets all | grep -q '^smtp365:' || fail "no tool without Wireshark"
ninja -C /tmp/alone -t targets all | grep 'plugin/' && fail "a plugin without Wireshark"
rm -rf /tmp/alone "$home/.local" "$home/.config"
echo "install: package, user, without Wireshark"
