//! What was built under embargoes of this machine: the digests of its files, so
//! that they are known again wherever somebody adds them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Destination, Mark, OutwardError};
use crate::model::Sha256;
use crate::sys::files::{self, failed};

/// The file of the digests, one a line, in the directory of debcut's notes.
pub const PRODUCTS_FILE: &str = "embargo-products";

/// The digests, with the repository that each was built in.
#[derive(Debug, Clone, Default)]
pub struct Products {
    notes: Vec<PathBuf>,
    digests: BTreeMap<Sha256, usize>,
}

impl Products {
    /// Reads those of repositories, and of those that a directory lists: each
    /// file in it holds the path of a directory of debcut's notes.
    pub(super) fn of(own: &[PathBuf], registry: Option<&Path>) -> Result<Self, OutwardError> {
        let mut all: Vec<PathBuf> = own.to_vec();
        let listed = registry.and_then(|registry| std::fs::read_dir(registry).ok());
        for entry in listed.into_iter().flatten().flatten() {
            let path = files::read(&entry.path())?;
            let path = PathBuf::from(String::from_utf8_lossy(&path).trim_end());
            if !all.contains(&path) {
                all.push(path);
            }
        }
        let mut products = Self::default();
        for notes in all {
            if Mark::read(&notes)?.is_none() {
                continue;
            }
            let text = files::read_if_there(&notes.join(PRODUCTS_FILE))?.unwrap_or_default();
            let at = products.notes.len();
            let text = String::from_utf8_lossy(&text);
            let digests = text.lines().filter_map(|line| line.parse().ok());
            products.digests.extend(digests.map(|digest| (digest, at)));
            products.notes.push(notes);
        }
        Ok(products)
    }

    /// Refuses to write a file where the embargo that it was built under does
    /// not allow it.
    pub fn check(&self, sha256: &Sha256, to: &Destination) -> Result<(), OutwardError> {
        let Some(at) = self.digests.get(sha256) else {
            return Ok(());
        };
        // As it is now: it may have been lifted since.
        match Mark::read(&self.notes[*at])? {
            Some(mark) if !mark.allows(to) => Err(OutwardError::Product {
                name: mark.name.clone(),
                to: Box::new(to.clone()),
            }),
            _ => Ok(()),
        }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }
}

/// Notes what was built in a repository that is under embargo, before anybody
/// else can see it.
pub(super) fn note_products(notes: &Path, digests: &[Sha256]) -> Result<(), OutwardError> {
    let path = notes.join(PRODUCTS_FILE);
    let act = || failed("write", &path);
    let mut file = std::fs::OpenOptions::new();
    let mut file = file.create(true).append(true).open(&path).map_err(act())?;
    let lines: String = digests.iter().map(|d| format!("{}\n", d.hex())).collect();
    file.write_all(lines.as_bytes()).map_err(act())?;
    file.sync_data().map_err(act())?;
    Ok(())
}
