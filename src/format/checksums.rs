//! Lists of files with digests: the `Files` and `Checksums-*` fields of deb822
//! files (dsc(5), deb-changes(5), deb-buildinfo(5)), and `SHA256SUMS` as
//! sha256sum(1) writes it.
//!
//! Holds names that are safe to join to a directory and digests on which all
//! fields of a file agree. Knows nothing of whether a file is there.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::deb822::{
    Deb822Error, Field, Paragraph, ParagraphWriter, Syntax, WriteError, paragraph,
};
use crate::model::digest::Sha256Error;
use crate::model::{FileDigests, Sha256};

/// A plain file name as dpkg allows it in a list: no directory, no blanks,
/// nothing that a shell or an option parser would take for something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// Says that a text is not a plain file name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not a plain file name (a letter or digit, then letters, digits and + - . : , = _ ~ % @)"
)]
pub struct FileNameError(pub String);

impl FileName {
    /// Checks `text` and takes it as a file name.
    pub fn new(text: impl Into<String>) -> Result<Self, FileNameError> {
        let text = text.into();
        let known = |b: u8| b.is_ascii_alphanumeric() || b"+-.:,=_~%@".contains(&b);
        if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(known) {
            Ok(Self(text))
        } else {
            Err(FileNameError(text))
        }
    }

    /// Returns the name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<std::path::Path> for FileName {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

impl FromStr for FileName {
    type Err = FileNameError;
    fn from_str(text: &str) -> Result<Self, FileNameError> {
        Self::new(text)
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// A file as a control file lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its name, in the directory of the file that lists it.
    pub name: FileName,
    /// Its size and digests; MD5 and SHA-1 are empty where they are not listed.
    pub digests: FileDigests,
}

/// Says what is wrong with a line of a list of files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// The line has too many or too few words.
    #[error("expected the {expected} words {form}, found {found}")]
    Words {
        /// The words' meanings.
        form: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The digest is not one.
    #[error("a digest has {expected} lower-case hexadecimal digits here")]
    Digest {
        /// How many digits it has.
        expected: usize,
    },
    /// The size is not a number.
    #[error("the size is not a number of bytes")]
    Size,
    /// The name is no plain file name.
    #[error(transparent)]
    Name(#[from] FileNameError),
    /// The name is there a second time.
    #[error("the file is already listed on line {first}")]
    Twice {
        /// Where it is first.
        first: usize,
    },
    /// The fields do not list the same files.
    #[error("the file is not in field {field}")]
    NotIn {
        /// The field that lacks it.
        field: &'static str,
    },
    /// The fields do not agree on a size.
    #[error("the size is {expected} in field Checksums-Sha256")]
    SizeDiffers {
        /// The size found there.
        expected: u64,
    },
}

/// Which field has the MD5 digests, and what its lines hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Md5Field {
    /// `Files` of a `.dsc`: digest, size, name.
    Files,
    /// `Files` of a `.changes`: digest, size, section, priority, name.
    FilesOfChanges,
    /// `Checksums-Md5` of a `.buildinfo`: digest, size, name.
    ChecksumsMd5,
}

impl Md5Field {
    fn name(self) -> &'static str {
        match self {
            Self::Files | Self::FilesOfChanges => "Files",
            Self::ChecksumsMd5 => "Checksums-Md5",
        }
    }
}

/// The line a file was listed on, beside what is left of the line.
struct Row<'a> {
    line: usize,
    digest: &'a str,
    size: u64,
    between: Vec<&'a str>,
}

/// Reads the list of files of a paragraph, in the order of `Checksums-Sha256`,
/// which must be there. The other fields may be missing; where they are not,
/// all must list the same files with the same sizes.
pub fn listed_files(
    paragraph: &Paragraph<'_>,
    md5: Md5Field,
) -> Result<Vec<ListedFile>, Deb822Error> {
    let listed = listed_files_with(paragraph, md5)?;
    Ok(listed.into_iter().map(|(file, _)| file).collect())
}

