//! The descent into two artifacts, side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::{self, Part, Parts};
use super::{Aspect, Difference, Place, Side, What, bytes, packed, text};

/// How much is unpacked of one layer, in bytes; what is larger is told by its
/// first differing byte alone. Far above what a person would read, and bombs
/// stop here.
const LARGEST_LAYER: u64 = 512 * 1024 * 1024;
/// How deep containers are opened: package, member, file, archive in it, file
/// in that, its sections; a file that holds itself stops here.
const DEEPEST: usize = 8;

/// Finds everything in which the second of two artifacts of one name differs
/// from the first; nothing if and only if their bytes are the same.
pub fn differences(artifact: &str, first: &[u8], second: &[u8]) -> Vec<Difference> {
    let mut found = Vec::new();
    if first != second {
        contents(&Place::of(artifact), first, second, &mut found);
    }
    found
}

/// Finds where contents that are not the same differ; at least one thing.
fn contents(place: &Place, first: &[u8], second: &[u8], found: &mut Vec<Difference>) {
    let before = found.len();
    if place.names().len() < DEEPEST {
        if let Some(kind) = packed::kind(first).filter(|kind| packed::kind(second) == Some(*kind)) {
            unpacked(place, kind, first, second, found);
        } else if let (Some(a), Some(b)) = (parts::open(first), parts::open(second))
            && a.kind == b.kind
        {
            compare(place, &a, &b, found);
        }
    }
    if found.len() == before {
        let what = text::compare(first, second)
            .unwrap_or_else(|| bytes::compare(first, second, bytes::label(first)));
        found.push(Difference {
            place: place.clone(),
            what,
        });
    }
}

fn unpacked(
    place: &Place,
    kind: packed::Kind,
    first: &[u8],
    second: &[u8],
    found: &mut Vec<Difference>,
) {
    let before = found.len();
    for (aspect, of) in packed::headers(kind) {
        let (a, b) = (of(first), of(second));
        if a != b {
            found.push(Difference {
                place: place.inside(format!("{kind} header")),
                what: What::Aspect {
                    aspect: *aspect,
                    first: a,
                    second: b,
                },
            });
        }
    }
    let inner = |bytes| packed::unpack(kind, bytes, LARGEST_LAYER);
    match (inner(first), inner(second)) {
        (Some(a), Some(b)) if a == b => {
            // A header that differs says why.
            if found.len() == before {
                let place = place.clone();
                let what = What::Compression;
                found.push(Difference { place, what });
            }
        }
        (Some(a), Some(b)) => {
            let name = kind.stem(place.innermost());
            contents(&place.inside(name), &a, &b, found);
        }
        _ => found.push(Difference {
            place: place.clone(),
            what: What::TooLarge {
                offset: bytes::common_prefix(first, second) as u64,
            },
        }),
    }
}

/// Compares two containers part by part.
fn compare(place: &Place, first: &Parts<'_>, second: &Parts<'_>, found: &mut Vec<Difference>) {
    let mut push = |place: Place, what| found.push(Difference { place, what });
    let (a, b) = (first.named(), second.named());
    if let Some((a, b)) = out_of_turn(first, second, &a, &b) {
        let what = What::Entries {
            first: a,
            second: b,
        };
        push(place.clone(), what);
    }
    let all: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let mut differing = Vec::new();
    for name in all {
        let inside = place.inside(name.clone());
        match (a.get(name), b.get(name)) {
            (Some(a), Some(b)) => {
                for (aspect, first, second) in aspects(a, b) {
                    push(
                        inside.clone(),
                        What::Aspect {
                            aspect,
                            first,
                            second,
                        },
                    );
                }
                if a.content != b.content {
                    differing.push((inside, a, b));
                }
            }
            (Some(_), None) => push(inside, What::OnlyIn { side: Side::First }),
            (None, _) => push(inside, What::OnlyIn { side: Side::Second }),
        }
    }
    // Debug files are named after a digest of what they describe: the one that
    // is gone and the one that came are the same file.
    let only = |here: &BTreeMap<String, &Part<'_>>, there: &BTreeMap<String, &Part<'_>>| {
        let names = here.keys().filter(|name| is_debug_file(name));
        let names = names.filter(|name| !there.contains_key(*name));
        names.cloned().collect::<Vec<_>>()
    };
    let (gone, came) = (only(&a, &b), only(&b, &a));
    if gone.len() == came.len() {
        for (gone, came) in gone.into_iter().zip(came) {
            let inside = place.inside(gone.clone());
            if a[&gone].content != b[&came].content {
                differing.push((inside, &a[&gone], &b[&came]));
            }
        }
    }
    for (place, a, b) in differing {
        // A member of a package is called by its contents: `data.tar`.
        match packed::kind(&a.content).filter(|kind| packed::kind(&b.content) == Some(*kind)) {
            Some(kind) if first.kind == parts::Kind::Ar => {
                let unpack = |part: &Part<'_>| packed::unpack(kind, &part.content, LARGEST_LAYER);
                match (unpack(a), unpack(b)) {
                    (Some(x), Some(y)) if x != y => contents(&place, &x, &y, found),
                    _ => unpacked(&place, kind, &a.content, &b.content, found),
                }
            }
            _ => contents(&place, &a.content, &b.content, found),
        }
    }
}

fn is_debug_file(name: &str) -> bool {
    name.starts_with("usr/lib/debug/.build-id/") && name.ends_with(".debug")
}

fn aspects(a: &Part<'_>, b: &Part<'_>) -> Vec<(Aspect, String, String)> {
    let both = a.aspects.iter().filter_map(|(aspect, first)| {
        let second = b.aspects.get(aspect)?;
        (first != second).then(|| (*aspect, first.clone(), second.clone()))
    });
    both.collect()
}

/// Finds the first place where what both hold comes in another order.
fn out_of_turn(
    first: &Parts<'_>,
    second: &Parts<'_>,
    in_first: &BTreeMap<String, &Part<'_>>,
    in_second: &BTreeMap<String, &Part<'_>>,
) -> Option<(String, String)> {
    let a = first.names();
    let b = second.names();
    let a = a.iter().filter(|name| in_second.contains_key(*name));
    let b = b.iter().filter(|name| in_first.contains_key(*name));
    let (a, b) = a.zip(b).find(|(a, b)| a != b)?;
    Some((a.clone(), b.clone()))
}
