//! The sample project: a small history, committed and tagged as it was.

use std::path::Path;

use crate::flow::FlowError;
use crate::flow::signing::{self, KeyWanted};
use crate::model::{TagName, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::git::{Author, NewFile, Repository, tag_object};

/// Who has written the sample project.
pub const AUTHOR: (&str, &str) = ("Sam Ple", "sam@example.org");

/// The tag that the demo builds.
const TAG: &str = "v1.2.0";

struct Step {
    message: &'static str,
    date: &'static str,
    files: &'static [NewFile<'static>],
    tag: Option<&'static str>,
}

macro_rules! file {
    ($path:literal, $fixture:literal) => {
        NewFile {
            path: $path,
            content: include_str!(concat!("../../../fixtures/demo/", $fixture)),
            executable: false,
        }
    };
    ($path:literal, $fixture:literal, executable) => {
        NewFile {
            executable: true,
            ..file!($path, $fixture)
        }
    };
}

const fn version(content: &'static str) -> NewFile<'static> {
    NewFile {
        path: "VERSION",
        content,
        executable: false,
    }
}

const HISTORY: &[Step] = &[
    Step {
        message: "feat: greet whoever is named",
        date: "2026-03-02T09:14:00Z",
        files: &[
            file!("bin/hail", "hail-1", executable),
            file!("README.md", "README.md"),
            file!("LICENSE", "LICENSE"),
            version("1.0.0\n"),
        ],
        tag: Some("v1.0.0"),
    },
    Step {
        message: "feat: read the greeting from a configuration file",
        date: "2026-05-19T15:40:00Z",
        files: &[
            file!("bin/hail", "hail-2", executable),
            file!("etc/hail.conf", "hail.conf"),
            version("1.1.0\n"),
        ],
        tag: Some("v1.1.0"),
    },
    Step {
        message: "build: describe the Debian package",
        date: "2026-08-27T08:03:00Z",
        files: &[file!("debcut.toml", "debcut.toml")],
        tag: None,
    },
    Step {
        message: "fix: greet the world when nobody is named",
        date: "2026-09-11T17:22:00Z",
        files: &[file!("bin/hail", "hail-3", executable), version("1.2.0\n")],
        tag: Some(TAG),
    },
];

/// Writes the project with its signed tags, unless it is there; returns the
/// tag to build.
pub fn create(
    directory: &Path,
    environment: &Environment,
    now: Timestamp,
) -> Result<String, FlowError> {
    if directory.is_dir() {
        let repository = Repository::discover(directory)?;
        if repository.tag(TAG).is_ok() {
            return Ok(TAG.to_owned());
        }
        // A demo that was stopped half-way begins its project again.
        crate::sys::files::remove_tree(directory)?;
    }
    let choice = signing::chosen(environment, &KeyWanted::Usual, None, now)?;
    let signer = signing::unlocked(choice, now, &mut |_| Ok(None))?;
    let signer = signer.ok_or(FlowError::UnsignedArchive)?;
    let repository = Repository::init(directory)?;
    let (name, email) = AUTHOR;
    for step in HISTORY {
        let date = Timestamp::parse_rfc3339(step.date).expect("a constant date");
        let author = Author { name, email, date };
        let commit = repository.commit_files(author, step.message, step.files)?;
        let Some(tag) = step.tag else { continue };
        let tag = TagName::new(tag).expect("a constant tag");
        let message = format!("hail {}", tag.as_str().trim_start_matches('v'));
        let object = tag_object(&tag, &commit, &format!("{name} <{email}>"), now, &message);
        let signature = signer.detach_sign(object.as_bytes(), now)?;
        repository.write_tag(&tag, format!("{object}{signature}").as_bytes())?;
    }
    Ok(TAG.to_owned())
}