/// As [`listed_files`], with the words between size and name of the MD5 field
/// (a `.changes`' section and priority; empty without such a field).
pub(super) fn listed_files_with<'a>(
    paragraph: &Paragraph<'a>,
    md5: Md5Field,
) -> Result<Vec<(ListedFile, Vec<&'a str>)>, Deb822Error> {
    let field = paragraph.require("Checksums-Sha256")?;
    let sha256 = rows(field, 64, 3)?;
    let sha1 = others(paragraph, "Checksums-Sha1", 40, 3, &sha256)?;
    let words = match md5 {
        Md5Field::FilesOfChanges => 5,
        Md5Field::Files | Md5Field::ChecksumsMd5 => 3,
    };
    let mut md5 = others(paragraph, md5.name(), 32, words, &sha256)?;

    let mut order: Vec<_> = sha256.into_iter().collect();
    order.sort_by_key(|(_, row)| row.line);
    let mut listed = Vec::with_capacity(order.len());
    for (name, row) in order {
        let digest = |rows: &BTreeMap<FileName, Row<'_>>| {
            rows.get(&name)
                .map_or(String::new(), |row| row.digest.to_owned())
        };
        let digests = FileDigests {
            size: row.size,
            md5: digest(&md5),
            sha1: digest(&sha1),
            sha256: (row.digest.parse())
                .map_err(|e: Sha256Error| field.invalid(row.line, row.digest, e))?,
        };
        let between = md5.remove(&name).map_or(Vec::new(), |row| row.between);
        listed.push((ListedFile { name, digests }, between));
    }
    Ok(listed)
}

/// Reads a field that repeats the files of `Checksums-Sha256`; empty when the
/// paragraph has no such field.
fn others<'a>(
    paragraph: &Paragraph<'a>,
    name: &'static str,
    digits: usize,
    words: usize,
    sha256: &BTreeMap<FileName, Row<'_>>,
) -> Result<BTreeMap<FileName, Row<'a>>, Deb822Error> {
    let Some(field) = paragraph.field(name) else {
        return Ok(BTreeMap::new());
    };
    let found = rows(field, digits, words)?;
    for (file, row) in &found {
        let refuse = |error| field.invalid(row.line, file.as_str(), error);
        match sha256.get(file) {
            None => {
                let field = "Checksums-Sha256";
                return Err(refuse(ChecksumError::NotIn { field }));
            }
            Some(other) if other.size != row.size => {
                let expected = other.size;
                return Err(refuse(ChecksumError::SizeDiffers { expected }));
            }
            Some(_) => {}
        }
    }
    match sha256.iter().find(|(file, _)| !found.contains_key(*file)) {
        None => Ok(found),
        Some((file, row)) => {
            let error = ChecksumError::NotIn { field: name };
            let sha256 = paragraph.require("Checksums-Sha256")?;
            Err(sha256.invalid(row.line, file.as_str(), error))
        }
    }
}

fn rows<'a>(
    field: &Field<'a>,
    digits: usize,
    expected: usize,
) -> Result<BTreeMap<FileName, Row<'a>>, Deb822Error> {
    let mut found: BTreeMap<FileName, Row<'a>> = BTreeMap::new();
    for (line, text) in field.lines().filter(|(_, text)| !text.is_empty()) {
        let words: Vec<_> = text.split_ascii_whitespace().collect();
        if words.len() != expected {
            let error = ChecksumError::Words {
                form: if expected == 5 {
                    "“digest size section priority name”"
                } else {
                    "“digest size name”"
                },
                expected,
                found: words.len(),
            };
            return Err(field.invalid(line, text, error));
        }
        let (digest, size, name) = (words[0], words[1], words[expected - 1]);
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digest.len() != digits || !digest.bytes().all(hex) {
            let error = ChecksumError::Digest { expected: digits };
            return Err(field.invalid(line, digest, error));
        }
        let name_found = FileName::new(name).map_err(|e| field.invalid(line, name, e))?;
        let row = Row {
            line,
            digest,
            size: decimal(size).ok_or_else(|| field.invalid(line, size, ChecksumError::Size))?,
            between: words[2..expected - 1].to_vec(),
        };
        if let Some(first) = found.get(&name_found) {
            let error = ChecksumError::Twice { first: first.line };
            return Err(field.invalid(line, name, error));
        }
        found.insert(name_found, row);
    }
    Ok(found)
}

