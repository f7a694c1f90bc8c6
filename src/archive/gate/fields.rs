//! What a package says of itself, against Debian Policy: names, versions and
//! architectures are held to it where they are read; here is the rest.
//!
//! | field | Policy | if not |
//! |---|---|---|
//! | `Maintainer`: a name and an address | 5.6.2 | refused |
//! | `Description`: a synopsis | 3.4, 5.6.13 | refused |
//! | relations: a list of them, `Provides` with `=` alone | 7.1, 7.5 | refused |
//! | `Built-Using`: with `=` alone | 7.8 | refused |
//! | `Multi-Arch`: a known value, not `same` for `all` | deb-control(5) | refused |
//! | `Section`, `Priority`: known ones | 2.4, 2.5 | told |
//! | file name: what the control file says | deb(7), dpkg-name(1) | told |

use std::path::Path;

use crate::archive::candidate::{Binary, Candidate};
use crate::format::control::{MultiArch, MultiArchError, is_maintainer};
use crate::format::deb822::Paragraph;
use crate::format::relation::{Alternative, Clause, Form, Operator, field_relations};
use crate::model::Finding;
use crate::model::finding::with_causes;

/// The sections of Debian's archive (Debian Policy 2.4), and those that only
/// its infrastructure uses.
const SECTIONS: &[&str] = &[
    "admin",
    "cli-mono",
    "comm",
    "database",
    "debian-installer",
    "debug",
    "devel",
    "doc",
    "editors",
    "education",
    "electronics",
    "embedded",
    "fonts",
    "games",
    "gnome",
    "gnu-r",
    "gnustep",
    "graphics",
    "hamradio",
    "haskell",
    "httpd",
    "interpreters",
    "introspection",
    "java",
    "javascript",
    "kde",
    "kernel",
    "libdevel",
    "libs",
    "lisp",
    "localization",
    "mail",
    "math",
    "metapackages",
    "misc",
    "net",
    "news",
    "ocaml",
    "oldlibs",
    "otherosfs",
    "perl",
    "php",
    "python",
    "raku",
    "ruby",
    "rust",
    "science",
    "shells",
    "sound",
    "tasks",
    "tex",
    "text",
    "translations",
    "utils",
    "vcs",
    "video",
    "web",
    "x11",
    "xfce",
    "zope",
];

/// The priorities (Debian Policy 2.5); `extra` is the old word for `optional`.
const PRIORITIES: &[&str] = &["required", "important", "standard", "optional", "extra"];

/// The fields of relations, and which of their relations must say which version
/// exactly.
const RELATIONS: &[(&str, Exactly)] = &[
    ("Pre-Depends", Exactly::Free),
    ("Depends", Exactly::Free),
    ("Recommends", Exactly::Free),
    ("Suggests", Exactly::Free),
    ("Enhances", Exactly::Free),
    ("Conflicts", Exactly::Free),
    ("Breaks", Exactly::Free),
    ("Replaces", Exactly::Free),
    ("Provides", Exactly::IfAtAll),
    ("Built-Using", Exactly::Always),
    ("Static-Built-Using", Exactly::Always),
];

/// Whether a relation names one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exactly {
    /// It may say what it likes.
    Free,
    /// If it names a version, then with `=`.
    IfAtAll,
    /// It names a version, with `=`.
    Always,
}

/// Says what is wrong with a candidate's fields, or unusual.
pub(in crate::archive) fn findings(candidate: &Candidate) -> Vec<Finding> {
    let mut found = Judge {
        subject: candidate.subject(),
        findings: Vec::new(),
    };
    match candidate {
        Candidate::Binary(binary) => found.binary(binary),
        Candidate::Source(source) => found.maintainer(&source.dsc.maintainer),
    }
    found.findings
}

struct Judge {
    subject: String,
    findings: Vec<Finding>,
}

impl Judge {
    fn refuse(&mut self, rule: &'static str, message: String, fix: &str) {
        let finding = Finding::error(rule, self.subject.as_str(), message);
        self.findings.push(finding.fix(fix));
    }

    fn tell(&mut self, rule: &'static str, message: String, fix: &str) {
        let finding = Finding::warning(rule, self.subject.as_str(), message);
        self.findings.push(finding.fix(fix));
    }

    fn binary(&mut self, binary: &Binary) {
        let control = &binary.control;
        self.maintainer(&control.maintainer);
        if control.synopsis.trim().is_empty() {
            let message = "its Description has no synopsis (Debian Policy 3.4.1)";
            let fix = "say in one line what the package is";
            self.refuse("no-synopsis", message.to_owned(), fix);
        }
        let fields = control.paragraph();
        for (name, exactly) in RELATIONS {
            self.relations(&fields, name, *exactly);
        }
        self.multi_arch(&fields, control.architecture.is_all());
        self.usual(binary);
        self.file_name(&binary.origin, &control.file_name());
    }

