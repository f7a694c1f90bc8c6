//! The judge: apt of this Debian reads what was published, by each way that
//! users take, and refuses what was changed behind our back.

pub mod client;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use debcut::model::Sha256;
use rustix::process::{Pid, Signal, kill_process};

use crate::archive::packages::{Deb, deb, source};
use crate::world::{Call, World, finished, listing, tool};
use client::{Client, Fetched};

/// `archive serve`, as long as it lives.
pub struct Served {
    process: Child,
    /// Where it serves.
    pub url: String,
}

impl Served {
    /// Starts it.
    pub fn start(world: &World) -> Self {
        let mut process = world
            .archive_call(["serve", "--listen", "127.0.0.1:0", "--quiet"])
            .start();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().expect("it is a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the URL");
        let url = line.trim_end().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { process, url }
    }

    /// Asks it to end.
    pub fn end(self) {
        terminate(&self.process);
        let output = self.process.wait_with_output().expect("it ends");
        finished(output).code(0);
    }
}

fn terminate(process: &Child) {
    let pid = Pid::from_raw(process.id() as i32).expect("it runs");
    kill_process(pid, Signal::TERM).expect("it runs");
}

/// Packages of every kind: built from a tag in two versions, for all and for
/// this machine, in main and contrib, with source.
fn filled() -> World {
    let world = World::declared();
    world.key();
    world
        .archive(["init", "--suite", "stable", "--component", "main,contrib"])
        .code(0);
    world.run(["build", "v1.2.0", "--out", "../dist/1"]).code(0);
    world.edit("VERSION", "1.2.0", "1.3.0");
    world.edit(
        "debcut.toml",
        "section = \"utils\"",
        "section = \"utils\"\narchitecture = \"any\"",
    );
    world.commit("feat: another version");
    world.tag("v1.3.0");
    world.run(["build", "v1.3.0", "--out", "../dist/2"]).code(0);
    let by_hand = deb("apple", "1:2.0~rc1+b1").make(&world, "debs");
    let contributed = Deb {
        section: "contrib/utils",
        ..deb("cherry", "1.0")
    };
    let contributed = contributed.make(&world, "debs");
    let at = |below: &str| world.path(below);
    world
        .add(
            &[
                at("dist/1"),
                at("dist/2"),
                by_hand,
                contributed,
                source(&world),
            ],
            &[],
        )
        .code(0);
    world
}

const PACKAGES: [&str; 3] = ["tally", "apple", "cherry"];
const SOURCES: [&str; 1] = ["plum"];

/// Returns what apt must bring: the newest of each package, and the source.
fn wanted(world: &World) -> Fetched {
    let pool = listing(&world.archive_at().join("pool"));
    let names = pool
        .keys()
        .filter(|path| world.archive_at().join("pool").join(path).is_file());
    let mut found = Fetched::new();
    for path in names {
        let name = path.file_name().expect("a name").to_string_lossy();
        if name.starts_with("tally_1.2.0") {
            continue;
        }
        let bytes = std::fs::read(world.archive_at().join("pool").join(path)).expect("readable");
        // apt keeps the epoch, which no file name in the pool has.
        let name = name.replace("apple_2.0", "apple_1%3a2.0");
        found.insert(name, Sha256::of(&bytes).hex());
    }
    assert_eq!(
        found.len(),
        6,
        "three packages and three files of source: {found:?}"
    );
    found
}

#[track_caller]
fn gets_everything(world: &World, list: (&str, &str)) {
    let client = Client::new(world, "client", list);
    let fetched = client.everything(&PACKAGES, &SOURCES);
    let fetched = fetched.unwrap_or_else(|ran| panic!("{}\n{}{}", list.1, ran.stdout, ran.stderr));
    assert_eq!(fetched, wanted(world), "{}", list.1);
    assert_eq!(client.versions("tally"), ["1.3.0", "1.2.0"]);
    let policy = client.apt("apt-cache", &["policy", "apple"]).code(0).stdout;
    assert!(policy.contains("Candidate: 1:2.0~rc1+b1\n"), "{policy}");
}

pub fn sources(world: &World, words: &[&str]) -> String {
    let words = ["sources"].into_iter().chain(words.iter().copied());
    world.archive(words).code(0).stdout
}

#[test]
fn apt_fetches_and_verifies_over_every_way() {
    let world = filled();
    let served = Served::start(&world);
    let inline = sources(&world, &["--uri", &served.url]);
    assert!(
        inline.contains("\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n"),
        "{inline}"
    );
    gets_everything(&world, ("a.sources", &inline));
    for key in ["key.pgp", "key.asc"] {
        let key = world.path(key);
        let key = key.to_str().expect("text");
        let text = sources(&world, &["stable", "--uri", &served.url, "--key-out", key]);
        assert!(text.contains(&format!("\nSigned-By: {key}\n")), "{text}");
        gets_everything(&world, ("a.sources", &text));
        let line = format!("[signed-by={key}] {} stable main contrib\n", served.url);
        let text = format!("deb {line}deb-src {line}");
        gets_everything(&world, ("a.list", &text));
    }
    served.end();
}

