//! Packed by us, by dpkg-deb and by GNU tar: the same bytes.

use std::ffi::OsStr;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use tempfile::TempDir;

use crate::format::compress::{Compression, Settings, Strategy};
use crate::format::deb::{self, BuildTree, ControlMember, Limits, Options};
use crate::format::tar::{self, Modes, Owners, Style, Symlinks};
use crate::model::Timestamp;
use crate::sys::tree::{pack, read};

use super::{EPOCH, ZOO, assert_same, file, noise, text, tool, tree};

fn theirs(root: &Path, options: &[&str]) -> Vec<u8> {
    let out = TempDir::new().expect("a temporary directory");
    let deb = out.path().join("theirs.deb");
    let mut arguments: Vec<&OsStr> = vec![OsStr::new("--root-owner-group")];
    arguments.extend(options.iter().map(OsStr::new));
    arguments.extend([OsStr::new("--build"), root.as_os_str(), deb.as_os_str()]);
    tool("dpkg-deb", "dpkg", &arguments);
    fs::read(deb).expect("dpkg-deb wrote it")
}

/// Packs as `deb pack` does, files read by a thread of their own.
fn ours(root: &Path, compress: Settings, control: ControlMember) -> Vec<u8> {
    let tree = read(root).expect("a readable tree");
    let parts = BuildTree::new(&tree).expect("a tree that dpkg-deb builds");
    let options = Options {
        compress,
        control,
        ..Options::new(Timestamp::from_unix(EPOCH))
    };
    let mut out = Cursor::new(Vec::new());
    pack(&mut out, &parts.control, &parts.data, &options).expect("memory");
    out.into_inner()
}

#[test]
fn every_animal_is_packed_as_dpkg_deb_does() {
    for animal in ZOO {
        let root = tree(animal);
        let none = Settings::new(Compression::None);
        let found = ours(root.path(), none, ControlMember::Uniform);
        assert_same(&found, &theirs(root.path(), &["-Znone"]), animal.0);
        let deb = deb::read(&found[..], &Limits::default(), |_, _| Ok(()));
        match animal.0 {
            "control files" => assert!(deb.is_err(), "a symbolic link and a directory in DEBIAN"),
            name => assert_eq!(deb.expect(name).oddities, [], "{name}"),
        }
    }
}

fn settings(compression: Compression, level: Option<u32>) -> Settings {
    Settings {
        level,
        ..Settings::new(compression)
    }
}

