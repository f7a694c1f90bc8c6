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

# Ends an answer that the host cannot give, with the reason.
cannot() {
  printf 'cannot %s\n' "$*"
  exit 1
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

# Reads all that dpkg knows into `database`, with tabs: source, name,
# architecture, version, what is wanted of it, its state, its error flag. A
# database that cannot be read is no empty one, and one that is not there
# neither, whatever dpkg takes it for.
read_database() {
  # shellcheck disable=SC2016 # dpkg-query's own
  columns='${source:Package}\t${Package}\t${Architecture}\t${Version}\t${db:Status-Want}\t${db:Status-Status}\t${db:Status-Eflag}\n'
  [ -r /var/lib/dpkg/status ] && database=$(dpkg-query -W -f "$columns" 2>/dev/null)
}

why_no_database() {
  if [ -r /var/lib/dpkg/status ]; then
    dpkg-query -W 2>&1 >/dev/null | tr '\n' ' '
  else
    echo 'there is no /var/lib/dpkg/status that can be read'
  fi
}

# Packages that dpkg calls unfinished, with their states. That others wait for
# triggers is nobody's fault; `ours` names packages, a line each.
unfinished() {
  ours=$1
  printf '%s\n' "$database" | awk -F '\t' -v ours="$ours" '
    BEGIN { n = split(ours, list, "\n"); for (i = 1; i <= n; i++) known[list[i]] = 1 }
    $6 == "" || $6 == "not-installed" || $6 == "config-files" { next }
    $7 == "ok" && ($6 == "installed" || $6 ~ /^triggers-/ && !($2 in known)) { next }
    { print $2, $6, $7 }'
}

# Of packages, those that dpkg finds something wrong with: it reads more than
# their states.
audited() {
  [ "$#" -gt 0 ] || return 0
  dpkg --audit "$@" 2>/dev/null | sed -n 's/^ \([a-z0-9][a-z0-9+.-]*\).*/\1/p'
}

# The binaries of a source that are there, half there included.
binaries_of() {
  printf '%s\n' "$database" | awk -F '\t' -v source="$1" '
    $1 == source && $6 != "not-installed" && $6 != "config-files" { print $2, $3, $4, $5, $6 }'
}

# Adds apt's mark to lines that begin with a package and its architecture.
# apt-mark(8) would tell it, and takes long to read all the lists; it keeps
# packages of all architectures as native ones.
with_marks() {
  states=/var/lib/apt/extended_states
  [ -r "$states" ] || states=/dev/null
  awk -v native="$(dpkg --print-architecture)" '
    FILENAME != "-" {
      if ($1 == "Package:") name = $2
      if ($1 == "Architecture:") architecture = $2
      if ($1 == "Auto-Installed:" && $2 == 1) auto[name ":" architecture] = 1
      next
    }
    NF {
      key = $1 ":" ($2 == "all" ? native : $2)
      print $0, (key in auto) ? "auto" : "manual"
    }' "$states" -
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

# How a job stands: absent, off, running, lost or ended. One that was called off
# never begins: its directory, or its claim, is a link to nobody. A link needs
# no room on the disk, and is made by one alone.
job_state() {
  dir=$jobs/$1
  if [ -L "$dir" ] || [ -L "$dir/claim" ]; then
    echo off
  elif [ ! -e "$dir/claim" ]; then
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

# Calls a job off, unless somebody has begun it; tells whether nobody can begin
# it any more.
call_off() {
  mkdir -p "$jobs" 2>/dev/null || return
  ln -sT nobody "$jobs/$1" 2>/dev/null || ln -sT nobody "$jobs/$1/claim" 2>/dev/null
}
