//! Every rule, by a suite that has something and a candidate that breaks it.

use super::*;

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
fn what_a_source_package_is_decides_whether_it_is_there() {
    let files = [("hello_1.tar.gz", "orig")];
    let alone = source("1", &files, &files);
    let mut uploaded = alone.clone();
    if let Candidate::Source(source) = &mut uploaded {
        source.section = Some("games".to_owned());
    }
    for (before, again) in [(&alone, &uploaded), (&uploaded, &alone)] {
        let current = suite_with(std::slice::from_ref(before));
        let admission = admit(&current, std::slice::from_ref(again), Older::Refuse);
        assert!(!admission.expect("admitted").is_change());
    }
    let empty = suite_with(&[]);
    let both = admit(&empty, &[uploaded, alone], Older::Refuse).expect("admitted");
    let listed: Vec<_> = both.edits.values().flat_map(|edit| &edit.add).collect();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].text().contains("\nSection: games\n"));
}

#[test]
fn upstream_tarball_may_come_with_another_revision() {
    let orig = ("hello_1.orig.tar.gz", "orig");
    let first = [orig, ("hello_1-1.diff.gz", "diff")];
    let second = [orig, ("hello_1-2.diff.gz", "next")];
    let empty = suite_with(&[]);
    let (with, without) = (
        source("1-1", &first, &first),
        source("1-2", &second, &second[1..]),
    );
    for offered in [[with.clone(), without.clone()], [without.clone(), with]] {
        let admission = admit(&empty, &offered, Older::Refuse).expect("admitted");
        assert_eq!((admission.added().len(), admission.pool.len()), (2, 5));
    }
    let other = [("hello_1.orig.tar.gz", "other"), first[1]];
    let offered = [source("1-1", &other, &other), without];
    let findings = admit(&empty, &offered, Older::Refuse).expect_err("not the same tarball");
    assert_eq!(findings[0].rule, "source-file-missing");
}

#[test]
fn component_that_the_suite_lacks_is_told() {
    let empty = suite_with(&[]);
    let note = |candidate: Candidate| {
        let admission = admit(&empty, &[candidate], Older::Refuse).expect("admitted");
        let notes: Vec<_> = admission.notes().iter().map(|note| note.rule).collect();
        notes
    };
    let game = |section: &str| deb(&format!("game 1 amd64 y Section: {section}"));
    assert_eq!(note(game("non-free/games")), ["component-not-in-suite"]);
    assert_eq!(note(game("contrib/games")), [""; 0]);
    assert_eq!(note(game("games")), [""; 0]);
    let asked = in_component(game("non-free/games"), "contrib");
    assert_eq!(note(asked), [""; 0]);
}

#[test]
fn listed_file_that_the_pool_lacks_is_put_back() {
    let hello = [deb("hello 1.0 amd64 x")];
    let mut current = suite_with(&hello);
    current.pool.clear();
    let admission = admit(&current, &hello, Older::Refuse).expect("admitted");
    assert!(admission.is_change() && admission.edits.is_empty());
    assert_eq!((admission.added().len(), admission.pool.len()), (0, 1));
    assert_eq!(admission.notes()[0].rule, "pool-file-missing");
}
