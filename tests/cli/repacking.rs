//! A hundred packages of Debian's own, unpacked and written again with the
//! settings they show: the same bytes.
//!
//! They are of all kinds: scripts, libraries, metapackages, set-user-id
//! programs and other owners, hard links, long names, conffiles, triggers.

mod fetch;

use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use debcut::format::ar;
use debcut::format::compress::{Compression, Decoder, Settings};
use debcut::format::deb::{self, BuildTree, Options};
use debcut::format::tar::{self, Content, EntryKind, Kind, Node, Owners, Tree};
use debcut::model::Timestamp;

use crate::world::{is_root, tool};

/// How many must be written again with the same bytes.
const HUNDRED: usize = 100;

/// A tar member of a package.
#[derive(PartialEq, Eq)]
struct Member {
    compression: Compression,
    mtime: i64,
    tar: Vec<u8>,
}

/// Reads the control and the data member.
fn members(package: &[u8]) -> [Member; 2] {
    let mut archive = ar::Reader::new(package).expect("an ar archive");
    let mut found = Vec::new();
    while let Some(header) = archive.next_member().expect("a member") {
        let mut packed = Vec::new();
        archive.read_to_end(&mut packed).expect("a whole member");
        let name = String::from_utf8(header.name).expect("text");
        let Some((_, ending)) = name.split_once(".tar") else {
            continue;
        };
        let compression = Compression::from_extension(ending).expect("a compression");
        let mut tar = Vec::new();
        let decoder = Decoder::new(compression, &packed[..], 1 << 27);
        decoder
            .and_then(|mut decoder| decoder.read_to_end(&mut tar))
            .expect("a sound stream");
        found.push(Member {
            compression,
            mtime: header.mtime,
            tar,
        });
    }
    let found: Result<[Member; 2], _> = found.try_into();
    found.unwrap_or_else(|_| panic!("a package has two tar members"))
}

fn tree(bytes: &[u8]) -> Tree {
    let mut reader = tar::Reader::new(bytes);
    let mut tree = Tree::new();
    while let Some(entry) = reader.next_entry().expect("a sound tar") {
        let kind = match entry.kind {
            EntryKind::File { .. } => {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).expect("memory");
                Kind::File(Content::bytes(bytes))
            }
            EntryKind::HardLink { target } => {
                tree.link(entry.path, &target).expect("an earlier file");
                continue;
            }
            EntryKind::Directory => Kind::Directory,
            EntryKind::Symlink { target } => Kind::Symlink(target),
            EntryKind::Fifo => Kind::Fifo,
            EntryKind::CharDevice(device) => Kind::CharDevice(device),
            EntryKind::BlockDevice(device) => Kind::BlockDevice(device),
        };
        let node = Node {
            kind,
            mode: entry.mode,
            owner: entry.owner,
            mtime: entry.mtime,
        };
        tree.insert(entry.path, node).expect("a path of its own");
    }
    tree
}

fn packed([control, data]: [&Tree; 2], compress: Settings, owners: Owners, epoch: i64) -> Vec<u8> {
    let options = Options {
        compress,
        owners,
        ..Options::new(Timestamp::from_unix(epoch))
    };
    let mut out = Cursor::new(Vec::new());
    deb::write(&mut out, control, data, &options).expect("memory");
    out.into_inner()
}

fn dpkg_deb(epoch: i64, options: &[&str], paths: [&Path; 2]) {
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.env("SOURCE_DATE_EPOCH", epoch.to_string());
    let options = options.iter().map(OsStr::new);
    let ran = dpkg
        .args(options.chain(paths.map(Path::as_os_str)))
        .output();
    let ran = ran.expect("it runs");
    assert!(ran.status.success(), "{paths:?}: {ran:?}");
}

/// Says what differs of a package that dpkg-deb itself writes otherwise today.
fn reason(published: &Member, ours: &Member) -> String {
    let same = published
        .tar
        .iter()
        .zip(&ours.tar)
        .take_while(|(a, b)| a == b);
    let at = same.count();
    format!("byte {} of block {}", at % 512, at / 512)
}

#[test]
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn a_hundred_packages_are_written_again_with_their_bytes() {
    let packages = match fetch::packages() {
        Ok(packages) => packages,
        Err(why) => {
            eprintln!("skipped: {why}");
            return;
        }
    };
    let none = Settings::new(Compression::None);
    let (mut same, mut whole, mut otherwise) = (0, 0, Vec::new());
    for path in &packages {
        let name = path.display();
        let bytes = fs::read(path).expect("it was fetched");
        let published = members(&bytes);
        let [control, data] = [&published[0], &published[1]].map(|member| tree(&member.tar));
        let epoch = published[1].mtime;
        let again = members(&packed([&control, &data], none, Owners::Kept, epoch));

        // The same from a directory, where dpkg-deb is the judge.
        let work = tempfile::tempdir().expect("a directory");
        let [directory, theirs] = ["t", "theirs.deb"].map(|name| work.path().join(name));
        dpkg_deb(epoch, &["-R"], [path, &directory]);
        dpkg_deb(
            epoch,
            &["-Znone", "--root-owner-group", "-b"],
            [&directory, &theirs],
        );
        let read = debcut::sys::tree::read(&directory).expect("readable");
        let parts = BuildTree::new(&read).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours = packed([&parts.control, &parts.data], none, Owners::Root, epoch);
        assert!(
            ours == fs::read(&theirs).expect("built"),
            "{name} from a directory"
        );

        let differs = published.iter().zip(&again).find(|(a, b)| a.tar != b.tar);
        let Some((published, again)) = differs else {
            same += 1;
            // The settings that every Debian package shows; where it is quick.
            if published[1].compression == Compression::Xz && published[1].tar.len() < 1 << 18 {
                let xz = Settings::new(Compression::Xz);
                let found = packed([&control, &data], xz, Owners::Kept, epoch);
                assert!(found == bytes, "{name} compressed again");
                whole += 1;
            }
            continue;
        };
        // Only what dpkg-deb writes otherwise today, too, may differ. Others'
        // files only root can unpack.
        assert!(is_root(), "{name}: {}", reason(published, again));
        dpkg_deb(epoch, &["-Znone", "-b"], [&directory, &theirs]);
        let theirs = members(&fs::read(&theirs).expect("built"));
        let by_dpkg = theirs.iter().any(|member| member.tar == published.tar);
        assert!(!by_dpkg, "{name}: {}", reason(published, again));
        otherwise.push(format!("{name}: {}", reason(published, again)));
    }
    eprintln!(
        "{same} of {} the same, {whole} compressed again",
        packages.len()
    );
    assert!(same >= HUNDRED && whole > 0, "{same}: {otherwise:#?}");
}
