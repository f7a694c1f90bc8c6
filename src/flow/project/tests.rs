use std::process::Command;

use super::*;

const CONTROL: &str = "Source: hello\nMaintainer: A <a@b.example>\n\n\
    Package: hello\nArchitecture: all\nDescription: x\n";

/// Makes a repository with one commit of these files.
fn repository(files: &[(&str, &str)], more: &[&[&str]]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("directories");
        std::fs::write(path, text).expect("writes");
    }
    let first: [&[&str]; 3] = [
        &["init", "--quiet", "--initial-branch=main"],
        &["add", "--all"],
        &["commit", "--quiet", "--allow-empty", "--message", "feat: x"],
    ];
    for arguments in first.iter().chain(more) {
        let mut git = Command::new("git");
        git.current_dir(dir.path()).args(*arguments).env_clear();
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "A");
            git.env(format!("GIT_{who}_EMAIL"), "a@b.example");
            git.env(format!("GIT_{who}_DATE"), "2025-05-01T10:00:00Z");
        }
        git.env("PATH", "/usr/bin:/bin")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.status().expect("git runs").success(), "{arguments:?}");
    }
    dir
}

fn policy(dir: &tempfile::TempDir) -> Result<Policy, FlowError> {
    Workspace::open(dir.path(), None)
        .expect("opens")
        .policy("HEAD")
}

#[test]
fn a_package_that_only_debian_describes_has_a_policy() {
    let files = [("debian/control", CONTROL), ("CHANGELOG.md", "# x\n")];
    let remote: &[&str] = &[
        "remote",
        "add",
        "origin",
        "https://salsa.debian.org/debian/hello.git",
    ];
    let dir = repository(&files, &[&["tag", "debian/1.0-1"], remote]);
    let found = policy(&dir).expect("a policy");
    let [unit] = found.units.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((unit.name.as_str(), unit.path.as_str()), ("hello", ""));
    assert_eq!(unit.tags[0].to_string(), "debian/{version}");
    assert_eq!(unit.changes_file.as_deref(), Some("CHANGELOG.md"));
    let commit = "https://salsa.debian.org/debian/hello/-/commit/{id}";
    assert_eq!(found.notes.commit.as_deref(), Some(commit));
    // The rules of a debcut.toml without packages count as well.
    std::fs::write(
        dir.path().join("debcut.toml"),
        "[release]\nother = \"none\"\n",
    )
    .expect("writes");
    let found = policy(&dir).expect("a policy");
    assert_eq!(
        (found.units.len(), found.bumps.other),
        (1, crate::release::Bump::None)
    );
}

#[test]
fn what_is_not_committed_is_not_the_trees() {
    let dir = repository(&[("debian/control", CONTROL)], &[]);
    std::fs::write(dir.path().join("CHANGELOG.md"), "# x\n").expect("writes");
    let found = policy(&dir).expect("a policy");
    assert_eq!(found.units[0].changes_file, None);
    assert_eq!(found.notes.commit, None);
    let nothing = repository(&[("README", "x")], &[]);
    assert!(matches!(policy(&nothing), Err(FlowError::NoPackage { .. })));
}
