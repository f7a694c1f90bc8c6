//! Every rule, by a suite that has something and a candidate that breaks it.

use std::collections::BTreeMap;

use super::*;
use crate::archive::candidate::{Binary, Source, SourceFile};
use crate::archive::chunk::{self, ChunkRule};
use crate::archive::manifest::{self, Base, Index, IndexFile, Record};
use crate::archive::{Removal, Settings, query, remove, settle};
use crate::format::checksums::FileName;
use crate::format::control::BinaryControl;
use crate::format::dsc::Dsc;
use crate::format::index::piece::Encoding;
use crate::model::{Component, FileDigests, Sha256, Suite, Timestamp};

fn settings() -> Settings {
    let names = |names: &[&str]| names.iter().map(|n| n.parse().expect("a name")).collect();
    let architectures = ["amd64", "arm64"].map(|n| n.parse().expect("a name"));
    Settings {
        chunks: ChunkRule {
            boundary_bits: 1,
            max_bytes: 400,
        },
        ..Settings::new(names(&["main", "contrib"]), architectures.to_vec())
    }
}

/// A suite of these stanzas, as if it had been published and observed.
fn suite_of(settings: Settings, stanzas: &BTreeMap<IndexName, Vec<Stanza>>) -> Current {
    let mut chunks = BTreeMap::new();
    let index = |name: IndexName| {
        let listed = stanzas.get(&name).cloned().unwrap_or_default();
        let cut = chunk::cut(&settings.chunks, listed.clone());
        let in_chunk = |name: &PackageName, at: usize| {
            let next = cut.get(at + 1).map(|(chunk, _)| &chunk.first);
            *name >= cut[at].0.first && next.is_none_or(|next| name < next)
        };
        for (at, (chunk, _)) in cut.iter().enumerate() {
            let own = listed.iter().filter(|s| in_chunk(s.name(), at));
            let mut own: Vec<_> = own.cloned().collect();
            own.sort();
            chunks.insert(chunk.sha256, own);
        }
        let file = |encoding| IndexFile {
            encoding,
            size: 0,
            sha256: Sha256::of(b""),
            pieces: Vec::new(),
        };
        Index {
            name,
            size: cut.iter().map(|(chunk, _)| chunk.size).sum(),
            sha256: Sha256::of(b""),
            chunks: cut.into_iter().map(|(chunk, _)| chunk).collect(),
            files: Encoding::ALL.map(file).to_vec(),
        }
    };
    let manifest = Manifest {
        schema: manifest::SCHEMA.to_owned(),
        suite: Suite::new("stable").expect("a name"),
        number: 1,
        parent: None,
        date: Timestamp::from_unix(0),
        valid_until: None,
        record: Record::default(),
        indices: settings.indices().into_iter().map(index).collect(),
        settings: settings.clone(),
    };
    let base = Base {
        number: 1,
        manifest: Sha256::of(&manifest.to_bytes()),
    };
    Current {
        suite: manifest.suite.clone(),
        generation: Some((base, manifest)),
        chunks,
        pool: BTreeMap::new(),
    }
}

/// A suite into which these candidates were admitted, with their pool files.
fn suite_with(candidates: &[Candidate]) -> Current {
    let empty = suite_of(settings(), &BTreeMap::new());
    let admission = admit(&empty, candidates, Older::Refuse).expect("admitted");
    let stanzas = admission
        .edits
        .into_iter()
        .map(|(name, edit)| (name, edit.add));
    let mut current = suite_of(settings(), &stanzas.collect());
    for incoming in admission.pool {
        current
            .pool
            .insert(incoming.file.path.clone(), incoming.file);
    }
    current
}

/// `NAME VERSION ARCHITECTURE CONTENT [FIELD…]`
fn deb(text: &str) -> Candidate {
    let mut words = text.splitn(5, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (name, version, architecture, content) = (next(), next(), next(), next());
    let mut control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: A <a@example.org>\nDescription: a\n"
    );
    if let Some(field) = words.next() {
        control += &format!("{field}\n");
    }
    Candidate::Binary(Box::new(Binary {
        origin: format!("/in/{name}.deb").into(),
        size: content.len() as u64,
        sha256: Sha256::of(content.as_bytes()),
        control: BinaryControl::parse(control.as_bytes()).expect("a control file"),
        component: None,
    }))
}

