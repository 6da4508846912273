#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Postfix as a sender, inside the client's namespace: delivers two letters to
# $HOST:$PORT and stops.  Takes the value of smtp_tls_security_level; lives in
# $WORK only, listens nowhere.
set -u
level=${1:?security level}
etc=$WORK/etc
mkdir -p "$WORK/spool" "$WORK/data" "$etc"
chown postfix "$WORK/data"
chmod 755 "$WORK"
cp /usr/share/postfix/master.cf.dist "$etc/master.cf"
cat > "$etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $WORK/spool
data_directory = $WORK/data
maillog_file = $WORK/mail.log
maillog_file_prefixes = $WORK
myhostname = mail.contoso.com
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
relayhost = [$HOST]:$PORT
smtp_tls_security_level = $level
smtp_host_lookup = dns
CF
# no listener, and no change of root: the spool has none of the system's files
sed -i 's/^smtp  *inet.*/#&/; s/^\([a-z].*[ \t]\)y\([ \t].*\)$/\1n\2/' "$etc/master.cf"
grep -q '^postlog' "$etc/master.cf" || echo 'postlog unix-dgram n - n - 1 postlogd' >> "$etc/master.cf"
postfix -c "$etc" start >/dev/null
for n in 1 2; do
	printf 'From: scanner@contoso.com\nTo: anna@contoso.com\nSubject: report %s\n\nAll is well.\n' $n |
		sendmail -C "$etc" -f scanner@contoso.com anna@contoso.com bert@contoso.com
done
for _ in $(seq 60); do
	sleep 0.25
	[ "$(grep -c 'status=sent' "$WORK/mail.log")" -ge 4 ] && break
done
sleep 0.5
postfix -c "$etc" stop >/dev/null