    fn maintainer(&mut self, text: &str) {
        if !is_maintainer(text.trim()) {
            let message = format!(
                "its Maintainer is “{text}”, expected a name and an address (Debian Policy 5.6.2)"
            );
            let fix = "write it as Name <mail@example.org>";
            self.refuse("invalid-maintainer", message, fix);
        }
    }

    fn relations(&mut self, fields: &Paragraph<'_>, name: &'static str, exactly: Exactly) {
        let Some(field) = fields.field(name) else {
            return;
        };
        let clauses = match field_relations(field, Form::Settled) {
            Ok(clauses) => clauses,
            Err(error) => {
                let message = format!(
                    "apt and dpkg cannot read its {name} (Debian Policy 7.1): {}",
                    with_causes(&error)
                );
                return self.refuse("invalid-relation", message, "build it with a valid list");
            }
        };
        if let Some(clause) = clauses.iter().find(|clause| !is_exact(clause, exactly)) {
            let section = match exactly {
                Exactly::Always => "7.8",
                Exactly::Free | Exactly::IfAtAll => "7.5",
            };
            let message = format!(
                "its {name} has “{clause}”, expected = and a version (Debian Policy {section})"
            );
            self.refuse("invalid-relation", message, "name the version with =");
        }
    }

    fn multi_arch(&mut self, fields: &Paragraph<'_>, for_all: bool) {
        let fix = "use same, foreign, allowed, or leave the field out";
        match fields.get("Multi-Arch") {
            None | Some("no") => {}
            Some(text) => match text.parse() {
                Ok(MultiArch::Same) if for_all => {
                    let message = "dpkg refuses Multi-Arch: same for the architecture all";
                    self.refuse("invalid-multi-arch", message.to_owned(), fix);
                }
                Ok(_) => {}
                Err(error) => {
                    self.refuse("invalid-multi-arch", MultiArchError::to_string(&error), fix);
                }
            },
        }
    }

    fn usual(&mut self, binary: &Binary) {
        let control = &binary.control;
        if let Some(section) = &control.section {
            let own = section.rsplit('/').next().unwrap_or_default();
            if !SECTIONS.contains(&own) {
                let message =
                    format!("its Section “{section}” is none of Debian's (Debian Policy 2.4)");
                self.tell(
                    "unknown-section",
                    message,
                    "use one of Debian's sections, such as misc",
                );
            }
        }
        if let Some(priority) = control
            .priority
            .as_deref()
            .filter(|p| !PRIORITIES.contains(p))
        {
            let message = format!("its Priority “{priority}” is not known (Debian Policy 2.5)");
            self.tell("unknown-priority", message, "use optional");
        }
    }

    /// A file whose name says another package or version than is in it was
    /// likely taken for another one. Names of any other form say nothing.
    fn file_name(&mut self, origin: &Path, own: &str) {
        let Some(name) = origin.file_name().and_then(|name| name.to_str()) else {
            return;
        };
        let stem = |name: &str| name.strip_suffix(".deb").map(str::to_owned);
        let (Some(found), Some(wanted)) = (stem(&name.replace("%3a", ":")), stem(own)) else {
            return;
        };
        let (found, wanted): (Vec<_>, Vec<_>) =
            (found.split('_').collect(), wanted.split('_').collect());
        let ([name, version, architecture], [own_name, own_version, own_architecture]) =
            (&found[..], &wanted[..])
        else {
            return;
        };
        let version = version.split_once(':').map_or(*version, |(_, rest)| rest);
        if (*name, version, *architecture) != (*own_name, *own_version, *own_architecture) {
            let message = format!("it came as {}, which names another one", origin.display());
            let fix = "look whether it is the package you mean (dpkg-name(1) renames files)";
            self.tell("misleading-file-name", message, fix);
        }
    }
}

fn is_exact(clause: &Clause, exactly: Exactly) -> bool {
    let [Alternative::Relation(relation)] = &clause.alternatives[..] else {
        return exactly == Exactly::Free;
    };
    match (exactly, &relation.version) {
        (Exactly::Free, _) | (Exactly::IfAtAll, None) => true,
        (Exactly::IfAtAll | Exactly::Always, Some((Operator::Equal, _))) => true,
        (Exactly::IfAtAll, Some(_)) | (Exactly::Always, _) => false,
    }
}