/// Digits alone: `u64::from_str` takes a plus sign too.
pub(super) fn decimal(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// Writes the fields `Checksums-Sha1` and `Checksums-Sha256`.
pub(super) fn write_checksums(
    to: &mut ParagraphWriter,
    files: &[&ListedFile],
) -> Result<(), WriteError> {
    let sha1 = |file: &ListedFile| file.digests.sha1.clone();
    let sha256 = |file: &ListedFile| file.digests.sha256.hex();
    write_digests(to, "Checksums-Sha1", files, sha1)?;
    write_digests(to, "Checksums-Sha256", files, sha256)
}

/// Writes one field of lines `digest size name`; none if a digest is missing.
pub(super) fn write_digests(
    to: &mut ParagraphWriter,
    field: &str,
    files: &[&ListedFile],
    digest: impl Fn(&ListedFile) -> String,
) -> Result<(), WriteError> {
    let mut lines = vec![String::new()];
    for file in files {
        let digest = digest(file);
        if digest.is_empty() {
            return Ok(());
        }
        lines.push(format!("{digest} {} {}", file.digests.size, file.name));
    }
    to.lines(field, lines)?;
    Ok(())
}

/// Returns the text of a control file with the size and digests of one of its
/// files replaced, every other byte kept: signing a `.dsc` changes what the
/// `.buildinfo` and the `.changes` must say of it.
pub fn relisted(text: &str, file: &ListedFile) -> Result<String, Deb822Error> {
    let found = paragraph(text.as_bytes(), Syntax::Generated)?;
    let ListedFile { name, digests } = file;
    let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
    for (field, digest) in [
        ("Checksums-Sha256", digests.sha256.hex()),
        ("Checksums-Sha1", digests.sha1.clone()),
        ("Checksums-Md5", digests.md5.clone()),
        ("Files", digests.md5.clone()),
    ] {
        let Some(field) = found.field(field) else {
            continue;
        };
        let words = |line: &str| line.split_ascii_whitespace().map(str::to_owned).collect();
        let mut rows = field.lines().map(|(number, line)| (number, words(line)));
        let row = rows.find(|(_, words): &(usize, Vec<String>)| {
            words.len() >= 3 && words.last().is_some_and(|last| last == name.as_str())
        });
        let Some((number, words)) = row else {
            return Err(field.invalid(field.line(), name.as_str(), "the file is not listed"));
        };
        let rest = words[2..].join(" ");
        lines[number - 1] = format!(" {digest} {} {rest}\n", digests.size);
    }
    Ok(lines.concat())
}

// ── SHA256SUMS ──────────────────────────────────────────────────────────────

/// Says what is wrong with a line of a `SHA256SUMS` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    /// The line is not a digest, two characters and a name.
    #[error("line {line}: found “{found}”, expected a SHA-256 digest, two blanks and a file name")]
    Form {
        /// Where it stands, counted from 1.
        line: usize,
        /// What was found.
        found: String,
    },
    /// The name is no plain file name; escaped names never are.
    #[error("line {line}: cannot take the file's name")]
    Name {
        /// Where it stands, counted from 1.
        line: usize,
        /// Why not.
        source: FileNameError,
    },
    /// The name is there a second time.
    #[error("line {line}: {name} is listed twice")]
    Twice {
        /// Where it is again, counted from 1.
        line: usize,
        /// The name.
        name: FileName,
    },
}

/// Reads the text of a `SHA256SUMS` file, in text (`  `) or binary (` *`) mode.
pub fn parse_sums(text: &str) -> Result<Vec<(FileName, Sha256)>, SumsError> {
    let mut sums: Vec<(FileName, Sha256)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (line, content) in (1..).zip(text.lines()) {
        let form = || SumsError::Form {
            line,
            found: content.to_owned(),
        };
        let (digest, name) = content
            .split_once("  ")
            .or_else(|| content.split_once(" *"))
            .ok_or_else(form)?;
        let digest = digest.parse().map_err(|_| form())?;
        let name = FileName::new(name).map_err(|source| SumsError::Name { line, source })?;
        if !seen.insert(name.clone()) {
            return Err(SumsError::Twice { line, name });
        }
        sums.push((name, digest));
    }
    Ok(sums)
}

/// Writes the text of a `SHA256SUMS` file, in the order given.
pub fn write_sums<'a>(sums: impl IntoIterator<Item = (&'a FileName, &'a Sha256)>) -> String {
    sums.into_iter()
        .fold(String::new(), |mut text, (name, digest)| {
            let _ = writeln!(text, "{digest}  {name}");
            text
        })
}

#[cfg(test)]
mod tests;
