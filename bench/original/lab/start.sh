#!/bin/bash
# The lab's, not the design's: the database at its empty beginning, the API running.
set -eu
. /opt/ap/ap.conf
mariadb -e "SET SESSION sql_log_bin = 0; TRUNCATE app.entry; RESET MASTER; SET GLOBAL gtid_slave_pos = ''"
if [ "$ROLE" = standby ]; then
  # Followed once keepalived says BACKUP.
  mariadb -e "CHANGE MASTER TO master_host = '$PEER', master_user = 'replication', master_password = 'replication',
    master_use_gtid = slave_pos, master_connect_retry = 1"
fi
echo ap > /opt/ap-mode
systemctl start api
# Started is not yet listening, and the first check of keepalived decides with what state it begins.
until curl -fsS -m 1 -o /dev/null http://127.0.0.1:8080/; do sleep 0.05; done 2> /dev/null
