#!/bin/bash
# keepalived says FAULT: the active machine goes into maintenance. The standby machine does nothing.
. /opt/ap/ap.conf
if [ "$ROLE" = active ]; then
  /opt/ap/set-mode.sh m
fi
