//! A push of a part of the ledger, on top of what the remote has: the commits of
//! the whole tell, in what they hold and what they say, of what is kept.

use std::collections::BTreeSet;

use crate::flow::FlowError;
use crate::flow::authoring::authored;
use crate::flow::patching::ledger::Ledger;
use crate::patch::keeping::Withheld;
use crate::patch::{Entry, EntryId};
use crate::sys::git::Repository;

/// Lists what goes to a remote that has some entries.
pub(super) fn going(
    ledger: &Ledger<'_>,
    has: &BTreeSet<String>,
    kept: &Withheld,
) -> Vec<(EntryId, Entry)> {
    let all = ledger.entries.iter();
    let going = all.filter(|(id, _)| !has.contains(&id.hex()) && !kept.entries.contains(id));
    going.cloned().collect()
}

/// Stores the commit that adds them to a remote's ledger, in the name of who
/// said the last of them; `whole` is the ledger here. None: there is nothing.
pub(super) fn commit(
    repository: &Repository,
    whole: &str,
    on: Option<&str>,
    going: &[(EntryId, Entry)],
) -> Result<Option<String>, FlowError> {
    let Some((_, last)) = going.last() else {
        return Ok(on.map(str::to_owned));
    };
    // As they were written: an older debcut writes other bytes.
    let mut all = repository.ledger(whole)?;
    let names = going.iter().map(|(id, _)| id.hex());
    let files = names.filter_map(|name| all.remove_entry(&name));
    let files: Vec<(String, Vec<u8>)> = files.collect();
    let author = authored(&last.by, last.at);
    let message = "share\n";
    Ok(Some(repository.add_to_ledger(on, &files, author, message)?))
}
