# Says what a host has. Arguments: source, job (may be empty), services (one a
# line).

system_of() {
  release=/etc/os-release
  [ -r "$release" ] || release=/usr/lib/os-release
  (
    unset ID VERSION_ID VERSION_CODENAME
    # shellcheck disable=SC1090 # os-release(5) is made to be read so
    [ -r "$release" ] && . "$release"
    printf 'system %s\nrelease %s\ncodename %s\n' "${ID:-linux}" "${VERSION_ID:-}" "${VERSION_CODENAME:-}"
  )
}

# Where no systemd runs: the process that a PID file names, else the oldest one
# of the name, which the kernel cuts.
main_process() {
  for file in "/run/$1.pid" "/run/$1/$1.pid" "/run/$1/pid"; do
    [ -r "$file" ] || continue
    read -r pid _ <"$file"
    case $pid in '' | *[!0-9]*) continue ;; esac
    if [ -d "/proc/$pid" ]; then
      echo "$pid"
      return
    fi
  done
  grep -slxF "$(printf '%.15s' "$1")" /proc/[0-9]*/comm | cut -d / -f 3 |
    while read -r pid; do
      printf '%s %s\n' "$(ticks_of "$pid")" "$pid"
    done | sort -n | sed -n '1s/.* //p'
}

service() {
  if has_systemd; then
    state=$(systemctl show -p LoadState -p ActiveState -p MainPID -- "$1" 2>/dev/null)
    case $state in
      '' | *LoadState=not-found*) return ;;
    esac
    pid=$(printf '%s\n' "$state" | sed -n 's/^MainPID=//p')
    active=inactive
    case $state in *ActiveState=active*) active=active ;; esac
  else
    name=${1%.service}
    pid=$(main_process "$name")
    if [ -z "$pid" ] && [ ! -e "/etc/init.d/$name" ] &&
      [ ! -e "/lib/systemd/system/$name.service" ] && [ ! -e "/etc/systemd/system/$name.service" ]; then
      return
    fi
    active=inactive
    [ -n "$pid" ] && active=active
  fi
  since=0
  [ "${pid:-0}" -gt 0 ] && since=$(ticks_of "$pid")
  printf 'service %s %s %s %s\n' "$1" "$active" "${pid:-0}" "${since:-0}"
}

job() {
  [ -n "$job" ] || return 0
  state=$(job_state "$job")
  # An order may still be on its way, from a controller that was killed: who is
  # told that nothing has begun is told the truth. Only root begins jobs.
  if [ "$state" = absent ] && [ "$(id -u)" = 0 ] && ! call_off "$job"; then
    state=$(job_state "$job")
    [ "$state" != absent ] || cannot "keep the job from beginning later: $jobs cannot be written"
  fi
  case $state in
    ended) printf 'job ended %s\n' "$(cat "$jobs/$job/result")" ;;
    off) echo 'job absent' ;;
    *) printf 'job %s\n' "$state" ;;
  esac
  tail_of log "$jobs/$job/log"
}

# Packages that are not as they should be: of all by their states, of ours also by
# dpkg's audit.
wrong() {
  ours=$(binaries_of "$source" | awk '{ print $1 }')
  unfinished "$ours" | awk '{ print $1 }'
  # shellcheck disable=SC2046 # words without spaces
  audited $(binaries_of "$source" | awk '{ print $1 ":" $2 }' | sed 's/:all$//')
}

facts() {
  printf 'clock %s\n' "$(date +%s)"
  printf 'machine %s\n' "$(cat /etc/machine-id 2>/dev/null || cat /var/lib/dbus/machine-id 2>/dev/null)"
  printf 'boot %s\n' "$(boot_id)"
  system_of
  printf 'architecture %s\n' "$(dpkg --print-architecture)"
  # The job first: what it does after this is told too early rather than
  # believed to be all.
  job
  read_database || cannot "tell what is installed: $(why_no_database)"
  binaries_of "$source" | head -n 1000 | with_marks | sed 's/^/package /'
  wrong | sort -u | head -n 200 | sed 's/^/unfinished /'
  printf '%s\n' "$services" | while read -r name; do
    [ -z "$name" ] || service "$name"
  done
  list=$(mktemp)
  {
    binaries_of "$source" | awk '{ print $1 ($2 == "all" ? "" : ":" $2) }' | files_of
    [ -n "$job" ] && cat "$jobs/$job/files" 2>/dev/null
  } >"$list"
  stale_by "$list" | head -n 100 | sed 's/^/stale /'
  rm -f "$list"
  [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ] && echo reboot
  space=/var/cache/apt
  [ -d "$space" ] || space=/
  printf 'free %s\n' "$(df -Pk "$space" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"
}

answer facts </dev/null
