//! An archive's indices, `Packages` and `Sources`: paragraphs and their text.
//!
//! Follows the Debian repository format ("Packages Indices", "Sources
//! Indices"). A stanza is the package's own control text byte for byte, with
//! fields appended; it is never written again from parsed values. Knows nothing
//! of suites, of chunks, or of where an index is published.

pub mod contents;
pub mod piece;
pub mod translation;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::format::checksums::{ListedFile, Md5Field, listed_files};
use crate::format::deb822::{self, Deb822Error, Paragraph, Syntax};
use crate::format::version::Version;
use crate::model::{Architecture, ArchivePath, PackageName, Sha256};

/// What an index is made of: lines or paragraphs, in their order.
///
/// Entries of one key stand together and are a *group*; the texts of two runs
/// of groups, one after the other, are an index again.
pub trait Entry: Ord + Clone {
    /// Returns what the order goes by first: the package's name, or the path.
    fn key(&self) -> &str;

    /// Appends the text of a group, sorted and without doubles, to an index.
    fn append_group(group: &[Self], index: &mut String);
}

impl Entry for Stanza {
    fn key(&self) -> &str {
        self.name.as_str()
    }

    fn append_group(group: &[Self], index: &mut String) {
        group.iter().for_each(|stanza| stanza.append_to(index));
    }
}

/// Which of the two indices a stanza belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Binary packages.
    Packages,
    /// Source packages.
    Sources,
}

/// One package of an index.
///
/// Ordered by name, version (dpkg's order), architecture and text: the order in
/// which indices list them. Ascending versions matter: debootstrap takes the
/// last stanza of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    kind: Kind,
    name: PackageName,
    version: Version,
    architecture: Architecture,
    text: Arc<str>,
}

/// Where a file is in the archive and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFile {
    /// Its path below the archive's root.
    pub path: ArchivePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// Says why a text cannot be a stanza.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The text is not the paragraph it should be.
    #[error(transparent)]
    Paragraph(#[from] Deb822Error),
    /// A package's own control text has a field that only the archive sets.
    #[error("field {field} is set by the archive and must not be in the package")]
    Reserved {
        /// The field, as the package writes it.
        field: String,
    },
}

/// What an archive says of a file, and a package's control text therefore must
/// not: a forged `Filename` would be the one that clients believe.
const RESERVED: [&str; 6] = ["Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512"];

/// The field that offers a version to some hosts only.
const PHASED: &str = "Phased-Update-Percentage";

impl Stanza {
    /// Makes the stanza of a binary package from its control text.
    pub fn of_binary(control: &str, file: &PoolFile) -> Result<Self, IndexError> {
        let paragraph = deb822::paragraph(control.as_bytes(), Syntax::Generated)?;
        for field in RESERVED {
            if let Some(found) = paragraph.field(field) {
                return Err(IndexError::Reserved {
                    field: found.name().to_owned(),
                });
            }
        }
        let PoolFile { path, size, sha256 } = file;
        let own = paragraph.text().trim_end_matches('\n');
        let appended = format!("\nFilename: {path}\nSize: {size}\nSHA256: {sha256}\n");
        // No byte too much: an archive holds tens of thousands of these at once.
        let text = [own, &appended].concat();
        Ok(Self::of(&paragraph, Kind::Packages, text)?)
    }

    /// Takes the text of a source package's stanza, which is complete.
    pub fn of_source(text: &str) -> Result<Self, IndexError> {
        let paragraph = deb822::paragraph(text.as_bytes(), Syntax::Generated)?;
        Ok(Self::of_text(&paragraph, Kind::Sources)?)
    }

    fn of_text(paragraph: &Paragraph<'_>, kind: Kind) -> Result<Self, Deb822Error> {
        let text = format!("{}\n", paragraph.text().trim_end_matches('\n'));
        Self::of(paragraph, kind, text)
    }

    fn of(paragraph: &Paragraph<'_>, kind: Kind, text: String) -> Result<Self, Deb822Error> {
        Ok(Self {
            kind,
            name: paragraph.parse("Package")?,
            version: paragraph.parse("Version")?,
            architecture: match kind {
                Kind::Packages => paragraph.parse("Architecture")?,
                // There the field lists what the source can be built for.
                Kind::Sources => source(),
            },
            text: text.into(),
        })
    }