fn compare(root: &Path, case: &str, compress: Settings, control: ControlMember) {
    let mut options = vec![format!("-Z{}", compress.compression)];
    options.extend(compress.level.map(|level| format!("-z{level}")));
    if compress.strategy == Strategy::Extreme {
        options.push("-Sextreme".to_owned());
    }
    if control == ControlMember::Gzip {
        options.push("--no-uniform-compression".to_owned());
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let threads = compress.threads;
    let case = format!("{case} with {} on {threads} threads", options.join(" "));
    let found = ours(root, compress, control);
    assert_same(&found, &theirs(root, &options), &case);
}

fn animal(name: &str) -> TempDir {
    let found = ZOO.iter().find(|animal| animal.0 == name);
    tree(found.unwrap_or_else(|| panic!("no animal is named {name}")))
}

#[test]
fn compressors_write_dpkg_debs_bytes() {
    for name in ["plain files", "sizes", "long names", "an exact record"] {
        let root = animal(name);
        for (compression, threads) in [
            (Compression::Gzip, 1),
            (Compression::Xz, 1),
            (Compression::Xz, 3),
        ] {
            let settings = Settings {
                threads,
                ..Settings::new(compression)
            };
            compare(root.path(), name, settings, ControlMember::Uniform);
        }
    }
}

#[test]
fn every_level_writes_dpkg_debs_bytes() {
    let root = tree(&("a little of all", |root| {
        file(root, "text", &text(100_000), 0o644);
        file(root, "noise", &noise(20_000), 0o644);
        file(root, "zeros", &[0; 100_000], 0o644);
    }));
    for level in 0..=9 {
        let extreme = Settings {
            strategy: Strategy::Extreme,
            ..settings(Compression::Xz, Some(level))
        };
        for settings in [
            settings(Compression::Gzip, Some(level)),
            settings(Compression::Xz, Some(level)),
            extreme,
        ] {
            compare(root.path(), "all", settings, ControlMember::Uniform);
        }
    }
}

#[test]
fn control_members_of_gzip_are_dpkg_debs() {
    let root = animal("control files");
    for (compression, level) in [
        (Compression::None, None),
        (Compression::Gzip, Some(1)),
        (Compression::Xz, None),
        (Compression::Xz, Some(0)),
    ] {
        let settings = settings(compression, level);
        compare(root.path(), "control files", settings, ControlMember::Gzip);
    }
}

/// With -0 a block holds 1 MiB, with -6 it holds 24 MiB.
#[test]
fn blocks_of_xz_are_dpkg_debs() {
    const MIB: usize = 1024 * 1024;
    // The root's and the file's header, and the end.
    const AROUND: usize = 4 * 512;
    for (level, size, threads) in [
        (0, MIB - 10_240, &[1, 2][..]),
        (0, MIB, &[1]),
        (0, 5 * MIB - AROUND - 1, &[2]),
        (0, 5 * MIB - AROUND, &[1, 5]),
        (0, 5 * MIB - AROUND + 1, &[2]),
        (6, 24 * MIB - AROUND, &[2]),
        (6, 48 * MIB + 1, &[3]),
    ] {
        let root = tree(&("a file", |_| {}));
        // All the same, which is quick to compress; blocks go by the input.
        let mut bytes = vec![b'e'; size];
        bytes[size / 2..][..60_000].copy_from_slice(&noise(60_000));
        file(root.path(), "f", &bytes, 0o644);
        for &threads in threads {
            let settings = Settings {
                threads,
                ..settings(Compression::Xz, Some(level))
            };
            let case = format!("{size} bytes");
            compare(root.path(), &case, settings, ControlMember::Uniform);
        }
    }
    let root = animal("several blocks of xz");
    let settings = Settings {
        threads: 2,
        ..Settings::new(Compression::Xz)
    };
    compare(root.path(), "text", settings, ControlMember::Uniform);
}

/// What we do with libzstd, done with the installed one: the bytes are
/// dpkg-deb's at every level, so ours differ by the library's version alone.
/// Prints that version.
const WITH_INSTALLED_LIBZSTD: &str = r#"
import ctypes, sys
level, source, wanted = int(sys.argv[1]), open(sys.argv[2], 'rb').read(), sys.argv[3]
z = ctypes.CDLL('libzstd.so.1')
class Buffer(ctypes.Structure):
    _fields_ = [('at', ctypes.c_char_p), ('size', ctypes.c_size_t), ('pos', ctypes.c_size_t)]
z.ZSTD_createCCtx.restype = ctypes.c_void_p
z.ZSTD_compressStream2.restype = ctypes.c_size_t
z.ZSTD_versionString.restype = ctypes.c_char_p
context = ctypes.c_void_p(z.ZSTD_createCCtx())
for parameter, value in ((100, level), (201, 1), (400, 2)):
    assert not z.ZSTD_isError(z.ZSTD_CCtx_setParameter(context, parameter, value))
out = ctypes.create_string_buffer(1 << 18)
found = b''
at = 0
while True:
    piece = source[at:at + 131072]
    at += len(piece)
    last = len(piece) < 131072
    input = Buffer(piece, len(piece), 0)
    while True:
        output = Buffer(ctypes.cast(out, ctypes.c_char_p), len(out), 0)
        left = z.ZSTD_compressStream2(context, ctypes.byref(output), ctypes.byref(input), 2 if last else 0)
        found += out.raw[:output.pos]
        if (left == 0) if last else (input.pos == input.size): break
    if last: break
assert found == open(wanted, 'rb').read(), 'level %d' % level
print(z.ZSTD_versionString().decode())
"#;

#[test]
fn zstd_is_dpkg_debs_but_for_the_librarys_version() {
    let out = TempDir::new().expect("a temporary directory");
    let at = |name: &str| out.path().join(name);
    let root = tree(&("a little of all", |root| {
        file(root, "text", &text(700_000), 0o644);
        file(root, "noise", &noise(70_000), 0o644);
    }));
    let member = |deb: Vec<u8>, name: &str| {
        fs::write(at("x.deb"), deb).expect("new");
        let arguments =
            [OsStr::new("p"), at("x.deb").as_os_str(), OsStr::new(name)].map(OsStr::to_owned);
        tool("ar", "binutils", &arguments.each_ref().map(AsRef::as_ref))
    };
    let plain = member(theirs(root.path(), &["-Znone"]), "data.tar");
    fs::write(at("data.tar"), &plain).expect("new");
    for level in [0, 1, 3, 9, 19, 22] {
        let dpkg_deb = theirs(
            root.path(),
            &["-Zzstd", &format!("-z{level}"), "--threads-max=2"],
        );
        fs::write(at("wanted"), member(dpkg_deb.clone(), "data.tar.zst")).expect("new");
        let level_text = level.to_string();
        let arguments = [
            OsStr::new("-c"),
            OsStr::new(WITH_INSTALLED_LIBZSTD),
            OsStr::new(&level_text),
            at("data.tar").as_os_str(),
            at("wanted").as_os_str(),
        ]
        .map(OsStr::to_owned);
        let said = tool(
            "python3",
            "python3",
            &arguments.each_ref().map(AsRef::as_ref),
        );
        let compress = Settings {
            threads: 2,
            ..settings(Compression::Zstd, Some(level))
        };
        let ours = ours(root.path(), compress, ControlMember::Uniform);
        if String::from_utf8_lossy(&said).trim() == zstd::zstd_safe::version_string() {
            assert_same(&ours, &dpkg_deb, &format!("level {level}"));
        }
        fs::write(at("ours.deb"), &ours).expect("new");
        let unpack = [
            OsStr::new("--fsys-tarfile").to_owned(),
            at("ours.deb").into_os_string(),
        ];
        let found = tool("dpkg-deb", "dpkg", &unpack.each_ref().map(AsRef::as_ref));
        assert_same(&found, &plain, &format!("level {level}, unpacked"));
    }
}

/// zstd's bytes depend on the version of libzstd, so only what is inside must
/// be equal.
#[test]
fn zstd_packages_hold_the_same_and_dpkg_deb_unpacks_them() {
    let out = TempDir::new().expect("a temporary directory");
    for (number, animal) in ZOO.iter().enumerate() {
        let root = tree(animal);
        let deb = out.path().join(format!("{number}.deb"));
        let zstd = Settings {
            threads: 2,
            ..Settings::new(Compression::Zstd)
        };
        let bytes = ours(root.path(), zstd, ControlMember::Uniform);
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
