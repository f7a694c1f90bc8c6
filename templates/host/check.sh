# Runs an operator's command and says how it ended. Arguments: command, seconds,
# host, source.

check() {
  DEBCUT_HOST=$host
  DEBCUT_SOURCE=$source
  export DEBCUT_HOST DEBCUT_SOURCE
  # A file and no pipe: what the command leaves running must not hold us.
  said=$(mktemp) || return
  timeout -k 5 "$seconds" sh -c "$command" >"$said" 2>&1
  printf 'exit %s\n' "$?"
  tail_of said "$said"
  rm -f "$said"
}

answer check </dev/null
