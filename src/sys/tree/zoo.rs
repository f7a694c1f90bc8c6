//! Trees with everything that ever broke a packer, packed by us and by the
//! installed dpkg-deb and GNU tar, and compared byte for byte.
//!
//! Needs the Debian packages dpkg, dpkg-dev, debhelper, gzip and tar, and root
//! for devices and owners.

mod declared;
mod packing;
mod refused;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps};
use tempfile::TempDir;

const EPOCH: i64 = 1_700_000_000;

/// One animal: its name, and how it is made below the tree's root.
type Animal = (&'static str, fn(&Path));

const ZOO: &[Animal] = &[
    ("empty data", |_| {}),
    ("plain files", |root| {
        file(root, "usr/bin/hello", b"#!/bin/sh\necho hello\n", 0o755);
        file(root, "usr/share/doc/hello/copyright", b"free\n", 0o644);
        file(root, "usr/share/empty", b"", 0o600);
    }),
    ("order per directory", |root| {
        for name in [
            "a/x", "a-b/x", "a.b", "ab", "A", "a/x.y", "a/x-y/z", "_", "~",
        ] {
            file(root, name, name.as_bytes(), 0o644);
        }
    }),
    ("symbolic links", |root| {
        file(root, "b/target", b"x", 0o644);
        link(root, "a", "b/target");
        link(root, "b/dangling", "/nowhere/at/all");
        link(root, "c", "..");
        for len in [99, 100, 101, 255, 256, 511, 512, 4000] {
            let target = "t".repeat(len);
            symlink(target, root.join(format!("z{len}"))).expect("a new link");
        }
    }),
    ("long names", |root| {
        // The name in the archive has ./ in front, a directory / at the end.
        for len in [97, 98, 99, 100, 101, 200] {
            file(root, &format!("{len}/{}", "f".repeat(len - 3)), b"x", 0o644);
            let directory = format!("d{len}/{}", "d".repeat(len - 4));
            fs::create_dir_all(root.join(directory)).expect("new");
        }
        let deep = vec!["d".repeat(60); 6].join("/");
        file(root, &format!("{deep}/file"), b"deep", 0o644);
        link(root, &format!("{deep}/link"), &"l".repeat(300));
        for len in [510, 511, 512, 513] {
            let name = format!("{}/{}", "n".repeat(250), "m".repeat(250));
            let rest = "o".repeat(len - name.len() - 3);
            file(root, &format!("{name}/{rest}"), b"x", 0o644);
        }
    }),
    ("hard links", |root| {
        file(root, "b/one", b"the same", 0o640);
        hard(root, "b/one", "a");
        hard(root, "b/one", "c");
        let long = format!("{}/{}", "d".repeat(90), "f".repeat(90));
        file(root, &long, b"long", 0o644);
        hard(root, &long, &format!("{}e", long));
        hard(root, &long, "short");
        link(root, "link", "b/one");
        hard(root, "link", "another link");
        hard(root, "link", &format!("x{long}"));
    }),
    ("hard links out of the package", |root| {
        // Only one of the names, or only a later one, is in the data member.
        file(root, "DEBIAN.first", b"left out", 0o644);
        hard(root, "DEBIAN.first", "a");
        hard(root, "DEBIAN.first", "z");
        file(root, "b", b"a control file as well", 0o644);
        hard(root, "b", "DEBIAN/templates");
    }),
    ("directories alone", |root| {
        for name in ["a/b/c", "a-b", "a/b.c", "empty"] {
            fs::create_dir_all(root.join(name)).expect("new");
        }
        touch(&root.join("a/b"), EPOCH + 7, 0);
        touch(&root.join("a"), 7, 0);
    }),
    ("modes", |root| {
        for mode in [0o4755, 0o2755, 0o1777, 0o6711, 0o000, 0o444, 0o7777] {
            file(root, &format!("f{mode:o}"), b"x", mode);
            let directory = root.join(format!("d{mode:o}"));
            fs::create_dir(&directory).expect("new");
            fs::set_permissions(directory, fs::Permissions::from_mode(mode)).expect("own");
        }
    }),
    ("fifo and devices", |root| {
        for (name, kind, major, minor) in [
            ("fifo", FileType::Fifo, 0, 0),
            ("char", FileType::CharacterDevice, 1, 3),
            ("block", FileType::BlockDevice, 259, 70_000),
        ] {
            let device = rustix::fs::makedev(major, minor);
            rustix::fs::mknodat(CWD, root.join(name), kind, Mode::from(0o644), device)
                .expect("devices are made by root only");
        }
        hard(root, "char", "d");
        hard(root, "fifo", "g");
    }),
    ("odd names", |root| {
        for name in [
            &b"\xc3\xbcml\xc3\xa4ut"[..],
            b"raw\xff\xfe",
            b"back\\slash",
            b"tab\there",
            b"-dash",
            b" blank ",
            b"'quotes\"",
            b"star*",
            b"DEBIANx",
            b"DEBIAN.d/x",
            b"x/DEBIAN",
            b"\x01\x7f",
            b"a%sb",
            b"@",
        ] {
            let path = root.join(OsStr::from_bytes(name));
            fs::create_dir_all(path.parent().expect("below the root")).expect("new");
            fs::write(path, name).expect("new");
        }
    }),
    ("times", |root| {
        for (name, seconds, nanoseconds) in [
            ("future", EPOCH + 1_000_000, 0),
            ("exact", EPOCH, 0),
            ("fraction over", EPOCH, 1),
            ("fraction under", EPOCH - 1, 999_999_999),
            ("old", 1, 0),
            ("zero", 0, 0),
            ("before", -1, 0),
            ("before with fraction", -1, 500_000_000),
            ("long before", -1_000_000_000, 0),
        ] {
            file(root, name, b"x", 0o644);
            touch(&root.join(name), seconds, nanoseconds);
            link(root, &format!("{name} link"), "x");
            touch(&root.join(format!("{name} link")), seconds, nanoseconds);
            let directory = root.join(format!("{name} directory"));
            fs::create_dir(&directory).expect("new");
            touch(&directory, seconds, nanoseconds);
        }
    }),
    ("owners", |root| {
        file(root, "mine", b"x", 0o644);
        for (name, id) in [("daemon", 1), ("large", 3_000_000)] {
            file(root, name, b"x", 0o644);
            std::os::unix::fs::chown(root.join(name), Some(id), Some(id)).expect("root");
        }
    }),
    ("sizes", |root| {
        for size in [
            1, 511, 512, 513, 9_728, 10_240, 131_071, 131_072, 131_073, 262_144,
        ] {
            file(root, &format!("s{size}"), &noise(size), 0o644);
        }
        fs::File::create(root.join("sparse"))
            .and_then(|file| file.set_len(3_000_000))
            .expect("new");
    }),
    ("an exact record", |root| {
        // Root, the file's header and contents, and the end: 20 blocks each.
        for blocks in [14, 15, 16, 17] {
            file(root, &format!("r{blocks}/f"), &noise(blocks * 512), 0o644);
        }
    }),
    ("several blocks of xz", |root| {
        // With -6 a block holds 24 MiB.
        file(root, "big", &text(25 * 1024 * 1024), 0o644);
        file(root, "small", b"x", 0o644);
    }),
    ("control files", |root| {
        file(root, "etc/hello.conf", b"a=1\n", 0o644);
        control_file(root, "conffiles", b"/etc/hello.conf\n", 0o644);
        control_file(root, "postinst", b"#!/bin/sh\nexit 0\n", 0o775);
        control_file(root, "prerm", b"#!/bin/sh\nexit 0\n", 0o555);
        control_file(root, "config", b"#!/bin/sh\n", 0o775);
        control_file(root, "triggers", b"activate-noawait ldconfig\n", 0o600);
        control_file(root, "templates", b"Template: a/b\n", 0o4666);
        control_file(root, "md5sums", b"", 0o1640);
        hard(root, "DEBIAN/postinst", "DEBIAN/preinst");
        link(root, "DEBIAN/postrm", "prerm");
        control_file(root, "sub/file", b"x", 0o641);
        let sub = root.join("DEBIAN/sub");
        fs::set_permissions(sub, fs::Permissions::from_mode(0o3710)).expect("own");
        touch(&root.join("DEBIAN/triggers"), 86_400, 0);
    }),
];

fn file(root: &Path, name: &str, bytes: &[u8], mode: u32) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("below the root")).expect(name);
    fs::write(&path, bytes).expect(name);
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect(name);
}

