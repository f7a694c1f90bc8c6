//! What is written is read again, whatever the tree.

use std::collections::BTreeMap;
use std::io::Cursor;

use proptest::prelude::*;

use crate::format::compress::{Compression, Settings};
use crate::format::tar::{Device, EntryKind, Kind, Node, Owner, Tree, TreePath};
use crate::model::Timestamp;

use super::{Limits, Options, read, write};

const CONTROL: &str = "Package: hello\nVersion: 1.0\nArchitecture: all\n\
    Maintainer: A <a@example.org>\nDescription: greets\n";

const EPOCH: i64 = 1_700_000_000;

/// What a reader can know of one path; hard links of files and symbolic links
/// are told by what they lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    kind: String,
    mode: u32,
    mtime: i64,
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let bytes = prop::collection::vec(any::<u8>(), 0..1500);
    let target = prop::collection::vec(1..=255u8, 1..300);
    let device = Device {
        major: 7,
        minor: 300,
    };
    prop_oneof![
        3 => bytes.prop_map(|bytes| Node::file(bytes, 0, 0).kind),
        2 => Just(Kind::Directory),
        2 => target.prop_map(Kind::Symlink),
        1 => Just(Kind::Fifo),
        1 => Just(Kind::CharDevice(device)),
        1 => Just(Kind::BlockDevice(device)),
    ]
}

fn any_path() -> impl Strategy<Value = TreePath> {
    let short = "[ab.-]{1,3}";
    let long = "[a-c\\\\\t ü]{90,130}";
    let part = prop_oneof![4 => short, 1 => long];
    prop::collection::vec(part, 1..4)
        .prop_filter_map("no plain path", |parts| TreePath::new(parts.join("/")).ok())
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let mtime = prop_oneof![Just(EPOCH + 5), Just(-7), -10_000_000_000..2_000_000_000i64];
    let node = (any_kind(), 0..0o10000u32, mtime).prop_map(|(kind, mode, mtime)| Node {
        owner: Owner::root(),
        kind,
        mode,
        mtime,
    });
    let nodes = prop::collection::vec((any_path(), node), 0..12);
    let links = prop::collection::vec((any_path(), any::<prop::sample::Index>()), 0..4);
    (nodes, links).prop_map(|(nodes, links)| {
        let mut tree = Tree::new();
        for (path, node) in nodes {
            // Two that contradict each other: the first wins.
            let _ = tree.insert(path, node);
        }
        let paths: Vec<_> = tree.iter().map(|(path, _)| path.clone()).collect();
        for (path, target) in links.into_iter().filter(|_| !paths.is_empty()) {
            let _ = tree.link(path, target.get(&paths));
        }
        tree
    })
}

fn shown(kind: &Kind) -> String {
    match kind {
        Kind::File(content) => {
            let mut bytes = Vec::new();
            let mut open = content.open().expect("memory");
            open.read_to_end(&mut bytes).expect("memory");
            format!("file {}", bytes.escape_ascii())
        }
        Kind::Symlink(target) => format!("link {}", target.escape_ascii()),
        other => format!("{other:?}"),
    }
}

fn written(tree: &Tree) -> BTreeMap<TreePath, Seen> {
    tree.iter()
        .map(|(path, node)| {
            let seen = Seen {
                kind: shown(&node.kind),
                mode: node.mode,
                mtime: node.mtime.min(EPOCH),
            };
            (path.clone(), seen)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_tree_survives_packing(
        tree in any_tree(),
        compression in prop::sample::select(vec![
            Compression::None, Compression::Gzip, Compression::Xz, Compression::Zstd,
        ]),
    ) {
        let mut control = Tree::new();
        let name = TreePath::new("control").expect("plain");
        control.insert(name, Node::file(CONTROL.as_bytes(), 0o644, 0)).expect("free");
        let options = Options {
            compress: Settings { level: Some(1), ..Settings::new(compression) },
            ..Options::new(Timestamp::from_unix(EPOCH))
        };
        let mut out = Cursor::new(Vec::new());
        write(&mut out, &control, &tree, &options).expect("memory");

        let mut found: BTreeMap<TreePath, Seen> = BTreeMap::new();
        let mut order = Vec::new();
        let deb = read(&out.get_ref()[..], &Limits::default(), |entry, content| {
            let kind = match &entry.kind {
                EntryKind::File { size } => {
                    let mut bytes = Vec::new();
                    content.read_to_end(&mut bytes)?;
                    assert_eq!(bytes.len() as u64, *size);
                    format!("file {}", bytes.escape_ascii())
                }
                EntryKind::Symlink { target } => format!("link {}", target.escape_ascii()),
                EntryKind::HardLink { target } => found[target].kind.clone(),
                EntryKind::Directory => format!("{:?}", Kind::Directory),
                EntryKind::Fifo => format!("{:?}", Kind::Fifo),
                EntryKind::CharDevice(of) => format!("{:?}", Kind::CharDevice(*of)),
                EntryKind::BlockDevice(of) => format!("{:?}", Kind::BlockDevice(*of)),
            };
            let link = kind.starts_with("link ");
            order.push((link, entry.path.clone()));
            found.insert(entry.path.clone(), Seen { kind, mode: entry.mode, mtime: entry.mtime });
            Ok(())
        });
        let deb = deb.expect("our own package");
        prop_assert_eq!(deb.control.bytes(), CONTROL.as_bytes());
        prop_assert_eq!(deb.oddities, []);
        prop_assert!(order.is_sorted(), "links last, each in the order of a walk: {:?}", order);

        let want = written(&tree);
        found.retain(|path, seen| {
            let made = !want.contains_key(path);
            assert!(!made || (seen.kind == "Directory" && seen.mode == 0o755), "{path}");
            !made
        });
        prop_assert_eq!(found, want);
    }
}
