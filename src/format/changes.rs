//! Uploads: deb-changes(5), Debian Policy 5.5, format 1.8.
//!
//! Holds what is uploaded, to where and why, and reads and writes it as
//! dpkg-genchanges(1) does. Knows nothing of signatures: text with one is
//! refused.

use super::changelog::{Upload, Urgency};
use super::checksums::{ListedFile, Md5Field, decimal, listed_files_with, write_checksums};
use super::control::binary::source_of;
use super::deb822::{Deb822Error, Paragraph, ParagraphWriter, Syntax, WriteError, paragraph};
use super::version::Version;
use crate::model::{Architecture, PackageName, Suite, Timestamp};

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// When the changelog entry was made, as the entry has it.
    pub date: String,
    /// The source package's name.
    pub source: PackageName,
    /// Its version; differs from `version` in a binary-only upload.
    pub source_version: Version,
    /// The binary packages; none in an upload of source alone.
    pub binaries: Vec<PackageName>,
    /// The architectures of the files, `source` among them if it is there.
    pub architectures: Vec<Architecture>,
    /// The version of what is uploaded.
    pub version: Version,
    /// Where it is meant to go; never empty.
    pub distributions: Vec<Suite>,
    /// How urgent it is.
    pub urgency: Option<Urgency>,
    /// Who maintains the package.
    pub maintainer: String,
    /// Who made the changelog entry.
    pub changed_by: Option<String>,
    /// The binary packages' first lines of `Description`.
    pub descriptions: Vec<(PackageName, String)>,
    /// The numbers of Debian's bugs that it closes.
    pub closes: Vec<u64>,
    /// What kind of upload it is.
    pub upload: Upload,
    /// The lines of `Changes`, the empty one beside the field's name first (see
    /// [`Entry::changes`](super::changelog::Entry::changes)).
    pub changes: Vec<String>,
    /// The files; never empty.
    pub files: Vec<ChangesFile>,
}

/// A file of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesFile {
    /// Its name and digests.
    pub file: ListedFile,
    /// Its section in the archive.
    pub section: String,
    /// Its priority in the archive.
    pub priority: String,
}

/// Says that a file has a format that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("only formats 1.x are known")]
pub struct FormatError;

impl Changes {
    /// Reads the bytes of a `.changes` whose signature was taken off.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let found = paragraph(bytes, Syntax::Generated)?;
        require_format(&found)?;
        let date = found.require("Date")?;
        (Timestamp::parse_rfc2822(date.value()))
            .map_err(|error| date.invalid(date.line(), date.value(), error))?;
        let version: Version = found.parse("Version")?;
        let (source, source_version) = source_of(found.require("Source")?, &version)?;
        let files = listed_files_with(&found, Md5Field::FilesOfChanges)?;
        // Section and priority stand nowhere else.
        found.require("Files")?;
        Ok(Self {
            date: date.value().to_owned(),
            binaries: found.parse_words("Binary")?,
            architectures: found.require("Architecture")?.parse_words()?,
            distributions: found.require("Distribution")?.parse_words()?,
            urgency: found.parse_optional("Urgency")?,
            maintainer: found.require("Maintainer")?.value().to_owned(),
            changed_by: found.get("Changed-By").map(str::to_owned),
            descriptions: descriptions(&found)?,
            closes: closes(&found)?,
            upload: match found.get("Binary-Only") {
                Some("yes") => Upload::BinaryOnly,
                _ => Upload::Source,
            },
            changes: (found.require("Changes")?.lines())
                .map(|(_, line)| line.to_owned())
                .collect(),
            files: files
                .into_iter()
                .map(|(file, between)| ChangesFile {
                    file,
                    section: between[0].to_owned(),
                    priority: between[1].to_owned(),
                })
                .collect(),
            source,
            source_version,
            version,
        })
    }

    /// Writes the text of the `.changes`, byte for byte as dpkg-genchanges
    /// would.
    pub fn text(&self) -> Result<String, WriteError> {
        let mut to = ParagraphWriter::default();
        to.field("Format", "1.8")?
            .field("Date", &self.date)?
            .field(
                "Source",
                &source_field(&self.source, &self.source_version, &self.version),
            )?;
        if !self.binaries.is_empty() {
            to.field("Binary", &spaced(&self.binaries))?;
        }
        to.field("Architecture", &spaced(&self.architectures))?
            .field("Version", self.version.as_str())?
            .field("Distribution", &spaced(&self.distributions))?
            .optional("Urgency", self.urgency.map(|u| u.to_string()).as_deref())?
            .field("Maintainer", &self.maintainer)?
            .optional("Changed-By", self.changed_by.as_deref())?;
        if !self.descriptions.is_empty() {
            let line = |(package, synopsis): &(PackageName, String)| {
                format!("{package:<10} - {synopsis:.65}")
            };
            let lines = self.descriptions.iter().map(line);
            to.lines("Description", std::iter::once(String::new()).chain(lines))?;
        }
        if !self.closes.is_empty() {
            to.field("Closes", &spaced(&self.closes))?;
        }
        if self.upload == Upload::BinaryOnly {
            to.field("Binary-Only", "yes")?;
        }
        to.lines("Changes", &self.changes)?;
        let files: Vec<_> = self.files.iter().map(|listed| &listed.file).collect();
        write_checksums(&mut to, &files)?;
        let line = |listed: &ChangesFile| {
            let ListedFile { name, digests } = &listed.file;
            let (md5, size) = (&digests.md5, digests.size);
            format!("{md5} {size} {} {} {name}", listed.section, listed.priority)
        };
        let lines = self.files.iter().map(line);
        to.lines("Files", std::iter::once(String::new()).chain(lines))?;
        Ok(to.finish())
    }
}

