#!/bin/bash
# Run by keepalived every ten seconds: are the database and the API running? Not 0 is FAULT.
systemctl is-active --quiet mariadb || exit 1
systemctl is-active --quiet api || exit 1
