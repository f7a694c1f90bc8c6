//! A whole chain, and each way in which a link breaks.

use super::*;
use crate::model::{FileDigests, Fingerprint, Sha256, Timestamp};
use crate::verify::{Claim, Content, Further, Listed, Origin, Signature, Signer, SourceNamed};

fn key(digit: char) -> Fingerprint {
    Fingerprint::new(digit.to_string().repeat(40)).expect("a fingerprint")
}

fn by(digit: char) -> Signature {
    Signature::Good(Signer {
        user_id: format!("{digit} <{digit}@example.org>"),
        fingerprint: key(digit),
        signing_key: key(digit),
        time: Timestamp::from_unix(0),
        since: None,
    })
}

fn listed(name: &str, content: &str) -> Listed {
    Listed {
        name: name.to_owned(),
        sha256: Sha256::of(content.as_bytes()),
        size: None,
        md5: String::new(),
        sha1: String::new(),
    }
}

fn source(name: &str, version: &str) -> SourceNamed {
    SourceNamed {
        name: name.to_owned(),
        version: version.to_owned(),
    }
}

fn text(file_name: &str, content: &str, lists: &[(&str, &str)]) -> Look<Text> {
    let lists = lists.iter().map(|(name, content)| listed(name, content));
    Look::Found(Text {
        file_name: file_name.to_owned(),
        place: file_name.to_owned(),
        digests: FileDigests::of(content.as_bytes()),
        claim: Claim {
            signature: by('B'),
            content: Ok(Content {
                source: Some(source("a", "1")),
                listed: lists.collect(),
                ..Content::default()
            }),
        },
    })
}

/// A chain that holds: tagged by A, built by B, published by C, from a commit
/// that nobody signed.
fn whole() -> Facts {
    let deb = ("a_1_all.deb", "deb");
    let mut provenance = text(
        "a_1.intoto.jsonl",
        "provenance",
        &[deb, ("a.changes", "changes"), ("a.buildinfo", "buildinfo")],
    );
    content(&mut provenance).origin = Some(Origin {
        commit: Some("c1".into()),
        tag: Some("v1".into()),
        tag_object: Some("t1".into()),
        tree: Some("e1".into()),
        builder: "urn:debcut:builder:isolation-chroot".into(),
        ..Origin::default()
    });
    Facts {
        asked: "a".to_owned(),
        installed: Look::Found(Installed {
            version: "1".to_owned(),
            architecture: "all".to_owned(),
            compared: 1,
            ..Installed::default()
        }),
        package: Look::Found(Package {
            place: "pool/a_1_all.deb".to_owned(),
            file_name: deb.0.to_owned(),
            digests: FileDigests::of(deb.1.as_bytes()),
            control: Ok(Control {
                name: "a".to_owned(),
                version: "1".to_owned(),
                architecture: "all".to_owned(),
                source: "a".to_owned(),
                source_version: "1".to_owned(),
            }),
        }),
        others: Vec::new(),
        archive: Look::Found(Archived {
            place: "stable".to_owned(),
            signature: by('C'),
            listed: Ok((Sha256::of(b"deb"), 3)),
            outdated: None,
        }),
        changes: text("a.changes", "changes", &[deb, ("a.buildinfo", "buildinfo")]),
        buildinfo: text("a.buildinfo", "buildinfo", &[deb]),
        provenance,
        tag: Look::Found(TagFound {
            repository: "/project".into(),
            name: "v1".to_owned(),
            object: Some("t1".to_owned()),
            signature: Ok(by('A')),
            commit: CommitFound {
                id: "c1".to_owned(),
                tree: "e1".to_owned(),
                signature: Ok(Signature::Absent),
            },
        }),
    }
}

fn found<T>(look: &mut Look<T>) -> &mut T {
    match look {
        Look::Found(found) => found,
        _ => panic!("it is there"),
    }
}

fn content(text: &mut Look<Text>) -> &mut Content {
    found(text).claim.content.as_mut().expect("it can be read")
}

/// Lists another package than the one there is.
fn other_deb(text: &mut Look<Text>) {
    content(text).listed[0] = listed("a_1_all.deb", "other");
}

fn further(signature: Signature, content: &str) -> Further {
    Further {
        line: 2,
        signature,
        content: Ok(Content {
            listed: vec![listed("a_1_all.deb", content)],
            ..Content::default()
        }),
    }
}

#[test]
fn a_whole_chain_holds_and_names_who_signed() {
    let chain = judge(&whole(), &Policy::default(), LinkName::Commit);
    assert_eq!((chain.broken(), chain.unchecked()), (None, vec![]));
    assert_eq!(chain.findings(), []);
    let signers: Vec<_> = chain
        .links
        .iter()
        .map(|link| {
            let first = link.signers.first();
            first.map(|s| {
                s.signer
                    .fingerprint
                    .as_str()
                    .chars()
                    .next()
                    .expect("40 digits")
            })
        })
        .collect();
    let (a, b, c) = (Some('A'), Some('B'), Some('C'));
    assert_eq!(signers, [None, None, c, b, b, b, a, None]);
    let names: Vec<_> = chain.links.iter().map(|link| link.name).collect();
    assert_eq!(names, LinkName::ALL);
}

