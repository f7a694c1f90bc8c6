//! Source packages' control files: dsc(5), Debian Policy 5.4, and their
//! stanzas in a `Sources` index (as dpkg-scansources(1) writes them).
//!
//! Holds the typed view and the text it was read from, without signature. Knows
//! nothing of who signed it.

use super::checksums::{ListedFile, Md5Field, listed_files};
use super::deb822::{Deb822Error, Paragraph, ParagraphWriter, Syntax, WriteError, paragraph};
use super::relation::{Clause, Form, field_relations};
use super::version::Version;
use crate::model::{Architecture, PackageName};

/// A source package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsc {
    text: String,
    /// The source format (`3.0 (quilt)`).
    pub format: String,
    /// The source package's name.
    pub source: PackageName,
    /// Its version.
    pub version: Version,
    /// The binary packages it can produce.
    pub binaries: Vec<PackageName>,
    /// Where it can be built: `all`, `any`, wildcards or architectures.
    pub architectures: Vec<Architecture>,
    /// `Maintainer`, as written.
    pub maintainer: String,
    /// `Build-Depends`: for every build.
    pub build_depends: Vec<Clause>,
    /// `Build-Depends-Arch`: to build packages for one architecture.
    pub build_depends_arch: Vec<Clause>,
    /// `Build-Depends-Indep`: to build packages for all architectures.
    pub build_depends_indep: Vec<Clause>,
    /// The files it consists of, beside the `.dsc` itself; never empty.
    pub files: Vec<ListedFile>,
}

impl Dsc {
    /// Reads the bytes of a `.dsc` whose signature was taken off.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let found = paragraph(bytes, Syntax::Generated)?;
        let build_relations = |name| match found.field(name) {
            Some(field) => field_relations(field, Form::Settled),
            None => Ok(Vec::new()),
        };
        Ok(Self {
            format: found.require("Format")?.value().to_owned(),
            source: found.parse("Source")?,
            version: found.parse("Version")?,
            binaries: binaries(&found)?,
            architectures: found.require("Architecture")?.parse_words()?,
            maintainer: found.require("Maintainer")?.value().to_owned(),
            build_depends: build_relations("Build-Depends")?,
            build_depends_arch: build_relations("Build-Depends-Arch")?,
            build_depends_indep: build_relations("Build-Depends-Indep")?,
            files: listed_files(&found, Md5Field::Files)?,
            text: found.text().to_owned(),
        })
    }

    /// Returns the paragraph's text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the name dpkg-source gives the file: `SOURCE_VERSION.dsc`,
    /// without the epoch.
    pub fn file_name(&self) -> String {
        format!("{}_{}.dsc", self.source, self.version.without_epoch())
    }

    /// Writes the package's stanza of a `Sources` index: its fields as they
    /// are, `Package` for `Source`, the `.dsc` (as published, signed) added to
    /// the lists of files, and where it is.
    ///
    /// `directory` is the path from the archive's root.
    pub fn sources_stanza(
        &self,
        dsc: &ListedFile,
        directory: &str,
        section: &str,
        priority: &str,
    ) -> Result<String, WriteError> {
        let found = paragraph(self.text.as_bytes(), Syntax::Generated).expect("was read before");
        let mut to = ParagraphWriter::default();
        to.field("Package", self.source.as_str())?;
        for field in found.fields() {
            let digest = match field.name().to_ascii_lowercase().as_str() {
                // Said here, whatever the file says.
                "source" | "package" | "directory" | "section" | "priority" => continue,
                "files" => Some(dsc.digests.md5.clone()),
                "checksums-sha1" => Some(dsc.digests.sha1.clone()),
                "checksums-sha256" => Some(dsc.digests.sha256.hex()),
                _ => None,
            };
            let raw = field.raw().strip_suffix('\n').unwrap_or(field.raw());
            match digest {
                None => to.field(field.name(), raw)?,
                Some(digest) => {
                    let (size, name) = (dsc.digests.size, &dsc.name);
                    to.field(field.name(), &format!("\n {digest} {size} {name}{raw}"))?
                }
            };
        }
        to.field("Directory", directory)?
            .field("Priority", priority)?
            .field("Section", section)?;
        Ok(to.finish())
    }
}

