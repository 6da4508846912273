#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line of smtp365 from outside: exit statuses, the one line for each trouble, several
# files, pipes that break, disks that are full. What is found in captures is tested elsewhere.
# usage: cli.sh PROGRAM FOLDER-OF-CAPTURES
set -u

program=$(realpath "$1")
captures=$(realpath "$2")
good=$captures/base-direct-send.pcapng
other=$captures/base-starttls-missing.pcapng
cut=$captures/input-cut.pcap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
failed=0
count=0

# status WANTED COMMAND...: run with its outputs in the files out and err
status() {
	local wanted=$1 got
	shift
	count=$((count + 1))
	"$@" >out 2>err
	got=$?
	if [ "$got" != "$wanted" ]; then
		echo "FAILED ($got instead of $wanted): $*"
		head -3 err
		failed=1
	fi
}

# has FILE WORDS: the file contains them
has() {
	grep -qF -- "$2" "$1" || { echo "FAILED: no \"$2\" in $1:" && head -3 "$1" && failed=1; }
}

# lines FILE NUMBER
lines() {
	[ "$(wc -l <"$1")" = "$2" ] || { echo "FAILED: not $2 lines in $1:" && head "$1" && failed=1; }
}

# trouble WORDS COMMAND...: exit 2, nothing on standard output, one line that has the words
trouble() {
	local words=$1
	shift
	status 2 "$@"
	has err "$words"
	lines err 1
	[ -s out ] && echo "FAILED: output in spite of trouble: $*" && failed=1
}

# 1. Fine runs say nothing on standard error
status 0 "$program" -r "$good"
lines err 0
has out "1 session"
cp out text
status 0 "$program" "$good"
cmp -s out text || { echo "FAILED: FILE and -r FILE differ" && failed=1; }
status 0 "$program" -nr "$good" tcp
status 0 "$program" -q -r "$good"
grep -q '^1 session' out && echo "FAILED: -q prints a summary" && failed=1
status 0 "$program" --json -r "$good"
lines out 1
cp out json
status 0 "$program" --json -r - <"$good"
cmp -s out json || { echo "FAILED: standard input gives another record" && failed=1; }
status 0 "$program" --json -l -r "$good"
cmp -s out json || { echo "FAILED: -l changes the record" && failed=1; }
status 0 "$program" --json --output - -r "$good"
cmp -s out json || { echo "FAILED: --output - is not standard output" && failed=1; }
status 0 "$program" --json --output record -r "$good"
cmp -s record json || { echo "FAILED: --output gives another record" && failed=1; }
lines out 0
status 0 "$program" -r "$good" -r "$other"
has out "== $good"
has out "== $other"
status 0 "$program" --json "$good" "$other"
has out "\"log\":{\"file\":{\"path\":\"$good\"}}"
status 0 "$program" -c 1 -r "$good"
status 0 "$program" -r "$good" host 192.0.2.77
has out "no SMTP sessions"
has out "frames read:"
status 0 env NO_COLOR= "$program" -r "$good"
grep -q $'\033' out && echo "FAILED: colour without a terminal" && failed=1

# 2. About the program
status 0 "$program" -V
has out "smtp365 "
status 0 "$program" --help
has out "--list-findings"
status 0 "$program" --list-findings
has out "starttls.masked"
status 0 "$program" --explain starttls.masked
has out "starttls.masked (S02)"
status 0 "$program" --explain S02
has out "starttls.masked (S02)"
trouble "near: starttls.masked" "$program" --explain starttls.maskd