fn source(version: &str, listed: &[(&str, &str)], beside: &[(&str, &str)]) -> Candidate {
    let line = |(name, content): &(&str, &str)| {
        let sha256 = Sha256::of(content.as_bytes());
        format!(" {sha256} {} {name}\n", content.len())
    };
    let text = format!(
        "Format: 1.0\nSource: hello\nBinary: hello\nArchitecture: any\nVersion: {version}\n\
         Maintainer: A <a@example.org>\nChecksums-Sha256:\n{}",
        listed.iter().map(line).collect::<String>()
    );
    let file = |(name, content): &(&str, &str)| SourceFile {
        origin: format!("/in/{name}").into(),
        name: FileName::new(*name).expect("a file name"),
        size: content.len() as u64,
        sha256: Sha256::of(content.as_bytes()),
    };
    Candidate::Source(Box::new(Source {
        origin: "/in/hello.dsc".into(),
        digests: FileDigests::of(text.as_bytes()),
        dsc: Dsc::parse(text.as_bytes()).expect("a .dsc"),
        files: beside.iter().map(file).collect(),
        section: None,
        priority: None,
        component: None,
    }))
}

fn in_component(mut candidate: Candidate, name: &str) -> Candidate {
    let component = Component::new(name).expect("a name");
    match &mut candidate {
        Candidate::Binary(binary) => binary.component = Some(component),
        Candidate::Source(source) => source.component = Some(component),
    }
    candidate
}

#[test]
fn every_rule_refuses_what_breaks_it() {
    let orig = [
        ("hello_1.orig.tar.gz", "orig"),
        ("hello_1-1.diff.gz", "diff"),
    ];
    let other = [("hello_1.orig.tar.gz", "other"), orig[1]];
    let hello = || vec![deb("hello 1.0 amd64 x")];
    let cases: Vec<(&str, &str, Vec<Candidate>, Vec<Candidate>)> = vec![
        (
            "unknown-architecture",
            "its architecture i386 is not in stable, which has amd64, arm64",
            vec![],
            vec![deb("hello 1.0 i386 x")],
        ),
        (
            "unknown-component",
            "not in stable, which has main, contrib",
            vec![],
            vec![in_component(deb("hello 1.0 amd64 x"), "non-free")],
        ),
        (
            "invalid-control",
            "field Filename is set by the archive",
            vec![],
            vec![deb("hello 1.0 amd64 x Filename: pool/x")],
        ),
        (
            "same-version-other-content",
            "stable has hello 1.0 with other content",
            hello(),
            vec![deb("hello 1.0 amd64 y")],
        ),
        (
            "same-version-other-content",
            "stable has hello 1.0 with other content",
            hello(),
            // As dpkg compares, the same version.
            vec![deb("hello 1.0-0 amd64 y")],
        ),
        (
            "same-version-other-architecture",
            "stable has this version for the architecture amd64",
            hello(),
            vec![deb("hello 1.0 all x")],
        ),
        (
            "older-version",
            "stable has 1.0, which is newer",
            hello(),
            vec![deb("hello 1.0~rc1 amd64 y")],
        ),
        (
            "older-version",
            "stable has 1.0, which is newer",
            hello(),
            vec![deb("hello 0.9 all y")],
        ),
        (
            "in-another-component",
            "has this version in main, it would go to contrib",
            hello(),
            vec![in_component(deb("hello 1.0 amd64 x"), "contrib")],
        ),
        (
            "colliding-candidates",
            "pool/main/h/hello/hello_1.0_amd64.deb would have two contents",
            vec![],
            vec![deb("hello 1.0 amd64 x"), deb("hello 1.0 amd64 y")],
        ),
        (
            "colliding-candidates",
            "hello_1.0_amd64.deb has the same version",
            vec![],
            vec![deb("hello 1.0 amd64 x"), deb("hello 1.0 all x")],
        ),
        (
            "colliding-candidates",
            "hello_1.0_amd64.deb has the same version",
            vec![],
            vec![
                deb("hello 1.0 amd64 x"),
                in_component(deb("hello 1.0 amd64 x"), "contrib"),
            ],
        ),
        (
            "source-file-missing",
            "lists hello_1-1.diff.gz, which did not come with it; it is not in the pool",
            vec![],
            vec![source("1-1", &orig, &orig[..1])],
        ),
        (
            "source-file-differs",
            "hello_1.orig.tar.gz beside it has sha256",
            vec![],
            vec![source("1-1", &orig, &other)],
        ),
        (
            "source-file-missing",
            "the one in the pool has other content",
            vec![source("1-1", &orig, &orig)],
            vec![source(
                "1-2",
                &[other[0], ("hello_1-2.diff.gz", "d")],
                &[("hello_1-2.diff.gz", "d")],
            )],
        ),
        (
            "pool-path-taken",
            "hello_1.orig.tar.gz is there with other content",
            vec![source("1-1", &orig, &orig)],
            vec![source("1-2", &other[..1], &other[..1])],
        ),
    ];
    for (rule, want, before, offered) in cases {
        let current = suite_with(&before);
        let findings = admit(&current, &offered, Older::Refuse).expect_err(want);
        assert_eq!(findings.len(), 1, "{want}: {findings:#?}");
        assert_eq!(findings[0].rule, rule, "{findings:?}");
        assert!(findings[0].message.contains(want), "{want}: {findings:?}");
        assert!(
            findings[0].is_error() && !findings[0].fix.is_empty(),
            "{want}"
        );
    }
}

