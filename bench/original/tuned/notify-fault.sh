#!/bin/bash
# keepalived says FAULT: no writes any more; the active machine goes into maintenance.
. /opt/ap/ap.conf
/opt/ap/fence.sh
if [ "$ROLE" = active ]; then
  /opt/ap/set-mode.sh m
fi