# 3. Trouble: one line that names the thing
trouble "no capture given" "$program"
trouble "missing.pcap" "$program" -r missing.pcap
trouble "missing.pcap" "$program" missing.pcap
trouble "--bogus" "$program" --bogus
trouble "-c 0" "$program" -c 0 -r "$good"
trouble "--port 0" "$program" --port 0 -r "$good"
trouble "--fail-on bad" "$program" --exit-status --fail-on bad -r "$good"
trouble "capture or read files, not both" "$program" -i any -r "$good"
trouble "-B 0" "$program" -i any -B 0
trouble "-s 9999999" "$program" -i any -s 9999999
trouble "--seccomp much" "$program" -i any --seccomp much
trouble "--ring 1k" "$program" -i any -w folder --ring 1k
trouble "add -w FOLDER" "$program" -i any --bodies
trouble "add -i IFACE" "$program" -r "$good" --metrics file
trouble "nosuch0" "$program" -i nosuch0 -Z nobody
trouble "nosuch0: there is no such interface" "$program" -i nosuch0
trouble "-w -" "$program" -i any -w -
trouble "given to --output and to --metrics" "$program" -i any --output x --metrics ./x
trouble "bad filter" "$program" -d bad filter
status 0 "$program" -d
has out "587"
status 0 "$program" -d host 192.0.2.1
trouble "bad filter" "$program" -r "$good" bad filter
trouble "$work" "$program" -r "$work"
trouble "missing.json" "$program" --endpoints missing.json -r "$good"
echo '{"not": "endpoints"}' >wrong.json
trouble "wrong.json" "$program" --endpoints wrong.json -r "$good"
has err "give a saved copy of Microsoft's endpoints document"
trouble "missing.keylog" "$program" --keylog missing.keylog -r "$good"
has err "SSLKEYLOGFILE"
trouble "holds keys of TLS sessions" "$program" -r "$captures/submission-587-tls12.keylog"
has err "--keylog FILE"
echo "# nothing" >empty.keylog
trouble "give it with the capture that it opens" "$program" -r empty.keylog
status 0 "$program" -r "$captures/submission-587-tls12.pcapng" --keylog empty.keylog
has err "empty.keylog: holds no secrets of TLS sessions"
lines err 1
status 0 "$program" -r "$captures/submission-587-tls12.pcapng" --keylog "$captures/submission-587-tls13.keylog"
has err "1 of 1 TLS sessions are shown as without keys: for 1 no keys were given"
lines err 1
status 0 "$program" -r "$captures/submission-587-tls12.pcapng" --keylog "$captures/submission-587-tls12.keylog"
has out "login by AUTH LOGIN"
lines err 0
status 0 "$program" -r "$captures/tls-null-suite.pcapng" --keylog "$captures/submission-587-tls12.keylog"
has err "for 1 the cipher suite is none that is decrypted"
status 0 "$program" -r "$captures/capture-tls-midstream.pcapng" --keylog "$captures/submission-587-tls12.keylog"
has err "for 1 bytes of the handshake are missing"
status 0 "$program" -r "$captures/submission-587-tls12.pcapng" --keylog <(cat "$captures/submission-587-tls12.keylog")
has out "login by AUTH LOGIN"
trouble "given to --keylog and to --output" "$program" -r "$good" --keylog k --output ./k
trouble "missing/out" "$program" --output missing/out -r "$good"
trouble "missing/out" "$program" --html missing/out -r "$good"
trouble "only of capture files" "$program" -i any --html page.html
echo "no capture" >note
trouble "note" "$program" -r note
: >empty
trouble "empty" "$program" -r empty

# 4. What can be read is shown all the same
status 0 "$program" -r "$cut"
lines err 1
has err "$cut"
has out "1 session"
status 2 "$program" -r missing.pcap -r "$good"
lines err 1
has out "1 session"

# 5. The output must not eat the input
cp "$good" copy.pcapng
trouble "copy.pcapng" "$program" -r copy.pcapng --output copy.pcapng
trouble "copy.pcapng" "$program" -r copy.pcapng --html copy.pcapng
cmp -s copy.pcapng "$good" || { echo "FAILED: the capture was overwritten" && failed=1; }
: >both
trouble "both" "$program" -r "$good" --output both --html both

