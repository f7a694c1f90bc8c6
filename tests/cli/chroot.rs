//! Clean systems to build in: made, filled, kept, refused, removed.
//!
//! One system serves all tests and stays for the next run, in /var/tmp. Tests
//! that need Debian's mirror say so and skip when it does not answer.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::archive::packages::deb;
use crate::world::{Ran, World, finished, is_root, tool};

const SUITE: &str = "bookworm";

/// Tells whether systems can be made here at all, and says why not.
#[expect(clippy::print_stderr, reason = "who skips says why")]
pub fn is_possible() -> bool {
    let release = "http://deb.debian.org/debian/dists/bookworm/Release.gpg";
    let dir = tempfile::tempdir().expect("a directory");
    let mut fetch = Command::new("/usr/lib/apt/apt-helper");
    fetch.args([
        "-o",
        "Acquire::Retries=0",
        "-o",
        "Acquire::http::Timeout=20",
    ]);
    let fetch = fetch
        .args(["download-file", release])
        .arg(dir.path().join("f"));
    if !fetch.output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: Debian's mirror does not answer");
        return false;
    }
    let mut unshare = tool("unshare", "util-linux");
    unshare.args(["--user", "--map-root-user", "true"]);
    if !unshare.output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no user namespaces here");
        return false;
    }
    true
}

/// Where the systems of all tests are, for a user.
pub fn kept(user: u32) -> PathBuf {
    PathBuf::from(format!("/var/tmp/debcut-tests-{user}"))
}