#[test]
fn all_reasons_are_given_at_once() {
    let current = suite_with(&[deb("hello 1.0 amd64 x")]);
    let offered = [
        deb("hello 1.0 amd64 y"),
        deb("other 1.0 i386 x"),
        deb("fine 1.0 amd64 x"),
        source(
            "1",
            &[("hello_1.tar.gz", "a"), ("hello_1.tar.gz.asc", "b")],
            &[],
        ),
    ];
    let findings = admit(&current, &offered, Older::Refuse).expect_err("refused");
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    let want = [
        "unknown-architecture",
        "source-file-missing",
        "source-file-missing",
        "same-version-other-content",
    ];
    assert_eq!(rules, want);
}

#[test]
fn what_is_good_is_admitted_where_it_belongs() {
    let orig = [
        ("hello_1.orig.tar.gz", "orig"),
        ("hello_1-1.diff.gz", "diff"),
    ];
    let next = [orig[0], ("hello_1-2.diff.gz", "next")];
    let before = [deb("hello 1.0 amd64 x"), source("1-1", &orig, &orig)];
    let current = suite_with(&before);
    let cases: [(Candidate, &[&str], &[&str]); 7] = [
        (
            deb("hello 1:0.5 amd64 y"),
            &["main/binary-amd64/Packages"],
            &["pool/main/h/hello/hello_0.5_amd64.deb"],
        ),
        (
            deb("libfoo1 2 amd64 y Source: foo (1:2)"),
            &["main/binary-amd64/Packages"],
            &["pool/main/f/foo/libfoo1_2_amd64.deb"],
        ),
        (
            deb("docs 1 all y"),
            &["main/binary-amd64/Packages", "main/binary-arm64/Packages"],
            &["pool/main/d/docs/docs_1_all.deb"],
        ),
        (
            deb("game 1 arm64 y Section: contrib/games"),
            &["contrib/binary-arm64/Packages"],
            &["pool/contrib/g/game/game_1_arm64.deb"],
        ),
        (
            deb("game 1 arm64 y Section: non-free/games"),
            &["main/binary-arm64/Packages"],
            &["pool/main/g/game/game_1_arm64.deb"],
        ),
        (
            in_component(deb("tool 1 amd64 y Section: main/x"), "contrib"),
            &["contrib/binary-amd64/Packages"],
            &["pool/contrib/t/tool/tool_1_amd64.deb"],
        ),
        (
            // The upstream tarball is in the pool already.
            source("1-2", &next, &next[1..]),
            &["main/source/Sources"],
            &[
                "pool/main/h/hello/hello_1-2.diff.gz",
                "pool/main/h/hello/hello_1-2.dsc",
            ],
        ),
    ];
    for (candidate, indices, files) in cases {
        let subject = candidate.subject();
        let admission = admit(&current, &[candidate], Older::Refuse).expect("admitted");
        let found: Vec<_> = admission.edits.keys().map(ToString::to_string).collect();
        assert_eq!(found, indices, "{subject}");
        let paths = admission
            .pool
            .iter()
            .map(|incoming| incoming.file.path.as_str());
        assert_eq!(paths.collect::<Vec<_>>(), files, "{subject}");
        assert_eq!((admission.added().len(), admission.is_change()), (1, true));
    }
}

#[test]
fn what_is_there_is_no_change() {
    let orig = [("hello_1.tar.gz", "orig")];
    let all = [
        deb("hello 1.0 amd64 x"),
        deb("docs 1.0 all x"),
        source("1", &orig, &orig),
    ];
    let current = suite_with(&all);
    let twice: Vec<_> = all.iter().chain(&all).cloned().collect();
    let admission = admit(&current, &twice, Older::Refuse).expect("admitted");
    assert!(!admission.is_change());
    assert_eq!(
        (admission.added().len(), admission.unchanged().len()),
        (0, 3)
    );

    let older = [deb("hello 0.9 amd64 y")];
    assert!(admit(&current, &older, Older::Refuse).is_err());
    assert!(
        admit(&current, &older, Older::Allow)
            .expect("allowed")
            .is_change()
    );
}

