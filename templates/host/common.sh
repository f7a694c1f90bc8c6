# What all scripts for hosts share. POSIX sh; what is missing on a host is an
# answer, not an error. A script is read whole before anything of it runs: its
# last line starts it, so half a script does nothing.

LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
jobs=/var/lib/debcut/jobs

# Prints an answer that cannot be mistaken: between two lines, without control
# characters, no line without end. Whoever reads no last line knows that it was
# cut.
answer() {
  echo 'debcut 1'
  "$@" | tr -d '\000-\010\013-\037\177' | cut -b 1-4000
  echo 'end'
}

# The last lines of a file, each behind a word: no line of it is a line of ours.
tail_of() {
  [ -f "$2" ] || return 0
  tail -c 8000 "$2" | tail -n 40 | tr '\r' '\n' | sed "s/^/$1 /"
}

boot_id() {
  cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo none
}

# When a process began, in clock ticks since the boot (proc_pid_stat(5)); its
# name may hold anything, so what is behind the last parenthesis counts. One that
# has ended and waits for its parent is gone.
ticks_of() {
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" { print $20 }'
}

has_systemd() {
  [ -d /run/systemd/system ] && command -v systemctl >/dev/null
}

# Packages that dpkg calls unfinished, with their states.
unfinished() {
  dpkg-query -W -f '${Package} ${db:Status-Status} ${db:Status-Eflag}\n' 2>/dev/null |
    awk '$2 != "not-installed" && $2 != "config-files" && ($2 != "installed" || $3 != "ok")'
}

# The binaries of a source that are there, half there included.
binaries_of() {
  dpkg-query -W -f '${source:Package} ${Package} ${Architecture} ${Version} ${db:Status-Want} ${db:Status-Status}\n' 2>/dev/null |
    awk -v source="$1" '$1 == source && $6 != "not-installed" && $6 != "config-files" {
      print $2, $3, $4, $5, $6
    }'
}

# The files of packages, named on the input.
files_of() {
  while read -r name; do
    dpkg-query -L "$name" 2>/dev/null
  done | grep '^/' | sort -u
}

# The processes that map files which are gone, of those that a list names:
# number, unit, program. /lib and /usr/lib are one where /usr is merged; dpkg
# moves a file aside before it goes.
stale_by() {
  grep -HF ' (deleted)' /proc/[0-9]*/maps 2>/dev/null |
    awk -v list="$1" '
      function plain(path) {
        sub(/\.dpkg-(tmp|new)$/, "", path)
        sub(/^\/usr\//, "/", path)
        return path
      }
      BEGIN { while ((getline path < list) > 0) known[plain(path)] = 1 }
      {
        split($1, parts, "/")
        rest = substr($0, index($0, "/maps:") + 6)
        path = substr(rest, index(rest, "/"))
        sub(/ \(deleted\)$/, "", path)
        if (!(parts[3] in told) && (plain(path) in known)) {
          told[parts[3]] = 1
          print parts[3]
        }
      }' |
    while read -r pid; do
      unit=$(sed -n 's|^0::.*/\([^/]*\.service\).*$|\1|p; s|^[0-9]*:name=systemd:.*/\([^/]*\.service\).*$|\1|p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
      printf '%s %s %s\n' "$pid" "${unit:--}" "$(cat "/proc/$pid/comm" 2>/dev/null)"
    done
}

# How a job stands: absent, running, lost or ended.
job_state() {
  dir=$jobs/$1
  if [ ! -e "$dir/claim" ]; then
    echo absent
  elif [ -e "$dir/result" ]; then
    echo ended
  else
    read -r pid since boot <"$dir/claim"
    # It may have ended since the first look.
    if [ "$boot" = "$(boot_id)" ] && [ "$(ticks_of "$pid")" = "$since" ]; then
      echo running
    elif [ -e "$dir/result" ]; then
      echo ended
    else
      echo lost
    fi
  fi
}