/// Binary packages stand with commas between them.
fn binaries(found: &Paragraph<'_>) -> Result<Vec<PackageName>, Deb822Error> {
    let field = found.require("Binary")?;
    let mut names = Vec::new();
    for (line, text) in field.lines() {
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            names.push(
                name.parse()
                    .map_err(|error| field.invalid(line, name, error))?,
            );
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::super::checksums::FileName;
    use super::*;
    use crate::model::FileDigests;

    const HELLO: &[u8] = include_bytes!("../../fixtures/debian/hello_2.10-3.dsc");
    const UCF: &[u8] = include_bytes!("../../fixtures/debian/ucf_3.0043+nmu1+deb12u1.dsc");

    #[test]
    fn a_real_file_is_read() {
        let found = Dsc::parse(HELLO).expect("hello");
        assert_eq!(found.text().as_bytes(), HELLO);
        assert_eq!(found.file_name(), "hello_2.10-3.dsc");
        assert_eq!(found.format, "3.0 (quilt)");
        assert_eq!(found.binaries.len(), 1);
        assert_eq!(found.architectures[0].as_str(), "any");
        assert_eq!(found.build_depends.len(), 3);
        let names: Vec<_> = found.files.iter().map(|f| f.name.as_str()).collect();
        let want = [
            "hello_2.10.orig.tar.gz",
            "hello_2.10.orig.tar.gz.asc",
            "hello_2.10-3.debian.tar.xz",
        ];
        assert_eq!(names, want);
        assert_eq!(found.files[1].digests.size, 819);
        assert_eq!(
            found.files[1].digests.md5,
            "e6074bb23a0f184e00fdfb5c546b3bc2"
        );
    }

    #[test]
    fn a_signature_must_be_taken_off_first() {
        let error = Dsc::parse(UCF).expect_err("signed");
        assert_eq!(
            error.to_string(),
            "line 1: the text is still wrapped in an OpenPGP signature"
        );
        let text = String::from_utf8_lossy(UCF);
        let start = text.find("Format:").expect("a field");
        let end = text.find("-----BEGIN PGP SIGNATURE").expect("a signature");
        let found = Dsc::parse(&UCF[start..end]).expect("without signature");
        assert_eq!(found.version.as_str(), "3.0043+nmu1+deb12u1");
        let error = Dsc::parse(&UCF[start..]).expect_err("half of it");
        assert!(
            error.to_string().ends_with("in an OpenPGP signature"),
            "{error}"
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let text = std::str::from_utf8(HELLO).expect("UTF-8");
        for (from, to, want) in [
            (
                "Source: hello\n",
                "",
                "line 1: the paragraph has no value for field Source",
            ),
            (
                "Checksums-Sha256",
                "X",
                "line 1: the paragraph has no value for field Checksums-Sha256",
            ),
            (
                "Binary: hello",
                "Binary: hello, h_",
                "line 3: field Binary: “h_” is not valid",
            ),
            (
                ", help2man",
                ", help 2man",
                "line 12: field Build-Depends: “help 2man” is not valid",
            ),
            (
                " hello_2.10.orig.tar.gz\n",
                " ../x\n",
                "line 20: field Checksums-Sha256: “../x” is not valid",
            ),
        ] {
            let error = Dsc::parse(text.replace(from, to).as_bytes()).expect_err(to);
            assert_eq!(error.to_string(), want);
        }
    }

    /// dpkg-scansources reads the same file and must say the same.
    #[test]
    fn dpkg_scansources_writes_the_same_stanza() {
        use std::process::Command;
        let dir = tempfile::tempdir().expect("a directory");
        let pool = dir.path().join("pool/hello");
        std::fs::create_dir_all(&pool).expect("a directory");
        std::fs::write(pool.join("hello_2.10-3.dsc"), HELLO).expect("a file");
        let output = Command::new("dpkg-scansources")
            .arg("pool")
            .current_dir(dir.path())
            .output()
            .expect("cannot run dpkg-scansources: install the package dpkg-dev");
        let wanted = paragraph(&output.stdout, Syntax::Generated).expect("a stanza");

        let listed = ListedFile {
            name: FileName::new("hello_2.10-3.dsc").expect("a name"),
            digests: FileDigests::of(HELLO),
        };
        let found = Dsc::parse(HELLO).expect("hello");
        let stanza = found
            .sources_stanza(&listed, "pool/hello", "devel", "optional")
            .expect("a stanza");
        let found = paragraph(stanza.as_bytes(), Syntax::Generated).expect("what we wrote");
        for field in wanted.fields() {
            let sorted = |p: &Paragraph<'_>| {
                let lines = p.field(field.name()).map(|f| {
                    let mut lines: Vec<_> = f.lines().map(|(_, l)| l.to_owned()).collect();
                    lines.sort();
                    lines
                });
                lines.unwrap_or_default()
            };
            // It asks an override file for the priority, and has none here.
            if !["Priority", "Section"].contains(&field.name()) {
                assert_eq!(sorted(&found), sorted(&wanted), "{}", field.name());
            }
        }
        assert_eq!(found.get("Section"), Some("devel"));
        assert_eq!(found.get("Source"), None);
        assert_eq!(found.fields()[0].name(), "Package");
        let listed = listed_files(&found, Md5Field::Files).expect("a list");
        assert_eq!(listed.len(), 4);
        assert_eq!(listed[0].digests, FileDigests::of(HELLO));
    }
}
