//! Archives that are private for an embargo: a note in each says so, and what is
//! taken from one goes to no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::archive::layout;
use crate::flow::FlowError;
use crate::flow::archiving::open_store;
use crate::publish;
use crate::sys::environment::Environment;
use crate::sys::git::Repository;
use crate::sys::outward::{Destination, Gate, OutwardError, archive_place};
use crate::sys::store::{Condition, Content, DirectoryStore, Store};

/// The note.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The embargoes that it is private for.
    embargoes: Vec<String>,
}

fn note(store: &dyn Store) -> Result<Note, FlowError> {
    let bytes = store.read(&layout::private_note())?;
    // A note that cannot be read is one all the same.
    Ok(bytes.map_or_else(Note::default, |bytes| {
        serde_json::from_slice(&bytes).unwrap_or(Note {
            embargoes: vec!["?".to_owned()],
        })
    }))
}

fn change(
    place: &str,
    environment: &Environment,
    act: impl Fn(&mut Vec<String>),
) -> Result<(), FlowError> {
    let root = std::path::Path::new("/");
    let store = open_store(place, root, environment)?;
    // On another machine than the one that has it there is nothing to note.
    if publish::suites(store.as_ref())?.is_empty() {
        return Ok(());
    }
    let before = note(store.as_ref())?;
    let mut after = before.clone();
    act(&mut after.embargoes);
    after.embargoes.retain(|name| name != "?");
    let path = layout::private_note();
    if after.embargoes.is_empty() {
        return Ok(store.delete(&path)?);
    }
    if after == before {
        return Ok(());
    }
    let text = serde_json::to_vec(&after).expect("a note is plain values");
    Ok(store.write(&path, Content::Bytes(&text), &Condition::Always)?)
}

/// Notes in an archive that it is private for an embargo.
pub fn mark(place: &str, name: &str, environment: &Environment) -> Result<(), FlowError> {
    change(place, environment, |embargoes| {
        if !embargoes.iter().any(|known| known == name) {
            embargoes.push(name.to_owned());
        }
    })
}

/// Takes an embargo out of the note.
pub fn unmark(place: &str, name: &str, environment: &Environment) -> Result<(), FlowError> {
    change(place, environment, |embargoes| {
        embargoes.retain(|known| known != name);
    })
}

/// Refuses to bring what a private archive has to a place that is none of its
/// embargo's; `into` is the archive there, where it is one.
pub fn refuse_leak(
    from: &dyn Store,
    to: Destination,
    into: Option<&dyn Store>,
    environment: &Environment,
) -> Result<(), FlowError> {
    let names = note(from)?.embargoes;
    let there = into.map_or_else(|| Ok(Note::default()), note)?.embargoes;
    let Some(name) = names.into_iter().find(|name| !there.contains(name)) else {
        return Ok(());
    };
    let marks = environment.gate().marks()?;
    let own = marks.iter().find(|mark| mark.name == name);
    if own.is_some_and(|mark| mark.allows(&to)) {
        return Ok(());
    }
    // Nobody else's port is reached by a loopback address.
    if let Destination::Listeners(address) = &to
        && address.ip().is_loopback()
    {
        return Ok(());
    }
    let (from, to) = (from.place(), Box::new(to));
    Err(OutwardError::PrivateArchive { from, name, to }.into())
}

/// Refuses files of a repository that is under embargo, or of a private archive,
/// where that does not allow the archive, wherever the command is run.
pub fn refuse_files(
    files: &[PathBuf],
    into: &dyn Store,
    environment: &Environment,
) -> Result<(), FlowError> {
    let root = Path::new("/");
    let to = Destination::Archive(archive_place(&into.place(), root));
    let place = |file: &'_ PathBuf| match file.is_dir() {
        true => Some(file.clone()),
        false => file.parent().map(Path::to_owned),
    };
    let parents: BTreeSet<PathBuf> = files.iter().filter_map(place).collect();
    let parents: BTreeSet<&Path> = parents.iter().map(PathBuf::as_path).collect();
    let notes = parents.iter().copied().filter_map(Repository::own_dir_at);
    notes.fold(Gate::default(), Gate::of).permit(to.clone())?;
    let above: BTreeSet<PathBuf> = parents
        .into_iter()
        .flat_map(|parent| {
            parent
                .canonicalize()
                .unwrap_or_else(|_| parent.to_owned())
                .ancestors()
                .map(Path::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let note = layout::private_note();
    for archive in above.iter().filter(|one| one.join(note.as_str()).is_file()) {
        let from = DirectoryStore::new(archive);
        refuse_leak(&from, to.clone(), Some(into), environment)?;
    }
    Ok(())
}
