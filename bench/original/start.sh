#!/bin/bash
# The boot unit, enabled in mode s only: the three services, in order.
systemctl start mariadb
systemctl start api
systemctl start keepalived
