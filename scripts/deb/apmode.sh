#!/bin/sh
# The caller's Node settings cost time at each start or load foreign code; keepalived calls with hardly any environment.
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH
# The supervisor lives for months and does little: small heaps, one allocator arena, so that it stays small.
if [ "${1-}" = supervise ]; then
  MALLOC_ARENA_MAX=1
  export MALLOC_ARENA_MAX
  exec /usr/lib/apmode/node --max-semi-space-size=1 --max-old-space-size=128 --v8-pool-size=1 /usr/lib/apmode/apmode.mjs "$@"
fi
exec /usr/lib/apmode/node /usr/lib/apmode/apmode.mjs "$@"
