//! Whatever starts a program, connects or listens either takes a permit of the
//! gate (`sys::outward`), or is known here with the reason why nothing leaves by
//! it. A new one is in neither list until somebody has thought about it.

use crate::source::{self, Source};
use crate::{Breach, assert_none};

/// Ways out, by the ends of the paths that name them.
const WAYS: [&str; 12] = [
    "Tool::new",
    "Command::new",
    "TcpStream::connect",
    "TcpListener::bind",
    "UdpSocket::bind",
    "UnixStream::connect",
    "ToSocketAddrs",
    "Server::bind",
    "Ssh::new",
    "Ansible::new",
    "S3Store::new",
    "DirectoryStore::new",
];
/// Crates that speak to a network; of ureq, `ureq::http` is words alone.
const CLIENTS: [&str; 4] = ["ureq", "reqwest", "hyper", "rustls"];
/// git's words that send something away.
const SENDING: [&str; 5] = [
    "\"push\"",
    "\"send-email\"",
    "\"send-pack\"",
    "\"http-push\"",
    "\"request-pull\"",
];
/// The one file that lets git send.
const PUSHING: &str = "sys/git/push.rs";

/// Files that start something by which nothing leaves, and why.
const STAY: [(&str, &str); 33] = [
    (
        "build/apply/mod.rs",
        "builds, in a sandbox or as the user asks",
    ),
    ("build/cross.rs", "asks dpkg-architecture"),
    ("build/layout.rs", "applies patches"),
    ("build/root/acquire.rs", "reads apt's configuration"),
    ("build/root/apt.rs", "fetches build dependencies"),
    ("build/root/archives.rs", "fetches indices"),
    ("build/root/ids.rs", "enters a namespace"),
    ("build/unmet.rs", "asks dpkg-checkbuilddeps"),
    ("cli/editor.rs", "lets the user write"),
    ("cli/sandbox.rs", "runs inside the sandbox"),
    (
        "flow/archiving/opening.rs",
        "opens stores, each behind GuardedStore",
    ),
    (
        "flow/importing.rs",
        "an archive's directory, in place of its store",
    ),
    ("flow/reproducing/deeper.rs", "compares two files"),
    (
        "flow/reproducing/machine.rs",
        "asks programs for their versions",
    ),
    ("flow/reproducing/record/dependencies.rs", "asks dpkg-query"),
    (
        "flow/rolling/commands.rs",
        "checks of a rollout, which has a permit for hosts",
    ),
    (
        "flow/rolling/rehearsing/place.rs",
        "inside a rehearsal's room",
    ),
    ("flow/rooting.rs", "asks apt for its sources"),
    (
        "publish/mirror/target.rs",
        "a directory, which its caller opens",
    ),
    ("sys/apt.rs", "fetches into a private root"),
    (
        "sys/git/scratch.rs",
        "signs and commits in a scratch repository",
    ),
    ("sys/git/user.rs", "prepares git; what sends is in push.rs"),
    ("sys/host/ansible/inventory.rs", "reads an inventory"),
    ("sys/openpgp/agent.rs", "asks gpg's agent"),
    ("sys/openpgp/gnupg.rs", "asks gpg"),
    ("sys/process/starting.rs", "is Tool itself"),
    ("sys/sandbox/ids.rs", "maps users"),
    ("sys/sandbox/opening.rs", "opens the sandbox"),
    ("sys/store/fetched.rs", "only reads"),
    (
        "sys/store/s3/client.rs",
        "a store, which archiving.rs puts behind GuardedStore",
    ),
    ("sys/store/s3/connection.rs", "the same"),
    ("sys/store/s3/reading.rs", "only reads"),
    (
        "sys/web.rs",
        "makes agents; post.rs and forge/client.rs call by them",
    ),
];

