#!/bin/bash
# As the original's, with one systemctl call for what takes one. Usage: set-mode.sh ap|m|s
mode=$1
units="mariadb api keepalived"
echo "being $mode" > /opt/ap-mode
case $mode in
  ap) systemctl unmask ap $units; systemctl disable ap $units ;;
  m) systemctl mask ap $units ;;
  s) systemctl unmask ap $units; systemctl disable $units; systemctl enable ap ;;
esac
echo "$mode" > /opt/ap-mode
