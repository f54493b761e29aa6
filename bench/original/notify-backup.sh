#!/bin/bash
# keepalived says BACKUP: the standby machine follows, read-only. The active machine does nothing.
. /opt/ap/ap.conf
if [ "$ROLE" = standby ]; then
  mariadb -e "SET GLOBAL read_only = 1; START SLAVE"
fi
