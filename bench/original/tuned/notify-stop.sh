#!/bin/bash
# keepalived stops, and the VIP goes: no writes any more.
/opt/ap/fence.sh