#[test]
fn the_first_link_that_breaks_is_named() {
    use LinkName as L;
    type Damage = fn(&mut Facts, &mut Policy);
    let cases: &[(&str, Damage, LinkName, &str)] = &[
        (
            "a changed file",
            |f, _| found(&mut f.installed).differing.push("/x".into()),
            L::Installed,
            "installed-files-differ",
        ),
        (
            "a changed maintainer script",
            |f, _| found(&mut f.installed).scripts.push("postinst".into()),
            L::Installed,
            "maintainer-scripts-differ",
        ),
        (
            "another .deb beside it",
            |f, _| f.others.push("dist/a_1_all.deb".into()),
            L::Package,
            "artifact-differs",
        ),
        (
            "a build without the isolation that is asked for",
            |_, p| p.isolation = vec!["namespace".into(), "none".into()],
            L::Provenance,
            "isolation-not-allowed",
        ),
        (
            "another version",
            |f, _| found(&mut f.installed).version = "2".into(),
            L::Installed,
            "other-version-installed",
        ),
        (
            "a changed .deb",
            |f, _| found(&mut f.package).digests = FileDigests::of(b"x"),
            L::Package,
            "digest-mismatch",
        ),
        (
            "an unsound .deb",
            |f, _| found(&mut f.package).control = Err("x".into()),
            L::Package,
            "unsound-package",
        ),
        (
            "a changed InRelease",
            |f, _| found(&mut f.archive).signature = Signature::Bad { why: "x".into() },
            L::Archive,
            "bad-signature",
        ),
        (
            "an upload of another source",
            |f, _| content(&mut f.changes).source = Some(source("a", "2")),
            L::Changes,
            "other-source",
        ),
        (
            "provenance of another source",
            |f, _| content(&mut f.provenance).source = Some(source("b", "1")),
            L::Provenance,
            "other-source",
        ),
        (
            "another entry",
            |f, _| found(&mut f.archive).listed = Ok((Sha256::of(b"x"), 1)),
            L::Archive,
            "digest-mismatch",
        ),
        (
            "no entry",
            |f, _| found(&mut f.archive).listed = Err("x".into()),
            L::Archive,
            "not-in-archive",
        ),
        (
            "an outdated suite",
            |f, _| found(&mut f.archive).outdated = Some(Timestamp::from_unix(0)),
            L::Archive,
            "release-expired",
        ),
        (
            "a foreign publisher",
            |_, p| p.publish_keys = vec![key('A')],
            L::Archive,
            "publisher-not-allowed",
        ),
        (
            "another upload",
            |f, _| other_deb(&mut f.changes),
            L::Changes,
            "digest-mismatch",
        ),
        (
            "an upload of something else",
            |f, _| content(&mut f.changes).listed[0].name = "b.deb".into(),
            L::Changes,
            "not-listed",
        ),
        (
            "an unsigned upload",
            |f, _| found(&mut f.changes).claim.signature = Signature::Absent,
            L::Changes,
            "unsigned",
        ),
        (
            "a foreign builder",
            |_, p| p.build_keys = vec![key('A')],
            L::Changes,
            "builder-not-allowed",
        ),
        (
            "another .buildinfo",
            |f, _| found(&mut f.buildinfo).digests = FileDigests::of(b"x"),
            L::Buildinfo,
            "digest-mismatch",
        ),
        (
            "a .buildinfo of another build",
            |f, _| other_deb(&mut f.buildinfo),
            L::Buildinfo,
            "digest-mismatch",
        ),
        (
            "a revoked key",
            |f, _| {
                found(&mut f.buildinfo).claim.signature = Signature::Refused {
                    why: "revoked".into(),
                }
            },
            L::Buildinfo,
            "signature-not-accepted",
        ),
        (
            "provenance of another build",
            |f, _| other_deb(&mut f.provenance),
            L::Provenance,
            "digest-mismatch",
        ),
        (
            "provenance of another upload",
            |f, _| content(&mut f.provenance).listed[1] = listed("a.changes", "x"),
            L::Provenance,
            "digest-mismatch",
        ),
        (
            "another commit",
            |f, _| {
                content(&mut f.provenance)
                    .origin
                    .as_mut()
                    .expect("said")
                    .commit = Some("c2".into())
            },
            L::Provenance,
            "other-commit",
        ),
        (
            "another tree",
            |f, _| {
                content(&mut f.provenance)
                    .origin
                    .as_mut()
                    .expect("said")
                    .tree = Some("e2".into())
            },
            L::Provenance,
            "other-commit",
        ),
        (
            "a builder who is not known",
            |f, _| {
                found(&mut f.provenance).claim.signature = Signature::Unknown { key: "X".into() }
            },
            L::Provenance,
            "unknown-signer",
        ),
        (
            "too few builders",
            |_, p| p.attestations = 2,
            L::Provenance,
            "too-few-attestations",
        ),
        (
            "the same builder twice",
            |f, p| {
                p.attestations = 2;
                content(&mut f.provenance).further = vec![further(by('B'), "deb")];
            },
            L::Provenance,
            "too-few-attestations",
        ),
        (
            "a second builder of something else",
            |f, p| {
                p.attestations = 2;
                content(&mut f.provenance).further = vec![further(by('D'), "x")];
            },
            L::Provenance,
            "too-few-attestations",
        ),
        (
            "a second builder who is not allowed",
            |f, p| {
                p.attestations = 2;
                p.build_keys = vec![key('B')];
                content(&mut f.provenance).further = vec![further(by('D'), "deb")];
            },
            L::Provenance,
            "too-few-attestations",
        ),
        (
            "a false attestation",
            |f, _| {
                content(&mut f.provenance).further =
                    vec![further(Signature::Bad { why: "x".into() }, "deb")]
            },
            L::Provenance,
            "bad-attestation",
        ),
        (
            "a moved tag",
            |f, _| found(&mut f.tag).object = Some("t2".into()),
            L::Tag,
            "moved-tag",
        ),
        (
            "a tag nobody signed",
            |f, _| found(&mut f.tag).signature = Ok(Signature::Absent),
            L::Tag,
            "unsigned",
        ),
        (
            "a lightweight tag",
            |f, _| found(&mut f.tag).object = None,
            L::Tag,
            "unsigned",
        ),
        (
            "a foreign tagger",
            |_, p| p.tag_keys = vec![key('B')],
            L::Tag,
            "tagger-not-allowed",
        ),
        (
            "an unsigned commit",
            |_, p| p.signed_commits = true,
            L::Commit,
            "unsigned-commit",
        ),
        (
            "a false commit",
            |f, _| found(&mut f.tag).commit.signature = Ok(Signature::Bad { why: "x".into() }),
            L::Commit,
            "bad-signature",
        ),
    ];
    for (case, damage, link, rule) in cases {
        let (mut facts, mut policy) = (whole(), Policy::default());
        damage(&mut facts, &mut policy);
        let chain = judge(&facts, &policy, LinkName::Commit);
        assert_eq!(
            chain.broken(),
            Some(*link),
            "{case}: {:#?}",
            chain.findings()
        );
        assert_eq!(chain.findings()[0].rule, *rule, "{case}");
        // A walk that ends before it holds.
        let before = LinkName::ALL.into_iter().rev().find(|name| name < link);
        if let Some(before) = before {
            assert_eq!(judge(&facts, &policy, before).broken(), None, "{case}");
        }
    }
}

