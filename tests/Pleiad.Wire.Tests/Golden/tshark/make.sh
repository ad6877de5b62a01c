#!/usr/bin/env bash
# Writes what tshark reads from the stored captures, which TsharkTests compares the parsers with. Made with tshark 4.0.17; run it again with a newer one to see what changed there.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
captures=../../../captures
whole=$(mktemp)
trap 'rm -f "$whole"' EXIT
for capture in "$captures"/edge-cases.pcapng.xz "$captures"/public/*.pcap*; do
    case $capture in *.xz) xz -dc "$capture" >"$whole" ;; *) cp "$capture" "$whole" ;; esac
    tshark -r "$whole" -Y 'http.request or http.response or ajp13 or pgsql or tns' -T fields -E header=y -E aggregator=';' \
        -e frame.number -e frame.time_epoch -e tcp.srcport -e tcp.dstport -e http.request.method -e http.request.uri -e http.response.code \
        -e ajp13.code -e ajp13.method -e ajp13.uri -e ajp13.rstatus -e pgsql.frontend -e pgsql.type -e tns.type >"$(basename "$capture").tsv" 2>/dev/null
done