/// Refuses a format whose major version is not 1.
pub(super) fn require_format(found: &Paragraph<'_>) -> Result<(), Deb822Error> {
    let field = found.require("Format")?;
    let minor = field.value().strip_prefix("1.").and_then(decimal);
    match minor {
        Some(_) => Ok(()),
        None => Err(field.invalid(field.line(), field.value(), FormatError)),
    }
}

/// Writes `NAME`, or `NAME (VERSION)` if the source has a version of its own.
pub(super) fn source_field(source: &PackageName, own: &Version, version: &Version) -> String {
    if own == version {
        source.to_string()
    } else {
        format!("{source} ({own})")
    }
}

/// Writes values with a blank between them.
pub(super) fn spaced<T: ToString>(values: &[T]) -> String {
    let words: Vec<_> = values.iter().map(ToString::to_string).collect();
    words.join(" ")
}

fn descriptions(found: &Paragraph<'_>) -> Result<Vec<(PackageName, String)>, Deb822Error> {
    let Some(field) = found.field("Description") else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (number, line) in field.lines().filter(|(_, line)| !line.is_empty()) {
        let Some((package, synopsis)) = line.split_once(" - ") else {
            let error = "expected “PACKAGE - what it is”";
            return Err(field.invalid(number, line, error));
        };
        let package = PackageName::new(package.trim())
            .map_err(|error| field.invalid(number, package, error))?;
        all.push((package, synopsis.to_owned()));
    }
    Ok(all)
}

