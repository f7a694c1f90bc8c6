use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::release::change::{GbpDch, Note};

/// `type(scope,scope)!: description`; without a colon, an unconventional one.
fn change(title: &str) -> Change {
    let (head, description) = title.split_once(": ").unwrap_or(("", title));
    let (head, breaks) = match head.strip_suffix('!') {
        Some(head) => (head, true),
        None => (head, false),
    };
    let (kind, scopes) = match head.split_once('(') {
        Some((kind, scopes)) => (kind, scopes.trim_end_matches(')')),
        None => (head, ""),
    };
    let scopes = scopes.split(',').filter(|scope| !scope.is_empty());
    Change {
        commit: "0123456789abcdef".into(),
        kind: (!kind.is_empty()).then(|| kind.to_owned()),
        scopes: scopes.map(str::to_owned).collect(),
        breaking: breaks.then(|| description.to_owned()),
        description: description.to_owned(),
        body: String::new(),
        note: Note::Unsaid,
        action_required: None,
        closes: Vec::new(),
        launchpad: Vec::new(),
        cves: Vec::new(),
        exploited: false,
        fixes: Vec::new(),
        release_as: None,
        authors: Vec::new(),
        pull_request: None,
        gbp_dch: GbpDch::Short,
        reverts: None,
        parents: Vec::new(),
        remarks: Vec::new(),
    }
}

fn rules(types: &[(&str, Bump)]) -> BumpRules {
    let types = types.iter().map(|(name, bump)| ((*name).to_owned(), *bump));
    BumpRules {
        types: types.collect::<BTreeMap<_, _>>(),
        ..BumpRules::default()
    }
}

#[test]
fn the_usual_rules_on_both_lines() {
    use Bump::{Major, Minor, Patch};
    let usual = BumpRules::default();
    for (title, from_one, below_one) in [
        ("feat!: x", Major, Minor),
        ("feat(x)!: x", Major, Minor),
        ("chore!: x", Major, Minor),
        ("feat: x", Minor, Minor),
        ("feat(a,b): x", Minor, Minor),
        ("FEAT: x", Minor, Minor),
        ("fix: x", Patch, Patch),
        ("fix(parser): x", Patch, Patch),
        ("perf: x", Patch, Patch),
        ("revert: x", Patch, Patch),
        ("chore: x", Patch, Patch),
        ("docs: x", Patch, Patch),
        ("style: x", Patch, Patch),
        ("refactor: x", Patch, Patch),
        ("test: x", Patch, Patch),
        ("build: x", Patch, Patch),
        ("ci: x", Patch, Patch),
        ("Update everything", Patch, Patch),
    ] {
        let change = change(title);
        assert_eq!(bump_of(&change, &usual, false), from_one, "{title}");
        assert_eq!(bump_of(&change, &usual, true), below_one, "{title}, 0.x");
    }
    // A footer breaks an unconventional message as well.
    let mut footer = change("Update everything");
    footer.breaking = Some("the flag is gone".into());
    assert_eq!(bump_of(&footer, &usual, false), Major);
    assert_eq!(bump_of(&footer, &usual, true), Minor);
}

#[test]
fn configured_types_and_scopes_decide() {
    use Bump::{Major, Minor, None, Patch};
    let own = rules(&[
        ("feat", Minor),
        ("docs", None),
        ("feat(internal)", Patch),
        ("fix(api)", Minor),
        ("fix(spelling)", None),
        ("drop", Major),
    ]);
    for (title, from_one, below_one) in [
        ("docs: x", None, None),
        ("docs(readme): x", None, None),
        ("docs!: x", Major, Minor),
        ("feat(internal): x", Patch, Patch),
        ("Feat(Internal): x", Patch, Patch),
        ("feat(internal)!: x", Major, Minor),
        // To what has no rule it is a feature.
        ("feat(internal,ui): x", Minor, Minor),
        ("fix(spelling): x", None, None),
        ("fix(spelling,api): x", Minor, Minor),
        ("fix(spelling,other): x", Patch, Patch),
        ("drop: x", Major, Minor),
        ("unheard-of: x", Patch, Patch),
    ] {
        let change = change(title);
        assert_eq!(bump_of(&change, &own, false), from_one, "{title}");
        assert_eq!(bump_of(&change, &own, true), below_one, "{title}, 0.x");
    }

    let quiet = BumpRules {
        other: None,
        unconventional: Unconventional::Ignore,
        breaking_below_one: Patch,
        feature_below_one: Patch,
        ..own.clone()
    };
    for (title, from_one, below_one) in [
        ("chore: x", None, None),
        ("Update everything", None, None),
        ("feat: x", Minor, Patch),
        ("fix(api): x", Minor, Patch),
        ("chore!: x", Major, Patch),
        ("drop: x", Major, Patch),
    ] {
        let change = change(title);
        assert_eq!(bump_of(&change, &quiet, false), from_one, "{title}");
        assert_eq!(bump_of(&change, &quiet, true), below_one, "{title}, 0.x");
    }
    let strict = BumpRules {
        unconventional: Unconventional::Error,
        ..own
    };
    assert_eq!(bump_of(&change("Update"), &strict, false), None);
}

#[test]
fn the_reason_names_the_deciding_change() {
    let usual = BumpRules::default();
    let said = |titles: &[&str], rules: &BumpRules, below_one| {
        let changes: Vec<_> = titles.iter().map(|title| change(title)).collect();
        explained(&changes, rules, below_one).to_string()
    };
    for (titles, below_one, want) in [
        (
            &["fix: a", "feat(api,ui): b", "feat: c"][..],
            false,
            "minor for “feat(api,ui): b” (0123456789ab)",
        ),
        (
            &["feat: a", "fix(x)!: b"],
            true,
            "minor for “fix(x)!: b” (0123456789ab, which breaks, below 1.0.0)",
        ),
        (
            &["feat: a", "fix!: b"],
            false,
            "major for “fix!: b” (0123456789ab, which breaks)",
        ),
        (
            &["Tidy up"],
            false,
            "patch for “Tidy up” (0123456789ab, no conventional commit)",
        ),
        (&[], false, "no change asks for a release"),
    ] {
        assert_eq!(said(titles, &usual, below_one), want);
    }
    let silent = rules(&[("docs", Bump::None)]);
    assert_eq!(
        said(&["docs: a"], &silent, false),
        "no change asks for a release"
    );
}

proptest! {
    #[test]
    fn the_highest_is_one_that_is_asked_for(
        titles in proptest::collection::vec("(feat|fix|docs)(\\(api\\))?!?: [a-z]{1,3}|[A-Z][a-z]{1,5}", 0..8),
        below_one: bool,
    ) {
        let rules = rules(&[("feat", Bump::Minor), ("docs", Bump::None), ("fix(api)", Bump::Minor)]);
        let changes: Vec<_> = titles.iter().map(|title| change(title)).collect();
        let found = explained(&changes, &rules, below_one);
        let asked = changes.iter().map(|change| bump_of(change, &rules, below_one));
        prop_assert_eq!(found.bump, asked.max().unwrap_or(Bump::None));
        prop_assert_eq!(highest(&changes, &rules, below_one), found.bump);
        match found.because {
            Some(change) => prop_assert_eq!(bump_of(change, &rules, below_one), found.bump),
            None => prop_assert_eq!(found.bump, Bump::None),
        }
        if below_one {
            prop_assert!(found.bump <= Bump::Minor);
        }
    }
}
