//! The checks that a build has to pass before its artifacts are anybody's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Bench, BuildError, name_of};
use crate::build::gates::{Gate, LintianLevel, Passed, lintian_findings};
use crate::model::Finding;
use crate::sys::files;
use crate::sys::process::{Tool, ToolError};

impl Bench<'_> {
    /// Runs every check of the plan on finished files; the findings of those
    /// that are not passed come back as one refusal.
    pub(super) fn gates(&mut self, made: &[PathBuf]) -> Result<Gates, BuildError> {
        let mut all = Gates::default();
        for gate in &self.plan.gates {
            self.begin(match gate {
                Gate::Lintian { .. } => "checking (lintian)",
                Gate::Autopkgtest => "testing (autopkgtest)",
                Gate::Piuparts { .. } => "installing and removing",
            })?;
            let (tool, findings) = match gate {
                Gate::Lintian { fail_on } => self.lintian(made, *fail_on)?,
                Gate::Autopkgtest => self.autopkgtest(made)?,
                Gate::Piuparts { published } => self.piuparts(made, published)?,
            };
            let remark = |finding: &Finding| format!("{}: {}", finding.subject, finding.message);
            let passed = Passed {
                gate: gate.clone(),
                tool,
                remarks: findings.iter().map(remark).collect(),
            };
            all.findings.extend(findings);
            all.passed.push(passed);
        }
        match all.findings.iter().any(Finding::is_error) {
            true => Err(BuildError::Refused {
                findings: all.findings,
            }),
            false => Ok(all),
        }
    }

    fn lintian(
        &mut self,
        made: &[PathBuf],
        fail_on: LintianLevel,
    ) -> Result<(String, Vec<Finding>), BuildError> {
        let changes = upload_of(made)?;
        let work = self.work();
        let mut words = vec!["--no-cfg", "--tag-display-limit", "0", "--fail-on", "none"];
        if fail_on == LintianLevel::Info {
            words.push("--display-info");
        }
        if rustix::process::geteuid().is_root() {
            // It only warns of root otherwise, in the midst of its tags.
            words.push("--allow-root");
        }
        let lintian = self.tool("lintian", &work).args(words).arg(changes);
        let said = lintian.output()?;
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        self.note(&said.stdout)?;
        let version = version_of(self.tool("lintian", &work))?;
        Ok((version, lintian_findings(&text, fail_on)))
    }
}

/// A package that was built, and what it needs.
pub(super) struct BuiltDeb {
    pub path: PathBuf,
    pub name: String,
    relations: String,
}

impl BuiltDeb {
    /// Returns the relations that do not name one of these packages.
    pub fn needs(&self, own: &[String]) -> Vec<String> {
        let is_own = |relation: &&str| {
            let end = relation
                .find([' ', '(', '|', ':', '['])
                .unwrap_or(relation.len());
            own.iter().any(|name| *name == relation[..end])
        };
        let all = self.relations.split(',').map(str::trim);
        let all = all.filter(|relation| !relation.is_empty() && !is_own(relation));
        all.map(str::to_owned).collect()
    }
}

impl Bench<'_> {
    /// Reads the packages among finished files that the floor's machine can
    /// install; debug symbols are nobody's to test.
    pub(super) fn built_debs(&self, made: &[PathBuf]) -> Result<Vec<BuiltDeb>, BuildError> {
        let work = self.work();
        let mut found = Vec::new();
        for path in made {
            let file = name_of(path);
            if !file.ends_with(".deb") || file.contains("-dbgsym_") {
                continue;
            }
            let field = |name: &str| -> Result<String, BuildError> {
                let ask = self
                    .tool("dpkg-deb", &work)
                    .arg("--field")
                    .arg(path)
                    .arg(name);
                let said = ask.output()?.stdout;
                Ok(String::from_utf8_lossy(&said).trim().replace('\n', " "))
            };
            found.push(BuiltDeb {
                path: path.clone(),
                name: field("Package")?,
                relations: format!("{}, {}", field("Pre-Depends")?, field("Depends")?),
            });
        }
        Ok(found)
    }
}

/// What came of checks that were passed.
#[derive(Debug, Default)]
pub(super) struct Gates {
    pub passed: Vec<Passed>,
    pub findings: Vec<Finding>,
}

/// Returns the `.changes` among finished files.
pub(super) fn upload_of(made: &[PathBuf]) -> Result<&Path, BuildError> {
    let found = made.iter().find(|path| name_of(path).ends_with(".changes"));
    found.map(PathBuf::as_path).ok_or_else(|| {
        let why = std::io::Error::other("no .changes was made");
        files::failed("check", Path::new("the build"))(why).into()
    })
}

/// Asks a tool for its name and version.
pub(super) fn version_of(tool: Tool) -> Result<String, ToolError> {
    let said = tool
        .arg("--version")
        .limit(Duration::from_secs(60))
        .output()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    Ok(said.lines().next().unwrap_or_default().to_owned())
}