fn closes(found: &Paragraph<'_>) -> Result<Vec<u64>, Deb822Error> {
    let Some(field) = found.field("Closes") else {
        return Ok(Vec::new());
    };
    let number = |word: &str| {
        let error = "expected the number of a bug";
        decimal(word).ok_or_else(|| field.invalid(field.line(), word, error))
    };
    field.value().split_ascii_whitespace().map(number).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::model::FileDigests;

    const HELLO: &str = include_str!("../../fixtures/debian/hello_2.10-3_amd64.changes");

    #[test]
    fn a_real_file_is_read_and_written_byte_for_byte() {
        let found = Changes::parse(HELLO.as_bytes()).expect("hello");
        assert_eq!(found.text().expect("text"), HELLO);
        assert_eq!(found.source_version, found.version);
        assert_eq!(found.closes, [871_622, 893_083]);
        assert_eq!(found.urgency, Some(Urgency::Medium));
        assert_eq!(found.files[2].section, "debug");
        assert_eq!(
            found.files[2].file.name.as_str(),
            "hello-dbgsym_2.10-3_amd64.deb"
        );
    }

    #[test]
    fn a_rebuild_says_which_source_it_is_of() {
        let text = HELLO
            .replace("Source: hello\n", "Source: hello (2.10-3)\n")
            .replace("Version: 2.10-3\n", "Version: 2.10-3+b1\n")
            .replace("\nChanges:", "\nBinary-Only: yes\nChanges:");
        let found = Changes::parse(text.as_bytes()).expect("hello");
        assert_eq!(found.source_version.as_str(), "2.10-3");
        assert_eq!(found.upload, Upload::BinaryOnly);
        assert_eq!(found.text().expect("text"), text);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (from, to, want) in [
            (
                "Format: 1.8",
                "Format: 2.0",
                "line 1: field Format: “2.0” is not valid",
            ),
            (
                "Format: 1.8",
                "Format: 1.x",
                "line 1: field Format: “1.x” is not valid",
            ),
            (
                "Date: Mon",
                "Date: Tue",
                "line 2: field Date: “Tue, 26 Dec 2022 16:30:00 +0100” is not valid",
            ),
            (
                "Distribution: unstable\n",
                "",
                "line 1: the paragraph has no value for field Distribution",
            ),
            (
                "Distribution: unstable",
                "Distribution: ../x",
                "line 7: field Distribution: “../x” is not valid",
            ),
            (
                " hello      - ",
                " hello: ",
                "line 12: field Description: “hello: example package based on GNU hello” is not valid",
            ),
            (
                "Closes: 871622",
                "Closes: #871622",
                "line 13: field Closes: “#871622” is not valid",
            ),
            (
                "Files:",
                "X-Files:",
                "line 1: the paragraph has no value for field Files",
            ),
            (
                " devel optional hello_2.10-3.dsc",
                " devel hello_2.10-3.dsc",
                "line 42: field Files: “e5b38df0934a279a9aa2ed5a6ab6e323 1183 devel hello_2.10-3.dsc” is not valid",
            ),
            (
                "Format",
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nFormat",
                "line 1: the text is still wrapped in an OpenPGP signature",
            ),
        ] {
            let error = Changes::parse(HELLO.replacen(from, to, 1).as_bytes()).expect_err(to);
            assert_eq!(error.to_string(), want);
        }
    }

    /// dscverify looks at every file that is listed, lintian and dput at the
    /// rest of what is written.
    #[test]
    fn dscverify_dput_and_lintian_accept_what_is_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut changes = Changes::parse(HELLO.as_bytes()).expect("hello");
        let info = include_bytes!("../../fixtures/debian/hello_2.10-3_amd64.buildinfo");
        changes
            .files
            .retain(|f| f.file.name.as_str().ends_with(".buildinfo"));
        changes.files[0].file.digests = FileDigests::of(info);
        changes.architectures.remove(0);
        let listed = dir.path().join(&changes.files[0].file.name);
        std::fs::write(&listed, info).expect("a file");
        let path = dir.path().join("hello_2.10-3_amd64.changes");
        std::fs::write(&path, changes.text().expect("text")).expect("a file");
        let run = |tool: &str, arguments: &[&str]| {
            let mut command = Command::new(tool);
            // lintian leaves files behind.
            command.args(arguments).arg(&path).env("TMPDIR", dir.path());
            let output = command.output().unwrap_or_else(|error| {
                panic!(
                    "cannot run {tool} ({error}): install the packages devscripts, dput and lintian"
                )
            });
            let said = [output.stdout, output.stderr].concat();
            (
                output.status.success(),
                String::from_utf8_lossy(&said).into_owned(),
            )
        };
        let verify = ["--no-sig-check", "--verbose"];
        let (ok, said) = run("dscverify", &verify);
        assert!(
            ok && said.contains("All files validated successfully"),
            "{said}"
        );
        let host = dir.path().join("dput.cf");
        let local = "[local]\nmethod = local\nincoming = /nowhere\nallow_unsigned_uploads = 1\n";
        std::fs::write(&host, local).expect("a file");
        let host = host.to_str().expect("UTF-8");
        let (ok, said) = run("dput", &["-c", host, "-u", "-s", "local"]);
        assert!(ok && said.contains("Simulated upload"), "{said}");
        let (ok, said) = run("lintian", &["--no-cfg", "--allow-root"]);
        assert!(ok && !said.contains("E: "), "{said}");

        std::fs::write(&listed, [&info[..], b"x"].concat()).expect("a file");
        let (ok, said) = run("dscverify", &verify);
        assert!(!ok, "a changed file must be noticed: {said}");
    }

    #[test]
    fn dpkg_reads_what_is_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.changes");
        let changes = Changes::parse(HELLO.as_bytes()).expect("hello");
        std::fs::write(&path, changes.text().expect("text")).expect("a file");
        let program = "use Dpkg::Control; use Dpkg::Checksums; \
            my $c = Dpkg::Control->new(type => CTRL_FILE_CHANGES); $c->load($ARGV[0]); \
            my $s = Dpkg::Checksums->new(); $s->add_from_control($c); \
            print join ' ', $c->{Source}, $c->{Version}, scalar($s->get_files())";
        let output = Command::new("perl")
            .args(["-e", program])
            .arg(&path)
            .output()
            .expect("cannot run perl: install the packages perl and libdpkg-perl");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "hello 2.10-3 5");
    }

    proptest! {
        #[test]
        fn any_change_is_refused_or_read(at in 0..HELLO.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
            let end = (at + len).min(HELLO.len());
            let text = format!("{}{with}{}", &HELLO[..at], &HELLO[end..]);
            if let Ok(found) = Changes::parse(text.as_bytes()) {
                let written = found.text().expect("what was read can be written");
                prop_assert_eq!(Changes::parse(written.as_bytes()).expect("what we wrote"), found);
            }
        }
    }
}
