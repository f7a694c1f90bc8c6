//! Chunks do not depend on history, and changes stay local.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::format::index::{self, Kind, PoolFile, Stanza};
use crate::model::ArchivePath;

fn stanza(name: &str, version: &str) -> Stanza {
    let control = format!("Package: {name}\nVersion: {version}\nArchitecture: amd64\n");
    let file = PoolFile {
        path: ArchivePath::new(format!("pool/{name}_{version}")).expect("a path"),
        size: 1,
        sha256: Sha256::of(name.as_bytes()),
    };
    Stanza::of_binary(&control, &file).expect("valid")
}

/// Small enough for segments of four names, cut after about three groups.
const RULE: ChunkRule = ChunkRule {
    boundary_bits: 2,
    max_bytes: 600,
};

/// An index and the texts of its chunks.
#[derive(Default)]
struct Indexed {
    chunks: Vec<Chunk>,
    texts: BTreeMap<Sha256, String>,
}

impl Indexed {
    fn of(stanzas: &[Stanza]) -> Self {
        let cut = cut(&RULE, stanzas.to_vec());
        Self {
            chunks: cut.iter().map(|(chunk, _)| chunk.clone()).collect(),
            texts: cut.into_iter().map(|(c, text)| (c.sha256, text)).collect(),
        }
    }

    fn text(&self) -> String {
        self.chunks
            .iter()
            .map(|c| self.texts[&c.sha256].as_str())
            .collect()
    }

    /// Applies an edit; returns which chunks were read and which are new.
    fn edit(&mut self, edit: &Edit<Stanza>) -> (BTreeSet<usize>, usize) {
        let read = RefCell::new(BTreeSet::new());
        let position = |chunk: &Chunk| self.chunks.iter().position(|c| c == chunk);
        let next = replace(&RULE, &self.chunks, edit.clone(), |chunk| {
            read.borrow_mut().extend(position(chunk));
            index::parse(self.texts[&chunk.sha256].as_bytes(), Kind::Packages)
        });
        let mut new = 0;
        let mut chunks = Vec::new();
        for chunk in next.expect("valid") {
            match chunk {
                NextChunk::Kept(at) => chunks.push(self.chunks[at].clone()),
                NextChunk::New { chunk, text } => {
                    new += 1;
                    self.texts.insert(chunk.sha256, text);
                    chunks.push(chunk);
                }
            }
        }
        self.chunks = chunks;
        (read.into_inner(), new)
    }
}

/// Names short enough to collide and to sit in each other's segments.
fn packages() -> impl Strategy<Value = BTreeSet<(String, String)>> {
    proptest::collection::btree_set(("[a-d][a-f]", "[0-3]"), 0..60)
}

fn stanzas(of: &BTreeSet<(String, String)>) -> Vec<Stanza> {
    of.iter()
        .map(|(name, version)| stanza(name, version))
        .collect()
}

proptest! {
    #[test]
    fn chunks_are_the_sorted_index(set in packages()) {
        let mut sorted = stanzas(&set);
        sorted.sort();
        let mut whole = String::new();
        sorted.iter().for_each(|s| s.append_to(&mut whole));
        prop_assert_eq!(Indexed::of(&stanzas(&set)).text(), whole);
    }

    #[test]
    fn history_leaves_no_trace(
        before in packages(), after in packages(), steps in 1usize..6,
    ) {
        let mut index = Indexed::of(&stanzas(&before));
        let edit = Edit {
            add: stanzas(&after.difference(&before).cloned().collect()),
            remove: stanzas(&before.difference(&after).cloned().collect()),
        };
        // In several steps, removals and additions mixed.
        let part = |all: &[Stanza], n| -> Vec<Stanza> {
            all.iter().skip(n).step_by(steps).cloned().collect()
        };
        for n in 0..steps {
            let edit = Edit { add: part(&edit.add, n), remove: part(&edit.remove, n) };
            let allowed = BTreeSet::from_iter(touched(&RULE, &index.chunks, edit.keys()));
            let (read, _) = index.edit(&edit);
            prop_assert!(read.is_subset(&allowed), "read {:?}, announced {:?}", read, allowed);
        }
        let fresh = Indexed::of(&stanzas(&after));
        prop_assert_eq!(&index.chunks, &fresh.chunks);
        prop_assert_eq!(index.text(), fresh.text());
    }

    #[test]
    fn a_change_stays_in_its_segment(set in packages(), one in ("[a-d][a-f]", "[4-5]")) {
        let mut index = Indexed::of(&stanzas(&set));
        let before = segments(&RULE, &index.chunks).len();
        let add = vec![stanza(&one.0, &one.1)];
        let name = add[0].name().clone();
        let segment = segment_of(&segments(&RULE, &index.chunks), &index.chunks, name.as_str());
        let in_segment = segment.map_or(0, |at| segments(&RULE, &index.chunks)[at].len());
        let (read, new) = index.edit(&Edit { add, remove: Vec::new() });
        prop_assert_eq!(read.len(), in_segment);
        // Its own chunk, what is moved on in its segment, and a new boundary.
        prop_assert!(new <= in_segment + 2, "{} new of {}", new, in_segment);
        prop_assert!(segments(&RULE, &index.chunks).len() <= before + 1);
    }
}

#[test]
fn nothing_to_change_reads_nothing() {
    let all: Vec<Stanza> = (0..50).map(|n| stanza(&format!("p{n}"), "1")).collect();
    let mut index = Indexed::of(&all);
    let chunks = index.chunks.clone();
    assert_eq!(index.edit(&Edit::default()), (BTreeSet::new(), 0));
    assert_eq!(index.chunks, chunks);
    assert_eq!(touched(&RULE, &[], ["aa"]), [] as [usize; 0]);
}

#[test]
fn everything_removed_leaves_no_chunk() {
    let all: Vec<Stanza> = (0..50).map(|n| stanza(&format!("p{n}"), "1")).collect();
    let mut index = Indexed::of(&all);
    let remove = all.clone();
    index.edit(&Edit {
        add: Vec::new(),
        remove,
    });
    assert_eq!(index.chunks, []);
    index.edit(&Edit {
        add: all.clone(),
        remove: Vec::new(),
    });
    assert_eq!(index.chunks, Indexed::of(&all).chunks);
}

#[test]
fn chunks_are_about_as_long_as_the_rule_says() {
    let rule = ChunkRule::default();
    let names = (0..20_000).map(|n| format!("package{n}"));
    let starts = names.filter(|name| rule.starts_segment(name)).count();
    // 20,000 / 256 = 78, give or take three standard deviations.
    assert!((52..=105).contains(&starts), "{starts}");
}
