# Has a job begin that goes on without us, once, however often it is told so.
# Arguments: job, job_script (the job's whole text), expected (a package and its
# two versions a line: one of them must be what is there).

refuse() {
  printf 'refused %s\n' "$*"
}

# Free kilobytes of the file system of a directory.
free_kb() {
  df -Pk "$1" | awk 'NR == 2 { printf "%.0f", $4 }'
}

keep_the_last() {
  find "$jobs" -mindepth 1 -maxdepth 1 -name '.*' -mmin +60 -exec rm -rf {} +
  # shellcheck disable=SC2012 # the names are ours, the order is by time
  ls -1t "$jobs" | tail -n +11 | while read -r old; do
    [ "$(job_state "$old")" = running ] || rm -rf "${jobs:?}/$old"
  done
}

start() {
  if has_systemd && command -v systemd-run >/dev/null &&
    systemd-run --quiet --collect --no-ask-password --unit="$(systemd-escape "debcut-$job").service" \
      -p Type=exec -p KillMode=process -p IgnoreSIGPIPE=no sh "$jobs/$job/job" >/dev/null 2>&1; then
    return
  fi
  setsid -f sh "$jobs/$job/job" </dev/null >/dev/null 2>&1
}

begin() {
  if [ -e "$jobs/$job/claim" ]; then
    echo begun
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    refuse "not root on the host, but $(id -un): log in as root, or use sudo"
    return
  fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    refuse 'no apt or no dpkg on the host'
    return
  fi
  if ! mkdir -p "$jobs" 2>/dev/null; then
    refuse "cannot make $jobs"
    return
  fi
  for place in "$jobs" /var/lib/dpkg /var/cache/apt; do
    [ -d "$place" ] || continue
    free=$(free_kb "$place")
    if [ "${free:-0}" -lt 8192 ]; then
      refuse "disk full: $free kB free in $place, 8192 are needed"
      return
    fi
  done
  changed=$(printf '%s\n' "$expected" | while read -r name one other; do
    [ -n "$name" ] || continue
    is=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null)
    case $is in
      "installed $one" | "installed $other") ;;
      installed*) printf '%s is %s and was %s; ' "$name" "${is#* }" "$one" ;;
      '' | not-installed* | config-files*) printf '%s is gone and was %s; ' "$name" "$one" ;;
      # Half done: the job looks whose it is.
    esac
  done)
  if [ -n "$changed" ]; then
    refuse "changed on the host meanwhile: $changed"
    return
  fi

  # Whole or not at all: a directory of the job's name has all that it needs.
  new=$(mktemp -d "$jobs/.new.XXXXXX") || {
    refuse "cannot write in $jobs"
    return
  }
  # The reserve is given back before the result is written.
  if ! printf '%s' "$job_script" >"$new/job" || ! head -c 65536 /dev/zero >"$new/reserve" ||
    ! sync "$new/job" "$new/reserve"; then
    rm -rf "$new"
    refuse "cannot write in $jobs"
    return
  fi
  chmod 755 "$new"
  # One that was there and never began is begun now.
  mv -T "$new" "$jobs/$job" 2>/dev/null || rm -rf "$new"
  sync "$jobs"
  keep_the_last

  start
  waited=0
  while [ ! -e "$jobs/$job/claim" ] && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  # Who has the claim runs: ours keeps a job that comes too late from running.
  echo 'nobody' >"$jobs/$job/nobody"
  if ln "$jobs/$job/nobody" "$jobs/$job/claim" 2>/dev/null; then
    mv -T "$jobs/$job" "$jobs/.late.$$"
    refuse 'the job did not start within 10 s'
  else
    rm -f "$jobs/$job/nobody"
    echo begun
  fi
}

answer begin </dev/null
