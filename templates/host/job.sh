# Brings packages to their versions, on its own. Arguments: job, source, way
# (forward or back), repair (yes or no), packages (a line each: name,
# architecture, wanted version, auto or manual), sources_file (may be empty),
# lock_seconds, job_seconds, restart (nothing, stale or units), units (one a
# line).
#
# Its directory gets: claim (process, its begin, boot), stage, log, said (what
# the last program said), files (of the packages as they were), added (what came
# with them), and at the end result (stage and exit code). When it does not
# bring what is meant, the last line of the log says why.

# Nobody is there to be asked, and nothing is restarted but what the policy says.
export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical DEBCONF_NONINTERACTIVE_SEEN=true
export APT_LISTCHANGES_FRONTEND=none APT_LISTBUGS_FRONTEND=none UCF_FORCE_CONFFOLD=1
export NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l
export PAGER=cat SYSTEMD_PAGER=cat SYSTEMD_COLORS=0 TERM=dumb
unset DISPLAY WAYLAND_DISPLAY

dir=$jobs/$job

enter() {
  stage=$1
  printf '%s\n' "$stage" >"$dir/stage.new" && mv "$dir/stage.new" "$dir/stage"
  printf '== %s\n' "$stage"
}

# The words that say best what went wrong in what the last program said: dpkg's
# first error with what the script said before it, else apt's first one. What
# apt says last is only that there was one.
reason() {
  awk '
    function plain(line) { sub(/^ +/, "", line); return line }
    failed == 1 { failed = 2; error = error " " plain($0); next }
    /^dpkg: error processing / && !failed { failed = 1; error = $0; said = before; next }
    /^dpkg: warning: .* script subprocess returned/ && !failed { sub(/^dpkg: warning: /, ""); script = ": " $0; next }
    sub(/^Waiting for cache lock: /, "") && broken == "" { broken = $0 }
    /^ .* : [A-Z][A-Za-z-]*: / && broken == "" { broken = plain($0) }
    /^refused: / { refused = refused (refused == "" ? "" : "; ") $0 }
    /^E: / && apt == "" { apt = $0 }
    /^dpkg: error: / && apt == "" { apt = $0 }
    /^(dpkg|Preparing|Unpacking|Setting up|Removing|Selecting|Processing|\(Reading|Get:|Fetched|Need to get|After this|Errors were)/ { next }
    NF { before = $0; last = $0 }
    END {
      if (error != "") print error script (said == "" ? "" : ": " said)
      else if (refused != "") print refused
      else if (apt != "") print apt (broken == "" ? "" : ": " broken)
      else if (last != "") print last
    }' "$dir/said"
}

finish() {
  if [ "$1" != 0 ] && [ "$stage" != restart ]; then
    if [ "$1" = 124 ] || [ "$1" = 137 ]; then
      printf 'it did not end within %s s and was ended\n' "$job_seconds"
    else
      reason
    fi
  fi
  rm -f "$dir/reserve"
  # Where even that finds no room, the job is taken for lost, which it is.
  printf '%s %s\n' "$stage" "$1" >"$dir/result.new" && sync "$dir/result.new" &&
    mv "$dir/result.new" "$dir/result" && sync "$dir"
  exit 0
}

now() {
  date +%s
}

# Runs a program for as long as the job may take; what then still runs ends.
# Never one that runs dpkg: a package in the middle of its unpacking is worse
# than a late one.
limited() {
  left=$((deadline - $(now)))
  [ "$left" -gt 0 ] || left=1
  timeout -k 10 "$left" "$@"
}

# Tells whether a program ended as it had not got a lock of apt's or dpkg's, and
# before it did anything: scripts that it ran have locks of their own, and do not
# run twice.
is_locked_out() {
  grep -Eq '^E: (Could not get lock|Unable to lock|Unable to acquire the dpkg)|^dpkg: error: .* (is|was) locked by another process' "$dir/said" &&
    ! grep -Eq '^(Preparing to unpack|Unpacking|Setting up|Removing|Processing triggers) ' "$dir/said"
}

# Runs a program again while somebody has a lock that it does not wait for. It
# says all at once what it says: a script may hang.
patient() {
  until=$(($(now) + lock_seconds))
  while :; do
    start=$(wc -c <"$dir/log")
    "$@"
    code=$?
    tail -c "+$((start + 1))" "$dir/log" >"$dir/said"
    if [ "$code" != 0 ] && [ "$(now)" -lt "$until" ] && is_locked_out; then
      truncate -s "$start" "$dir/log"
      sleep 1
      continue
    fi
    return "$code"
  done
}

# The packages as apt takes them: name:architecture=version.
wanted() {
  printf '%s\n' "$packages" | awk 'NF { print $1 ($2 == "all" ? "" : ":" $2) "=" $3 }'
}

names() {
  printf '%s\n' "$packages" | awk 'NF { print $1 ($2 == "all" ? "" : ":" $2) }'
}

# Tells whether all is as it is meant to be.
all_there() {
  printf '%s\n' "$packages" | {
    while read -r name architecture version _; do
      [ -n "$name" ] || continue
      suffix=:$architecture
      [ "$architecture" = all ] && suffix=
      is=$(dpkg-query -W -f '${Version} ${db:Status-Status} ${db:Status-Eflag}' "$name$suffix" 2>/dev/null)
      [ "$is" = "$version installed ok" ] || exit 1
    done
    exit 0
  }
}

# Packages that are half done, others' that wait for triggers left out.
half_done() {
  unfinished "$(printf '%s\n' "$packages" | awk '{ print $1 }')"
}

# What is half done and not ours is not for us to finish; apt would.
foreign() {
  half_done | awk -v ours="$(printf '%s\n' "$packages" | awk '{ print $1 }')" '
    BEGIN { n = split(ours, list, "\n"); for (i = 1; i <= n; i++) known[list[i]] = 1 }
    !($1 in known)'
}

repair() {
  if ! read_database; then
    printf "dpkg's database cannot be read: %s\n" "$(why_no_database)" | tee "$dir/said"
    finish 2
  fi
  others=$(foreign)
  if [ -n "$others" ]; then
    {
      echo 'unfinished, and not of this rollout:'
      printf '%s\n' "$others"
    } | tee "$dir/said"
    finish 1
  fi
  # dpkg was killed: apt does nothing until somebody has written its journal
  # into the status. This does it and runs no script.
  if ls /var/lib/dpkg/updates/[0-9]* >/dev/null 2>&1; then
    patient dpkg --set-selections
    read_database
  fi
  if [ "$repair" = yes ] && [ "$way" = forward ] && [ -n "$(half_done)" ]; then
    patient dpkg --force-confdef --force-confold --configure -a
  fi
}

update() {
  set --
  if [ -n "$sources_file" ]; then
    case $sources_file in
      /*) file=$sources_file ;;
      *) file=/etc/apt/sources.list.d/$sources_file ;;
    esac
    if [ ! -f "$file" ]; then
      printf 'no sources file %s on this host\n' "$file" | tee "$dir/said"
      return 1
    fi
    # Only ours: a foreign archive that is down must not stop an emergency.
    set -- -o Dir::Etc::sourcelist="$file" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
  fi
  patient limited apt-get -q -o APT::Update::Error-Mode=any -o Acquire::Retries=1 "$@" update || return
  # Before apt 2.1 there was no such mode.
  ! grep -q '^Err:' "$dir/said"
}

install() {
  # shellcheck disable=SC2046 # words without spaces
  set -- "$@" --no-install-recommends -o Dpkg::Use-Pty=0 install $(wanted)
  [ "$way" = back ] && set -- --allow-downgrades "$@"
  apt-get -q -y "$@"
}

# The source of a version that apt knows: its name, where the field is not there.
source_of() {
  limited apt-cache --quiet=2 --no-all-versions show "$1=$2" 2>/dev/null | awk -v name="${1%%:*}" '
    $1 == "Source:" { name = $2 }
    END { print name }'
}

# What a simulation would bring that is not there: name and version.
newcomers() {
  awk '$1 == "Inst" && $3 !~ /^\[/ { sub(/^\(/, "", $3); print $2, $3 }' "$dir/said"
}

# Nothing is removed, nothing of anybody else changes its version, and no other
# binary of the source comes. What the new version needs of others may come.
simulate() {
  patient install -s || return
  {
    awk -v ours="$(names)" '
      BEGIN { n = split(ours, list, "\n"); for (i = 1; i <= n; i++) { sub(/:.*/, "", list[i]); known[list[i]] = 1 } }
      $1 == "Remv" { print "refused: it would remove", $2 }
      $1 == "Inst" {
        name = $2
        sub(/:.*/, "", name)
        if (!(name in known) && $3 ~ /^\[/) print "refused: it would change", $2, $3 ", which is not of this rollout"
      }' "$dir/said"
    newcomers | while read -r name version; do
      if [ "$(source_of "$name" "$version" </dev/null)" = "$source" ]; then
        printf 'refused: it would add %s, which is of %s too and was not installed\n' "$name" "$source"
      fi
    done
  } >"$dir/refused"
  newcomers >"$dir/added"
  sed 's/^/new: /' "$dir/added"
  cat "$dir/refused" >>"$dir/said"
  [ ! -s "$dir/refused" ] || return
  rm "$dir/refused"
}

