#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three network namespaces in a row: client, middle (a router), server.  Takes
# "up PREFIX" or "down PREFIX"; makes PREFIX-client, PREFIX-middle and
# PREFIX-server, joined by veth, with private addresses only and no way out.
# The client's resolver is 10.9.0.53, an address of the server namespace.
set -euo pipefail
what=${1:?up or down} p=${2:?prefix}

down() {
	local ns
	for ns in "$p-client" "$p-middle" "$p-server"; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill 2>/dev/null || true
		ip netns del "$ns" 2>/dev/null || true
	done
	rm -rf "/etc/netns/$p-client"
}

# join A IF-A B IF-B - a cable; segments are cut as a network card would
join() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" gso_max_segs 1 gso_max_size 1500
	ip -n "$3" link set "$4" gso_max_segs 1 gso_max_size 1500
}

up() {
	local ns net
	for ns in client middle server; do
		ip netns add "$p-$ns"
		# duplicate address detection would hold IPv6 back for a second or two
		ip netns exec "$p-$ns" bash -c 'echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad
			echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
		ip -n "$p-$ns" link set lo up
	done
	join "$p-client" eth0 "$p-middle" lan0
	join "$p-middle" wan0 "$p-server" eth0
	ip -n "$p-client" link set eth0 address 00:1b:a9:4c:12:30
	ip -n "$p-middle" link set lan0 address 00:09:0f:09:00:01
	ip -n "$p-middle" link set wan0 address 00:09:0f:09:00:02
	ip -n "$p-server" link set eth0 address 00:25:9e:10:00:01
	for net in 30 31 32 33; do ip -n "$p-client" addr add "10.1.2.$net/24" dev eth0; done
	ip -n "$p-client" addr add fd01:2::30/64 dev eth0 nodad
	ip -n "$p-middle" addr add 10.1.2.1/24 dev lan0
	ip -n "$p-middle" addr add fd01:2::1/64 dev lan0 nodad
	ip -n "$p-middle" addr add 10.9.0.254/24 dev wan0
	ip -n "$p-middle" addr add fd09::fe/64 dev wan0 nodad
	for net in 1 2 3 4 5 6 53; do ip -n "$p-server" addr add "10.9.0.$net/24" dev eth0; done
	for net in 1 2 3 4; do ip -n "$p-server" addr add "fd09::$net/64" dev eth0 nodad; done
	ip -n "$p-client" link set eth0 up
	ip -n "$p-middle" link set lan0 up
	ip -n "$p-middle" link set wan0 up
	ip -n "$p-server" link set eth0 up
	ip netns exec "$p-middle" bash -c 'echo 1 > /proc/sys/net/ipv4/ip_forward
		echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
	ip -n "$p-client" route add default via 10.1.2.1 src "${CLIENT_IP:-10.1.2.30}"
	ip -n "$p-client" -6 route add default via fd01:2::1
	ip -n "$p-server" route add default via 10.9.0.254
	ip -n "$p-server" -6 route add default via fd09::fe
	mkdir -p "/etc/netns/$p-client"
	printf 'nameserver 10.9.0.53\noptions timeout:5 attempts:1\n' > "/etc/netns/$p-client/resolv.conf"
}

case $what in
up) up ;;
down) down ;;
esac
