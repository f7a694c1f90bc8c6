//! A stanza that another program wrote, and the files it promises.

use crate::format::deb822::{Paragraph, Syntax, paragraph};
use crate::format::index::{self, Kind, Stanza};
use crate::model::{Architecture, ArchivePath, FileDigests};

use super::release::{Digest, Listed};

/// A file that a stanza promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is, below the archive's root.
    pub path: ArchivePath,
    /// What it must be.
    pub listed: Listed,
}

/// A stanza as it was found, and what it promises.
#[derive(Debug, Clone)]
pub struct ForeignStanza {
    kind: Kind,
    text: String,
    /// How findings name it.
    pub subject: String,
    /// Its files.
    pub wanted: Vec<Wanted>,
}

impl ForeignStanza {
    /// Reads a stanza. `below` is the directory, below the archive's root,
    /// that its paths begin in; empty for the root itself.
    pub fn parse(text: &str, kind: Kind, below: &str) -> Result<Self, String> {
        let told = |error: &dyn std::error::Error| crate::model::finding::with_causes(error);
        let fields = paragraph(text.as_bytes(), Syntax::Generated).map_err(|e| told(&e))?;
        let get = |name: &str| fields.get(name).filter(|value| !value.is_empty());
        let need = |name: &str| get(name).ok_or_else(|| format!("it has no field {name}"));
        let subject = format!("{} {}", need("Package")?, need("Version")?);
        let mut text = fields.text().trim_end_matches('\n').to_owned() + "\n";
        let wanted = match kind {
            Kind::Packages => {
                let written = need("Filename")?;
                let path = of_package(plain(below, written)?)?;
                if path.as_str() != written {
                    text = with_field(&text, "Filename", path.as_str());
                }
                let size = need("Size")?.parse();
                let size = size.map_err(|_| "its Size is no number".to_owned())?;
                let digests = ["SHA256", "SHA1", "MD5sum"];
                let digest = digests.iter().find_map(|name| Digest::parse(get(name)?));
                let digest = digest.ok_or("it has no digest of its file")?;
                let listed = Listed { size, digest };
                vec![Wanted { path, listed }]
            }
            Kind::Sources => {
                let written = get("Directory").unwrap_or(".");
                let directory = plain(below, written);
                let directory = directory.map_err(|_| {
                    "its files are in the archive's root, where no source package can be".to_owned()
                })?;
                if directory.as_str() != written {
                    text = with_field(&text, "Directory", directory.as_str());
                }
                files(&fields, &directory)?
            }
        };
        Ok(Self {
            kind,
            text,
            subject,
            wanted,
        })
    }

    /// Returns the architecture that it names.
    pub fn architecture(&self) -> Option<Architecture> {
        let fields = paragraph(self.text.as_bytes(), Syntax::Generated).ok()?;
        fields.parse("Architecture").ok()
    }

    /// Returns the stanza, with the digests that it lacked. `found` are those of
    /// its files, in their order.
    pub fn complete(&self, found: &[FileDigests]) -> Result<Stanza, String> {
        let mut text = self.text.clone();
        let fields = paragraph(self.text.as_bytes(), Syntax::Generated);
        let fields = fields.map_err(|error| error.to_string())?;
        match (self.kind, found) {
            (Kind::Packages, [file]) if fields.get("SHA256").is_none() => {
                text += &format!("SHA256: {}\n", file.sha256);
            }
            (Kind::Sources, files) if fields.get("Checksums-Sha256").is_none() => {
                text += "Checksums-Sha256:\n";
                for (file, wanted) in files.iter().zip(&self.wanted) {
                    let name = wanted.path.as_str().rsplit('/').next().unwrap_or_default();
                    text += &format!(" {} {} {name}\n", file.sha256, file.size);
                }
            }
            _ => {}
        }
        let told = |error: &dyn std::error::Error| crate::model::finding::with_causes(error);
        let mut stanzas = index::parse(text.as_bytes(), self.kind).map_err(|e| told(&e))?;
        let stanza = stanzas.pop().ok_or("it is empty")?;
        // What clients are told is what was checked.
        let promised = index::files(&stanza).map_err(|e| told(&e))?;
        match promised
            .iter()
            .map(|f| &f.path)
            .eq(self.wanted.iter().map(|w| &w.path))
        {
            true => Ok(stanza),
            false => Err("its lists of files contradict each other".to_owned()),
        }
    }
}

/// Reads the files of a source package, by the strongest list that is there.
fn files(fields: &Paragraph<'_>, directory: &ArchivePath) -> Result<Vec<Wanted>, String> {
    let lists = ["Checksums-Sha256", "Checksums-Sha1", "Files"];
    let list = lists.iter().find_map(|name| fields.field(name));
    let list = list.ok_or("it lists no files")?;
    let mut wanted = Vec::new();
    for (_, line) in list.lines().filter(|(_, line)| !line.is_empty()) {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let refuse = || format!("“{line}” is no digest, size and name");
        let [digest, size, name] = words[..] else {
            return Err(refuse());
        };
        let (Some(digest), Ok(size)) = (Digest::parse(digest), size.parse()) else {
            return Err(refuse());
        };
        let path = ArchivePath::new(format!("{directory}/{name}"));
        let path = path.map_err(|error| error.to_string())?;
        wanted.push(Wanted {
            path: of_package(path)?,
            listed: Listed { size, digest },
        });
    }
    Ok(wanted)
}

/// Writes a path as archives have it: without `.`, and from the root on.
fn plain(below: &str, written: &str) -> Result<ArchivePath, String> {
    let parts = below.split('/').chain(written.split('/'));
    let parts: Vec<_> = parts
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    ArchivePath::new(parts.join("/")).map_err(|error| error.to_string())
}

