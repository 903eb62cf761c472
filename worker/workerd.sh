#!/bin/sh
# Runs workerd, and ends it when the process that started it is gone, even by kill -9.
parent=$PPID
(
  exec </dev/null >/dev/null 2>&1 3>&-
  while kill -0 "$parent" && kill -0 $$; do sleep 0.2; done
  kill -9 $$
) &
exec "$WORKERD_BINARY" "$@"
