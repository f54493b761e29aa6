#!/bin/bash
# Read-only within a second, or killed.
timeout -k 0.1 1 mariadb -e "SET GLOBAL read_only = 1" || systemctl kill -s KILL mariadb