    /// Returns it with its files in another directory of a pool, the rest byte
    /// for byte.
    pub fn moved_to(&self, directory: &ArchivePath) -> Result<Self, IndexError> {
        let mut text = String::new();
        for line in self.text.lines() {
            let (field, value) = line.split_once(": ").unwrap_or((line, ""));
            match (self.kind, field) {
                (Kind::Packages, "Filename") => {
                    let file = value.rsplit('/').next().unwrap_or_default();
                    text.push_str(&format!("{field}: {directory}/{file}"));
                }
                (Kind::Sources, "Directory") => text.push_str(&format!("{field}: {directory}")),
                _ => text.push_str(line),
            }
            text.push('\n');
        }
        Ok(self.reformed(&text)?)
    }

    /// Returns the same package's stanza with another text.
    pub fn reformed(&self, text: &str) -> Result<Self, Deb822Error> {
        let paragraph = deb822::paragraph(text.as_bytes(), Syntax::Generated)?;
        Self::of_text(&paragraph, self.kind)
    }

    /// Returns the same package's stanza, offered by apt to so many of a hundred
    /// hosts; `None`: to all. The field is the archive's, whatever the package
    /// says of it (`Phased-Update-Percentage`, apt_preferences(5)).
    #[must_use]
    pub fn phased(&self, percent: Option<u8>) -> Self {
        let is_phase = |line: &&str| {
            let field = line.split_once(':').map(|(field, _)| field);
            field.is_some_and(|field| field.eq_ignore_ascii_case(PHASED))
        };
        let others = self.text.split_inclusive('\n');
        let mut text: String = others.filter(|line| !is_phase(line)).collect();
        if let Some(percent) = percent {
            text.push_str(&format!("{PHASED}: {percent}\n"));
        }
        Self {
            text: text.into(),
            ..self.clone()
        }
    }

    /// Returns to how many of a hundred hosts apt offers it; `None`: to all.
    pub fn percentage(&self) -> Option<u8> {
        self.paragraph().get(PHASED)?.trim().parse().ok()
    }

    /// Returns the source that it was built from, and that one's version; of a
    /// source package itself.
    pub fn source(&self) -> (PackageName, Version) {
        let fields = self.paragraph();
        let field = match self.kind {
            Kind::Packages => fields.get("Source").unwrap_or_default(),
            Kind::Sources => "",
        };
        let mut words = field.split_whitespace();
        let name = words.next().and_then(|name| PackageName::new(name).ok());
        let version = words.next().map(|word| word.trim_matches(['(', ')']));
        let version = version.and_then(|version| Version::new(version).ok());
        (
            name.unwrap_or_else(|| self.name.clone()),
            version.unwrap_or_else(|| self.version.clone()),
        )
    }

    /// Returns which index it belongs to.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the package's name; the source's in `Sources`.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Returns its version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns its architecture; `source` in `Sources`.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Returns its fields' text, which ends with one newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns how many bytes it takes in an index.
    pub fn len_in_index(&self) -> usize {
        self.text.len() + 1
    }

    /// Appends it, and the empty line that ends it, to an index. So the texts
    /// of two indices, one after the other, are an index again.
    pub fn append_to(&self, index: &mut String) {
        index.push_str(&self.text);
        index.push('\n');
    }

    /// Reads its fields again.
    pub fn paragraph(&self) -> Paragraph<'_> {
        deb822::paragraph(self.text.as_bytes(), Syntax::Generated)
            .expect("was read when the stanza was made")
    }
}

/// Reads the pool files that a stanza promises.
pub fn files(stanza: &Stanza) -> Result<Vec<PoolFile>, Deb822Error> {
    let fields = stanza.paragraph();
    if stanza.kind == Kind::Packages {
        return Ok(vec![PoolFile {
            path: fields.parse("Filename")?,
            size: fields.parse("Size")?,
            sha256: fields.parse("SHA256")?,
        }]);
    }
    let field = fields.require("Directory")?;
    let directory: ArchivePath = field.parse()?;
    let listed = listed_files(&fields, Md5Field::Files)?.into_iter();
    let file = |file: ListedFile| {
        let path = ArchivePath::new(format!("{directory}/{}", file.name));
        Ok(PoolFile {
            path: path.map_err(|e| field.invalid(field.line(), file.name.as_str(), e))?,
            size: file.digests.size,
            sha256: file.digests.sha256,
        })
    };
    listed.map(file).collect()
}

