#!/bin/bash
# The lab's, once for each machine: the account of replication, the same in both databases.
set -eu
systemctl start mariadb
mariadb -e "SET SESSION sql_log_bin = 0; CREATE USER replication@'%' IDENTIFIED BY 'replication';
  GRANT REPLICATION SLAVE ON *.* TO replication@'%'"
