# Brings packages to their versions, on its own. Arguments: job, way (forward or
# back), repair (yes or no), packages (a line each: name, architecture, wanted
# version, auto or manual), sources_file (may be empty), lock_seconds,
# job_seconds, restart (nothing, stale or units), units (one a line).
#
# Its directory gets: claim (process, its begin, boot), stage, log, files (of
# the packages as they were), and at the end result (stage and exit code).

export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical
export APT_LISTCHANGES_FRONTEND=none APT_LISTBUGS_FRONTEND=none UCF_FORCE_CONFFOLD=1

dir=$jobs/$job

enter() {
  stage=$1
  printf '%s\n' "$stage" >"$dir/stage.new" && mv "$dir/stage.new" "$dir/stage"
  printf '== %s\n' "$stage"
}

finish() {
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
limited() {
  left=$((deadline - $(now)))
  [ "$left" -gt 0 ] || left=1
  timeout -k 10 "$left" "$@"
}

# Runs a program again while somebody has the lock that it names and does not
# wait for. Nothing is done meanwhile.
patient() {
  until=$(($(now) + lock_seconds))
  while :; do
    limited "$@" >"$dir/said" 2>&1
    code=$?
    if [ "$code" != 0 ] && [ "$(now)" -lt "$until" ] &&
      grep -Eq 'ould not get lock|nable to lock|nable to acquire the dpkg|is locked by another process' "$dir/said"; then
      sleep 1
      continue
    fi
    cat "$dir/said"
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

# What is half done and not ours is not for us to finish; apt would. Triggers
# are nobody's fault.
foreign() {
  unfinished | grep -v ' triggers-' | awk -v ours="$(names)" '
    BEGIN { n = split(ours, list, "\n"); for (i = 1; i <= n; i++) { sub(/:.*/, "", list[i]); known[list[i]] = 1 } }
    !($1 in known)'
}

repair() {
  others=$(foreign)
  if [ -n "$others" ]; then
    echo 'unfinished, and not of this rollout:'
    printf '%s\n' "$others"
    finish 1
  fi
  # dpkg was killed: apt does nothing until somebody has written its journal
  # into the status. This does it and runs no script.
  if ls /var/lib/dpkg/updates/[0-9]* >/dev/null 2>&1; then
    patient dpkg --set-selections
  fi
  if [ "$repair" = yes ] && [ "$way" = forward ] && [ -n "$(unfinished)" ]; then
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
      printf 'no sources file %s on this host\n' "$file"
      return 1
    fi
    # Only ours: a foreign archive that is down must not stop an emergency.
    set -- -o Dir::Etc::sourcelist="$file" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
  fi
  patient apt-get -q -o APT::Update::Error-Mode=any -o Acquire::Retries=1 "$@" update || return
  # Before apt 2.1 there was no such mode.
  ! grep -q '^Err:' "$dir/said"
}

install() {
  # shellcheck disable=SC2046 # words without spaces
  set -- "$@" --no-install-recommends -o Dpkg::Use-Pty=0 install $(wanted)
  [ "$way" = back ] && set -- --allow-downgrades "$@"
  patient apt-get -q -y "$@"
}

# Nothing is removed, and nothing of anybody else changes its version. What the
# new version needs and is not there yet may come.
simulate() {
  install -s || return
  awk -v ours="$(names)" '
    BEGIN { n = split(ours, list, "\n"); for (i = 1; i <= n; i++) { sub(/:.*/, "", list[i]); known[list[i]] = 1 } }
    $1 == "Remv" { print "refused: it would remove", $2; bad = 1 }
    $1 == "Inst" {
      name = $2
      sub(/:.*/, "", name)
      if (name in known) next
      if ($3 ~ /^\[/) { print "refused: it would change", $2, $3, "of another rollout"; bad = 1 }
      else print "new:", $2
    }
    END { exit bad }' "$dir/said"
}

marks() {
  auto=$(printf '%s\n' "$packages" | awk '$4 == "auto" { print $1 ($2 == "all" ? "" : ":" $2) }')
  # shellcheck disable=SC2086 # words without spaces
  [ -z "$auto" ] || patient apt-mark auto $auto
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
    limited systemctl restart -- "$1" || return
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
    bad=0
    while read -r unit; do
      case $unit in '') continue ;; *.*) ;; *) unit=$unit.service ;; esac
      if may_restart "$unit"; then
        restart_one "$unit" </dev/null || bad=1
      else
        printf 'left to the next boot: %s\n' "$unit"
      fi
    done
    exit "$bad"
  }
}

work() {
  deadline=$(($(now) + job_seconds))
  names | files_of >"$dir/files"
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
    install --no-remove -o DPkg::Lock::Timeout="$lock_seconds" \
      -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold
    code=$?
    marks
    [ "$code" = 0 ] || finish "$code"
  fi
  enter marks
  marks || finish "$?"
  enter restart
  restart_units || finish "$?"
  enter 'done'
  finish 0
}

cd / || exit
exec >>"$dir/log" 2>&1
printf '%s %s %s\n' "$$" "$(ticks_of $$)" "$(boot_id)" >"$dir/claim.$$"
sync "$dir/claim.$$"
# Whoever makes the link runs.
ln "$dir/claim.$$" "$dir/claim" 2>/dev/null || exit 0
rm -f "$dir/claim.$$"
sync "$dir"
work </dev/null
