//! A hostile build in a room: it achieves nothing, and what can be seen of it
//! is reported.

use std::os::unix::net::UnixListener;
use std::path::Path;

use debcut::sys::sandbox::Sightings;
use serde_json::Value;

use crate::sandbox::plain;
use crate::world::{World, is_root};

/// Everything that a build has no business with. Each line says `got` and what
/// it got, should it succeed; the limits come last.
const HOSTILE: &str = r##"
got() { echo "got $*"; }
attempt() { what=$1; shift; "$@" >/dev/null 2>&1 && got "$what"; }
grep -q secret "$OWNER_HOME/.netrc" 2>/dev/null && got 'the netrc'
ls -A "$OWNER_HOME" >/dev/null 2>&1
cat /home/*/.ssh/id_* /root/.ssh/id_* 2>/dev/null && got 'a key'
perl -MIO::Socket::INET -e 'IO::Socket::INET->new("93.184.216.34:80") and print "got out\n"'
perl -MSocket -e 'defined(gethostbyname("hostile.example.org")) and print "got a name\n"'
perl -MIO::Socket::UNIX -e '
  $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit;
  print $s "GETINFO version\n"; $a = <$s>; print "got an answer: $a\n" if defined $a;
' "$AGENT"
for file in /x /etc/x /usr/bin/x /usr/local/bin/x /opt/x /var/lib/dpkg/x /lib/x "$OWNER_HOME/x"; do
  attempt "a place at $file" touch "$file"
done
attempt 'the clock' date --set '2001-01-01'
attempt 'the environment of the first process' cat /proc/1/environ
attempt 'a file of the first process' cat /proc/1/fd/0
attempt 'the memory of the first process' head -c 1 /proc/1/mem
attempt 'a mount' mount -t tmpfs none /tmp
attempt 'a writable system' unshare --user --map-root-user --mount mount -o remount,bind,rw /usr
attempt 'a host name' hostname hostile
attempt 'root by su' sh -c 'echo | su -c true'
attempt 'a device' mknod /tmp/null c 1 3
attempt 'a kernel setting' sh -c 'echo 1 > /proc/sys/kernel/sysrq'
attempt 'a control group' mkdir /sys/fs/cgroup/hostile
kill -9 1 2>/dev/null
setsid sh -c 'exec -a hostile-daemon sleep 1000' >/dev/null 2>&1 </dev/null &
setsid sleep 1000 >/dev/null 2>&1 </dev/null &
dd if=/dev/zero of=/tmp/full bs=1M count=500 2>/dev/null && got 'all that space'
sleep 0.2; rm -f /tmp/full
perl -e '$SIG{CHLD} = "DEFAULT"; for (1..1000) { defined($p = fork) or last; $n++; $p or do { sleep 3; exit } }
  print "got 1000 processes\n" if $n == 1000; sleep 1'
echo survived
"##;

/// Runs the hostile build and returns what it got and what was seen.
fn hostile(by_nobody: bool) -> (String, Sightings) {
    let world = World::new();
    let home = world.path("home");
    std::fs::write(home.join(".netrc"), "password secret\n").expect("a file");
    let agent = world.path("agent");
    let _listening = UnixListener::bind(&agent).expect("a socket");
    let mut description = plain();
    description.limits.processes = 100;
    description.forbidden = vec![home.clone(), agent.clone()];
    let text = |path: &Path| path.display().to_string();
    let script = format!(
        "OWNER_HOME={}; AGENT={}; {HOSTILE}",
        text(&home),
        text(&agent)
    );
    world.write(
        "room.json",
        serde_json::to_string(&description).expect("JSON"),
    );
    let words = [
        "sandbox",
        "run",
        "--limit",
        "60",
        "--description",
        "room.json",
        "--",
    ];
    let mut call = world.debcut(words.into_iter().chain(["sh", "-c", &script]));
    if by_nobody {
        call = call.by_nobody();
    }
    let ran = call.run().code(0);
    let said: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let got = said["ran"]["stdout"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", ran.stdout));
    let seen = said["sightings"].clone();
    let mut seen: Sightings = serde_json::from_value(seen).expect("sightings");
    let here = format!("{}/", text(&world.path("")).trim_end_matches('/'));
    for path in &mut seen.forbidden {
        *path = path.replace(&here, "");
    }
    seen.forbidden.sort();
    seen.limits.sort();
    (got.to_owned(), seen)
}

#[track_caller]
fn check(got: &str, seen: &Sightings) {
    assert_eq!(got, "survived\n");
    assert_eq!(
        seen.network,
        ["93.184.216.34:80/tcp", "hostile.example.org (DNS)"]
    );
    assert_eq!(seen.forbidden, ["agent", "home", "home/.netrc"]);
    assert_eq!(seen.limits, ["processes", "space"]);
    assert!(seen.left_behind.contains(&"sleep".to_owned()), "{seen:?}");
}

#[test]
fn hostile_build_achieves_nothing_and_is_seen() {
    let (got, seen) = hostile(false);
    check(&got, &seen);
}

#[test]
fn hostile_build_of_an_ordinary_user_achieves_nothing_and_is_seen() {
    // Without root the first run was this one.
    if is_root() {
        let (got, seen) = hostile(true);
        check(&got, &seen);
    }
}
