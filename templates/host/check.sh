# Runs an operator's command and says how it ended, or that it was late.
# Arguments: command, seconds, host, source.

# Reads all that the command says, whatever it is, and keeps its beginning and
# its end: it may be endless, and the host's disk is not.
kept() {
  dd bs=512 count=32 status=none >"$place/first"
  tail -c 8000 >"$place/last"
  : >"$place/whole"
}

check() {
  DEBCUT_HOST=$host
  DEBCUT_SOURCE=$source
  export DEBCUT_HOST DEBCUT_SOURCE
  if ! place=$(mktemp -d) || ! mkfifo "$place/pipe"; then
    cannot "write in ${TMPDIR:-/tmp}"
  fi
  # In a shell of its own, which has nothing else of ours open.
  (kept) <"$place/pipe" >/dev/null 2>&1 &
  # The command's own exit code is told apart from timeout's, whatever it is; one
  # that does not heed SIGTERM is waited for until it is killed.
  # shellcheck disable=SC2016 # the inner shell's own
  timeout -k 5 "$seconds" sh -c 'trap late=yes TERM; sh -c "$1" 2>&1; code=$?; [ -n "$late" ] || echo "$code" >"$2"' \
    sh "$command" "$place/code" >"$place/pipe" 2>/dev/null
  if read -r code 2>/dev/null <"$place/code"; then
    printf 'exit %s\n' "$code"
  else
    printf 'late %s\n' "$seconds"
  fi
  # What it leaves running may hold the pipe, and must not hold us.
  waited=0
  while [ ! -e "$place/whole" ] && [ "$waited" -lt 10 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  cat "$place/first" "$place/last" >"$place/said" 2>/dev/null
  tail_of said "$place/said"
  rm -rf "$place"
}

answer check </dev/null