#[test]
fn what_is_allowed_holds() {
    let (mut facts, policy) = (
        whole(),
        Policy {
            tag_keys: vec![key('A')],
            build_keys: vec![key('B'), key('D')],
            publish_keys: vec![key('C')],
            signed_commits: true,
            isolation: vec!["chroot".into()],
            attestations: 2,
        },
    );
    found(&mut facts.tag).commit.signature = Ok(by('E'));
    let lines = vec![further(by('D'), "deb"), further(Signature::Absent, "deb")];
    content(&mut facts.provenance).further = lines;
    let chain = judge(&facts, &policy, LinkName::Commit);
    assert_eq!(chain.findings(), []);
}

#[test]
fn what_nobody_could_check_is_told() {
    let missing = |why: &str| why.to_owned();
    let mut facts = whole();
    facts.installed = Look::NotAsked;
    facts.changes = Look::Missing(missing("not published"), Cause::Unnamed);
    let fetch = Cause::Remedy("git fetch --tags".into());
    facts.tag = Look::Missing(missing("no tag"), fetch);
    let chain = judge(&facts, &Policy::default(), LinkName::Commit);
    assert_eq!(chain.broken(), None);
    let want = [LinkName::Changes, LinkName::Tag, LinkName::Commit];
    assert_eq!(chain.unchecked(), want);
    let rules: Vec<_> = chain.findings().iter().map(|f| f.rule).collect();
    assert_eq!(rules, ["not-checked"; 2], "a commit follows from its tag");
    let fixes: Vec<_> = chain.findings().into_iter().map(|f| f.fix).collect();
    assert!(fixes[0].starts_with("name the directory"), "{fixes:?}");
    assert!(fixes[1].starts_with("git fetch --tags"), "{fixes:?}");
    // One cause, one remedy: broken provenance names no tag.
    let mut facts = whole();
    found(&mut facts.provenance).claim.content = Err("no JSON".into());
    let follows = Cause::Follows(LinkName::Provenance);
    facts.tag = Look::Missing(missing("it cannot be read"), follows);
    let chain = judge(&facts, &Policy::default(), LinkName::Commit);
    let rules: Vec<_> = chain.findings().iter().map(|f| f.rule).collect();
    assert_eq!(rules, ["invalid-artifact"]);
    assert_eq!(chain.unchecked(), [LinkName::Tag, LinkName::Commit]);
}
