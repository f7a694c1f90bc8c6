# Has a job begin that goes on without us, once, however often it is told so, and
# never once it was called off. Arguments: job, job_script (the job's whole
# text), expected (a package and its two versions a line: one of them must be
# what is there).

refuse() {
  printf 'refused %s\n' "$*"
}

# Free kilobytes of the file system of a directory.
free_kb() {
  df -Pk "$1" | awk 'NR == 2 { printf "%.0f", $4 }'
}

# A result waits for a controller that was away; what is called off stays so
# for longer than any order is on its way.
keep_the_last() {
  find "$jobs" -mindepth 1 -maxdepth 1 -name '.*' -mmin +60 -exec rm -rf {} +
  # shellcheck disable=SC2012 # the names are ours, the order is by time
  ls -1t "$jobs" | tail -n +11 | while read -r old; do
    [ -n "$(find "$jobs/$old" -maxdepth 0 -mtime +30)" ] || continue
    [ "$(job_state "$old")" = running ] || rm -rf "${jobs:?}/$old"
  done
}

# Names a job of the same source that still runs: SOURCE-ROLLOUT-NUMBER.
other_job() {
  for other in "$jobs"/*; do
    other=${other##*/}
    if [ "$other" = "$job" ] || [ "${other%-*-*}" != "${job%-*-*}" ] || [ -e "$jobs/$other/result" ]; then
      continue
    fi
    [ "$(job_state "$other")" != running ] || echo "$other"
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

# Answers for a job that somebody has decided on; tells whether somebody has.
decided() {
  case $(job_state "$job") in
    absent) return 1 ;;
    off) refuse 'called off: the controller was told before that it had not begun' ;;
    *) echo begun ;;
  esac
}

begin() {
  decided && return
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
  running=$(other_job)
  if [ -n "$running" ]; then
    refuse "a job of the same source still runs: $jobs/$running/log"
    return
  fi
  if ! read_database; then
    refuse "dpkg's database cannot be read: $(why_no_database)"
    return
  fi
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
  # One that was there and never began is begun now; one that was called off
  # meanwhile is no directory.
  mv -T "$new" "$jobs/$job" 2>/dev/null || rm -rf "$new"
  decided && return
  sync "$jobs"
  keep_the_last

  start
  waited=0
  while [ "$(job_state "$job")" = absent ] && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  # Who has the claim runs: one that comes too late does not.
  if call_off "$job"; then
    refuse 'the job did not start within 10 s'
  else
    decided || refuse "cannot write in $jobs"
  fi
}

answer begin </dev/null
