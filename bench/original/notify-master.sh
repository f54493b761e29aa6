#!/bin/bash
# keepalived gave this machine the VIP: replication off, writable. The standby machine goes on alone, in mode s.
. /opt/ap/ap.conf
mariadb -e "STOP SLAVE; SET GLOBAL read_only = 0"
if [ "$ROLE" = standby ]; then
  /opt/ap/set-mode.sh s
fi
