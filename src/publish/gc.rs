//! Collecting garbage, in two phases: what nothing needs is condemned, and what
//! is still not needed a grace time later is deleted.
//!
//! Works beside running publishers; `condemned` says how. A reader who holds an
//! `InRelease` that was current within the grace time finds all it promises: by
//! `retention`, such a generation is kept whole, and by its digests too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::archive::Pin;
use crate::archive::chunk::Chunk;
use crate::archive::collect::{Garbage, Needed};
use crate::archive::layout;
use crate::archive::manifest::{Base, Index, Manifest};
use crate::archive::proofs::Shelf;
use crate::archive::retention::{Dated, Kept, kept};
use crate::archive::settings::Retention;
use crate::model::{ArchivePath, Event, Listener, Sha256, Suite, Timestamp};
use crate::publish::condemned::{Condemned, Found, SWEEP_SECONDS};
use crate::publish::error::PublishError;
use crate::publish::generations::generations;
use crate::publish::observe::{read_chunk, suites};
use crate::publish::pins::pins;
use crate::publish::proofs::read_shelf;
use crate::publish::purge::follow_pins;
use crate::sys::store::Store;

/// What a collection goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long generations are kept, where that is not left to each suite.
    pub retention: Option<Retention>,
    /// How many seconds a file that nothing needs stays, and a generation that
    /// is no longer current.
    pub grace_seconds: u64,
}

/// What a look at an archive found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Every suite's generations, the newest first, with why each is kept.
    pub suites: Vec<(Suite, Vec<Reasons>)>,
    /// What nothing needs: what each file is, and its size in bytes.
    pub garbage: BTreeMap<ArchivePath, (Garbage, u64)>,
    roots: Roots,
}

/// A generation's number, and why it is kept.
pub type Reasons = (u64, Vec<Kept>);

/// What decides which files are needed.
type Roots = Vec<(Suite, Option<Base>, Vec<Pin>)>;

/// What a collection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// What it found first.
    pub look: Look,
    /// What it deleted, or would.
    pub deleted: Vec<(ArchivePath, Garbage, u64)>,
    /// What waits, since when.
    pub waiting: BTreeMap<ArchivePath, Timestamp>,
    /// Whether something was found that nothing needs any more.
    pub condemned_anew: bool,
    /// Whether it stopped early, because it took too long.
    pub unfinished: bool,
}

