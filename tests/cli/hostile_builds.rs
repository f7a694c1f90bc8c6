//! Hostile packages through `debcut build`: they achieve nothing, the answer
//! names what they tried, and nothing of them is left.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::assert_no_group_left;
use crate::world::{Call, NOBODY, World, finished, is_root, tool};

/// Tries everything that a build has no business with. What it gets it writes
/// down in the tree that is to be packed.
const HOSTILE: &str = r##"
mkdir -p out; exec 3>>out/got
got() { echo "got $*" >&3; }
attempt() { what=$1; shift; "$@" >/dev/null 2>&1 && got "$what"; }
grep -q secret "$OWNER/.netrc" 2>/dev/null && got 'the netrc'
cat "$OWNER"/.ssh/id_* "$DATA"/debcut/keys/* 2>/dev/null && got 'a key'
[ -e "$OWNER/letters" ] || [ -e "$PROJECT/make.sh" ] && got 'what is at home'
perl -MIO::Socket::INET -e 'IO::Socket::INET->new("93.184.216.34:80") and print "out\n"' >&3
perl -MSocket -e 'defined(gethostbyname("hostile.example.org")) and print "a name\n"' >&3
perl -MIO::Socket::UNIX -e '
  $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit;
  print $s "GETINFO version\n"; $a = <$s>; print "an answer: $a\n" if defined $a;
' "$OWNER/agent" >&3
for file in /x /etc/x /usr/bin/x /usr/local/bin/x /opt/x /var/lib/dpkg/x "$OWNER/x" "$PROJECT/x"; do
  attempt "a place at $file" touch "$file"
done
attempt 'the clock' date --set '2001-01-01'
attempt 'a mount' mount -t tmpfs none /tmp
attempt 'a device' mknod /tmp/null c 1 3
attempt 'a kernel setting' sh -c 'echo 1 > /proc/sys/kernel/sysrq'
attempt 'the first process' sh -c 'kill -9 1 && sleep 0.1 && ! kill -0 1'
setsid sleep $MARK >/dev/null 2>&1 </dev/null &
(setsid sh -c "trap '' TERM HUP INT; sleep $MARK" >/dev/null 2>&1 </dev/null &)
dd if=/dev/zero of=/tmp/full bs=1M count=500 2>/dev/null && got 'all that space'
sleep 0.3
rm -f /tmp/full
perl -e 'for (1..1000) { defined($p = fork) or last; $n++; $p or do { sleep 3; exit } }
  print "got 1000 processes\n" if $n == 1000; sleep 1' >&3
"##;

/// Little of everything, so that a test takes seconds.
const LIMITS: &str =
    "[build]\nprocesses = 100\nspace = \"64M\"\nmemory = \"1G\"\ntimeout-minutes = 5\n";

const DECLARED: &str = r#"
[[package]]
name = "tally"
tag = "v{version}"
[package.declared]
maintainer = "Ada Example <ada@example.org>"
summary = "count things"
license = "MIT"
architecture = "all"
command = "sh make.sh"
files = [{ source = "out/got", target = "/usr/share/tally/got" }]
"#;

/// Who builds.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Whoever runs the tests.
    Self_,
    /// A user who is not root.
    Nobody,
}

impl By {
    fn call(self, call: Call<'_>) -> Call<'_> {
        match self {
            Self::Self_ => call,
            Self::Nobody => call.by_nobody(),
        }
    }

    fn number(self) -> u32 {
        match self {
            Self::Nobody if is_root() => NOBODY,
            _ => rustix::process::geteuid().as_raw(),
        }
    }
}

/// A time to sleep that no other test's programs sleep: each test is a process.
fn mark() -> String {
    format!("{}", 100_000 + std::process::id())
}

/// Puts secrets where users have them, and the script into the project.
fn script(world: &World, script: &str) {
    let home = world.path("home");
    fs::create_dir_all(home.join(".ssh")).expect("a directory");
    fs::write(home.join(".netrc"), "password secret\n").expect("a file");
    fs::write(home.join(".ssh/id_ed25519"), "secret\n").expect("a file");
    fs::write(home.join("letters"), "secret\n").expect("a file");
    fs::create_dir_all(world.path("data/debcut/keys")).expect("a directory");
    fs::write(world.path("data/debcut/keys/own"), "secret\n").expect("a file");
    let shown = |path: PathBuf| path.display().to_string();
    let text = format!(
        "OWNER={}; DATA={}; PROJECT={}; MARK={}\n{script}",
        shown(home),
        shown(world.path("data")),
        shown(world.project()),
        mark()
    );
    world.write("make.sh", text);
}

fn declared(command: &str) -> World {
    let world = World::new();
    world.write("debcut.toml", format!("{LIMITS}{DECLARED}"));
    script(&world, command);
    world.commit("feat: first");
    world.tag("v1.0.0");
    world
}

fn with_rules(command: &str) -> World {
    let world = World::native();
    world.write("debcut.toml", LIMITS);
    script(&world, command);
    world.write(
        "debian/rules",
        "#!/usr/bin/make -f\n%:\n\tdh $@\n\noverride_dh_auto_build:\n\t-sh make.sh\n\
         \noverride_dh_auto_install:\n",
    );
    world.commit("feat: be hostile");
    world.git(&["tag", "--delete", "debian/1.0"]);
    world.tag("debian/1.0");
    world
}

const BUILD: [&str; 5] = ["build", "--no-sign", "--isolation", "namespace", "--json"];

fn rules(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().expect("findings");
    let rules = findings.iter().map(|finding| finding["rule"].as_str());
    rules.map(|rule| rule.expect("text").to_owned()).collect()
}

fn message<'a>(document: &'a Value, rule: &str) -> &'a str {
    let findings = document["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["rule"] == rule);
    let found = found.unwrap_or_else(|| panic!("{rule} in {document:#}"));
    found["message"].as_str().expect("text")
}

/// Finds processes that one of this test's builds started.
fn running() -> Vec<String> {
    let mark = mark();
    let entries = fs::read_dir("/proc").expect("it is there").flatten();
    let lines = entries.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (line.trim_end() == format!("sleep {mark}")).then_some(line)
    });
    lines.collect()
}

/// Checks that a build has left nothing on the machine.
#[track_caller]
fn assert_nothing_left(world: &World, by: By) {
    assert_eq!(running(), Vec::<String>::new());
    let mounts = fs::read_to_string("/proc/self/mounts").expect("it is there");
    let own = world.path("").display().to_string();
    let ours: Vec<&str> = mounts
        .lines()
        .filter(|line| line.contains(&own) || line.contains("/var/tmp/debcut-"))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
    assert_no_group_left();
    // What nobody builds in is empty.
    let places = PathBuf::from(format!("/var/tmp/debcut-{}", by.number()));
    for entry in fs::read_dir(&places).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = name.strip_suffix(".lock") else {
            continue;
        };
        let lock = fs::File::open(&path).expect("it is there");
        if lock.try_lock().is_ok() {
            let left = fs::read_dir(places.join(number)).expect("it is there");
            let left: Vec<_> = left.flatten().map(|entry| entry.path()).collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
    for place in ["project/dist", "project/x", "home/x"] {
        let packages = walkdir::WalkDir::new(world.path(place)).into_iter();
        let mut packages = packages.flatten().map(|entry| entry.into_path());
        let found = packages.find(|path| path.extension().is_some_and(|e| e == "deb"));
        assert_eq!(found, None);
        assert!(place == "project/dist" || !world.path(place).exists());
    }
}

/// Builds what tries everything, and checks what is said of it.
fn achieves_nothing(world: &World, by: By) {
    let agent = world.path("home/agent");
    let _listening = UnixListener::bind(&agent).expect("a socket");
    let before = std::time::SystemTime::now();
    let call = world.debcut(BUILD).env("SSH_AUTH_SOCK", &agent);
    let ran = by.call(call).run().code(1);
    let document = ran.document("debcut/build/1");
    let rules = rules(&document);
    for rule in ["network", "forbidden-path", "limit", "left-behind"] {
        assert!(rules.iter().any(|found| found == rule), "{rule}: {rules:?}");
    }
    let network = message(&document, "network");
    for wanted in ["93.184.216.34:80/tcp", "hostile.example.org (DNS)"] {
        assert!(network.contains(wanted), "{network}");
    }
    let forbidden = message(&document, "forbidden-path");
    for wanted in [".netrc", ".ssh/id_ed25519", "home/agent", "debcut/keys"] {
        assert!(forbidden.contains(wanted), "{wanted} in {forbidden}");
    }
    let limits = message(&document, "limit");
    assert!(
        limits.contains("processes") && limits.contains("space"),
        "{limits}"
    );
    assert!(message(&document, "left-behind").contains("sleep"));
    let log = log_of(&document);
    assert!(!String::from_utf8_lossy(&log).contains("secret"));
    let after = std::time::SystemTime::now();
    assert!(after > before, "the clock is as it was");
    assert_nothing_left(world, by);
}

/// Shows what the script got, as a failing command would.
const TELL: &str = "\ncat out/got >&2; [ ! -s out/got ]\n";

#[test]
fn a_declared_command_achieves_nothing() {
    achieves_nothing(&declared(&format!("{HOSTILE}{TELL}")), By::Self_);
}

#[test]
fn a_declared_command_of_an_ordinary_user_achieves_nothing() {
    achieves_nothing(&declared(&format!("{HOSTILE}{TELL}")), By::Nobody);
}

#[test]
fn rules_achieve_nothing() {
    achieves_nothing(&with_rules(HOSTILE), By::Self_);
}

#[test]
fn rules_of_an_ordinary_user_achieve_nothing() {
    achieves_nothing(&with_rules(HOSTILE), By::Nobody);
}

/// What the log of a failed build says.
fn log_of(document: &Value) -> Vec<u8> {
    let findings = document["findings"].as_array().expect("findings");
    let fixes = findings
        .iter()
        .filter_map(|finding| finding["fix"].as_str());
    let mut places = fixes.filter_map(|fix| fix.strip_prefix("the whole output is in "));
    fs::read(places.next().expect("a build has a log")).expect("readable")
}

#[test]
fn the_script_itself_gets_nothing() {
    let world = declared(&format!("{HOSTILE}\necho end >&3; cat out/got; exit 1\n"));
    let document = world.debcut(BUILD).run().code(1).document("debcut/build/1");
    let log = String::from_utf8_lossy(&log_of(&document)).into_owned();
    assert!(!log.contains("got "), "{log}");
    assert!(log.ends_with("end\n"), "{log}");
}

#[test]
fn output_without_end_does_not_fill_the_disk() {
    for script in [
        "yes \"$(printf %0900d 0)\"",
        "cat /dev/zero",
        "cat /dev/zero >&2",
    ] {
        let world = declared(script);
        let started = Instant::now();
        let document = world.debcut(BUILD).run().code(1).document("debcut/build/1");
        assert_eq!(rules(&document), ["build-failed", "limit"], "{script}");
        assert!(message(&document, "limit").contains("output"));
        let log = log_of(&document).len();
        assert!(log <= 64 << 20, "{script}: {log}");
        assert!(message(&document, "build-failed").len() < 20_000);
        assert!(started.elapsed() < Duration::from_secs(120), "{script}");
        assert_nothing_left(&world, By::Self_);
    }
}

#[test]
fn a_result_is_no_way_out() {
    // Each would bring something of the machine's into the package, fill its
    // disk, or hang whoever reads it.
    let cases = [
        ("a link to a secret", "ln -s $OWNER/.netrc out/got"),
        ("a link to the system's secret", "ln -s /etc/shadow out/got"),
        (
            "a directory elsewhere",
            "rmdir out; ln -s $OWNER/.ssh out; mkdir x; ln -s id_ed25519 x/got",
        ),
        ("holes", "truncate --size 1T out/got"),
        ("a pipe", "mkfifo out/got"),
        (
            "a socket",
            "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"out/got\", Listen => 1)'",
        ),
        ("a link to itself", "ln -s got out/got"),
        ("nothing", ":"),
    ];
    for (what, script) in cases {
        let world = declared(&format!("mkdir out; {script}"));
        let ran = world.debcut(BUILD).run();
        let want: &[i32] = match what.contains("link") {
            // A link is packed as a link.
            true => &[0],
            false => &[1, 2],
        };
        assert!(want.contains(&ran.code), "{what}: {ran:?}");
        let deb = world.project().join("dist/v1.0.0/tally_1.0.0_all.deb");
        assert_eq!(deb.exists(), ran.code == 0, "{what}");
        if deb.exists() {
            unpacks(&world, &deb);
            let got = world.path("unpacked/usr/share/tally/got");
            assert!(got.is_symlink(), "{what}");
            fs::remove_dir_all(world.project().join("dist")).expect("it is there");
        }
        assert!(!ran.stdout.contains("secret") && !ran.stderr.contains("secret"));
        assert_nothing_left(&world, By::Self_);
    }
}

#[test]
fn a_stopped_build_leaves_nothing() {
    for by in [By::Self_, By::Nobody] {
        let world = declared(
            "trap '' INT TERM; setsid sh -c \"trap '' INT TERM; sleep $MARK; sleep $MARK\" &\n\
             sleep $MARK; while :; do sleep $MARK; done",
        );
        let mut child = by.call(world.debcut(BUILD)).start();
        let until = Instant::now() + Duration::from_secs(60);
        while running().len() < 2 {
            let ended = child.try_wait().expect("ours");
            assert!(Instant::now() < until && ended.is_none(), "{ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut kill = tool("kill", "procps");
        kill.args(["-s", "INT", &child.id().to_string()]);
        world.judge(kill).code(0);
        finished(child.wait_with_output().expect("it ends")).code(4);
        assert_nothing_left(&world, by);
    }
}

#[test]
fn a_build_that_kills_its_parents_ends_itself() {
    let world = declared("kill -9 $PPID; kill -9 0; kill -9 -1; sleep 60");
    let started = Instant::now();
    let document = world.debcut(BUILD).run().code(1).document("debcut/build/1");
    assert_eq!(rules(&document)[0], "build-failed");
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_nothing_left(&world, By::Self_);
}

#[test]
fn names_of_all_kinds_are_packed_as_they_are_or_refused() {
    let world = declared(
        "mkdir -p out/d; perl -e 'for (\"line\\nfeed\", \"\\xff\\xfe\", \"-rf\", \"$(id)\") { open $f, \">\", \"out/d/$_\" or die $! }'",
    );
    world.edit("debcut.toml", "out/got", "out/d/*");
    world.edit("debcut.toml", "/usr/share/tally/got", "/usr/share/tally/");
    world.commit("feat: all names");
    world.git(&["tag", "--delete", "v1.0.0"]);
    world.tag("v1.0.0");
    let ran = world.debcut(BUILD).run();
    assert!([0, 1, 2].contains(&ran.code), "{ran:?}");
    if ran.code == 0 {
        let deb = world.project().join("dist/v1.0.0/tally_1.0.0_all.deb");
        unpacks(&world, &deb);
    }
}

fn unpacks(world: &World, deb: &Path) {
    let mut unpack = tool("dpkg-deb", "dpkg");
    unpack.arg("--extract").arg(deb).arg(world.path("unpacked"));
    world.judge(unpack).code(0);
}
