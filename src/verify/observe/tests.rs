//! Directories as they are found, with what does not belong there.

use std::os::unix::fs::symlink;

use super::*;
use crate::model::{Sha256, Silent};

/// Observes paths of a directory.
fn see(base: &Path, paths: &[&str]) -> Result<Facts, FileError> {
    let paths: Vec<_> = paths.iter().map(PathBuf::from).collect();
    let now = Timestamp::from_unix(1_795_253_400);
    observe(base, &paths, &Keyring::default(), now, &Silent)
}

fn names_of<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Vec<String> {
    let shown = |path: &PathBuf| path.display().to_string();
    paths.into_iter().map(shown).collect()
}

fn sums(files: &[(&str, &[u8])]) -> String {
    let line = |(name, bytes): &(&str, &[u8])| format!("{}  {name}\n", Sha256::of(bytes));
    files.iter().map(line).collect()
}

#[test]
fn what_is_asked_about_is_read_with_its_lists() {
    let dir = tempfile::tempdir().expect("a directory");
    let base = dir.path();
    fs::create_dir_all(base.join("d/inner")).expect("a directory");
    fs::create_dir(base.join("empty")).expect("a directory");
    let list = sums(&[("a", b"1"), ("inner-not", b"2"), ("gone", b"3")]);
    fs::write(base.join("d/SHA256SUMS"), list).expect("a file");
    fs::write(base.join("d/a"), "1").expect("a file");
    fs::write(base.join("d/b"), "2").expect("a file");

    let facts = see(base, &["d", "empty", "d/a"]).expect("is there");
    assert_eq!(names_of(&facts.asked), ["d/SHA256SUMS", "d/a", "d/b"]);
    assert_eq!(
        names_of(facts.digests.keys()),
        ["d/SHA256SUMS", "d/a", "d/b"]
    );
    assert_eq!(names_of(&facts.inner), ["d/inner"]);
    assert_eq!(names_of(&facts.empty), ["empty"]);

    // A file alone: the lists beside it are read, what they list is not.
    let facts = see(&base.join("d"), &["b"]).expect("is there");
    assert_eq!(names_of(facts.digests.keys()), ["b"]);
    assert_eq!(names_of(facts.claims.keys()), ["SHA256SUMS"]);
    // A list alone: what it lists is read.
    let facts = see(base, &["d/SHA256SUMS"]).expect("is there");
    assert_eq!(names_of(facts.digests.keys()), ["d/SHA256SUMS", "d/a"]);
    // The same by a path that needs no base.
    let whole = base.join("d/a");
    let facts = see(Path::new("/nowhere"), &[whole.to_str().expect("text")]).expect("is there");
    assert_eq!(facts.digests[&whole].sha256, Sha256::of(b"1"));
}

#[test]
fn what_is_no_file_is_neither_waited_for_nor_taken_for_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let base = dir.path();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let pipe = base.join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).expect("a pipe");
    fs::create_dir(base.join("directory")).expect("a directory");
    symlink("nowhere", base.join("dangling")).expect("a link");
    symlink("SHA256SUMS", base.join("link")).expect("a link");
    symlink("pipe", base.join("x.changes")).expect("a link");
    let listed = ["pipe", "directory", "dangling"].map(|name| (name, &b""[..]));
    fs::write(base.join("SHA256SUMS"), sums(&listed)).expect("a file");

    let facts = see(base, &["SHA256SUMS", "link"]).expect("is there");
    assert_eq!(names_of(facts.digests.keys()), ["SHA256SUMS", "link"]);
    assert_eq!(names_of(facts.claims.keys()), ["SHA256SUMS"]);
    for name in ["pipe", "dangling", "gone", "."] {
        let error = see(base, &[name]).expect_err(name);
        assert_eq!(error.action, "read", "{name}");
    }
}

#[test]
fn a_text_that_is_too_large_is_not_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.changes");
    let file = fs::File::create(path).expect("a file");
    file.set_len(LARGEST_TEXT + 1).expect("a hole");
    let facts = see(dir.path(), &["a.changes"]).expect("is there");
    let claim = &facts.claims[Path::new("a.changes")];
    assert_eq!(claim.content, Err("larger than 64 MiB".to_owned()));
}

#[test]
fn a_package_is_read_to_its_end() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("a_1_all.deb"), "!<arch>\n").expect("a file");
    let facts = see(dir.path(), &["a_1_all.deb"]).expect("is there");
    let why = facts.packages[Path::new("a_1_all.deb")].as_ref();
    assert!(why.is_err(), "{why:?}");
}