/// Finds what nothing needs; writes nothing.
pub fn look(
    store: &dyn Store,
    policy: &Policy,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Look, PublishError> {
    // The files before the heads: what is written meanwhile is not seen, and
    // what is needed meanwhile is seen to be.
    let files = store_files(store)?;
    let roots = roots(store)?;
    let mut needed = Needed::default();
    let mut of_suites = Vec::new();
    let mut chunks = BTreeMap::<Sha256, (Index, Chunk)>::new();
    let mut shelves = BTreeSet::new();
    for (suite, _, pins) in &roots {
        listener.begin(format!("looking at {suite}"));
        let generations = generations(store, suite)?;
        let dated: Vec<_> = generations.iter().map(|(b, m)| Dated::of(*b, m)).collect();
        let own = generations.first().map(|(_, m)| m.settings.retention);
        let retention = policy.retention.or(own).unwrap_or_default();
        let why = kept(&dated, &retention, pins, now, policy.grace_seconds);
        for ((base, manifest), why) in generations.iter().zip(&why) {
            if why.is_empty() {
                continue;
            }
            needed.add_generation(&base.manifest, manifest);
            if why.contains(&Kept::Newest) {
                needed.add_plain_names(manifest);
            }
            if why.contains(&Kept::Newest) || why.contains(&Kept::Grace) {
                needed.add_by_hash(manifest);
                needed.add_patches(manifest);
            }
            gather(manifest, &mut chunks, &mut shelves);
        }
        let numbers = dated.iter().map(|dated| dated.base.number);
        of_suites.push((suite.clone(), numbers.zip(why).collect()));
    }
    for (suite, sha256, size) in &shelves {
        let (size, sha256) = (*size, *sha256);
        let shelf = Shelf { size, sha256 };
        for proof in read_shelf(store, suite, &shelf)? {
            needed.add_proof(suite, &proof);
        }
    }
    let parsed: Result<Vec<_>, PublishError> = chunks
        .par_iter()
        .map(|(_, (index, chunk))| {
            let mut found = Needed::default();
            for stanza in read_chunk(store, index, chunk)? {
                found
                    .add_stanza(&stanza)
                    .map_err(|source| PublishError::Chunk {
                        first: chunk.first.clone(),
                        path: layout::object(layout::ObjectKind::Chunk, &chunk.sha256),
                        source: Box::new(source),
                    })?;
            }
            Ok(found)
        })
        .collect();
    for found in parsed? {
        needed.join(found);
    }
    let names: Vec<Suite> = roots.iter().map(|(suite, ..)| suite.clone()).collect();
    let mut garbage = BTreeMap::new();
    for (path, size) in files {
        if let Some(kind) = Garbage::of(&path, &names).filter(|_| !needed.has(&path)) {
            garbage.insert(path, (kind, size));
        }
    }
    Ok(Look {
        suites: of_suites,
        garbage,
        roots,
    })
}

fn gather(
    manifest: &Manifest,
    chunks: &mut BTreeMap<Sha256, (Index, Chunk)>,
    shelves: &mut BTreeSet<(Suite, Sha256, u64)>,
) {
    for index in manifest.listings() {
        let bare = || Index {
            name: index.name.clone(),
            size: 0,
            sha256: index.sha256,
            chunks: Vec::new(),
            files: Vec::new(),
            patches: Vec::new(),
        };
        for chunk in &index.chunks {
            let place = chunks.entry(chunk.sha256);
            place.or_insert_with(|| (bare(), chunk.clone()));
        }
    }
    for shelf in manifest.shelves.values() {
        shelves.insert((manifest.suite.clone(), shelf.sha256, shelf.size));
    }
}

/// Lists everything that could be garbage.
fn store_files(store: &dyn Store) -> Result<BTreeMap<ArchivePath, u64>, PublishError> {
    let mut found = BTreeMap::new();
    let below = [
        layout::objects(),
        layout::file_lists(),
        layout::pool(),
        layout::published(),
    ];
    for below in below {
        let entries = store.list(&below)?.into_iter();
        found.extend(entries.map(|entry| (entry.path, entry.size)));
    }
    Ok(found)
}

fn roots(store: &dyn Store) -> Result<Roots, PublishError> {
    let mut found = Vec::new();
    for suite in suites(store)? {
        let path = layout::head(&suite);
        let head = store.read(&path)?;
        let head = head.map(|bytes| super::Head::from_bytes(&path, &suite, &bytes));
        let base = head.transpose()?.map(|head| head.generation);
        let pins = pins(store, &suite)?;
        found.push((suite, base, pins));
    }
    Ok(found)
}

/// Says what a collection would do now.
pub fn plan_collection(
    store: &dyn Store,
    policy: &Policy,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Collected, PublishError> {
    let before = Found::read(store)?;
    let look = look(store, policy, now, listener)?;
    Ok(planned(&before.list, look, policy, now))
}

/// Divides what is garbage into what is due and what waits.
fn planned(before: &Condemned, look: Look, policy: &Policy, now: Timestamp) -> Collected {
    let grace = i64::try_from(policy.grace_seconds).unwrap_or(i64::MAX / 4);
    let (mut deleted, mut waiting) = (Vec::new(), BTreeMap::new());
    for (path, (kind, size)) in &look.garbage {
        let since = before.files.get(path).copied().unwrap_or(now);
        match since.plus_seconds(grace) <= now {
            true => deleted.push((path.clone(), *kind, *size)),
            false => drop(waiting.insert(path.clone(), since)),
        }
    }
    // Manifests first: a generation that is half gone must not be found.
    deleted.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    Collected {
        look,
        condemned_anew: waiting.keys().any(|path| !before.files.contains_key(path)),
        deleted,
        waiting,
        unfinished: false,
    }
}

/// Condemns what nothing needs, and deletes what was condemned a grace time ago
/// and is still not needed.
pub fn collect(
    store: &dyn Store,
    policy: &Policy,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Collected, PublishError> {
    let started = Instant::now();
    let before = Found::read(store)?;
    if let Some(since) = before.list.sweeping
        && since.plus_seconds(SWEEP_SECONDS) > now
        && since <= now
    {
        return Err(PublishError::Collecting { since });
    }
    for suite in suites(store)? {
        // What a purge that was stopped has written anew.
        follow_pins(store, &suite, &generations(store, &suite)?)?;
    }
    let mut plan = planned(
        &before.list,
        look(store, policy, now, listener)?,
        policy,
        now,
    );
    if plan.deleted.is_empty() {
        before.replace(store, &Condemned::new(plan.waiting.clone()))?;
        return Ok(plan);
    }
    let mut list = Condemned::new(plan.waiting.clone());
    let due = plan.deleted.iter().map(|(path, ..)| path.clone());
    list.files.extend(due.map(|path| {
        let since = before.list.files.get(&path).copied().unwrap_or(now);
        (path, since)
    }));
    list.sweeping = Some(now);
    // From here on no publisher begins to rely on what is on the list.
    before.replace(store, &list)?;
    // And who was faster than that is found by looking once more.
    if roots(store)? != plan.look.roots {
        let again = look(store, policy, now, listener)?;
        plan.deleted
            .retain(|(path, ..)| again.garbage.contains_key(path));
    }
    listener.begin("deleting");
    let limit = Duration::from_secs(SWEEP_SECONDS as u64 / 2);
    let total = plan.deleted.len() as u64;
    let mut left = BTreeMap::new();
    let mut done = Vec::new();
    for (at, entry) in plan.deleted.into_iter().enumerate() {
        if started.elapsed() > limit {
            plan.unfinished = true;
            left.insert(entry.0, now);
            continue;
        }
        store.delete(&entry.0)?;
        done.push(entry);
        let done = at as u64 + 1;
        listener.hear(Event::Progress { done, total });
    }
    plan.deleted = done;
    for below in [
        layout::pool(),
        layout::published(),
        layout::objects(),
        layout::file_lists(),
    ] {
        store.tidy(&below)?;
    }
    let mut list = Condemned::new(plan.waiting.clone());
    list.files.extend(left);
    Found::read(store)?.replace(store, &list)?;
    Ok(plan)
}
