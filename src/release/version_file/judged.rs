//! Edits judged by the program whose files they are: with its lock file locked,
//! Cargo refuses a workspace where one version or requirement was forgotten.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::*;

const TOP: &str = "[workspace]\nmembers = [\"b\", \"c\"]\n\n[workspace.package]\n\
                   version = \"1.0.0\"\n\n[package]\nname = \"a\"\nedition = \"2021\"\n\
                   version.workspace = true\n\n[dependencies]\n\
                   b = { path = \"b\", version = \"=1.0.0\" }\n";
const B: &str = "[package]\nname = \"b\"\nversion = '1.0.0' # of its own\nedition = \"2021\"\n";
const C: &str = "[package]\nname = \"c\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";

fn cargo(top: &Path, arguments: &[&str]) -> bool {
    let cargo = Path::new(env!("CARGO"));
    let output = Command::new(cargo)
        .args(arguments)
        .arg("--offline")
        .current_dir(top)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", top)
        .env("RUSTC", cargo.with_file_name("rustc"))
        .output()
        .expect("cargo runs");
    output.status.success()
}

fn is_whole(top: &Path) -> bool {
    cargo(top, &["metadata", "--locked", "--format-version=1"])
}

#[test]
fn cargo_accepts_a_workspace_after_all_edits_and_not_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    for (path, text) in [
        ("Cargo.toml", TOP),
        ("b/Cargo.toml", B),
        ("c/Cargo.toml", C),
    ] {
        let source = top.join(path).with_file_name("src");
        fs::create_dir_all(&source).expect("a directory");
        fs::write(source.join("lib.rs"), "").expect("a source file");
        fs::write(top.join(path), text).expect("a manifest");
    }
    assert!(cargo(top, &["generate-lockfile"]), "a lock file is made");
    assert!(is_whole(top), "the workspace is whole");

    let text_of = |path: &str| fs::read_to_string(top.join(path)).expect("a file");
    let edit = |file: &VersionFile| {
        let edited = file.edited(&text_of(&file.path), "2.0.0");
        let edited = edited.unwrap_or_else(|error| panic!("{error}"));
        fs::write(top.join(&file.path), edited).expect("a file is written");
    };
    let (a, b) = (
        VersionFile::new("Cargo.toml"),
        VersionFile::new("b/Cargo.toml"),
    );
    let locks: Vec<VersionFile> = [(&a, TOP), (&b, B)]
        .iter()
        .flat_map(|(file, text)| file.companions(text))
        .filter(|file| top.join(&file.path).is_file())
        .collect();
    let requirement = VersionFile::requirement("Cargo.toml", "b");
    // `c` says the same version and is not released: its entry stays. What the
    // top's workspace shares is told from it by the packages' names alone.
    let locks = locks.into_iter().map(|lock| match lock.kind {
        Kind::CargoLock(Entries::Saying(_)) => VersionFile {
            kind: Kind::CargoLock(Entries::Named(vec!["a".into()])),
            ..lock
        },
        _ => lock,
    });
    for file in [a, b, requirement].into_iter().chain(locks) {
        edit(&file);
        let last = file.path == "Cargo.lock"
            && file.kind == Kind::CargoLock(Entries::Named(vec!["b".into()]));
        assert_eq!(is_whole(top), last, "after {file:?}");
    }
    assert_eq!(text_of("b/Cargo.toml"), B.replace("1.0.0", "2.0.0"));
    assert_eq!(text_of("Cargo.lock").matches("2.0.0").count(), 2);
}