# Gives packages their marks back: apt takes what it was told to install for
# wanted.
marks() {
  for mark in auto manual; do
    lost=$(printf '%s\n' "$packages" | with_marks |
      awk -v mark="$mark" '$4 == mark && $5 != mark { print $1 ($2 == "all" ? "" : ":" $2) }')
    # shellcheck disable=SC2086 # words without spaces
    [ -z "$lost" ] || patient limited apt-mark "$mark" $lost || return
  done
}

# A unit that would end the sessions of users, or the bus of all, is left to
# the next boot.
may_restart() {
  case $1 in
    dbus*.service | systemd-logind.service | user@*.service | getty@*.service | \
      display-manager.service | gdm*.service | lightdm.service | sddm.service) return 1 ;;
    *.service | *.socket | *.timer) return 0 ;;
  esac
  return 1
}

restart_one() {
  printf 'restart %s\n' "$1"
  if has_systemd; then
    state=$(systemctl show -p LoadState -p ActiveState -p UnitFileState -- "$1")
    case $state in
      *LoadState=not-found*) echo 'no such unit here'; return 0 ;;
      *ActiveState=inactive*UnitFileState=enabled*) ;;
      *ActiveState=inactive*) echo 'it does not run and is not enabled'; return 0 ;;
    esac
    limited systemctl restart -- "$1"
    waited=0
    while [ "$waited" -lt 20 ]; do
      systemctl is-active --quiet -- "$1" && break
      sleep 0.5
      waited=$((waited + 1))
    done
    # One that starts and dies at once looks well for a moment.
    sleep 1
    systemctl is-active --quiet -- "$1" && return 0
    systemctl --no-pager --lines=10 status -- "$1"
    return 1
  fi
  name=${1%.service}
  if [ ! -x "/etc/init.d/$name" ]; then
    echo 'no such service here'
    return 0
  fi
  limited invoke-rc.d "$name" restart
}

