//! Runs a package's own tests (`debian/tests`, DEP-8) against what was built,
//! by autopkgtest(1) with its null runner: inside a system that is thrown away
//! or, where nothing isolates the build, on this machine.

use std::path::PathBuf;

use super::floor::INBOX;
use super::throwaway::Said;
use super::{Bench, BuildError, name_of};
use crate::build::isolation::Isolation;
use crate::model::Finding;
use crate::sys::process::ToolError;

/// `$@` are packages and the source package.
const RUN: &str = "\
apt-get -q update
apt-get -q -y -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root --no-install-recommends install autopkgtest dpkg-dev
autopkgtest \"$@\" -- null";

impl Bench<'_> {
    /// Runs them; returns what ran them and what it found.
    pub(super) fn autopkgtest(
        &mut self,
        made: &[PathBuf],
    ) -> Result<(String, Vec<Finding>), BuildError> {
        let package = self.plan.package.to_string();
        let Some(dsc) = made.iter().find(|path| name_of(path).ends_with(".dsc")) else {
            return Err(BuildError::Ungated {
                gate: "autopkgtest",
                why: "the tests are in the source package, and this build makes none".to_owned(),
                remedy: "build the whole release".to_owned(),
            });
        };
        let built = self.built_debs(made)?;
        let all = built.iter().map(|deb| &deb.path).chain([dsc]);
        let tool = "autopkgtest".to_owned();
        let ended = if self.plan.isolation != Isolation::None {
            let place = self.throwaway("autopkgtest", made)?;
            let words: Vec<_> = all
                .map(|path| format!("{INBOX}/{}", name_of(path)))
                .collect();
            self.in_throwaway(&place, "testing", RUN, &words)?
        } else {
            let work = self.work();
            let run = self
                .tool("autopkgtest", &work)
                .args(all)
                .args(["--", "null"]);
            match run.logged(&mut self.log, self.workshop.listener) {
                Ok(()) => Ok(()),
                Err(ToolError::Failed {
                    how, code, tail, ..
                }) => Err(Said { how, code, tail }),
                Err(error) => return Err(error.into()),
            }
        };
        let log = self.workshop.log.display().to_string();
        Ok((tool, findings(&package, ended, &log)))
    }
}

/// Says what an exit code means (autopkgtest(1), EXIT STATUS).
fn findings(package: &str, ended: Result<(), Said>, log: &str) -> Vec<Finding> {
    let Err(why) = ended else {
        return Vec::new();
    };
    vec![match why.code {
        Some(2) => {
            let what = "some of its tests were skipped: they need more than this test bed gives";
            Finding::warning("autopkgtest", package, what)
        }
        Some(8) => Finding::warning("autopkgtest", package, "it has no tests that can run here"),
        _ => Finding::error("autopkgtest", package, format!("its tests: {why}"))
            .fix(format!("the whole output is in {log}")),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_judged() {
        for (ended, want) in [
            (Ok(()), None),
            (Err(Some(2)), Some(false)),
            (Err(Some(8)), Some(false)),
            (Err(Some(4)), Some(true)),
            (Err(Some(20)), Some(true)),
            (Err(None), Some(true)),
        ] {
            let said = |code| Said {
                how: "ended".into(),
                code,
                tail: String::new(),
            };
            let found = findings("pp", ended.map_err(said), "log");
            assert_eq!(found.first().map(Finding::is_error), want, "{ended:?}");
        }
    }
}
