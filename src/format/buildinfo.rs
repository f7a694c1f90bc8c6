//! What a build was made with and what came out: deb-buildinfo(5), format 1.0.
//!
//! Holds the record, and reads and writes it as dpkg-genbuildinfo(1) does. Knows
//! nothing of signatures (text with one is refused) and nothing of how the
//! environment was found out.

use std::collections::BTreeMap;
use std::fmt;

use super::changes::{require_format, source_field, spaced};
use super::checksums::{ListedFile, Md5Field, listed_files, write_checksums, write_digests};
use super::control::binary::source_of;
use super::deb822::{Deb822Error, Paragraph, ParagraphWriter, Syntax, WriteError, paragraph};
use super::relation::{Alternative, Clause, Form, Operator, field_relations};
use super::version::Version;
use crate::model::{Architecture, PackageName, Timestamp};

/// The record of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buildinfo {
    /// The source package's name.
    pub source: PackageName,
    /// Its version; differs from `version` in a binary-only build.
    pub source_version: Version,
    /// The binary packages that were built; none in a build of source alone.
    pub binaries: Vec<PackageName>,
    /// The architectures of the files, `source` among them if it is there.
    pub architectures: Vec<Architecture>,
    /// The version of what was built.
    pub version: Version,
    /// The lines of `Binary-Only-Changes`, the empty one beside the field's
    /// name first; none unless this is a rebuild.
    pub binary_only_changes: Vec<String>,
    /// What came out; never empty.
    pub files: Vec<ListedFile>,
    /// The distribution it was built on (`Debian`).
    pub build_origin: Option<String>,
    /// The architecture it was built on.
    pub build_architecture: Architecture,
    /// When it was built; written in UTC.
    pub build_date: Timestamp,
    /// The kernel it was built on, where somebody wants that known.
    pub build_kernel_version: Option<String>,
    /// The directory it was built in, where its name matters.
    pub build_path: Option<String>,
    /// What makes the result doubtful (`usr-local-has-programs`).
    pub tainted_by: Vec<String>,
    /// The packages that were installed and may matter.
    pub installed: Vec<Installed>,
    /// The environment variables that may matter.
    pub environment: BTreeMap<String, String>,
}

/// A package that was installed during a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Installed {
    /// Its name.
    pub package: PackageName,
    /// Its architecture, where it is not the build's.
    pub architecture: Option<Architecture>,
    /// Its version.
    pub version: Version,
}

impl Buildinfo {
    /// Reads the bytes of a `.buildinfo` whose signature was taken off.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let found = paragraph(bytes, Syntax::Generated)?;
        require_format(&found)?;
        let version: Version = found.parse("Version")?;
        let (source, source_version) = source_of(found.require("Source")?, &version)?;
        let text = |name| found.get(name).map(str::to_owned);
        let date = found.require("Build-Date")?;
        let changes = found.field("Binary-Only-Changes");
        let changes = changes.map(|field| field.lines().map(|(_, line)| line.to_owned()));
        Ok(Self {
            binaries: found.parse_words("Binary")?,
            architectures: found.require("Architecture")?.parse_words()?,
            binary_only_changes: changes.map_or(Vec::new(), Iterator::collect),
            files: listed_files(&found, Md5Field::ChecksumsMd5)?,
            build_origin: text("Build-Origin"),
            build_architecture: found.parse("Build-Architecture")?,
            build_date: Timestamp::parse_rfc2822(date.value())
                .map_err(|error| date.invalid(date.line(), date.value(), error))?,
            build_kernel_version: text("Build-Kernel-Version"),
            build_path: text("Build-Path"),
            tainted_by: found.parse_words("Build-Tainted-By")?,
            installed: installed(&found)?,
            environment: environment(&found)?,
            source,
            source_version,
            version,
        })
    }

    /// Writes the text of the `.buildinfo`, byte for byte as dpkg-genbuildinfo
    /// would in UTC.
    pub fn text(&self) -> Result<String, WriteError> {
        let mut to = ParagraphWriter::default();
        let source = source_field(&self.source, &self.source_version, &self.version);
        to.field("Format", "1.0")?.field("Source", &source)?;
        if !self.binaries.is_empty() {
            to.field("Binary", &spaced(&self.binaries))?;
        }
        to.field("Architecture", &spaced(&self.architectures))?
            .field("Version", self.version.as_str())?;
        if !self.binary_only_changes.is_empty() {
            to.lines("Binary-Only-Changes", &self.binary_only_changes)?;
        }
        let files: Vec<_> = self.files.iter().collect();
        write_digests(&mut to, "Checksums-Md5", &files, |f| f.digests.md5.clone())?;
        write_checksums(&mut to, &files)?;
        to.optional("Build-Origin", self.build_origin.as_deref())?
            .field("Build-Architecture", self.build_architecture.as_str())?
            .field("Build-Date", &self.build_date.rfc2822())?
            .optional("Build-Kernel-Version", self.build_kernel_version.as_deref())?
            .optional("Build-Path", self.build_path.as_deref())?;
        if !self.tainted_by.is_empty() {
            to.lines("Build-Tainted-By", below(self.tainted_by.iter().cloned()))?;
        }
        let last = self.installed.len().saturating_sub(1);
        let installed = self.installed.iter().enumerate().map(|(at, package)| {
            let comma = if at == last { "" } else { "," };
            format!("{package}{comma}")
        });
        to.lines("Installed-Build-Depends", below(installed))?;
        if !self.environment.is_empty() {
            let mut lines = Vec::new();
            for (name, value) in &self.environment {
                lines.push(variable(name, value)?);
            }
            to.lines("Environment", below(lines.into_iter()))?;
        }
        Ok(to.finish())
    }
}

