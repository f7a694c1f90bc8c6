use std::io::Cursor;

use proptest::prelude::*;

use crate::format::compress::{Compression, Settings};
use crate::format::deb::{Contents, Limits, Options, differences, write};
use crate::format::tar::{Kind, Node, Owners, Tree, TreePath};
use crate::model::{Sha256, Timestamp};

use super::{Aspect, Change, Difference, locate};

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
        Contents::read(&self.bytes()[..], &Limits::default()).expect("our own")
    }

    fn bytes(&self) -> Vec<u8> {
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
        bytes.into_inner()
    }
}

/// A difference in one line.
fn line(difference: &Difference) -> String {
    let Difference {
        part, name, change, ..
    } = difference;
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

/// `NAME: FIRST+DIFFERING “FROM” → “TO”` of each difference that has bytes.
fn located(a: &Made, b: &Made) -> Vec<String> {
    let mut found = differences(&a.contents(), &b.contents());
    let (a, b) = (a.bytes(), b.bytes());
    let spool = Cursor::new(Vec::new());
    locate(&mut found, &a[..], &b[..], spool, &Limits::default()).expect("our own");
    let line = |one: &Difference| {
        let bytes = one.bytes.as_ref()?;
        let span = &bytes.spans[0];
        let [from, to] = [&span.from, &span.to].map(|e| e.text().unwrap_or_else(|| e.hex()));
        let (first, differing) = (bytes.first, bytes.differing);
        Some(format!(
            "{}: {first}+{differing} “{from}” → “{to}”",
            one.name
        ))
    };
    found.iter().filter_map(line).collect()
}

#[test]
fn the_bytes_that_differ_are_found() {
    let file = |name: &str, bytes: &[u8]| (name.to_owned(), Node::file(bytes, 0o644, 1));
    let made = |files| Made {
        files,
        ..Made::usual()
    };
    let a = made(vec![
        file("a", b"the same"),
        file("b", b"built on Monday"),
        file("c", b"\0\x01\x02"),
        file("d", b"only here"),
        file("e", b"was a file"),
        file("f", b"longer"),
    ]);
    let mut b = made(vec![
        file("a", b"the same"),
        file("b", b"built on Tuesday"),
        file("c", b"\0\xff\x02"),
        ("e".to_owned(), Node::symlink("a", 1)),
        file("f", b"long"),
    ]);
    b.scripts[0].1 = Node::file(*b"#!/bin/bash\n", 0o755, 1);
    assert_eq!(
        located(&a, &b),
        [
            "postinst: 7+5 “#!/bin/sh\n” → “#!/bin/bash\n”",
            "b: 9+7 “built on Monday” → “built on Tuesday”",
            "c: 1+1 “000102” → “00ff02”",
            "f: 4+2 “longer” → “long”",
        ]
    );
    let mut b = a.clone();
    b.control = CONTROL.replace("Package", "PACKAGE");
    assert_eq!(located(&a, &b).len(), 1, "the control file's letters");
    let mut b = a.clone();
    b.options.compress.level = Some(1);
    let found = located(&a, &b);
    assert!(
        found.len() <= 1 && found.iter().all(|line| line.starts_with(": ")),
        "{found:?}"
    );
    assert_eq!(located(&a, &a), Vec::<String>::new());
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
