//! The source package that a record names.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::Found;
use crate::flow::FlowError;
use crate::flow::reproducing::Record;
use crate::format::buildinfo::Buildinfo;
use crate::format::dsc::Dsc;
use crate::model::Sha256;
use crate::sys::files;
use crate::sys::openpgp::text_of;

/// Finds the `.dsc` and what it lists, beside the record or in the archives;
/// every file has the digest that is listed for it.
pub(super) fn find(wanted: &Record, record: &Buildinfo) -> Result<Found, FlowError> {
    let name = format!(
        "{}_{}.dsc",
        record.source,
        record.source_version.without_epoch()
    );
    let beside = wanted.path.parent().unwrap_or(Path::new("."));
    let nowhere = || FlowError::NoSource {
        dsc: name.clone(),
        record: wanted.path.clone(),
        archives: wanted.archives.clone(),
    };
    let mut places: Vec<PathBuf> = vec![beside.to_owned()];
    for archive in &wanted.archives {
        places.extend(holding(archive, &name));
    }
    let place = places.into_iter().find(|place| place.join(&name).is_file());
    let place = place.ok_or_else(nowhere)?;
    let dsc = place.join(&name);
    let bytes = files::read(&dsc)?;
    let refuse = |why: String| FlowError::RecordLacks {
        path: dsc.clone(),
        why,
    };
    // A build of binaries alone does not list its source.
    let listed = record.files.iter().find(|file| file.name.as_str() == name);
    let package = Sha256::of(&bytes);
    if let Some(listed) = listed
        && listed.digests.sha256 != package
    {
        return Err(refuse(format!(
            "is not the source that was built: its SHA-256 is {package}, the record says {}",
            listed.digests.sha256
        )));
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text_of(&text).unwrap_or_else(|_| text.into_owned());
    let parsed = Dsc::parse(text.as_bytes()).map_err(|source| FlowError::Record {
        path: dsc.clone(),
        source,
    })?;
    let mut found = Vec::new();
    for file in &parsed.files {
        let path = place.join(&file.name);
        let digest = Sha256::of_reader(files::open(&path)?);
        if digest.map_err(files::failed("read", &path))? != file.digests.sha256 {
            return Err(refuse(format!(
                "lists {}, which has another digest",
                file.name
            )));
        }
        found.push(path);
    }
    Ok(Found {
        dsc,
        package,
        files: found,
    })
}

/// Finds the directories of an archive that hold a file of this name.
fn holding(archive: &Path, name: &str) -> Vec<PathBuf> {
    let pool = archive.join("pool");
    let top = if pool.is_dir() {
        pool
    } else {
        archive.to_owned()
    };
    let entries = WalkDir::new(top).sort_by_file_name().into_iter().flatten();
    let named = entries.filter(|entry| entry.file_name().to_str() == Some(name));
    named
        .filter_map(|entry| entry.path().parent().map(Path::to_owned))
        .collect()
}
