//! An upload: which files a `.changes` lists, each as it says.

use std::fs::File;
use std::path::Path;

use super::{Kind, Reader, Wish, Work, is_left_out, kind_of, refused};
use crate::archive::ProofFile;
use crate::archive::gate::uploads::{Form, Upload};
use crate::format::changes::Changes;
use crate::model::finding::with_causes;
use crate::model::{FileDigests, Finding};
use crate::sys::files::{self, FileError};

impl Reader<'_> {
    /// Reads an upload: its own files, and only when each is what it says.
    pub(super) fn changes(&self, path: &Path, wish: &mut Wish) -> Result<(), FileError> {
        let bytes = files::read(path)?;
        let (text, findings) = self.plain(path, &bytes);
        wish.work.extend(findings.into_iter().map(Work::Tell));
        let Some((text, signed)) = text else {
            return Ok(());
        };
        let changes = match Changes::parse(text.as_bytes()) {
            Ok(changes) => changes,
            Err(error) => {
                wish.tell(refused("invalid-changes", path, &with_causes(&error)));
                return Ok(());
            }
        };
        wish.uploads.push(Upload {
            name: path.display().to_string(),
            form: Form::Changes,
            signed,
            covers: (changes.files.iter())
                .map(|listed| listed.file.digests.sha256)
                .collect(),
        });
        let distributions = changes.distributions.iter().map(ToString::to_string);
        wish.distributions.extend(distributions);
        if changes
            .distributions
            .iter()
            .any(|suite| suite.as_str() == "UNRELEASED")
        {
            let message = "its Distribution is UNRELEASED: the changelog entry is not finished";
            let finding = Finding::error("unreleased", path.display().to_string(), message);
            wish.tell(
                finding.fix("name a distribution in debian/changelog, commit, tag and build"),
            );
            return Ok(());
        }
        let proof = |name: &str, bytes: Vec<u8>| {
            let (source, version) = (changes.source.clone(), changes.version.clone());
            ProofFile::new(source, version, name.to_owned(), bytes)
        };
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        wish.proofs.push(proof(&own, bytes.clone()));
        for listed in &changes.files {
            let name = listed.file.name.as_str();
            let origin = path.with_file_name(name);
            if is_left_out(&origin) {
                let message = format!("it lists {name}, and .udeb and .ddeb cannot be published");
                let subject = path.display().to_string();
                wish.tell(
                    Finding::error("unsupported-package", subject, message)
                        .fix("name the .deb and .dsc files of the upload instead"),
                );
                continue;
            }
            let Ok(file) = File::open(&origin) else {
                let message = format!("it lists {name}, which is not beside it");
                wish.tell(refused("upload-incomplete", path, &message));
                continue;
            };
            let found = FileDigests::of_reader(file).map_err(files::failed("read", &origin))?;
            if let Some((what, found, wanted)) = differs(&found, &listed.file.digests) {
                let says = path.display();
                let message = format!("{name} has {what} {found}, and {says} says {wanted}");
                wish.tell(refused("upload-differs", path, &message));
                continue;
            }
            if name.ends_with(".buildinfo") {
                let bytes = files::read(&origin)?;
                wish.proofs.push(proof(name, bytes));
            }
            match kind_of(&origin) {
                Some(Kind::Deb) if wish.is_new(&origin) => wish.work.push(Work::Deb(origin)),
                Some(Kind::Dsc) if wish.is_new(&origin) => wish.work.push(Work::Dsc {
                    path: origin,
                    listed: Some((listed.section.clone(), listed.priority.clone())),
                }),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Finds what of a file is not as an upload says: SHA-256, size, and where they
/// are listed SHA-1 and MD5 (deb-changes(5)).
fn differs(found: &FileDigests, wanted: &FileDigests) -> Option<(&'static str, String, String)> {
    let pairs = [
        ("sha256", found.sha256.hex(), wanted.sha256.hex()),
        ("size", found.size.to_string(), wanted.size.to_string()),
        ("sha1", found.sha1.clone(), wanted.sha1.clone()),
        ("md5", found.md5.clone(), wanted.md5.clone()),
    ];
    let mut listed = pairs
        .into_iter()
        .filter(|(_, _, wanted)| !wanted.is_empty());
    listed.find(|(_, found, wanted)| found != wanted)
}
