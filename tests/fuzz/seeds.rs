//! Good files of every format: Debian's own from `fixtures/`, and those of an
//! archive that debcut has just made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files to be made bad.
pub struct Seeds {
    found: Vec<(PathBuf, Vec<u8>)>,
}

const CONTROL: &str = "Package: quince\nVersion: 1:2.0~rc1+b1-3\nArchitecture: all\n\
    Source: fruit (2.0)\nMaintainer: Ada Example <ada@example.org>\nInstalled-Size: 12\n\
    Depends: libc6 (>= 2.36), perl:any | python3,\n tree\n\
    Multi-Arch: foreign\nSection: net\nPriority: optional\nDescription: a fruit\n \
    It is eaten\n .\n  cooked.\n";

impl Seeds {
    /// Makes them.
    pub fn make() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let top = dir.path();
        for compression in ["none", "gzip", "xz", "zstd"] {
            package(top, compression);
        }
        archive(top);
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut found = Vec::new();
        for below in [&fixtures.join("debian"), &fixtures.join("changelogs"), top] {
            for entry in walkdir::WalkDir::new(below).sort_by_file_name() {
                let path = entry.expect("listed").into_path();
                if path.is_file() {
                    found.push((path.clone(), fs::read(&path).expect("readable")));
                }
            }
        }
        Self { found }
    }

    /// Returns the files whose paths have one of these parts, at most 64 KiB
    /// of each.
    pub fn of(&self, parts: &[&str]) -> Vec<Vec<u8>> {
        let is = |path: &Path| {
            let path = path.to_string_lossy();
            parts.iter().any(|part| path.contains(part))
        };
        let chosen = self.found.iter().filter(|(path, _)| is(path));
        let chosen: Vec<_> = chosen.map(|(_, bytes)| bytes.clone()).collect();
        assert!(!chosen.is_empty(), "{parts:?}");
        chosen
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("it is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

fn package(top: &Path, compression: &str) {
    let tree = top.join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).expect("a directory");
    let long = tree.join("usr/share/doc").join("n".repeat(120));
    fs::create_dir_all(&long).expect("a directory");
    fs::write(tree.join("DEBIAN/control"), CONTROL).expect("a file");
    fs::write(long.join("README"), "text\n".repeat(20)).expect("a file");
    let _ = std::os::unix::fs::symlink("README", long.join("link"));
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", &format!("-Z{compression}"), "--build"]);
    run(build.arg(&tree).arg(top.join(format!("{compression}.deb"))));
    let mut tar = Command::new("tar");
    tar.arg("--create").arg("--file");
    run(tar
        .arg(top.join("tree.tar"))
        .arg("--directory")
        .arg(&tree)
        .arg("."));
}

/// Publishes the package, so that state and indices are here, as they are and
/// unpacked.
fn archive(top: &Path) {
    let debcut = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_debcut"));
        command.env("XDG_DATA_HOME", top.join("keys"));
        command
            .env("HOME", top)
            .env("DEBCUT_NOW", "2025-06-01T12:00:00Z");
        command.env("DEBCUT_ARCHIVE", top.join("archive"));
        command
            .env("DEBFULLNAME", "Ada Example")
            .env("DEBEMAIL", "ada@example.org");
        run(command.args(words).current_dir(top));
    };
    let package = top.join("gzip.deb");
    let package = package.to_str().expect("text");
    debcut(&["key", "new", "--no-passphrase", "--expire", "never"]);
    let place = top.join("archive");
    let place = place.to_str().expect("text");
    let init = [
        "archive",
        "init",
        place,
        "--suite",
        "stable",
        "--translations",
    ];
    let formats = ["--compress", "xz,gz,zst", "--contents", "xz,gz,zst"];
    debcut(&[&init[..], &formats].concat());
    debcut(&["archive", "add", "--quiet", "--to", "stable", package]);
    for entry in walkdir::WalkDir::new(top.join("archive/dists")) {
        let path = entry.expect("listed").into_path();
        if path.extension().is_some_and(|ending| ending == "gz") {
            let mut gzip = Command::new("gzip");
            run(gzip.args(["--decompress", "--keep", "--force"]).arg(&path));
        }
    }
}
