//! Packed by us, by dpkg-deb and by GNU tar: the same bytes.

use std::ffi::OsStr;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use tempfile::TempDir;

use crate::format::compress::{Compression, Settings};
use crate::format::deb::{self, BuildTree, Limits, Options};
use crate::format::tar::{self, Modes, Owners, Style, Symlinks};
use crate::model::Timestamp;
use crate::sys::tree::read;

use super::{Animal, EPOCH, ZOO, assert_same, tool, tree};

fn theirs(root: &Path, options: &[&str]) -> Vec<u8> {
    let out = TempDir::new().expect("a temporary directory");
    let deb = out.path().join("theirs.deb");
    let mut arguments: Vec<&OsStr> = vec![OsStr::new("--root-owner-group")];
    arguments.extend(options.iter().map(OsStr::new));
    arguments.extend([OsStr::new("--build"), root.as_os_str(), deb.as_os_str()]);
    tool("dpkg-deb", "dpkg", &arguments);
    fs::read(deb).expect("dpkg-deb wrote it")
}

fn ours(root: &Path, compression: Compression, level: Option<u32>, threads: u32) -> Vec<u8> {
    let tree = read(root).expect("a readable tree");
    let parts = BuildTree::new(&tree).expect("a tree that dpkg-deb builds");
    let options = Options {
        compress: Settings {
            compression,
            level,
            threads,
        },
        ..Options::new(Timestamp::from_unix(EPOCH))
    };
    let mut out = Cursor::new(Vec::new());
    deb::write(&mut out, &parts.control, &parts.data, &options).expect("memory");
    out.into_inner()
}

#[test]
fn every_animal_is_packed_as_dpkg_deb_does() {
    for animal in ZOO {
        let root = tree(animal);
        let found = ours(root.path(), Compression::None, None, 1);
        assert_same(&found, &theirs(root.path(), &["-Znone"]), animal.0);
        let deb = deb::read(&found[..], &Limits::default(), |_, _| Ok(()));
        match animal.0 {
            "control files" => assert!(deb.is_err(), "a symbolic link and a directory in DEBIAN"),
            name => assert_eq!(deb.expect(name).oddities, [], "{name}"),
        }
    }
}

#[test]
fn compressors_write_dpkg_debs_bytes() {
    let small = ["plain files", "sizes", "long names", "an exact record"];
    let big = ["several blocks of xz"];
    for (compression, level, threads, animals) in [
        (Compression::Xz, None, 2, &big[..]),
        (Compression::Gzip, None, 1, &small[..]),
        (Compression::Gzip, Some(0), 1, &small[..]),
        (Compression::Gzip, Some(1), 1, &small[..]),
        (Compression::Gzip, Some(6), 1, &small[..]),
        (Compression::Xz, None, 1, &small[..]),
        (Compression::Xz, None, 3, &small[..]),
        (Compression::Xz, Some(0), 2, &small[..]),
        (Compression::Xz, Some(9), 1, &small[..]),
    ] {
        for animal in ZOO.iter().filter(|a| animals.contains(&a.0)) {
            compare(animal, compression, level, threads);
        }
    }
}

fn compare(animal: &Animal, compression: Compression, level: Option<u32>, threads: u32) {
    let root = tree(animal);
    let mut options = vec![format!("-Z{compression}")];
    options.extend(level.map(|level| format!("-z{level}")));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let case = format!("{} with {}", animal.0, options.join(" "));
    assert_same(
        &ours(root.path(), compression, level, threads),
        &theirs(root.path(), &options),
        &case,
    );
}

/// zstd's bytes depend on the version of libzstd, so only what is inside must
/// be equal.
#[test]
fn zstd_packages_hold_the_same_and_dpkg_deb_unpacks_them() {
    let out = TempDir::new().expect("a temporary directory");
    for (number, animal) in ZOO.iter().enumerate() {
        let root = tree(animal);
        let deb = out.path().join(format!("{number}.deb"));
        let bytes = ours(root.path(), Compression::Zstd, Some(3), 2);
        fs::write(&deb, bytes).expect("new");
        let plain = out.path().join("theirs.deb");
        fs::write(&plain, theirs(root.path(), &["-Znone"])).expect("new");
        for member in ["--ctrl-tarfile", "--fsys-tarfile"] {
            let unpack =
                |deb: &Path| tool("dpkg-deb", "dpkg", &[OsStr::new(member), deb.as_os_str()]);
            assert_same(&unpack(&deb), &unpack(&plain), animal.0);
        }
        let to = out.path().join(format!("{number}"));
        let arguments = [OsStr::new("-x"), deb.as_os_str(), to.as_os_str()];
        tool("dpkg-deb", "dpkg", &arguments);
    }
}

#[test]
fn source_tars_are_gnu_tars() {
    for animal in ZOO {
        let root = tree(animal);
        let style = Style {
            prefix: b"debian/".to_vec(),
            symlinks: Symlinks::InPlace,
            owners: Owners::Unnamed,
            modes: Modes::Kept,
            latest: Timestamp::from_unix(EPOCH),
        };
        let mut found = Vec::new();
        let tree = read(root.path()).expect("a readable tree");
        tar::write(&tree, &style, &mut found).expect("memory");
        let out = TempDir::new().expect("a temporary directory");
        let debian = out.path().join("debian");
        fs::rename(root.path(), &debian).expect("same file system");
        // A rename leaves the directory's own time alone.
        let want = tool(
            "tar",
            "tar",
            &[
                "--format=gnu",
                "--sort=name",
                "--clamp-mtime",
                "--numeric-owner",
                "--owner=0",
                "--group=0",
                &format!("--mtime=@{EPOCH}"),
                "-C",
                out.path().to_str().expect("temporary names are plain"),
                "-cf",
                "-",
                "debian",
            ]
            .map(OsStr::new),
        );
        fs::rename(&debian, root.path()).expect("same file system");
        assert_same(&found, &want, animal.0);
    }
}