fn control_file(root: &Path, name: &str, bytes: &[u8], mode: u32) {
    file(root, &format!("DEBIAN/{name}"), bytes, mode);
}

fn link(root: &Path, name: &str, target: &str) {
    symlink(target, root.join(name)).expect(name);
}

fn hard(root: &Path, old: &str, new: &str) {
    let new = root.join(new);
    fs::create_dir_all(new.parent().expect("below the root")).expect(old);
    // A second name for a symbolic link itself; fs::hard_link leaves open which.
    rustix::fs::linkat(CWD, root.join(old), CWD, new, AtFlags::empty()).expect(old);
}

fn touch(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).expect("own file");
}

/// Bytes that do not compress, the same each time.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

/// Bytes that compress well but not too well.
fn text(size: usize) -> Vec<u8> {
    let (noise, even) = (noise(4096), [b'e'; 60]);
    let lines = (0..size / 64).map(|line| [&noise[line * 7 % 4000..][..4], &even].concat());
    lines.flatten().collect()
}

fn tree(animal: &Animal) -> TempDir {
    let directory = TempDir::new().expect("a temporary directory");
    let root = directory.path();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("own");
    let control = "Package: zoo\nVersion: 1.0\nArchitecture: all\n\
        Maintainer: Keeper <keeper@example.org>\nDescription: animals\n";
    control_file(root, "control", control.as_bytes(), 0o644);
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(root.join("DEBIAN"), mode).expect("own");
    (animal.1)(root);
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    fs::File::open(root)
        .and_then(|file| file.set_modified(old))
        .expect("own");
    directory
}

fn tool(name: &str, package: &str, arguments: &[&OsStr]) -> Vec<u8> {
    let output = Command::new(name)
        .args(arguments)
        .env("SOURCE_DATE_EPOCH", EPOCH.to_string())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output();
    let output =
        output.unwrap_or_else(|e| panic!("cannot run {name} ({e}): apt-get install {package}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
    output.stdout
}

/// Says where two byte strings part, with what is there.
fn assert_same(ours: &[u8], theirs: &[u8], case: &str) {
    if ours == theirs {
        return;
    }
    let at = ours.iter().zip(theirs).position(|(a, b)| a != b);
    let at = at.unwrap_or(ours.len().min(theirs.len()));
    let around = |bytes: &[u8]| {
        let end = bytes.len().min(at + 60);
        bytes[at.saturating_sub(60).min(end)..end]
            .escape_ascii()
            .to_string()
    };
    panic!(
        "{case}: differs at byte {at} (block {}, byte {})\nours   {} bytes: {}\ntheirs {} bytes: {}",
        at / 512,
        at % 512,
        ours.len(),
        around(ours),
        theirs.len(),
        around(theirs),
    );
}