status 0 "$program" -q -r "$good" -w written.pcapng
cp out copied
status 0 "$program" -q -r "$good"
cmp -s out copied || { echo "FAILED: -w changes what is said" && failed=1; }
trouble_later() { status 2 "$@" && lines err 1; }
trouble_later "$program" -q -r copy.pcapng -w copy.pcapng
has err "is the capture itself"
cmp -s copy.pcapng "$good" || { echo "FAILED: -w overwrote the capture" && failed=1; }
trouble "-w -: is not written to standard output" "$program" -r "$good" -w -
trouble "--html -: is not written to standard output" "$program" -r "$good" --html -
trouble "missing/out: cannot be written" "$program" -r "$good" -w missing/out
trouble "twice: is given to --output and to -w" "$program" -r "$good" --output twice -w ./twice
trouble "twice: is given to --html and to -w" "$program" -r "$good" --html twice -w twice
# A copy is made by renaming: a device or pipe of that name would be gone, and a pipe cannot be read
# a second time.
mkfifo pipe
trouble "pipe: is no regular file" "$program" -r "$good" -w pipe
[ -p pipe ] || { echo "FAILED: -w took the pipe away" && failed=1; }
ln -s /dev/null null
trouble "null: is no regular file" "$program" -r "$good" -w null
cat "$good" >pipe &
trouble "-w: pipe cannot be read twice" timeout 20 "$program" -r pipe -w other
kill "$!" 2>err; wait "$!" 2>err

# 6. Outputs that end badly
if [ -c /dev/full ]; then
	count=$((count + 1))
	"$program" -r "$good" >/dev/full 2>err
	[ $? = 2 ] || { echo "FAILED: a full disk is not exit 2" && failed=1; }
	has err "No space left on device"
	lines err 1
	status 2 "$program" -r "$good" --html /dev/full
	has err "/dev/full: No space left on device"
fi
for _ in 1 2 3; do "$program" -v -r "$good" 2>>pipe-err; echo "$?" >>pipe-status; done | true
[ -s pipe-err ] && echo "FAILED: a reader that goes away is complained of" && failed=1
grep -qv '^0$' pipe-status && echo "FAILED: a reader that goes away is no error" && failed=1
# shellcheck disable=SC2016 # for the inner shell
status 0 bash -c '"$0" -r "$1" >&-' "$program" "$good"
# shellcheck disable=SC2016
status 0 bash -c '"$0" -r "$1" <&-' "$program" "$good"

# 7. Exit status on demand
status 0 "$program" --fail-on info -r "$good"
has err "--exit-status"
status 0 "$program" --exit-status --fail-on critical -r "$captures/submission-587-tls12.pcapng"
status 1 "$program" --exit-status --fail-on high -r "$captures/tcp-refused-25.pcapng"
status 1 "$program" --exit-status --fail-on info -r "$captures/tcp-refused-25.pcapng"
has err "session 1 has tcp.refused, severity high (--fail-on info)"

# 8. The same input gives the same bytes
status 0 "$program" -v "$good" "$other" "$captures/tcp-refused-25.pcapng"
cp out once
status 0 env TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$program" -v "$good" "$other" \
	"$captures/tcp-refused-25.pcapng"
cmp -s out once || { echo "FAILED: a second run differs" && failed=1; }
status 0 "$program" --html page -r "$good"
status 0 "$program" --html piped -r - <"$good"
cmp -s <(sed '/<dt>SHA-256/d; s|<strong>[^<]*</strong></dd>$||' page) \
	<(sed 's|<strong>[^<]*</strong></dd>$||' piped) ||
	{ echo "FAILED: standard input gives another page" && failed=1; }

# 9. A name may hold what a terminal obeys; it is shown and not obeyed
odd=$(printf 'e\033[31m\nX\342\200\213.pcapng')
cp "$good" "$odd"
plain() {
	LC_ALL=C grep -qP '\x1b|\xe2\x80\x8b|^X' "$1" && echo "FAILED: an odd file name in $1 as it is" && failed=1
}
for shape in --all --json "--html page"; do
	# shellcheck disable=SC2086
	status 0 "$program" $shape -r "$odd" -r "$good"
	plain out
	plain err
done
plain page
trouble 'none\x1b[31m\x0aX\xe2\x80\x8b' "$program" -r "none${odd#e}"

# 10. Root is not led to another file by a link that others could make
if [ "$(id -u)" = 0 ]; then
	mkdir open && chmod 1777 open && chown nobody open
	echo mine >mine
	ln -s ../mine open/link
	ln mine open/name
	trouble "is a link" "$program" --output open/link -r "$good"
	trouble "is a link" "$program" --output open/name -r "$good"
	[ "$(cat mine)" = mine ] || { echo "FAILED: root was led to another file" && failed=1; }
	status 0 "$program" --output open/fresh -r "$good"
fi

echo "$count command lines"
exit $failed
