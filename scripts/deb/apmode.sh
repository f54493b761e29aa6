#!/bin/sh
# The caller's Node settings cost time at each start or load foreign code; keepalived calls with hardly any environment.
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH
exec /usr/lib/apmode/node /usr/lib/apmode/apmode.mjs "$@"
