//! Removal, settings, and questions to what a suite has.

use super::*;

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
    let old = query::list(&before).expect("read");
    let text: Vec<_> = old.iter().map(ToString::to_string).collect();
    assert_eq!(text, ["docs 1.0 all", "hello 1.0 amd64"]);
    let docs = "docs".parse().expect("a name");
    let shown = query::show(&before, &docs).expect("read");
    assert_eq!(shown.len(), 1);
    assert!(query::show(&after, &docs).expect("read").len() == 1);
    assert_eq!(shown[0].0.to_string(), "main/binary-amd64/Packages");
}
