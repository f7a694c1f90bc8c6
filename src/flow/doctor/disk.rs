//! Room where a release writes.

use std::path::Path;

use super::Patient;
use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding};
use crate::sys::disk::{self, Space};
use crate::sys::files;
use crate::sys::git::Repository;

/// Below this, a build of anything is likely to fail half-way: an exported tree,
/// its objects and two packages take more.
const LITTLE_BYTES: u64 = 256 << 20;
/// Below this, a build of something large is.
const SCARCE_BYTES: u64 = 1 << 30;
/// A tree with its build has thousands of files.
const LITTLE_FILES: u64 = 10_000;

/// Checks the work tree's file system and that of temporary files.
pub(super) fn check(repository: &Repository, patient: &Patient<'_>) -> Checkup {
    let mut checkup = Checkup::default();
    let temporary = patient.environment.temporary_directory();
    for (what, path) in [("work tree", repository.top()), ("TMPDIR", &temporary)] {
        match disk::space(path) {
            Ok(space) => checkup.extend(judge(what, path, space, files::is_writable(path))),
            Err(error) => {
                let finding = Finding::error("disk", what, with_causes(&error));
                checkup.find(finding.fix("make it, or name another with TMPDIR"));
            }
        }
    }
    checkup
}

fn judge(what: &str, path: &Path, space: Space, writable: bool) -> Checkup {
    let mut checkup = Checkup::default();
    let subject = format!("{what} {}", path.display());
    let free = format!("{} MiB free", space.free_bytes >> 20);
    if space.read_only || !writable {
        let finding = Finding::error("disk", subject, "it cannot be written to");
        checkup.find(finding.fix("remount it, or work as a user who may write there"));
    } else if space.free_bytes < LITTLE_BYTES {
        checkup.find(Finding::error("disk", subject, free).fix("make room before a build starts"));
    } else if let Some(files) = space.free_files.filter(|files| *files < LITTLE_FILES) {
        let why = format!("room for only {files} more files");
        checkup
            .find(Finding::warning("disk", subject, why).fix("remove files, such as old builds"));
    } else if space.free_bytes < SCARCE_BYTES {
        checkup.find(Finding::warning("disk", subject, free).fix("make room for large builds"));
    } else {
        checkup.pass("disk", subject, free);
    }
    checkup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_judged() {
        let space = |free_bytes, free_files| Space {
            free_bytes,
            free_files,
            read_only: false,
        };
        let gib = 1 << 30;
        let read_only = Space {
            read_only: true,
            ..space(10 * gib, None)
        };
        let cases: &[(Space, bool, &[&str])] = &[
            (space(10 * gib, Some(1 << 20)), true, &[]),
            (space(10 * gib, None), true, &[]),
            (space(gib - 1, None), true, &["warning disk"]),
            (space((256 << 20) - 1, None), true, &["error disk"]),
            (space(10 * gib, Some(9_999)), true, &["warning disk"]),
            (read_only, true, &["error disk"]),
            (space(10 * gib, None), false, &["error disk"]),
        ];
        for (space, writable, want) in cases {
            let found = judge("TMPDIR", Path::new("/tmp"), *space, *writable);
            assert_eq!(super::super::tests::shown(&found), *want, "{space:?}");
        }
    }
}