fn own_number() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The real time: a system's age counts over runs.
pub fn now() -> String {
    let mut date = tool("date", "coreutils");
    let output = date.args(["-u", "+%FT%TZ"]).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn control(world: &World, name: &str, needs: &str) -> String {
    let text = format!(
        "Source: lab\nMaintainer: Ada Example <ada@example.org>\nBuild-Depends: {needs}\n\n\
         Package: lab\nArchitecture: all\nDescription: a test\n of nothing\n"
    );
    world.write(name, text);
    name.to_owned()
}

/// Makes the tests' system with what a package needs on top.
fn fill(world: &World, control: &str) -> Ran {
    let words = ["root", "make", SUITE, "--json", "--build-depends", control];
    let call = world
        .debcut(words)
        .env("XDG_CACHE_HOME", kept(own_number()));
    call.env("DEBCUT_NOW", now()).run()
}

/// Runs a shell in a room without network that is made of these layers.
fn shell(world: &World, layers: &Value, script: &str) -> Value {
    let description = json!({
        "root": {"layers": {"lower": layers, "upper": null}},
        "binds": [], "files": {}, "host_name": "debcut", "network": "none",
        "build_path": "/build",
        "account": {"name": "builder", "uid": 1000, "home": "/builder"},
        "limits": {"processes": 500, "memory_bytes": 1u64 << 34, "space_bytes": 1 << 30},
        "forbidden": [],
    });
    let path = world.path("room.json");
    std::fs::write(&path, description.to_string()).expect("a file");
    let path = path.to_str().expect("text");
    let words = [
        "sandbox",
        "run",
        "--description",
        path,
        "--",
        "sh",
        "-c",
        script,
    ];
    let ran = world.run(words).code(0);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn dependencies_are_installed_once_and_built_with_in_a_clean_system() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let control = control(&world, "control", "ed (>= 1.18), bc <!nocheck>");
    let document = fill(&world, &control)
        .code(0)
        .document("debcut/root-make/1");
    let filled = &document["filled"];
    let layers = &filled["layers"];
    assert_eq!(layers.as_array().map(Vec::len), Some(2), "{document}");
    let again = fill(&world, &control)
        .code(0)
        .document("debcut/root-make/1");
    assert_eq!(again["changed"], false);
    assert_eq!(again["filled"], *filled);

    // dpkg itself is asked what is there, as the account that builds.
    let query =
        "dpkg-query -W -f '${db:Status-Abbrev}${Package} (= ${Version})\\n' | sed -n 's/^ii //p'";
    let found = shell(&world, layers, query);
    assert_eq!(found["ran"]["code"], 0, "{found}");
    let lines = found["ran"]["stdout"].as_str().expect("text").lines();
    let mut theirs: Vec<&str> = lines.collect();
    theirs.sort_unstable();
    let ours = filled["packages"].as_array().expect("a list").iter();
    let mut ours: Vec<&str> = ours.map(|line| line.as_str().expect("text")).collect();
    ours.sort_unstable();
    assert_eq!(theirs, ours);
    assert!(
        ours.iter().any(|line| line.starts_with("ed (= ")),
        "{ours:?}"
    );

    // What was needed to install is not needed to build, and nothing started.
    let script = "set -e; ed --version >/dev/null; bc --version >/dev/null; cc --version >/dev/null\n\
        for left in /usr/sbin/policy-rc.d /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/99* \
          /etc/apt/preferences.d/* /var/cache/apt/archives/*.deb /var/lib/apt/lists/*_* \
          /etc/dpkg/dpkg.cfg.d/*; do [ ! -e \"$left\" ] || { echo \"$left\"; exit 9; }; done\n\
        touch /build/a; ! touch /usr/a 2>/dev/null; id -un";
    let found = shell(&world, layers, script);
    assert_eq!(found["ran"]["code"], 0, "{found}");
    assert_eq!(found["ran"]["stdout"], "builder\n", "{found}");
}

#[test]
fn what_cannot_be_installed_is_told_with_what_is_there() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let control = control(&world, "control", "ed (>= 99), nope-nothing");
    let ran = fill(&world, &control).code(2);
    let document = ran.document("debcut/error/1");
    assert_eq!(document["kind"], "missing-build-dependency");
    let message = document["message"].as_str().expect("text");
    for part in [
        "ed (>= 99)",
        "there is 1.19-1 (http",
        "nope-nothing",
        "it is in no archive",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn dependencies_come_from_an_archive_of_ones_own() {
    if !is_possible() {
        return;
    }
    let world = World::with_archive();
    let package = deb("debcut-test-apple", "1.0").make(&world, "debs");
    world.add(&[package], &[]).code(0);
    let location = world.path("archive");
    world.write(
        "debcut.toml",
        format!(
            "[archive.own]\nlocation = \"{}\"\n[build]\narchives = [\"own\"]\n",
            location.display()
        ),
    );
    let needs = control(&world, "control", "debcut-test-apple (= 1.0)");
    let document = fill(&world, &needs).code(0).document("debcut/root-make/1");
    let packages = document["filled"]["packages"].to_string();
    assert!(packages.contains("debcut-test-apple (= 1.0)"), "{packages}");
    // The archive's new state is another layer's.
    let newer = deb("debcut-test-apple", "1.1").make(&world, "debs");
    world.add(&[newer], &[]).code(0);
    let needs = control(&world, "control", "debcut-test-apple (>= 2)");
    let message = fill(&world, &needs).code(2).document("debcut/error/1");
    let message = message["message"].as_str().expect("text").to_owned();
    assert!(
        message.contains("there is 1.1 (own stable/main"),
        "{message}"
    );
}

#[test]
fn an_ordinary_user_with_numbers_of_his_own_needs_no_root() {
    if !is_root() || !is_possible() {
        return;
    }
    let ranges = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
    let names = ranges.lines().filter_map(|line| line.split(':').next());
    let number = names.filter(|name| *name != "root").find_map(|name| {
        let output = Command::new("id").args(["-u", name]).output().ok()?;
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse::<u32>()
            .ok()
    });
    let Some(number) = number else {
        say_skipped("nobody but root has subordinate numbers (useradd makes such a user)");
        return;
    };
    let world = World::new();
    control(&world, "control", "ed (>= 1.18)");
    let cache = kept(number);
    std::fs::create_dir_all(&cache).expect("a directory");
    std::os::unix::fs::chown(&cache, Some(number), Some(number)).expect("root may");
    let words = [
        "root",
        "make",
        SUITE,
        "--json",
        "--build-depends",
        "control",
    ];
    let call = world
        .debcut(words)
        .env("XDG_CACHE_HOME", &cache)
        .env("DEBCUT_NOW", now());
    let document = call.by(number).run().code(0).document("debcut/root-make/1");
    let layers = document["filled"]["layers"].as_array().expect("a list");
    let owner = std::fs::metadata(layers[1].as_str().expect("text")).expect("there");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), number);
}