/// Returns the path of a package's file. What would lie where an archive has its
/// state, its indices or its pages is none: whoever wrote the stanza would write
/// these. Packages below `dists/` are an old custom, and nothing of ours has
/// their names.
fn of_package(path: ArchivePath) -> Result<ArchivePath, String> {
    let text = path.as_str();
    let endings = [".deb", ".udeb", ".dsc", ".diff.gz"];
    let name = text.rsplit('/').next().unwrap_or_default();
    let is_free = match text.split('/').next().unwrap_or_default() {
        "dists" => endings.iter().any(|e| name.ends_with(e)) || name.contains(".tar."),
        "pages" | "index.html" => false,
        first => !first.starts_with('.'),
    };
    match is_free {
        true => Ok(path),
        false => Err(format!("{path} is no place for a package's file")),
    }
}

/// Replaces the value of a field that has one line, or adds it.
fn with_field(text: &str, name: &str, value: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut there = false;
    for line in text.split_inclusive('\n') {
        let own = line
            .split_once(':')
            .is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        if own && !line.starts_with([' ', '\t']) {
            there = true;
            out += &format!("{name}: {value}\n");
        } else {
            out += line;
        }
    }
    if !there {
        out += &format!("{name}: {value}\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB: &str = "Package: hello\nVersion: 1.0\nArchitecture: all\nSection: games\n\
        Task: a\n b\nFilename: ./pool//hello.deb\nSize: 5\nMD5sum: \
        5d41402abc4b2a76b9719d911017c592\nPhased-Update-Percentage: 20\n";

    #[test]
    fn fields_stay_and_the_path_is_plain() {
        let found = ForeignStanza::parse(DEB, Kind::Packages, "").expect("a stanza");
        assert_eq!(found.wanted[0].path.as_str(), "pool/hello.deb");
        let digests = FileDigests::of(b"hello");
        assert!(found.wanted[0].listed.digest.is_of(&digests));
        let stanza = found
            .complete(std::slice::from_ref(&digests))
            .expect("complete");
        let want = DEB.replace("./pool//", "pool/") + &format!("SHA256: {}\n", digests.sha256);
        assert_eq!(stanza.text(), want);
        let flat = ForeignStanza::parse(DEB, Kind::Packages, "debs").expect("a stanza");
        assert_eq!(flat.wanted[0].path.as_str(), "debs/pool/hello.deb");
        // What is complete stays byte for byte.
        let whole = want.clone() + "\n";
        let again = ForeignStanza::parse(&whole, Kind::Packages, "").expect("a stanza");
        assert_eq!(again.complete(&[digests]).expect("complete").text(), want);
    }

    #[test]
    fn source_packages_get_the_list_they_lack() {
        let dsc = "Package: hello\nVersion: 1.0\nDirectory: pool/main/h/hello\nFiles:\n \
            5d41402abc4b2a76b9719d911017c592 5 hello_1.0.dsc\n";
        let found = ForeignStanza::parse(dsc, Kind::Sources, "").expect("a stanza");
        let digests = FileDigests::of(b"hello");
        let stanza = found
            .complete(std::slice::from_ref(&digests))
            .expect("complete");
        let line = format!("Checksums-Sha256:\n {} 5 hello_1.0.dsc\n", digests.sha256);
        assert!(stanza.text().ends_with(&line), "{}", stanza.text());
        let root = dsc.replace("pool/main/h/hello", ".");
        assert!(ForeignStanza::parse(&root, Kind::Sources, "").is_err());
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for path in ["../x.deb", "/../x", "pool/../../x", "a b.deb"] {
            let text = DEB.replace("./pool//hello.deb", path);
            assert!(
                ForeignStanza::parse(&text, Kind::Packages, "").is_err(),
                "{path}"
            );
        }
    }

    #[test]
    fn paths_of_the_archive_itself_are_refused() {
        let deb = |path: &str| {
            let text = DEB.replace("./pool//hello.deb", path);
            ForeignStanza::parse(&text, Kind::Packages, "")
        };
        for path in [
            ".debcut/suites/evil/head",
            "./.debcut//suites/stable/pins/p",
            "dists/x/InRelease",
            "dists/x/main/binary-amd64/Packages.gz",
            "index.html",
            "pages/state.json",
            ".htaccess",
        ] {
            let why = deb(path).expect_err(path);
            assert!(why.contains("no place for a package"), "{path}: {why}");
        }
        for path in ["hello.deb", "dists/stable/main/binary-amd64/hello.deb"] {
            assert!(deb(path).is_ok(), "{path}");
        }
        let source = |directory: &str, name: &str| {
            let text = format!(
                "Package: hello\nVersion: 1.0\nDirectory: {directory}\nFiles:\n \
                 5d41402abc4b2a76b9719d911017c592 5 {name}\n"
            );
            ForeignStanza::parse(&text, Kind::Sources, "")
        };
        assert!(source(".debcut/suites/evil", "head").is_err());
        assert!(source("dists/evil", "InRelease").is_err());
        assert!(source("dists/evil", "hello_1.0.tar.xz").is_ok());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(at in 0..DEB.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
            let end = (at + len).min(DEB.len());
            let text = format!("{}{with}{}", &DEB[..at], &DEB[end..]);
            if let Ok(found) = ForeignStanza::parse(&text, Kind::Packages, "") {
                let _ = found.complete(&[FileDigests::of(b"hello")]);
            }
        }
    }
}