#[test]
fn apt_reads_it_from_any_web_server_and_from_a_directory() {
    let world = filled();
    let mut python = tool("python3", "python3");
    world.surround(&mut python);
    python.args([
        "-u",
        "-m",
        "http.server",
        "--bind",
        "127.0.0.1",
        "0",
        "--directory",
    ]);
    python
        .arg(world.archive_at())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = python.spawn().expect("it is installed");
    let mut line = String::new();
    let stdout = process.stdout.as_mut().expect("it is a pipe");
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("its first line");
    let url = line.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
    let text = sources(&world, &["--uri", url.trim_end_matches('/')]);
    let served = std::panic::catch_unwind(|| gets_everything(&world, ("a.sources", &text)));
    terminate(&process);
    process.wait().expect("it ends");
    served.unwrap_or_else(|cause| std::panic::resume_unwind(cause));

    let text = sources(&world, &[]);
    assert!(
        text.contains(&format!("URIs: file:{}\n", world.archive_at().display())),
        "{text}"
    );
    let client = Client::new(&world, "client", ("a.sources", &text));
    // Packages are read in place; only sources are copied.
    let mut want = wanted(&world);
    want.retain(|name, _| name.starts_with("plum"));
    let fetched = client.everything(&PACKAGES, &SOURCES);
    assert_eq!(fetched.unwrap_or_else(|ran| panic!("{}", ran.stderr)), want);
    assert_eq!(client.versions("tally"), ["1.3.0", "1.2.0"]);
}

/// Puts other bytes in a file's place, without touching its other names.
fn replace(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).expect("it is there");
    std::fs::write(path, bytes).expect("a file");
}

/// What of `dists/` and `pool/` the current generation promises. By-hash files
/// of earlier generations are for clients that are just fetching one.
fn promised(world: &World) -> Vec<PathBuf> {
    let archive = world.archive_at();
    let release = std::fs::read_to_string(archive.join("dists/stable/Release")).expect("there");
    // A digest in `Release` stands beside the plain name in the same directory.
    let current = |path: &PathBuf| {
        let path = path.to_str().expect("text");
        let Some((directory, digest)) = path.split_once("/by-hash/SHA256/") else {
            return true;
        };
        let below = directory.strip_prefix("dists/stable/").expect("a suite");
        let listed = |line: &str| {
            let name = line.split(' ').next_back().unwrap_or_default();
            let parent = name.rsplit_once('/').map(|(parent, _)| parent);
            line.contains(digest) && parent == Some(below)
        };
        release.lines().any(listed)
    };
    let all = listing(&archive)
        .into_keys()
        .filter(|path| archive.join(path).is_file());
    let all = all.filter(|path| path.starts_with("dists") || path.starts_with("pool"));
    all.filter(current).collect()
}

#[test]
fn one_changed_byte_anywhere_never_reaches_a_client() {
    let world = filled();
    let served = Served::start(&world);
    let text = sources(&world, &["--uri", &served.url]);
    let want = wanted(&world);
    let mut refused = Vec::new();
    let paths = promised(&world);
    assert!(paths.len() > 20, "{paths:?}");
    for path in &paths {
        let file = world.archive_at().join(path);
        let shown = path.to_str().expect("text");
        let whole = std::fs::read(&file).expect("readable");
        let mut spoilt = whole.clone();
        spoilt[whole.len() / 2] ^= 1;
        replace(&file, &spoilt);
        let client = Client::new(&world, "client", ("a.sources", &text));
        match client.everything(&PACKAGES, &SOURCES) {
            Ok(fetched) => assert_eq!(fetched, want, "{shown}"),
            Err(_) => refused.push(shown.to_owned()),
        }
        let findings = world.deep_check(1);
        let named = findings.iter().any(|finding| finding["subject"] == shown);
        assert!(named, "{shown}: {findings:?}");
        replace(&file, &whole);
    }
    // No other copy exists of what apt asks for first.
    for part in [
        "InRelease",
        "by-hash",
        "tally_1.3.0",
        "apple",
        "cherry",
        "plum_1.0-1.dsc",
    ] {
        assert!(
            refused.iter().any(|path| path.contains(part)),
            "{part}: {refused:?}"
        );
    }
    gets_everything(&world, ("a.sources", &text));
    assert!(world.deep_check(0).is_empty());
    served.end();
}

#[test]
fn apt_heeds_what_a_suite_says_of_itself() {
    let world = World::new();
    world.key();
    let words = [
        "init",
        "--suite",
        "canary",
        "--not-automatic",
        "--valid-for",
        "1d",
    ];
    let now = |call: Call<'_>| call.under(["env", "--unset=DEBCUT_NOW"]).run().code(0);
    now(world.archive_call(words));
    let package = deb("apple", "1.0").make(&world, "debs");
    let add = ["add", package.to_str().expect("text"), "--to"];
    now(world.archive_call(add.into_iter().chain(["canary"])));
    let text = sources(&world, &[]);
    let client = Client::new(&world, "client", ("a.sources", &text));
    client.update().code(0);
    let policy = client.apt("apt-cache", &["policy", "apple"]).code(0).stdout;
    // The lowest priority there is: nothing of it comes unasked.
    assert!(policy.contains("1.0 1\n"), "{policy}");
    // The world's own clock stands in the past: a day after it is long over.
    world
        .archive(["init", "--suite", "stable", "--valid-for", "1d"])
        .code(0);
    let text = sources(&world, &["stable"]);
    let client = Client::new(&world, "client", ("a.sources", &text));
    client.update().code(100).says(&["stable", "expired"]);
}
