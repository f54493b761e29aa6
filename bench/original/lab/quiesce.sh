#!/bin/bash
# The lab's, not the design's: everything down but the database, which answers, is read-only and follows nobody.
set -eu
# keepalived first, with the scripts that it runs: they would take what follows for faults.
systemctl kill -s KILL keepalived 2> /dev/null || true
systemctl stop keepalived api
systemctl unmask ap mariadb api keepalived
systemctl disable ap mariadb api keepalived
systemctl reset-failed
ip address del @VIP@/24 dev @INTERFACE@ 2> /dev/null || true
# A database that hangs, or waits for room on its disk, is killed.
timeout -k 0.1 2 mariadb -e "SET GLOBAL read_only = 1; STOP SLAVE; RESET SLAVE ALL" || {
  systemctl kill -s KILL mariadb 2> /dev/null || true
  while pgrep -x mariadbd > /dev/null; do sleep 0.05; done
  systemctl start mariadb
  mariadb -e "STOP SLAVE; RESET SLAVE ALL"
}
