//! The judge of changelogs: dpkg's own reader, in one process for many files.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What dpkg finds in a file.
pub struct Said {
    /// Of each entry: source, version, distributions, urgency, maintainer,
    /// date, closed bugs, closed bugs of Launchpad, lines of changes.
    pub entries: Vec<Vec<String>>,
    /// What dpkg warns about.
    pub warnings: String,
    /// What it does not read.
    pub tail: String,
}

/// Lets dpkg read files.
pub fn dpkg(paths: &[PathBuf]) -> Vec<Said> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/format/changelog/judge.pl");
    let mut perl = Command::new("perl")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cannot run perl with Dpkg: install the package libdpkg-perl");
    let mut to = perl.stdin.take().expect("a pipe");
    let names: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let feed = std::thread::spawn(move || {
        for name in names {
            writeln!(to, "{name}").expect("perl reads");
        }
    });
    let output = perl.wait_with_output().expect("perl's answer");
    feed.join().expect("perl read all");
    assert!(output.status.success());
    let mut files: Vec<_> = output.stdout.split(|b| *b == 0x1c).map(said).collect();
    files.pop();
    assert_eq!(files.len(), paths.len());
    files
}

fn said(file: &[u8]) -> Said {
    let fields = |entry: &[u8]| -> Vec<String> {
        let fields = entry.split(|b| *b == 0x1f);
        fields
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect()
    };
    let mut entries: Vec<_> = file.split(|b| *b == 0x1d).map(fields).collect();
    let mut last = entries.pop().unwrap_or_default();
    last.resize(2, String::new());
    let (tail, warnings) = (
        last.pop().unwrap_or_default(),
        last.pop().unwrap_or_default(),
    );
    Said {
        entries,
        warnings,
        tail,
    }
}
