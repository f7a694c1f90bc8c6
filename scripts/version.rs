//! Tells the compiler which commit this is, for `debcut --version`.

// Standard output is how a build script talks to cargo.
#![allow(clippy::print_stdout)]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=scripts/version.rs");
    // A packager's build has no repository and names the commit itself.
    println!("cargo::rerun-if-env-changed=DEBCUT_COMMIT");
    let commit = std::env::var("DEBCUT_COMMIT").ok().or_else(|| {
        // HEAD's log grows with every commit, checkout and reset.
        if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
            println!("cargo::rerun-if-changed={log}");
        }
        git(&["rev-parse", "--short=12", "HEAD"])
    });
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    match commit {
        Some(commit) => println!("cargo::rustc-env=DEBCUT_VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=DEBCUT_VERSION={version}"),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