impl fmt::Display for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.package)?;
        if let Some(architecture) = &self.architecture {
            write!(f, ":{architecture}")?;
        }
        write!(f, " (= {})", self.version)
    }
}

/// Lines that all stand below the field's name.
fn below(lines: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    std::iter::once(String::new()).chain(lines)
}

fn installed(found: &Paragraph<'_>) -> Result<Vec<Installed>, Deb822Error> {
    // Required, but empty where nothing was used.
    let missing = Deb822Error::Missing {
        line: found.line(),
        field: "Installed-Build-Depends",
    };
    let field = found.field("Installed-Build-Depends").ok_or(missing)?;
    let clauses = field_relations(field, Form::Settled)?;
    let exact = clauses.iter().map(|clause| {
        exact(clause).ok_or_else(|| {
            let error = "expected one package and its exact version";
            field.invalid(field.line(), &clause.to_string(), error)
        })
    });
    exact.collect()
}

fn exact(clause: &Clause) -> Option<Installed> {
    let [Alternative::Relation(relation)] = &clause.alternatives[..] else {
        return None;
    };
    let (Operator::Equal, version) = relation.version.as_ref()? else {
        return None;
    };
    let qualifier = relation.qualifier.as_ref();
    Some(Installed {
        package: relation.name.clone(),
        architecture: qualifier.map(Architecture::new).transpose().ok()?,
        version: version.clone(),
    })
}

// ── Environment: `NAME="value"`, with `"` and `\` escaped ───────────────────

fn is_variable_name(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_graphic() && !b"=\"\\".contains(&b);
    !name.is_empty() && name.bytes().all(known)
}

fn variable(name: &str, value: &str) -> Result<String, WriteError> {
    if !is_variable_name(name) || value.contains(char::is_control) {
        return Err(WriteError::Value {
            field: "Environment".to_owned(),
            found: format!("{name}={value}"),
            rule: "a variable has a plain name and a value on one line",
        });
    }
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("{name}=\"{value}\""))
}

fn environment(found: &Paragraph<'_>) -> Result<BTreeMap<String, String>, Deb822Error> {
    let mut variables = BTreeMap::new();
    let Some(field) = found.field("Environment") else {
        return Ok(variables);
    };
    for (number, line) in field.lines().filter(|(_, line)| !line.is_empty()) {
        let parts = line
            .split_once('=')
            .filter(|(name, _)| is_variable_name(name));
        let parts = parts.and_then(|(name, quoted)| Some((name, unquoted(quoted)?)));
        let Some((name, value)) = parts else {
            let error = "expected NAME=\"value\", with \\ before \\ and \"";
            return Err(field.invalid(number, line, error));
        };
        if variables.insert(name.to_owned(), value).is_some() {
            return Err(field.invalid(number, name, "the variable is there twice"));
        }
    }
    Ok(variables)
}

