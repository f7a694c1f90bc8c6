use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;
use crate::format::changelog::judge::dpkg;

fn numbers(bugs: &[u64]) -> String {
    let bugs: Vec<_> = bugs.iter().map(u64::to_string).collect();
    bugs.join(" ")
}

/// What we find, in the order of `dpkg.pl`.
fn fields(entry: &RawEntry<'_>) -> Vec<String> {
    let version = entry.version().map(|version| version.to_string());
    vec![
        entry.source().unwrap_or_default().to_owned(),
        version.unwrap_or_default(),
        entry.distributions().join(" "),
        entry.urgency().unwrap_or_default(),
        entry.maintainer().unwrap_or_default(),
        entry.date().unwrap_or_default().to_owned(),
        numbers(&entry.closes()),
        numbers(&entry.closes_launchpad()),
        entry.lines().join("\n"),
    ]
}

/// Compares what we find with what dpkg finds; returns how many entries.
fn compare(files: &[(PathBuf, Vec<u8>)]) -> usize {
    let paths: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
    let mut count = 0;
    for ((path, bytes), said) in files.iter().zip(dpkg(&paths)) {
        let (want, tail) = (said.entries, said.tail);
        let file = File::parse(bytes);
        assert!(file.to_bytes() == *bytes, "{}", path.display());
        for (entry, want) in file.entries.iter().zip(&want) {
            let found = fields(entry);
            // An epoch of 0 and spaces are dpkg's to normalise.
            assert_eq!(found, *want, "{} line {}", path.display(), entry.line);
        }
        assert_eq!(file.entries.len(), want.len(), "{}", path.display());
        assert_eq!(
            String::from_utf8_lossy(file.after).trim_end(),
            tail.trim_end(),
            "{}",
            path.display()
        );
        count += want.len();
    }
    count
}

fn installed() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in fs::read_dir("/usr/share/doc").expect("/usr/share/doc") {
        let dir = dir.expect("an entry").path();
        let Ok(files) = fs::read_dir(&dir) else {
            continue;
        };
        for file in files.flatten() {
            let name = file.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("changelog") && name.ends_with(".gz") {
                found.push(file.path());
            }
        }
    }
    found.sort();
    found
}

/// Compares real files of the machine, what Debian's and upstream's people
/// wrote in thirty years; `every`: one of so many, none larger than `limit`.
fn compare_installed(every: usize, limit: usize) -> (usize, usize) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in installed().iter().step_by(every) {
        let (packed, mut bytes) = (fs::read(path).unwrap_or_default(), Vec::new());
        let read = MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut bytes);
        if read.is_err() || bytes.len() > limit || !seen.insert(crate::model::Sha256::of(&bytes)) {
            continue;
        }
        let plain = dir
            .path()
            .join(path.strip_prefix("/usr").expect("below /usr"));
        fs::create_dir_all(plain.parent().expect("a folder")).expect("a folder");
        fs::write(&plain, &bytes).expect("a file");
        files.push((plain, bytes));
    }
    (files.len(), compare(&files))
}

#[test]
fn changelogs_of_the_machine_survive_and_read_as_dpkg_reads_them() {
    let (files, entries) = compare_installed(9, 100_000);
    assert!(files > 0, "no changelog was found under /usr/share/doc");
    assert!(entries > files, "{entries} entries in {files} files");
}

/// The same with each and every one; minutes in a debug build.
#[test]
#[ignore = "reads 150 MB of changelogs; run it after a change to the reader"]
fn all_changelogs_of_the_machine_survive() {
    let (files, entries) = compare_installed(1, usize::MAX);
    assert!(entries > files, "{entries} entries in {files} files");
}

#[test]
fn fixtures_survive_and_read_as_dpkg_reads_them() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/changelogs");
    let mut files = Vec::new();
    for file in fs::read_dir(dir).expect("fixtures") {
        let path = file.expect("a fixture").path();
        let bytes = fs::read(&path).expect("a fixture");
        files.push((path, bytes));
    }
    assert!(files.len() > 3, "the fixtures were found");
    assert!(compare(&files) > 100);
}

/// Every kind of line there is.
const NASTY: &str = "\
# a comment
$Id: changelog $
hello (1:1.0~rc1-1) unstable  stable; urgency=HIGH (for x), binary-only=yes

  [ Ada ]
  * One. Closes: #12, bug#3 LP: #7, #8

  * Two
 * one blank only
\tTab, tab.
broken heading
 -- no trailer at all

 -- Ada <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0100

  * a change without heading
 -- Ada <ada@example.org> Sat, 21 Nov 2026 10:30:00 +0100
 -- Ada Again <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0100

gtk+2.0 (0.9) x;  Urgency = low
  * Old.
 -- B <b@example.org>  Sat, 21 Nov 2026 10:30:00 +0100
Old Changelog:
Mon Jan  1 1996  Ada <ada@example.org>
";

/// Broken in hundreds of ways, always the same ones.
#[test]
fn broken_files_survive_and_read_as_dpkg_reads_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let edits = prop::collection::vec(
        (0..NASTY.len(), 0..40_usize, "[ -~\n\t]{0,4}|  \\* é"),
        0..5,
    );
    let mut files = Vec::new();
    for at in 0..300 {
        let tree = edits.new_tree(&mut runner).expect("a value");
        let mut text = NASTY.to_owned();
        for (start, len, with) in tree.current() {
            let start = start.min(text.len());
            let end = (start + len).min(text.len());
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &with);
            }
        }
        let mut bytes = text.into_bytes();
        if at % 3 == 0 {
            bytes.insert(at % NASTY.len().min(bytes.len().max(1)), 0xe9);
        }
        let path = dir.path().join(at.to_string());
        fs::write(&path, &bytes).expect("a file");
        files.push((path, bytes));
    }
    assert!(compare(&files) > 300);
}
