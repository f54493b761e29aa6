#!/bin/bash
# Run by keepalived every second: do the database and the API work? Every question has a time limit. Not 0 is FAULT.
limit="timeout -k 0.1 0.8"
$limit mariadb -N -e "SELECT 1" > /dev/null || exit 1
$limit curl -fsS -o /dev/null http://127.0.0.1:8080/ || exit 1
# Does the disk of the database take writes?
$limit dd if=/dev/zero of=/var/lib/mysql/.check bs=4096 count=1 conv=fsync status=none || exit 1