restart_units() {
  case $restart in
    stale) stale_by "$dir/files" | awk '$2 != "-" { print $2 }' | sort -u ;;
    units) printf '%s\n' "$units" ;;
  esac | {
    bad=
    while read -r unit; do
      case $unit in '') continue ;; *.*) ;; *) unit=$unit.service ;; esac
      if may_restart "$unit"; then
        restart_one "$unit" </dev/null || bad="$bad $unit"
      else
        printf 'left to the next boot: %s\n' "$unit"
      fi
    done
    [ -n "$bad" ] || exit 0
    printf 'not active after the restart:%s\n' "$bad"
    exit 1
  }
}

work() {
  deadline=$(($(now) + job_seconds))
  names | files_of >"$dir/files"
  : >"$dir/said"
  enter repair
  repair
  if all_there; then
    echo 'all is there'
  else
    enter update
    update || finish "$?"
    enter simulate
    simulate || finish "$?"
    enter install
    patient install --no-remove -o DPkg::Lock::Timeout="$lock_seconds" \
      -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
    code=$?
    if [ "$code" != 0 ]; then
      cp "$dir/said" "$dir/failed"
      marks
      mv "$dir/failed" "$dir/said"
      finish "$code"
    fi
  fi
  enter marks
  marks || finish "$?"
  enter restart
  restart_units || finish "$?"
  enter 'done'
  [ ! -f "$dir/added" ] || sed 's/^/added: /' "$dir/added"
  finish 0
}

cd / || exit
exec >>"$dir/log" 2>&1
printf '%s %s %s\n' "$$" "$(ticks_of $$)" "$(boot_id)" >"$dir/claim.$$"
sync "$dir/claim.$$"
# Whoever makes the link runs.
ln -T "$dir/claim.$$" "$dir/claim" 2>/dev/null || exit 0
rm -f "$dir/claim.$$"
sync "$dir"
work </dev/null