fn unquoted(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => value.push(letters.next().filter(|next| "\\\"".contains(*next))?),
            other => value.push(other),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HELLO: &str = include_str!("../../fixtures/debian/hello_2.10-3_amd64.buildinfo");

    #[test]
    fn a_real_file_is_read_and_written_byte_for_byte() {
        let found = Buildinfo::parse(HELLO.as_bytes()).expect("hello");
        assert_eq!(found.text().expect("text"), HELLO);
        assert_eq!(found.build_origin.as_deref(), Some("Debian"));
        assert_eq!(found.files.len(), 3);
        assert_eq!(found.tainted_by.len(), 4);
        assert_eq!(found.installed[1].to_string(), "automake (= 1:1.16.5-1.3)");
        let epoch = found.environment.get("SOURCE_DATE_EPOCH");
        assert_eq!(epoch.map(String::as_str), Some("1672068600"));
    }

    /// The smallest record: a package that was declared, nothing installed.
    #[test]
    fn dpkg_reads_a_record_without_packages() {
        let mut info = Buildinfo::parse(HELLO.as_bytes()).expect("hello");
        info.installed = Vec::new();
        info.tainted_by = Vec::new();
        info.build_path = Some("/build/hello-2.10".to_owned());
        info.environment = BTreeMap::from([("A".to_owned(), "x \"y\" \\z".to_owned())]);
        let text = info.text().expect("text");
        assert!(
            text.contains("\nInstalled-Build-Depends:\nEnvironment:\n A=\"x \\\"y\\\" \\\\z\"\n"),
            "{text}"
        );
        assert_eq!(
            Buildinfo::parse(text.as_bytes()).expect("what we wrote"),
            info
        );

        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.buildinfo");
        std::fs::write(&path, &text).expect("a file");
        let program = "use Dpkg::Control; use Dpkg::Checksums; \
            my $c = Dpkg::Control->new(type => CTRL_FILE_BUILDINFO); $c->load($ARGV[0]); \
            my $s = Dpkg::Checksums->new(); $s->add_from_control($c); \
            print join '|', $c->{Source}, $c->{'Build-Path'}, $c->{Environment}, scalar($s->get_files())";
        let output = std::process::Command::new("perl")
            .args(["-e", program])
            .arg(&path)
            .output()
            .expect("cannot run perl: install the packages perl and libdpkg-perl");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "hello|/build/hello-2.10|\nA=\"x \\\"y\\\" \\\\z\"|3"
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (from, to, want) in [
            (
                "Format: 1.0",
                "Format: 0.2",
                "line 1: field Format: “0.2” is not valid",
            ),
            (
                "Build-Architecture: amd64\n",
                "",
                "line 1: the paragraph has no value for field Build-Architecture",
            ),
            (
                "Installed-Build-Depends",
                "X",
                "line 1: the paragraph has no value for field Installed-Build-Depends",
            ),
            (
                "Build-Date: Sat",
                "Build-Date: Sun",
                "line 20: field Build-Date: “Sun, 21 Nov 2026 11:37:06 +0000” is not valid",
            ),
            (
                " autoconf (= 2.71-3),",
                " autoconf (>= 2.71-3),",
                "line 26: field Installed-Build-Depends: “autoconf (>= 2.71-3)” is not valid",
            ),
            (
                " autoconf (= 2.71-3),",
                " autoconf 2.71-3,",
                "line 27: field Installed-Build-Depends: “autoconf 2.71-3” is not valid",
            ),
            (
                "Checksums-Md5:\n",
                "Checksums-Md5:\n x 1 y\n",
                "line 7: field Checksums-Md5: “x” is not valid",
            ),
        ] {
            let error = Buildinfo::parse(HELLO.replacen(from, to, 1).as_bytes()).expect_err(to);
            assert_eq!(error.to_string(), want);
        }
        for line in [
            "A=x",
            "A=\"x",
            "A=\"x\"y\"",
            "A=\"\\n\"",
            "=\"x\"",
            "A=\"x\"\n A=\"y\"",
        ] {
            let text = HELLO.replace("LANG=\"C.UTF-8\"", line);
            assert!(Buildinfo::parse(text.as_bytes()).is_err(), "{line}");
        }
        let mut info = Buildinfo::parse(HELLO.as_bytes()).expect("hello");
        info.environment.insert("A".to_owned(), "x\ny".to_owned());
        assert!(info.text().is_err());
    }

    proptest! {
        #[test]
        fn any_value_survives_quoting(value in "[ -~é]{0,20}") {
            let line = variable("A", &value).expect("one line");
            prop_assert_eq!(unquoted(&line["A=".len()..]), Some(value));
        }

        #[test]
        fn any_change_is_refused_or_read(at in 0..HELLO.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
            let end = (at + len).min(HELLO.len());
            let text = format!("{}{with}{}", &HELLO[..at], &HELLO[end..]);
            if let Ok(found) = Buildinfo::parse(text.as_bytes()) {
                let written = found.text().expect("what was read can be written");
                prop_assert_eq!(Buildinfo::parse(written.as_bytes()).expect("what we wrote"), found);
            }
        }
    }
}
