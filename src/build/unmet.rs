//! Build dependencies that are not installed, as dpkg-checkbuilddeps(1) says.

use std::time::Duration;

use super::observe::TOOL_PATH;
use super::plan::Scope;
use crate::model::Architecture;
use crate::sys::environment::Environment;
use crate::sys::files::{self, FileError};
use crate::sys::process::{Tool, ToolError};

/// What dpkg-checkbuilddeps misses, and what it minds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmet {
    /// Relations that do not hold, as they are written.
    pub dependencies: Vec<String>,
    /// Packages that must not be installed and are.
    pub conflicts: Vec<String>,
}

/// Why nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum UnmetError {
    /// The tool is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Its input could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<UnmetError> for super::observe::ObserveError {
    fn from(error: UnmetError) -> Self {
        match error {
            UnmetError::Tool(error) => Self::Tool(error),
            UnmetError::File(error) => Self::File(error),
        }
    }
}

impl Unmet {
    /// Tells whether a build can begin.
    pub fn is_empty(&self) -> bool {
        self.dependencies.is_empty() && self.conflicts.is_empty()
    }

    /// Returns everything for a person to read.
    pub fn shown(&self) -> String {
        let conflicts = self
            .conflicts
            .iter()
            .map(|name| format!("{name} (must be removed)"));
        let all: Vec<String> = self.dependencies.iter().cloned().chain(conflicts).collect();
        all.join(", ")
    }

    /// Returns the command that installs what is missing: the first of each
    /// alternative, by name.
    pub fn install_command(&self) -> Option<String> {
        let name = |relation: &String| {
            let end = relation
                .find([' ', '(', '|', ':', '['])
                .unwrap_or(relation.len());
            relation[..end].to_owned()
        };
        let names: Vec<String> = self.dependencies.iter().map(name).collect();
        (!names.is_empty()).then(|| format!("apt-get install {}", names.join(" ")))
    }
}

/// Which of a package's build dependencies matter.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is built.
    pub scope: Scope,
    /// What it is built for, in a cross build.
    pub host_architecture: Option<Architecture>,
    /// The build profiles.
    pub profiles: Vec<String>,
}

impl Question {
    /// Returns the arguments of dpkg-checkbuilddeps.
    fn arguments(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.scope.has_any() {
            words.push("-A".to_owned());
        }
        if !self.scope.has_all() {
            words.push("-B".to_owned());
        }
        if let Some(architecture) = &self.host_architecture {
            words.push(format!("-a{architecture}"));
        }
        if !self.profiles.is_empty() {
            words.push(format!("-P{}", self.profiles.join(",")));
        }
        words
    }
}

/// Asks dpkg-checkbuilddeps about a `debian/control`.
pub fn unmet(
    control: &[u8],
    question: &Question,
    environment: &Environment,
) -> Result<Unmet, UnmetError> {
    let directory = environment.temporary_directory();
    let staged = tempfile::NamedTempFile::new_in(&directory);
    let staged = staged.map_err(files::failed("write in", &directory))?;
    files::replace(staged.path(), control, files::Access::Private)?;
    let tool = Tool::new("dpkg-checkbuilddeps").args(question.arguments());
    let tool = tool.arg(staged.path());
    let tool = tool.env("PATH", TOOL_PATH).env("LC_ALL", "C.UTF-8");
    match tool.limit(Duration::from_secs(120)).output() {
        Ok(_) => Ok(Unmet::default()),
        Err(ToolError::Failed {
            code: Some(1),
            tail,
            ..
        }) if parse(&tail).is_some() => Ok(parse(&tail).unwrap_or_default()),
        Err(error) => Err(error.into()),
    }
}

fn parse(said: &str) -> Option<Unmet> {
    let mut found = Unmet::default();
    for line in said.lines() {
        let lower = line.to_ascii_lowercase();
        for (what, list) in [
            ("unmet build dependencies: ", &mut found.dependencies),
            ("build conflicts: ", &mut found.conflicts),
        ] {
            if let Some(at) = lower.find(what) {
                list.extend(relations(&line[at + what.len()..]));
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Splits `a b (>= 1) c | d` at the blanks between relations.
fn relations(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for word in text.split_whitespace() {
        let opens = word.starts_with('(') || word.starts_with('[') || word == "|";
        match found.last_mut() {
            Some(last) if goes_on || opens => {
                last.push(' ');
                last.push_str(word);
            }
            _ => found.push(word.to_owned()),
        }
        let open = |last: &String, a: char, b: char| {
            last.rfind(a).is_some_and(|at| !last[at..].contains(b))
        };
        goes_on = word == "|"
            || found
                .last()
                .is_some_and(|last| open(last, '(', ')') || open(last, '[', ']'));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_command() {
        let said = "dpkg-checkbuilddeps: error: Unmet build dependencies: debhelper-compat (= 13) \
                    libfoo-dev:native a | b (>= 2) c\n\
                    dpkg-checkbuilddeps: error: Build conflicts: d (<< 1)\n";
        let found = parse(said).expect("something");
        assert_eq!(
            found.dependencies,
            [
                "debhelper-compat (= 13)",
                "libfoo-dev:native",
                "a | b (>= 2)",
                "c"
            ]
        );
        assert_eq!(found.conflicts, ["d (<< 1)"]);
        assert_eq!(
            found.install_command().as_deref(),
            Some("apt-get install debhelper-compat libfoo-dev a c")
        );
        assert!(parse("dpkg-checkbuilddeps: error: cannot read x").is_none());
    }
}
