#!/bin/bash
# keepalived says BACKUP: read-only on either machine; the standby machine follows.
. /opt/ap/ap.conf
/opt/ap/fence.sh
if [ "$ROLE" = standby ]; then
  mariadb -e "START SLAVE"
fi
