use std::io::Cursor;

use proptest::prelude::*;

use crate::format::compress::{Compression, Settings};
use crate::format::deb::{Contents, Limits, Options, differences, write};
use crate::format::tar::{Kind, Node, Owners, Tree, TreePath};
use crate::model::{Sha256, Timestamp};

use super::{Aspect, Change, Difference};

const CONTROL: &str = "Package: hello\nVersion: 1.0\nArchitecture: all\n\
    Maintainer: A <a@example.org>\nDescription: greets\n";

/// What goes into a package.
#[derive(Clone)]
struct Made {
    control: String,
    scripts: Vec<(&'static str, Node)>,
    files: Vec<(String, Node)>,
    options: Options,
}

impl Made {
    fn usual() -> Self {
        Self {
            control: CONTROL.to_owned(),
            scripts: vec![("postinst", Node::file(*b"#!/bin/sh\n", 0o755, 1))],
            files: vec![
                ("usr/bin/hello".to_owned(), Node::file(*b"hi", 0o755, 1)),
                ("usr/bin/hi".to_owned(), Node::symlink("hello", 1)),
            ],
            options: Options {
                compress: Settings::new(Compression::Gzip),
                owners: Owners::Kept,
                ..Options::new(Timestamp::from_unix(5))
            },
        }
    }

    fn contents(&self) -> Contents {
        let path = |text: &str| TreePath::new(text).expect(text);
        let (mut control, mut data) = (Tree::new(), Tree::new());
        let node = Node::file(self.control.as_bytes(), 0o644, 1);
        control.insert(path("control"), node).expect("free");
        for (name, node) in &self.scripts {
            control.insert(path(name), node.clone()).expect("free");
        }
        for (name, node) in &self.files {
            data.insert(path(name), node.clone()).expect("free");
        }
        let mut bytes = Cursor::new(Vec::new());
        write(&mut bytes, &control, &data, &self.options).expect("memory");
        Contents::read(&bytes.into_inner()[..], &Limits::default()).expect("our own")
    }
}

/// A difference in one line.
fn line(difference: &Difference) -> String {
    let Difference { part, name, change } = difference;
    let said = match change {
        Change::Added { .. } => "added".to_owned(),
        Change::Removed { .. } => "removed".to_owned(),
        Change::Changed { aspect, from, to } => format!("{aspect} {from} → {to}"),
    };
    format!("{part:?} {name}: {said}")
}

#[test]
fn every_kind_of_difference_is_told() {
    type Spoil = fn(&mut Made);
    let cases: &[(Spoil, &[&str])] = &[
        (|_| {}, &[]),
        (
            |made| made.control = CONTROL.replace("1.0", "1.1"),
            &["Field Version: value 1.0 → 1.1"],
        ),
        (
            |made| made.control = CONTROL.replace("Package", "PACKAGE"),
            &["ControlFile control: content"],
        ),
        (
            |made| made.control.push_str("Depends: libc6\n"),
            &["Field Depends: added"],
        ),
        (
            |made| made.scripts[0].1.mode = 0o555,
            // Packed with u+rw,go=rX.
            &[],
        ),
        (
            |made| made.scripts[0].0 = "prerm",
            &["ControlFile postinst: removed", "ControlFile prerm: added"],
        ),
        (
            |made| made.scripts[0].1 = Node::file(*b"#!/bin/no\n", 0o755, 1),
            &["ControlFile postinst: content"],
        ),
        (
            |made| made.files[0].1.mode = 0o4755,
            &["File usr/bin/hello: mode 0755 → 4755"],
        ),
        (
            |made| made.files[0].1.owner.uid = 7,
            &["File usr/bin/hello: owner root/root (0/0) → root/root (7/0)"],
        ),
        (
            |made| made.files[0].1.mtime = 2,
            &["File usr/bin/hello: time 1970-01-01T00:00:01Z → 1970-01-01T00:00:02Z"],
        ),
        (
            |made| made.files[0].1 = Node::file(*b"ho", 0o755, 1),
            &["File usr/bin/hello: content"],
        ),
        (
            |made| made.files[1].1.kind = Kind::Symlink(b"nothing".to_vec()),
            &["File usr/bin/hi: target hello → nothing"],
        ),
        (
            |made| made.files[1].1 = Node::directory(1),
            &[
                "File usr/bin/hi: type symlink → directory",
                "File usr/bin/hi: mode",
            ],
        ),
        (
            |made| made.files.truncate(1),
            &["Member data.tar: entries 5 → 4", "File usr/bin/hi: removed"],
        ),
        (
            |made| made.options.epoch = Timestamp::from_unix(6),
            &[
                "Member control.tar: time",
                "Member data.tar: time",
                "Member debian-binary: time",
                "File .: time",
                "File usr: time",
                "File usr/bin: time",
            ],
        ),
        (
            |made| made.options.compress = Settings::new(Compression::Xz),
            &[
                "Member control.tar: compression gzip → xz",
                "Member data.tar: compression gzip → xz",
            ],
        ),
    ];
    let usual = Made::usual().contents();
    for (number, (spoil, want)) in cases.iter().enumerate() {
        let mut made = Made::usual();
        spoil(&mut made);
        let found = differences(&usual, &made.contents());
        // How large a stream becomes is the compressor's affair.
        let size = |one: &&Difference| {
            !matches!(
                &one.change,
                Change::Changed {
                    aspect: Aspect::Size,
                    ..
                }
            ) || one.name.starts_with("usr")
        };
        let shown: Vec<String> = found.iter().filter(size).map(line).collect();
        assert_eq!(shown.len(), want.len(), "case {number}: {shown:#?}");
        for (shown, want) in shown.iter().zip(*want) {
            assert!(shown.starts_with(want), "case {number}: {shown}");
        }
    }
}

#[test]
fn packed_otherwise_is_a_difference_too() {
    let a = Made::usual().contents();
    let mut b = a.clone();
    b.sha256 = Sha256::of(b"the same inside, other bytes");
    let bytes = format!("Package : bytes {} → {}", a.sha256, b.sha256);
    let shown = |b: &Contents| -> Vec<String> { differences(&a, b).iter().map(line).collect() };
    assert_eq!(shown(&b), [bytes]);
    b.files.reverse();
    assert_eq!(shown(&b), ["Member data.tar: order . → usr/bin/hi"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_one_way_adds_the_other_removes(
        left in prop::collection::btree_map("[ab]{1,2}", (0..3u8, 0..2u32), 0..4),
        right in prop::collection::btree_map("[ab]{1,2}", (0..3u8, 0..2u32), 0..4),
    ) {
        let made = |files: &std::collections::BTreeMap<String, (u8, u32)>| {
            let node = |(byte, mode): &(u8, u32)| Node::file(vec![*byte], 0o644 + mode, 1);
            let files = files.iter().map(|(name, of)| (name.clone(), node(of))).collect();
            Made { files, ..Made::usual() }.contents()
        };
        let (a, b) = (made(&left), made(&right));
        let (there, back) = (differences(&a, &b), differences(&b, &a));
        prop_assert_eq!(there.is_empty(), left == right);
        let turned: Vec<Difference> = back.into_iter().map(|one| Difference {
            change: match one.change {
                Change::Added { is } => Change::Removed { was: is },
                Change::Removed { was } => Change::Added { is: was },
                Change::Changed { aspect, from, to } => {
                    Change::Changed { aspect, from: to, to: from }
                }
            },
            ..one
        }).collect();
        prop_assert_eq!(there, turned);
    }
}