#[expect(clippy::print_stderr, reason = "who skips says why")]
fn say_skipped(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn what_is_refused_has_a_remedy() {
    let world = World::new();
    let own = world.path("cache");
    let make = |suite: &str| {
        let call = world.debcut(["root", "make", suite, "--json"]);
        call.env("XDG_CACHE_HOME", &own).run()
    };
    let document = make("bokworm").code(2).document("debcut/error/1");
    assert_eq!(document["kind"], "unknown-suite");
    assert_eq!(document["hints"][0], "did you mean “bookworm”?");
    let hints = make("").code(2).document("debcut/error/1")["hints"].to_string();
    assert!(!hints.contains("did you mean"), "{hints}");
    let hints = make("UNRELEASED").code(2).document("debcut/error/1")["hints"].to_string();
    assert!(hints.contains("--suite unstable"), "{hints}");
    let planned = world.debcut(["root", "make", "bullseye", "--dry-run", "--json"]);
    let planned = planned.env("XDG_CACHE_HOME", &own).run().code(0);
    let planned = planned.document("debcut/root-make/1");
    assert_eq!(planned["suites"][2], "bullseye-security", "{planned}");
    // Nobody listens on this port of the loopback interface.
    world.write(
        "debcut.toml",
        "[build]\nmirror = \"http://127.0.0.1:9/debian\"\n",
    );
    let document = make(SUITE).code(3).document("debcut/error/1");
    assert_eq!(document["kind"], "mirror", "{document}");
    let left = std::fs::read_dir(own.join("debcut/roots")).expect("it was made");
    let left = left.map(|entry| entry.expect("listed").file_name());
    let left: Vec<_> = left
        .filter(|name| !name.to_string_lossy().contains("lo"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_user_without_numbers_is_told_what_to_do() {
    let world = World::new();
    let words = ["root", "make", SUITE, "--json"];
    let call = world
        .debcut(words)
        .env("XDG_CACHE_HOME", world.path("cache"));
    if !is_root() {
        say_skipped("only root can become a user who has none");
        return;
    }
    world.write(
        "debcut.toml",
        "[build]\nmirror = \"http://127.0.0.1:9/debian\"\n",
    );
    let document = call.by_nobody().run().code(2).document("debcut/error/1");
    assert_eq!(document["kind"], "namespaces", "{document}");
    let hints = document["hints"].to_string();
    assert!(hints.contains("--add-subuids"), "{document}");
}

#[test]
fn a_stop_or_a_kill_leaves_no_system_that_is_half_there() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    let own = world.path("cache");
    let roots = own.join("debcut/roots");
    let making = || {
        let entries = std::fs::read_dir(&roots).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.find(|name| name.starts_with(".making-"))
    };
    for (signal, code) in [("TERM", 4), ("KILL", 137)] {
        let call = world
            .debcut(["root", "make", SUITE])
            .env("XDG_CACHE_HOME", &own);
        let child = call.start();
        let until = Instant::now() + Duration::from_secs(60);
        let has_begun = || making().is_some_and(|name| roots.join(name).join("tree/var").is_dir());
        while !has_begun() {
            assert!(Instant::now() < until, "it never began");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut kill = tool("kill", "procps");
        kill.args(["-s", signal, &child.id().to_string()]);
        world.judge(kill).code(0);
        finished(child.wait_with_output().expect("it ends")).code(code);
        assert_eq!(making().is_some(), signal == "KILL");
        let listed = world
            .debcut(["root", "list", "--json"])
            .env("XDG_CACHE_HOME", &own);
        let listed = listed.run().code(0).document("debcut/root-list/1");
        assert_eq!(listed["roots"], json!([]));
    }
    // It is no secret, and the next run takes it away.
    let listed = world
        .debcut(["root", "list"])
        .env("XDG_CACHE_HOME", &own)
        .run();
    assert!(listed.code(0).stdout.contains("1 left by killed runs"));
    world.write(
        "debcut.toml",
        "[build]\nmirror = \"http://127.0.0.1:9/debian\"\n",
    );
    let next = world
        .debcut(["root", "make", SUITE])
        .env("XDG_CACHE_HOME", &own);
    next.run().code(3);
    assert_eq!(making(), None);
}

/// Writes a system that is there in name.
fn pretend(cache: &Path, name: &str, suite: &str) -> PathBuf {
    let directory = cache.join("debcut/roots").join(name);
    std::fs::create_dir_all(directory.join("tree")).expect("a directory");
    std::fs::write(directory.join("lock"), "").expect("a file");
    let digest = "0".repeat(64);
    let record = json!({
        "suites": [suite], "architecture": "amd64", "key": digest, "made_unix": 1_748_000_000,
        "snapshot": null, "sources": [], "identity": digest, "packages": 147,
    });
    std::fs::write(directory.join("root.json"), record.to_string()).expect("a file");
    directory
}

#[test]
fn apt_is_asked_for_its_mirror_once() {
    let world = World::new();
    let asked = world.path("asked");
    let bin = world.path("bin");
    std::fs::create_dir_all(&bin).expect("a directory");
    let script = format!(
        "#!/bin/sh\necho x >>{}\necho 'Debian|Debian|http://own.example/debian/'\n",
        asked.display()
    );
    let fake = bin.join("apt-get");
    std::fs::write(&fake, script).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&fake, mode).expect("ours");
    let path = std::env::var("PATH").unwrap_or_default();
    for _ in 0..2 {
        let call = world.debcut(["root", "make", SUITE, "--dry-run"]);
        let call = call.env("PATH", format!("{}:{path}", bin.display()));
        call.env("XDG_CACHE_HOME", world.path("cache"))
            .run()
            .code(0);
    }
    let asked = std::fs::read_to_string(asked).expect("it was asked");
    assert_eq!(asked, "x\n");
}

#[test]
fn systems_are_listed_and_removed_but_not_from_under_a_build() {
    let world = World::new();
    let cache = world.path("cache");
    let root = |words: &[&str]| {
        let words = std::iter::once("root").chain(words.iter().copied());
        world.debcut(words).env("XDG_CACHE_HOME", &cache).run()
    };
    assert!(root(&["list"]).code(0).stdout.contains("no system is kept"));
    let busy = pretend(&cache, "bookworm-amd64-1-1", "bookworm");
    let free = pretend(&cache, "trixie-amd64-2-1", "trixie");
    // What a killed run left, and packages as they came, are seen.
    let left = cache.join("debcut/roots/.making-x");
    std::fs::create_dir(&left).expect("a directory");
    std::fs::create_dir(cache.join("debcut/debs")).expect("a directory");
    std::fs::write(cache.join("debcut/debs/a.deb"), [1; 9000]).expect("a file");
    let listed = root(&["list", "--json"])
        .code(0)
        .document("debcut/root-list/1");
    let parts = ["packages", "builds", "left by killed runs"];
    for (at, (name, entries)) in parts.iter().zip([1, 0, 1]).enumerate() {
        let part = &listed["cache"][at];
        assert_eq!(
            (&part["name"], &part["entries"]),
            (&json!(name), &json!(entries))
        );
    }
    assert_eq!(listed["roots"][0]["suites"], json!(["bookworm"]));
    assert_eq!(listed["roots"][0]["age_days"], 9);
    assert_eq!(listed["roots"][1]["packages"], 147);
    let text = root(&["list"]).code(0).stdout;
    assert!(text.contains("9 d"), "{text}");

    let document = root(&["remove", "sid", "--json"])
        .code(2)
        .document("debcut/error/1");
    assert_eq!(document["kind"], "no-root");
    let planned = root(&["remove", "--all", "--dry-run", "--json"]).code(0);
    let planned = planned.document("debcut/root-remove/1");
    assert_eq!(planned["removed"].as_array().map(Vec::len), Some(2));
    assert!(busy.is_dir() && free.is_dir(), "a dry run removes nothing");

    // Old is what nobody has used for a month.
    let month_ago = std::time::SystemTime::now() - Duration::from_secs(31 * 24 * 60 * 60);
    let other = pretend(&cache, "forky-amd64-3-1", "forky");
    let lock = File::open(other.join("lock")).expect("it is there");
    lock.set_modified(month_ago).expect("it is ours");
    drop(lock);
    let old = root(&["remove", "--old", "--json"]).code(0);
    let old = old.document("debcut/root-remove/1");
    assert_eq!(old["removed"], json!(["forky-amd64-3-1"]));
    assert_eq!(old["cache"][0]["name"], "left by killed runs");
    assert!(!left.exists() && busy.is_dir() && free.is_dir());

    let lock = File::open(busy.join("lock")).expect("it is there");
    lock.lock_shared().expect("it is free");
    let done = root(&["remove", "--all", "--json"])
        .code(1)
        .document("debcut/root-remove/1");
    assert_eq!(done["removed"], json!(["trixie-amd64-2-1"]));
    assert_eq!(done["findings"][0]["rule"], "root-in-use");
    assert!(busy.is_dir() && !free.exists());
    drop(lock);
    root(&["remove", "bookworm"]).code(0);
    let again = root(&["remove", "--all", "--json"])
        .code(0)
        .document("debcut/root-remove/1");
    assert_eq!(again["changed"], false);
}

/// sbuild's own chroot, of the tests' system: a tarball where it looks for one.
fn sbuild_chroot(home: &Path, tree: &str) {
    let to = home.join(".cache/sbuild");
    std::fs::create_dir_all(&to).expect("a directory");
    let mut tar = tool("tar", "tar");
    tar.args(["--create", "--numeric-owner", "--directory", tree]);
    // The tests' system belongs to a range of numbers; its own start at 0.
    let first = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(tree).expect("there"));
    let maps = to.join("owners");
    let numbers: String = (0..200)
        .map(|n| format!("+{} {n}:{n}\n", first + n))
        .collect();
    std::fs::write(&maps, numbers).expect("a file");
    for map in ["--owner-map", "--group-map"] {
        tar.arg(format!("{map}={}", maps.display()));
    }
    tar.arg("--file")
        .arg(to.join("bookworm-amd64.tar"))
        .arg(".");
    let output = tar.output().expect("it runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn sbuild_builds_as_its_user_has_set_it_up() {
    if !is_possible() {
        return;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|place| place.join("sbuild").is_file());
    let ranges = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
    let names = ranges.lines().filter_map(|line| line.split(':').next());
    let user = names.filter(|name| *name != "root").find_map(|name| {
        let output = Command::new("id").args(["-u", name]).output().ok()?;
        let number = String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse::<u32>()
            .ok()?;
        Some((name.to_owned(), number))
    });
    let (Some((name, number)), true, true) = (user, is_there, is_root()) else {
        say_skipped("it takes root, sbuild and a user with subordinate numbers");
        return;
    };
    let world = World::native();
    // The system's suite is the one that the changelog names.
    let changelog = world.project().join("debian/changelog");
    let text = std::fs::read_to_string(&changelog).expect("it is there");
    world.write("debian/changelog", text.replacen("stable;", "bookworm;", 1));
    world.commit("chore: build in the stable release");
    let needs = control(&world, "../needs", "ed (>= 1.18)");
    let filled = fill(&world, &needs).code(0).document("debcut/root-make/1");
    let tree = filled["root"]["path"].as_str().expect("text").to_owned();
    sbuild_chroot(&world.path("home"), &tree);
    let configuration = "$chroot_mode = 'unshare';\n$run_lintian = 0;\n1;\n";
    std::fs::write(world.path("home/.sbuildrc"), configuration).expect("a file");
    let mut open = tool("chmod", "coreutils");
    open.args(["-R", "a+rX"])
        .arg(world.path("home"))
        .arg(world.path(""));
    world.judge(open).code(0);
    let words = [
        "build",
        "--commit",
        "HEAD",
        "--builder",
        "sbuild",
        "--no-sign",
        "--json",
    ];
    let call = world.debcut(words).env("USER", &name).env("LOGNAME", &name);
    let ran = call.by(number).run();
    let document = ran.code(0).document("debcut/build/1");
    let names = document["artifacts"].to_string();
    for ending in [".deb", ".dsc", ".buildinfo", ".changes"] {
        assert!(
            names.contains(&format!("{ending}\"")),
            "{ending} in {names}"
        );
    }
    let directory = document["directory"].as_str().expect("text");
    // It is sbuild's own record, of its own system.
    let entries = std::fs::read_dir(directory).expect("it is there");
    let mut paths = entries.map(|entry| entry.expect("listed").path());
    let info = paths.find(|path| path.extension().is_some_and(|e| e == "buildinfo"));
    let info = std::fs::read_to_string(info.expect("one")).expect("text");
    assert!(info.contains("Installed-Build-Depends:"), "{info}");
}

#[test]
fn a_records_packages_are_installed_in_exact_versions_or_all_named() {
    use debcut::build::root::choices::RootChoices;
    use debcut::build::root::{self, Means, Refresh, RootError};
    use debcut::flow::rooting::{Saying, wanted};
    use debcut::format::buildinfo::Installed;
    use debcut::model::{PackageName, Silent, Timestamp};
    use debcut::sys::environment::Environment;
    if !is_possible() {
        return;
    }
    let world = World::new();
    let path = std::env::var("PATH").unwrap_or_default();
    let cache = kept(own_number());
    let variables = [
        ("PATH", path),
        ("XDG_CACHE_HOME", cache.display().to_string()),
    ];
    let environment = Environment::new(world.project(), variables);
    let now = Timestamp::parse_rfc3339(&now()).expect("a moment");
    let (choices, archives) = (RootChoices::default(), Default::default());
    let saying = Saying {
        choices: &choices,
        archives: &archives,
        top: &world.project(),
    };
    let bare = wanted(&saying, SUITE, None, &environment, now).expect("a known suite");
    let provide = |packages: &[(&str, &str)]| {
        let exact = packages.iter().map(|(name, version)| Installed {
            package: PackageName::new(*name).expect("a name"),
            architecture: None,
            version: version.parse().expect("a version"),
        });
        let mut wanted = bare.clone();
        wanted.exact = Some(exact.collect());
        let mut log = Vec::new();
        let mut means = Means {
            environment: &environment,
            acquire: root::acquire(&environment),
            program: Path::new(env!("CARGO_BIN_EXE_debcut")),
            now,
            log: &mut log,
            listener: &Silent,
        };
        root::provide(&wanted, Refresh::AfterDays(7), &mut means)
    };
    let provided = provide(&[("ed", "1.19-1")]).expect("the release has it");
    let lines: Vec<String> = provided.packages.iter().map(ToString::to_string).collect();
    assert!(lines.contains(&"ed (= 1.19-1)".to_owned()), "{lines:?}");
    assert_eq!(provided.layers.len(), 2);
    let error = provide(&[("ed", "0.1-1"), ("nope-nothing", "3")]).expect_err("nowhere");
    let RootError::NotFound { packages } = error else {
        panic!("{error}");
    };
    assert_eq!(packages.len(), 2, "{packages:?}");
    assert!(
        packages[0].contains("ed (= 0.1-1): the archives have 1.19-1"),
        "{packages:?}"
    );
    assert_eq!(packages[1], "nope-nothing (= 3): in no archive");
}