#[test]
fn nothing_is_admitted_without_looking() {
    let mut current = suite_with(&[deb("hello 1.0 amd64 x")]);
    current.chunks.clear();
    let findings = admit(&current, &[deb("hello 2.0 amd64 y")], Older::Refuse);
    assert_eq!(findings.expect_err("unread")[0].rule, "not-observed");
    current.generation = None;
    let findings = admit(&current, &[deb("hello 2.0 amd64 y")], Older::Refuse);
    assert_eq!(findings.expect_err("no suite")[0].rule, "no-such-suite");
}

#[test]
fn removal_takes_versions_and_notes_what_is_absent() {
    let current = suite_with(&[
        deb("hello 1.0 amd64 x"),
        deb("hello 2.0 amd64 y"),
        deb("docs 1.0 all x"),
    ]);
    let removal = |text: &str| {
        let (name, version) = text.split_once('=').unwrap_or((text, ""));
        let version = (!version.is_empty()).then(|| version.parse().expect("a version"));
        let name = name.parse().expect("a name");
        Removal { name, version }
    };
    let cases: [(&str, &[&str], usize); 4] = [
        ("hello", &["hello 1.0 amd64", "hello 2.0 amd64"], 0),
        ("hello=1.0-0", &["hello 1.0 amd64"], 0),
        ("docs", &["docs 1.0 all"], 0),
        ("hello=3", &[], 1),
    ];
    for (text, want, notes) in cases {
        let admission = remove(&current, &[removal(text)]).expect(text);
        let removed: Vec<_> = admission
            .removed()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(removed, want, "{text}");
        assert_eq!(admission.notes().len(), notes, "{text}");
        assert_eq!(admission.is_change(), !want.is_empty(), "{text}");
    }
}

#[test]
fn settings_change_what_a_suite_has() {
    let current = suite_with(&[deb("hello 1.0 amd64 x"), deb("docs 1.0 all x")]);
    assert!(!settle(&current, &settings()).expect("the same").is_change());

    let mut wanted = settings();
    wanted
        .architectures
        .push("riscv64".parse().expect("a name"));
    let admission = settle(&current, &wanted).expect("one more");
    let new: IndexName = "main/binary-riscv64/Packages".parse().expect("an index");
    let listed: Vec<_> = admission.edits[&new]
        .add
        .iter()
        .map(|s| s.name().as_str())
        .collect();
    assert_eq!(listed, ["docs"]);
    assert_eq!(admission.edits.len(), 1);

    let mut wanted = settings();
    wanted.architectures.remove(0);
    let findings = settle(&current, &wanted).expect_err("has packages");
    assert_eq!(
        findings[0].message,
        "main/binary-amd64/Packages still lists packages"
    );
    let mut wanted = settings();
    wanted.components.pop();
    assert!(
        settle(&current, &wanted)
            .expect("contrib is empty")
            .is_change()
    );

    let bad = Settings {
        origin: Some("two\nlines".into()),
        ..Settings::new(Vec::new(), vec!["all".parse().expect("a name")])
    };
    let findings = settle(&current, &bad).expect_err("not valid");
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    let want = [
        "no-component",
        "not-an-architecture",
        "invalid-release-field",
    ];
    assert_eq!(rules[..3], want);
}

#[test]
fn questions_are_answered_once_for_all_indices() {
    let before = suite_with(&[deb("hello 1.0 amd64 x"), deb("docs 1.0 all x")]);
    let after = suite_with(&[deb("hello 2.0 amd64 y"), deb("docs 1.0 all x")]);
    let (old, new) = (
        query::list(&before).expect("read"),
        query::list(&after).expect("read"),
    );
    let text: Vec<_> = old.iter().map(ToString::to_string).collect();
    assert_eq!(text, ["docs 1.0 all", "hello 1.0 amd64"]);
    let difference = query::difference(&old, &new);
    assert_eq!(difference.added[0].to_string(), "hello 2.0 amd64");
    assert_eq!(difference.removed[0].to_string(), "hello 1.0 amd64");
    assert_eq!((difference.added.len(), difference.removed.len()), (1, 1));
    let docs = "docs".parse().expect("a name");
    let shown = query::show(&before, &docs).expect("read");
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].0.to_string(), "main/binary-amd64/Packages");
}