/// Reads the text of a part of an index that this program wrote, and whose digest
/// has been compared: only the fields that order it are looked at, because all
/// others were read when it was written. What is not of that form, [`parse`]
/// reads.
pub fn parse_own(text: &str, kind: Kind) -> Result<Vec<Stanza>, IndexError> {
    let mut found = Vec::new();
    for paragraph in text.split_inclusive("\n\n") {
        match own(paragraph, kind) {
            Some(stanza) => found.push(stanza),
            None => return parse(text.as_bytes(), kind),
        }
    }
    Ok(found)
}

fn own(paragraph: &str, kind: Kind) -> Option<Stanza> {
    let text = paragraph
        .strip_suffix('\n')
        .filter(|text| text.ends_with('\n'))?;
    let (mut name, mut version, mut architecture) = (None, None, None);
    for line in text.lines() {
        // A field's first line; nothing else begins with a letter.
        let Some((field, value)) = line.split_once(':') else {
            continue;
        };
        let place = match field.len() {
            7 if field.eq_ignore_ascii_case("Package") => &mut name,
            7 if field.eq_ignore_ascii_case("Version") => &mut version,
            12 if field.eq_ignore_ascii_case("Architecture") => &mut architecture,
            _ => continue,
        };
        if place.replace(value.trim()).is_some() {
            return None;
        }
    }
    let architecture = match kind {
        Kind::Packages => architecture?.parse().ok()?,
        Kind::Sources => source(),
    };
    Some(Stanza {
        kind,
        name: name?.parse().ok()?,
        version: version?.parse().ok()?,
        architecture,
        text: text.into(),
    })
}

/// Finds the next `Source` field in the text of an index without reading it into
/// paragraphs; returns where the search can go on, and the name it holds.
pub fn source_word(text: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("ource:") {
        let at = from + found;
        from = at + "ource:".len();
        let mut before = text[..at].chars().rev();
        let is_field =
            matches!(before.next(), Some('S' | 's')) && before.next().is_none_or(|c| c == '\n');
        if is_field {
            let line = text[from..].lines().next().unwrap_or_default();
            return Some((from, line.split_whitespace().next().unwrap_or_default()));
        }
    }
    None
}

/// The architecture that source packages are listed under.
pub fn source() -> Architecture {
    Architecture::new("source").expect("a valid name")
}

