//! What came of the same change of several suites, as one answer.

use crate::flow::archiving::Outcome;
use crate::model::{Finding, Sha256, Suite};
use crate::report::{Answer, Document, SuiteLine};

/// Gathers outcomes.
#[derive(Default)]
pub(in crate::cli) struct Several {
    lines: Vec<SuiteLine>,
    findings: Vec<Finding>,
    digests: Vec<String>,
    changed: bool,
}

impl Several {
    /// Takes what came of one suite; tells whether it was refused.
    pub(in crate::cli) fn take(&mut self, suite: &Suite, outcome: Outcome) -> bool {
        let mut refused = false;
        let (generation, changed, findings) = match outcome {
            Outcome::Done(done, findings) => (Some(done.generation.number), true, findings),
            Outcome::Unchanged(current, findings) => {
                (current.base().map(|base| base.number), false, findings)
            }
            Outcome::Planned(plan, findings) => {
                self.digests.push(plan.digest().hex());
                (Some(plan.next().number()), true, findings)
            }
            Outcome::Refused(findings) => {
                refused = true;
                (None, false, findings)
            }
        };
        self.changed |= changed;
        for finding in findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
        self.lines.push(SuiteLine {
            suite: suite.clone(),
            generation,
            changed,
            valid_until: None,
        });
        refused
    }

    /// Returns the lines, to add to them.
    pub(in crate::cli) fn lines_mut(&mut self) -> &mut [SuiteLine] {
        &mut self.lines
    }

    /// Answers with the document that `shown` makes of the lines.
    pub(in crate::cli) fn answer<D: Document + 'static>(
        self,
        dry_run: bool,
        shown: impl FnOnce(Vec<SuiteLine>) -> D,
    ) -> Answer {
        let answer = Answer::new(shown(self.lines)).findings(self.findings);
        match dry_run {
            true => answer.dry_run(Sha256::of(self.digests.concat().as_bytes())),
            false => answer.changed(self.changed),
        }
    }
}
