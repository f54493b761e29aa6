#!/bin/bash
# The mode of this machine: the mode file and the unit files. Usage: set-mode.sh ap|m|s
# It starts and stops nothing, as the original does not.
mode=$1
units="mariadb api keepalived"
echo "being $mode" > /opt/ap-mode
case $mode in
  ap)
    systemctl unmask ap $units
    systemctl disable ap
    systemctl disable mariadb
    systemctl disable api
    systemctl disable keepalived
    ;;
  m)
    systemctl mask ap
    systemctl mask mariadb
    systemctl mask api
    systemctl mask keepalived
    ;;
  s)
    systemctl unmask ap $units
    systemctl enable ap
    systemctl disable mariadb
    systemctl disable api
    systemctl disable keepalived
    ;;
esac
echo "$mode" > /opt/ap-mode
