#!/bin/sh
# What is often built instead: mosquitto_sub piped into psql, a staging table, `on conflict do nothing`. A thousand
# messages a transaction; the session is kept. SIGTERM ends mosquitto_sub alone: what it has read still goes in.
# Everything is in the environment: SUB, PSQL, PORT, URL, FILTER, COUNT (it ends after so many messages).
trap '' TERM
set -e
"$SUB" -h 127.0.0.1 -p "$PORT" -i sub-into-psql -c -q 1 -t "$FILTER" ${COUNT:+-C "$COUNT"} -F '%t\t%p' |
  awk -v here="$(dirname "$0")" '
    function begin_part() { print "begin; copy staging (topic, payload) from stdin;"; isOpen = 1 }
    function end_part() {
      print "\\."
      print "\\i " here "/sub-into-psql.sql"
      print "commit;"
      fflush()
      isOpen = 0
    }
    BEGIN { print "create temp table staging (topic text, payload text);" }
    { if (!isOpen) begin_part(); print; if (NR % 1000 == 0) end_part() }
    END { if (isOpen) end_part() }' |
  "$PSQL" -X -q -v ON_ERROR_STOP=1 -d "$URL" > /dev/null