impl Ord for Stanza {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name
            .cmp(&other.name)
            .then_with(|| self.version.cmp(&other.version))
            .then_with(|| self.architecture.cmp(&other.architecture))
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Stanza {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads the text of an index, or of a part of one, into its stanzas.
pub fn parse(text: &[u8], kind: Kind) -> Result<Vec<Stanza>, IndexError> {
    deb822::paragraphs(text, Syntax::Generated)?
        .iter()
        .map(|paragraph| Ok(Stanza::of_text(paragraph, kind)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_text_is_read_alike_in_both_ways() {
        let cases = [
            "",
            "Package: a\nVersion: 1\nArchitecture: all\nDescription: x\n Version: 2\n .\n y\n\n",
            "Package: a\nversion: 1:2~3-4\nArchitecture:amd64\nX-Package: b\n\n\
             Package: b\nVersion: 2\nArchitecture: all\n\n",
            // Not in the form in which we write it.
            "Package: a\nVersion: 1\nArchitecture: all\n",
            "Package:\n a\nVersion: 1\nArchitecture: all\n\n",
            "Package: a\nVersion: 1\n\n",
            "Package: a\nVersion: 1\nVersion: 2\nArchitecture: all\n\n",
            "\n\nPackage: a\nVersion: 1\nArchitecture: all\n\n",
        ];
        for text in cases {
            for kind in [Kind::Packages, Kind::Sources] {
                let own = parse_own(text, kind).map_err(|error| error.to_string());
                let other = parse(text.as_bytes(), kind).map_err(|error| error.to_string());
                assert_eq!(own, other, "{text:?}");
            }
        }
    }

    const HELLO: &str =
        "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nDescription: a\n  b\t\n .\n c \n";

    fn file() -> PoolFile {
        PoolFile {
            path: ArchivePath::new("pool/main/h/hello/hello_2.10-3_amd64.deb").expect("a path"),
            size: 12,
            sha256: Sha256::of(b"x"),
        }
    }

    #[test]
    fn control_bytes_are_kept_and_fields_appended() {
        let stanza = Stanza::of_binary(HELLO, &file()).expect("valid");
        let digest = Sha256::of(b"x");
        let path = file().path;
        assert_eq!(
            stanza.text(),
            format!("{HELLO}Filename: {path}\nSize: 12\nSHA256: {digest}\n")
        );
        let mut index = String::new();
        for _ in 0..2 {
            stanza.append_to(&mut index);
        }
        assert_eq!(index.len(), 2 * stanza.len_in_index());
        let read = parse(index.as_bytes(), Kind::Packages).expect("valid");
        assert_eq!(read, [stanza.clone(), stanza]);
        assert_eq!(files(&read[0]).expect("fields"), [file()]);
        assert_eq!(parse(b"", Kind::Packages).expect("empty"), []);
    }

    #[test]
    fn a_percentage_is_one_line_and_leaves_no_trace() {
        let stanza = Stanza::of_binary(HELLO, &file()).expect("valid");
        let some = stanza.phased(Some(10));
        assert_eq!(
            some.text(),
            format!("{}Phased-Update-Percentage: 10\n", stanza.text())
        );
        assert_eq!((stanza.percentage(), some.percentage()), (None, Some(10)));
        assert_eq!(some.phased(Some(50)).percentage(), Some(50));
        assert_eq!(some.phased(Some(50)).phased(None), stanza);
        let mut index = String::new();
        some.append_to(&mut index);
        assert_eq!(parse_own(&index, Kind::Packages).expect("ours"), [some]);
        let own = HELLO.replace("Architecture", "phased-update-percentage: 3\nArchitecture");
        let own = Stanza::of_binary(&own, &file()).expect("valid");
        assert_eq!(own.percentage(), Some(3));
        assert_eq!(own.phased(None), stanza);
    }

    #[test]
    fn a_binary_names_its_source_and_that_ones_version() {
        let of = |more: &str| {
            let stanza = Stanza::of_binary(&format!("{HELLO}{more}"), &file()).expect(more);
            let (name, version) = stanza.source();
            format!("{name} {version}")
        };
        for (more, want) in [
            ("", "hello 2.10-3"),
            ("Source: hi\n", "hi 2.10-3"),
            ("Source: hi (1:2.9)\n", "hi 1:2.9"),
        ] {
            assert_eq!(of(more), want, "{more:?}");
        }
    }

    #[test]
    fn texts_that_cannot_be_stanzas_are_refused() {
        let cases = [
            (
                "filename: /etc/passwd\n",
                "field filename is set by the archive",
            ),
            ("SHA256: 00\n", "field SHA256 is set by the archive"),
            ("Size: 1\n", "field Size is set by the archive"),
            ("\nPackage: two\n", "second paragraph"),
            ("Version: 1\n", "already"),
        ];
        for (added, want) in cases {
            let error = Stanza::of_binary(&format!("{HELLO}{added}"), &file()).expect_err(added);
            assert!(error.to_string().contains(want), "{added:?}: {error}");
        }
        for without in ["Package", "Version", "Architecture"] {
            let text = HELLO.replace(without, "X-Other");
            let error = Stanza::of_binary(&text, &file()).expect_err(without);
            assert!(error.to_string().contains(without), "{error}");
        }
    }

    #[test]
    fn stanzas_are_ordered_by_version_then_architecture() {
        let stanza = |version: &str, arch: &str| {
            let text = format!("Package: hello\nVersion: {version}\nArchitecture: {arch}\n");
            Stanza::of_binary(&text, &file()).expect(version)
        };
        let sorted = [
            stanza("1.0~rc1", "amd64"),
            stanza("1.0", "amd64"),
            stanza("1.0", "i386"),
            stanza("1.10", "amd64"),
            stanza("1:0.1", "amd64"),
        ];
        assert!(sorted.is_sorted());
    }

    #[test]
    fn a_source_is_listed_under_the_architecture_source() {
        let digest = Sha256::of(b"x");
        let text = format!(
            "Package: hello\nVersion: 1\nArchitecture: any all\nDirectory: pool/h\n\
             Checksums-Sha256:\n {digest} 7 hello_1.dsc\n {digest} 8 hello_1.tar.xz\n"
        );
        let stanza = Stanza::of_source(&text).expect("valid");
        assert_eq!(stanza.architecture(), &source());
        assert_eq!(stanza.text(), text);
        let files = files(&stanza).expect("fields");
        let found: Vec<_> = files.iter().map(|f| (f.path.as_str(), f.size)).collect();
        assert_eq!(
            found,
            [("pool/h/hello_1.dsc", 7), ("pool/h/hello_1.tar.xz", 8)]
        );
    }
}