/// Names the way out that a path is, if it is one.
fn way(parts: &[String]) -> Option<String> {
    let shown = parts.join("::");
    let ends = |way: &&&str| shown == **way || shown.ends_with(&format!("::{way}"));
    let client = |name: &&&str| parts.first().is_some_and(|first| first == **name);
    let is_client = CLIENTS.iter().any(|name| client(&name)) && parts.len() > 1;
    let is_words = parts.get(1).is_some_and(|second| second == "http");
    match WAYS.iter().any(|way| ends(&way)) || (is_client && !is_words) {
        true => Some(shown),
        false => None,
    }
}

fn is_permitted(source: &Source) -> bool {
    let asks = |last: &String| last == "Permit" || last == "permit";
    let mut names = source.names.iter();
    names.any(|name| name.parts.last().is_some_and(asks))
}

fn breaches(source: &Source, stay: &[(&str, &str)]) -> Vec<Breach> {
    let path = source.path.display().to_string();
    let ways = source.names.iter();
    let mut ways = ways.filter_map(|name| Some((name, way(&name.parts)?)));
    let is_listed = stay.iter().any(|(listed, _)| *listed == path);
    let Some((name, shown)) = ways.next() else {
        let stale = is_listed.then(|| Breach {
            place: format!("src/{path}"),
            why: "it is listed as starting something, and starts nothing".to_owned(),
        });
        return stale.into_iter().collect();
    };
    if is_listed || is_permitted(source) {
        return Vec::new();
    }
    vec![Breach {
        place: source.place(name),
        why: format!("{shown}: what may leave takes a Permit; else say here why nothing does"),
    }]
}

#[test]
fn what_leaves_takes_a_permit() {
    let found: Vec<_> = source::all()
        .iter()
        .flat_map(|one| breaches(one, &STAY))
        .collect();
    assert_none(&found);
}

#[test]
fn a_way_out_without_a_permit_is_found() {
    let stay = [("a/known.rs", "it is known"), ("a/stale.rs", "it was")];
    for (path, text, want) in [
        ("a/b.rs", "Tool::new(\"curl\")", 1),
        ("a/b.rs", "std::net::TcpStream::connect(x)", 1),
        ("a/b.rs", "use ureq::Agent;", 1),
        ("a/b.rs", "use ureq::http::Method;", 0),
        ("a/b.rs", "fn f(p: &Permit) { Tool::new(\"curl\") }", 0),
        ("a/b.rs", "gate.permit(to)?; Tool::new(\"curl\")", 0),
        ("a/known.rs", "Tool::new(\"true\")", 0),
        ("a/stale.rs", "let x = 1;", 1),
        (
            "a/b.rs",
            "#[cfg(test)] mod t { fn f() { Tool::new(\"x\") } }",
            0,
        ),
    ] {
        let found = breaches(&Source::parse(path, text), &stay);
        assert_eq!(found.len(), want, "{path}: {text}: {found:?}");
    }
}

#[test]
fn git_sends_in_one_file_alone() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&top) {
        let path = entry.expect("src/ can be listed").into_path();
        let is_other = !path.ends_with(PUSHING) && !path.ends_with("tests.rs");
        if is_other && path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("src/ can be read");
            let below = path.strip_prefix(&top).expect("it was found there");
            found.extend(sending(&below.display().to_string(), &text));
        }
    }
    assert_none(&found);
}

/// Finds lines that hand git a word that sends.
fn sending(path: &str, text: &str) -> Vec<Breach> {
    let lines = text.lines().zip(1..);
    let found = lines
        .filter(|(line, _)| line.contains("arg") && SENDING.iter().any(|word| line.contains(word)));
    found
        .map(|(line, number)| Breach {
            place: format!("src/{path}:{number}"),
            why: format!("{}: git sends in src/{PUSHING} alone", line.trim()),
        })
        .collect()
}

#[test]
fn a_line_that_lets_git_send_is_found() {
    for (line, want) in [
        (".args([\"push\", \"--atomic\"])", 1),
        (".arg(\"send-email\")", 1),
        ("steps.push(\"push\")", 0),
        (".args([\"fetch\"])", 0),
    ] {
        assert_eq!(sending("a/b.rs", line).len(), want, "{line}");
    }
}
