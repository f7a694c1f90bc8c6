//! Which checks a build has to pass, and whether they can be made here.

use std::path::Path;

use crate::build::apply::BuildError;
use crate::build::gates::Gate;
use crate::build::observe::TOOL_PATH;
use crate::config::IsolationWord;
use crate::sys::process::ToolError;

/// Joins what is asked for with what is configured; what is asked for says how.
pub(super) fn wanted(asked: &[Gate], configured: &[Gate]) -> Vec<Gate> {
    let mut all = asked.to_vec();
    for gate in configured {
        if !all.iter().any(|known| known.word() == gate.word()) {
            all.push(gate.clone());
        }
    }
    all.sort();
    all
}

/// Refuses a check that cannot be made: before hours of building, and never by
/// leaving it out.
pub(super) fn check(gates: &[Gate], isolation: IsolationWord) -> Result<(), BuildError> {
    for gate in gates {
        let program = match (gate, isolation) {
            (Gate::Lintian { .. }, _) => "lintian",
            // In a chroot it is installed for the test.
            (_, IsolationWord::Chroot) => continue,
            (Gate::Autopkgtest, IsolationWord::None) => "autopkgtest",
            (Gate::Autopkgtest | Gate::Piuparts { .. }, _) => {
                return Err(BuildError::Ungated {
                    gate: gate.word(),
                    why: "it installs packages, and without a chroot there is no system to throw \
                          away"
                        .to_owned(),
                    remedy: "--isolation chroot builds and tests in a clean system".to_owned(),
                });
            }
        };
        let mut places = TOOL_PATH.split(':').map(|at| Path::new(at).join(program));
        if !places.any(|path| path.is_file()) {
            let program = program.to_owned();
            return Err(ToolError::Missing { program }.into());
        }
    }
    Ok(())
}
