//! Two generations compared by their chunks, against all they say.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::archive::query::compare::{
    Comparison, How, compare, names_in, only_in, places, stanzas_named,
};

/// Compares as a store is read: only what is not shared, and only those names.
fn by_chunks(before: &Current, after: &Current) -> Comparison {
    let text = |current: &Current, chunk: &chunk::Chunk| {
        let mut text = String::new();
        for stanza in &current.chunks[&chunk.sha256] {
            stanza.append_to(&mut text);
        }
        text
    };
    let manifests = (
        before.manifest().expect("one"),
        after.manifest().expect("one"),
    );
    let said = |own: &Current, chunks: Vec<(&Index, &chunk::Chunk)>| -> Vec<(IndexName, String)> {
        let said = |(index, chunk): (&Index, _)| (index.name.clone(), text(own, chunk));
        chunks.into_iter().map(said).collect()
    };
    let old = said(before, only_in(manifests.0, manifests.1));
    let new = said(after, only_in(manifests.1, manifests.0));
    let lent = |said: &'_ [(IndexName, String)]| -> Vec<(IndexName, String)> { said.to_vec() };
    let (old, new) = (lent(&old), lent(&new));
    let old: Vec<_> = old
        .iter()
        .map(|(index, text)| (index, text.as_str()))
        .collect();
    let new: Vec<_> = new
        .iter()
        .map(|(index, text)| (index, text.as_str()))
        .collect();
    let names = names_in(&old, &new).expect("stanzas");
    let narrowed = |current: &Current| {
        let mut narrow = current.clone();
        narrow.chunks.clear();
        for (index, chunk) in places(current.manifest().expect("one"), &names) {
            let text = text(current, chunk);
            let stanzas = stanzas_named(&text, index.name.kind().expect("it lists"), &names)
                .expect("stanzas");
            narrow.chunks.insert(chunk.sha256, stanzas);
        }
        narrow
    };
    compare(&narrowed(before), &narrowed(after), &names).expect("read")
}

fn listed(current: &Current) -> BTreeSet<String> {
    let all = query::list(current).expect("read");
    let show = |listed: &Listed| format!("{listed} {}", listed.component);
    all.iter().map(show).collect()
}

/// Applies a comparison to a list.
fn patched(mut list: BTreeSet<String>, comparison: &Comparison) -> BTreeSet<String> {
    let show = |listed: &Listed| format!("{listed} {}", listed.component);
    for gone in &comparison.removed {
        assert!(list.remove(&show(gone)), "{gone}");
    }
    for change in &comparison.changed {
        let gone = format!(
            "{} {} {} {}",
            change.name, change.from, change.architecture, change.from_component
        );
        assert!(list.remove(&gone), "{gone}");
    }
    list.extend(comparison.added.iter().map(show));
    list.extend(comparison.changed.iter().map(|change| {
        format!(
            "{} {} {} {}",
            change.name, change.to, change.architecture, change.to_component
        )
    }));
    list
}

#[test]
fn changes_are_named_for_what_they_are() {
    let before = suite_with(&[
        deb("up 1.0 amd64 a"),
        deb("down 2.0 amd64 b"),
        deb("gone 1.0 all c"),
        deb("moved 1.0 amd64 d Section: misc"),
        deb("several 1.0 amd64 e"),
        deb("same 1.0 amd64 f"),
    ]);
    let after = suite_with(&[
        deb("up 1.1 amd64 a"),
        deb("down 1.9 amd64 b"),
        deb("come 1.0 arm64 c"),
        deb("moved 1.0 amd64 d Section: contrib/misc"),
        deb("several 1.0 amd64 e"),
        deb("several 2.0 amd64 g"),
        deb("same 1.0 amd64 f"),
    ]);
    let found = by_chunks(&before, &after);
    let show = |list: &[Listed]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(show(&found.added), ["come 1.0 arm64", "several 2.0 amd64"]);
    assert_eq!(show(&found.removed), ["gone 1.0 all"]);
    let changed: Vec<_> = (found.changed.iter())
        .map(|change| (change.name.as_str(), change.how))
        .collect();
    assert_eq!(
        changed,
        [
            ("down", How::Downgraded),
            ("moved", How::Moved),
            ("up", How::Upgraded)
        ]
    );
    assert_eq!(found.changed[1].to_component.as_str(), "contrib");
    assert!(by_chunks(&after, &after).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn comparing_chunks_tells_all_that_differs(
        old in packages(), new in packages(),
    ) {
        let (before, after) = (suite_with(&old), suite_with(&new));
        let found = by_chunks(&before, &after);
        let names: BTreeSet<PackageName> = ('a'..='f')
            .flat_map(|c| (0..6).map(move |n| format!("p{c}{n}").parse().expect("a name")))
            .collect();
        prop_assert_eq!(&found, &compare(&before, &after, &names).expect("read"));
        prop_assert_eq!(patched(listed(&before), &found), listed(&after));
        prop_assert_eq!(found.is_empty(), listed(&before) == listed(&after));
    }
}

/// Packages of which no two are the same.
fn packages() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (
        "p[a-f][0-5]",
        "[1-3]\\.0",
        "amd64|arm64|all",
        "main|contrib",
    );
    let text = |(name, version, architecture, component): (String, String, String, String)| {
        let key = (name.clone(), version.clone(), architecture.clone());
        let text = format!("{name} {version} {architecture} x Section: {component}/misc");
        (key, text.replace("main/", ""))
    };
    proptest::collection::vec(one.prop_map(text), 0..25).prop_map(|all| {
        let mut seen = BTreeSet::new();
        let mut names = BTreeMap::new();
        let mut found = Vec::new();
        for ((name, version, architecture), text) in all {
            // One build of a version, and for all or for each: as dak has it.
            let is_all = architecture == "all";
            let known = *names
                .entry((name.clone(), version.clone()))
                .or_insert(is_all);
            if known == is_all && seen.insert((name, version, architecture)) {
                found.push(deb(&text));
            }
        }
        found
    })
}
