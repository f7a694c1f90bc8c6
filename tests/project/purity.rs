//! What is pure names nothing of the outside, and the process's own inputs and
//! outputs are used at the edge alone.

use std::path::Path;

use crate::source::{self, Source};
use crate::{Breach, assert_none};

/// Folders without effects, all of them.
const PURE: [&str; 3] = ["model", "format", "archive"];
/// Paths into the outside: files, processes, network, clocks, our own `sys/`.
const OUTSIDE: [&str; 12] = [
    "std::fs",
    "std::process",
    "std::net",
    "std::os",
    "std::thread",
    "crate::sys",
    "git2",
    "rustix",
    "tempfile",
    "ureq",
    "walkdir",
    "signal_hook",
];
/// Plain values of those: an address is parsed, nobody is called.
const VALUES: [&str; 3] = [
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
];
/// Types that read a clock, however they are named.
const CLOCKS: [&str; 2] = ["SystemTime", "Instant"];
/// Where argv, environment and standard streams come in and go out.
const EDGE: [&str; 3] = ["cli/terminal.rs", "sys/environment.rs", "main.rs"];
const PRINTING: [&str; 5] = ["println!", "print!", "eprintln!", "eprint!", "dbg!"];

/// Tells what must be pure: the folders, every plan, and of `release/` all but
/// the verbs that touch the world.
fn must_be_pure(path: &Path) -> bool {
    let first = path.iter().next().and_then(|part| part.to_str());
    let has = |name: &str| {
        path.with_extension("")
            .iter()
            .any(|part| part.to_str() == Some(name))
    };
    first.is_some_and(|first| PURE.contains(&first))
        || has("plan")
        || (first == Some("release") && !has("observe") && !has("apply"))
}

fn breaches(source: &Source) -> Vec<Breach> {
    let pure = must_be_pure(&source.path);
    let edge = EDGE.iter().any(|edge| source.path == Path::new(edge));
    let mut found = Vec::new();
    for name in &source.names {
        let shown = name.parts.join("::");
        let below = |path: &str| shown == path || shown.starts_with(&format!("{path}::"));
        let mut breach = |why: &str| {
            let (place, why) = (source.place(name), format!("{shown}: {why}"));
            found.push(Breach { place, why });
        };
        let clock = name
            .parts
            .iter()
            .any(|part| CLOCKS.contains(&part.as_str()));
        let value = VALUES.iter().any(|path| below(path));
        let outside = !value && OUTSIDE.iter().any(|path| below(path));
        if pure && (clock || outside) {
            breach("this file is pure: what it needs comes in as an argument");
        }
        if !edge && below("std::env") && !below("std::env::consts") {
            breach("the environment comes in as sys::environment::Environment");
        }
        if !edge
            && PRINTING
                .iter()
                .any(|word| name.parts.last().is_some_and(|p| p == word))
        {
            breach("only cli/terminal.rs writes to the standard streams");
        }
    }
    found
}

#[test]
fn pure_files_are_pure_and_only_the_edge_meets_the_process() {
    let sources = source::all();
    let pure = sources.iter().filter(|source| must_be_pure(&source.path));
    assert!(pure.count() > 30, "src/ was read");
    let found: Vec<_> = sources.iter().flat_map(breaches).collect();
    assert_none(&found);
}

#[test]
fn an_impure_file_is_found() {
    let cases: &[(&str, &str, usize)] = &[
        ("model/x.rs", "use std::fs;", 1),
        ("model/x.rs", "use std::{fmt, fs::File};", 1),
        ("format/ar.rs", "std::process::Command::new(\"ar\")", 1),
        ("archive/x.rs", "let now = SystemTime::now();", 1),
        ("build/plan.rs", "use std::time::{Duration, Instant};", 1),
        ("build/plan.rs", "crate::sys::clock::now()", 1),
        ("build/plan/notes.rs", "git2::Repository::open(x)", 1),
        ("release/bump.rs", "std::net::TcpStream::connect(x)", 1),
        ("release/bump.rs", "use std::net::Ipv6Addr;", 0),
        ("release/tag/apply.rs", "use std::fs;", 0),
        ("release/tag/plan.rs", "use std::fs;", 1),
        ("build/apply/mod.rs", "use std::fs;", 0),
        ("model/x.rs", "#[cfg(test)] mod tests { use std::fs; }", 0),
        ("model/x.rs", "std::env::consts::ARCH", 0),
        ("model/x.rs", "std::env::var(\"HOME\")", 1),
        ("build/apply/mod.rs", "std::env::var_os(\"HOME\")", 1),
        ("build/apply/mod.rs", "std::env::temp_dir()", 1),
        ("build/apply/mod.rs", "println!(\"x\")", 1),
        ("build/apply/mod.rs", "std::eprintln!(\"x\")", 1),
        ("cli/terminal.rs", "println!(\"x\")", 0),
        ("sys/environment.rs", "std::env::vars_os()", 0),
        ("main.rs", "std::env::args_os()", 0),
    ];
    for (path, text, want) in cases {
        let found = breaches(&Source::parse(path, text));
        assert_eq!(found.len(), *want, "{path}: {text}: {found:?}");
    }
}

#[test]
fn what_a_build_made_is_looked_at_on_its_floor() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/build/apply/declared");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&top) {
        let path = entry.expect("it can be listed").into_path();
        let text = match path.is_file() {
            true => std::fs::read_to_string(&path).expect("text"),
            false => continue,
        };
        if !path.ends_with("tests.rs") && (text.contains(".tool(") || text.contains("Tool::new")) {
            found.push(path);
        }
    }
    assert!(found.is_empty(), "the machine's tools run in {found:?}");
}
