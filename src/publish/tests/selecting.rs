//! Whoever promotes by name reads little, and finds what reading all would find.

use super::world::World;
use super::*;
use crate::archive::{Current, Removal, Selection, promote};
use crate::format::index::source_word;
use crate::model::PackageName;
use crate::sys::store::MemoryStore;

/// A suite of many chunks: sources with and without a stanza of their own.
fn scene() -> (World, MemoryStore) {
    let (world, store) = (World::new(), MemoryStore::default());
    world.create(&store).expect("created");
    let mut packages = vec![
        world.source("hello", "1", &[("hello_1.tar.xz", b"tar")]),
        world.deb("hello", "1", "amd64"),
        world.deb("hello-dbgsym", "1", "amd64"),
    ];
    for (name, field) in [
        ("libaa1", "source: aa-src (0.9)"),
        ("zz-data", "Source: aa-src"),
        ("mm", "Source: mm-src"),
        ("aa-src", "Section: misc"),
    ] {
        let control = format!(
            "Package: {name}\nVersion: 1\nArchitecture: amd64\n{field}\n\
             Maintainer: A <a@example.org>\nDescription: a package\n Source: mm-src\n"
        );
        packages.push(world.deb_of(&control, control.as_bytes()));
    }
    for at in 0..40 {
        packages.push(world.deb(&format!("filler{at}"), "1", "all"));
    }
    world.add(&store, &packages).expect("added");
    (world, store)
}

fn selection(names: &[&str]) -> Selection {
    let removal = |name: &&str| Removal {
        name: PackageName::new(*name).expect("a name"),
        version: None,
    };
    Selection::Packages(names.iter().map(removal).collect())
}

#[test]
fn what_is_read_for_a_selection_suffices() {
    let (world, store) = scene();
    let whole = observe(&store, &world.suite, Question::Whole).expect("readable");
    let bare = || observe(&store, &world.suite, Question::Manifest).expect("readable");
    let names = |current: &Current, of: &Selection| {
        let found = promote::names(current, of).expect("observed").into_iter();
        found.map(|name| name.to_string()).collect::<Vec<_>>()
    };
    let cases: [(&[&str], &[&str]); 6] = [
        (&["hello"], &["hello"]),
        (&["aa-src"], &["aa-src", "libaa1", "zz-data"]),
        (&["mm"], &["mm"]),
        (&["mm-src"], &["mm"]),
        (
            &["hello", "zz-data", "filler7"],
            &["filler7", "hello", "zz-data"],
        ),
        (&["absent"], &[]),
    ];
    for (wanted, want) in cases {
        let of = selection(wanted);
        let mut read = bare();
        observe_selection(&store, &mut read, &of).expect("readable");
        assert_eq!(names(&read, &of), want, "{wanted:?}");
        assert_eq!(names(&whole, &of), want, "{wanted:?}, all read");
        assert!(read.chunks.len() < whole.chunks.len(), "{wanted:?}");
    }
    let mut all = bare();
    observe_selection(&store, &mut all, &Selection::All).expect("readable");
    assert_eq!(all.chunks, whole.chunks);
}

#[test]
fn a_source_field_is_found_only_at_the_start_of_a_line() {
    let cases = [
        ("Package: a\nSource: b (1)\n", Some("b")),
        ("Source: b\n", Some("b")),
        ("Package: a\nsource:  b\n", Some("b")),
        ("Package: a\nDescription: x\n Source: b\n", None),
        ("Package: a\nX-Source: b\nResource: c\n", None),
        ("Package: a\nX: ource:\nSource: b", Some("b")),
        ("", None),
    ];
    for (text, want) in cases {
        assert_eq!(source_word(text).map(|(_, word)| word), want, "{text:?}");
    }
}
