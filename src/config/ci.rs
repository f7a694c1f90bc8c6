//! A pipeline for a forge's own CI, from a template.
//!
//! Nothing of a third party runs in it: the forge's own checkout, apt and cargo
//! are all that it needs.

use minijinja::context;

use super::filled::filled;

/// Whose CI it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiForge {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// When a release is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiSchedule {
    /// With each push to the release branch.
    EachPush,
    /// Once a week, and when it is asked for.
    Weekly,
}

/// What a pipeline is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline<'a> {
    /// Whose CI it is.
    pub forge: CiForge,
    /// When it releases.
    pub schedule: CiSchedule,
    /// What people call the project.
    pub project: &'a str,
    /// The branch that releases are made on.
    pub branch: &'a str,
    /// Who release commits are by.
    pub name: &'a str,
    /// Their address.
    pub email: &'a str,
}

impl Pipeline<'_> {
    /// Returns where the forge looks for it, from the repository's top.
    pub fn path(&self) -> &'static str {
        match self.forge {
            CiForge::GitHub => ".github/workflows/debcut.yml",
            CiForge::GitLab => ".gitlab-ci.yml",
        }
    }

    /// Writes it.
    pub fn render(&self) -> String {
        let template = match self.forge {
            CiForge::GitHub => include_str!("../../templates/ci/github.yml"),
            CiForge::GitLab => include_str!("../../templates/ci/gitlab.yml"),
        };
        let names = context! {
            project => self.project,
            branch => self.branch,
            name => self.name,
            email => self.email,
            weekly => self.schedule == CiSchedule::Weekly,
        };
        filled(template, &names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pipeline_is_rendered_whole() {
        for forge in [CiForge::GitHub, CiForge::GitLab] {
            for schedule in [CiSchedule::EachPush, CiSchedule::Weekly] {
                let pipeline = Pipeline {
                    forge,
                    schedule,
                    project: "hello",
                    branch: "trunk",
                    name: "Ada \"A\" Example",
                    email: "ada@example.org",
                };
                let text = pipeline.render();
                for want in [
                    "debcut plan --format md",
                    "debcut release --to \"$STAGING\"",
                    "promote --all --from \"$STAGING\" --to \"$PRODUCTION\"",
                    "RELEASE_BRANCH: \"trunk\"",
                    "DEBFULLNAME: \"Ada \\\"A\\\" Example\"",
                ] {
                    assert!(text.contains(want), "{want} in\n{text}");
                }
                assert!(text.ends_with('\n') && !text.contains("{%"), "{text}");
                let loose = text
                    .lines()
                    .find(|line| line.ends_with(' ') || line.contains('\t'));
                assert_eq!(loose, None, "{text}");
                // Only the forge's own checkout is somebody else's.
                for line in text.lines().filter(|line| line.contains("uses:")) {
                    assert!(line.contains("uses: actions/checkout@"), "{line}");
                }
            }
        }
    }
}
