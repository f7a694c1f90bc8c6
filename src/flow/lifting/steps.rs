//! The steps of a lift. Each asks the world whether it is done already.

use super::Step;
use super::entries;
use crate::archive::Older;
use crate::flow::FlowError;
use crate::flow::announcing::{self, Again, How};
use crate::flow::archiving::{Act, Desk, Outcome as PublishOutcome};
use crate::flow::hooks::{HookPackage, Hooks, Occasion};
use crate::flow::patching::syncing::moved;
use crate::flow::project::Workspace;
use crate::flow::signing::{self, KeyWanted};
use crate::keys::Ask;
use crate::model::finding::with_causes;
use crate::model::{Finding, Listener, Sha256, Suite};
use crate::patch::embargo::{Embargo, Lift, Upload};
use crate::publish::Question;
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::git::{PushError, Pushed, push, try_push};

/// One run of the steps.
pub(super) struct Run<'a, 'b> {
    pub workspace: &'a Workspace,
    pub embargo: &'a Embargo,
    pub lift: &'a Lift,
    pub desk: Option<&'a Desk<'a>>,
    pub environment: &'a Environment,
    pub listener: &'a dyn Listener,
    pub key: &'a KeyWanted,
    pub ask: &'a mut Ask<'b>,
    /// What is done.
    pub steps: Vec<Step>,
}

impl Run<'_, '_> {
    /// Tries what can be tried while nothing is out.
    pub(super) fn tried(&mut self) -> Result<Vec<Finding>, FlowError> {
        try_push(
            &self.workspace.repository,
            self.environment,
            &self.embargo.target.remote,
            &self.refspecs(),
            self.listener,
        )?;
        let hooks = Hooks::new(self.workspace, self.environment, self.listener);
        for (suite, uploads) in self.lift.by_suite() {
            if let Some(PublishOutcome::Refused(findings)) = self.publish(suite, &uploads, true)? {
                return Ok(findings);
            }
            self.unlock(suite)?;
        }
        for (suite, uploads) in self.lift.by_suite() {
            let told = self.occasion(suite, &uploads);
            if let Some(stopped) = told.and_then(|told| hooks.before(&told)) {
                return Ok(vec![stopped]);
            }
        }
        Ok(Vec::new())
    }

    /// Does what is not done yet; says what stopped it. What can go on without
    /// what failed goes on: who reads of a hole needs its fix.
    pub(super) fn all(&mut self) -> Vec<Finding> {
        if let Err(stopped) = self.publish_all().and_then(|()| self.push()) {
            return vec![stopped];
        }
        let hooks = Hooks::new(self.workspace, self.environment, self.listener);
        let mut findings = Vec::new();
        if let Err(error) = hooks.run_due() {
            findings.push(stopped("hooks", &error));
        }
        match self.announce() {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(stopped("announce", &error)),
        }
        match self.ledger() {
            Ok(()) => {}
            Err(error) => findings.push(stopped("ledger", &error)),
        }
        findings
    }

    fn publish_all(&mut self) -> Result<(), Finding> {
        for (suite, uploads) in self.lift.by_suite() {
            self.publish_one(suite, &uploads)
                .map_err(|error| stopped("publish", &error))??;
        }
        Ok(())
    }

    fn publish_one(
        &mut self,
        suite: &Suite,
        uploads: &[&Upload],
    ) -> Result<Result<(), Finding>, FlowError> {
        let hooks = Hooks::new(self.workspace, self.environment, self.listener);
        if let Some(told) = self.occasion(suite, uploads)
            && matches!(
                self.publish(suite, uploads, true)?,
                Some(PublishOutcome::Planned(..))
            )
        {
            hooks.owe(&told)?;
        }
        self.listener.begin(format!("publishing to {suite}"));
        let changed = match self.publish(suite, uploads, false)? {
            Some(PublishOutcome::Refused(mut findings)) => {
                let first = findings.swap_remove(0);
                return Ok(Err(first));
            }
            Some(PublishOutcome::Done(..)) => true,
            _ => false,
        };
        if let Some(place) = &self.embargo.target.archive {
            let names = uploads.iter();
            let names = names.map(|one| format!("{} {}", one.source, one.version));
            let names = names.collect::<Vec<_>>().join(", ");
            self.done("publish", format!("{names} to {suite} in {place}"), changed);
        }
        Ok(Ok(()))
    }

    fn push(&mut self) -> Result<(), Finding> {
        self.listener.begin("pushing");
        let remote = &self.embargo.target.remote;
        let pushed = push(
            &self.workspace.repository,
            self.environment,
            remote,
            &self.refspecs(),
            self.listener,
        );
        let pushed = pushed.map_err(|error| {
            let PushError::Rejected { refused, .. } = &error else {
                return stopped("push", &error);
            };
            // git refuses the others of an atomic push with one of them.
            let own = refused
                .iter()
                .filter(|one| !one.contains("atomic push failed"));
            let own: Vec<&String> = own.collect();
            if own.iter().any(|one| moved(one)) {
                return stopped("push", &error).fix(format!(
                    "git fetch {remote}, merge what is new there into the branch, and debcut \
                     patch lift finishes it"
                ));
            }
            let mut branches = self.lift.branches.keys();
            let branch = branches.next().map_or("main", |branch| branch.as_str());
            stopped("push", &error).fix(format!(
                "what {remote} says stands against it: let this account push there once; or, where \
                 a branch takes pull requests alone, bring it there by one and git merge \
                 {remote}/{branch} (as it is called) here. Then debcut patch lift finishes it"
            ))
        })?;
        let names = self.lift.tags.iter().map(ToString::to_string);
        let names = names.chain(self.lift.branches.keys().map(ToString::to_string));
        let names = names.collect::<Vec<_>>().join(", ");
        let what = format!("{names} to {remote}");
        self.done("push", what, pushed == Pushed::Changed);
        Ok(())
    }

    fn announce(&mut self) -> Result<Vec<Finding>, FlowError> {
        if self.lift.channels.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = announcing::Wanted {
            tags: self.lift.tags.clone(),
            to: self.lift.channels.clone(),
            how: How::Send,
            // What was killed half-way is finished by running it again.
            again: Again::Unfinished,
            by: self.lift.by.clone(),
            now: self.lift.at,
        };
        let mut told =
            announcing::announce(self.workspace, &wanted, self.environment, self.listener)?;
        told.findings.retain(|one| {
            if !one.is_error() {
                let text = format!("{}: {}; {}", one.subject, one.message, one.fix);
                self.listener.warn(text);
            }
            one.is_error()
        });
        let sent = |channel: &&announcing::ChannelState| channel.state == announcing::State::Sent;
        let changed = told.channels.iter().filter(sent).count() > 0;
        if told.findings.is_empty() {
            self.done("announce", self.lift.channels.join(", "), changed);
        }
        Ok(told.findings)
    }

    fn ledger(&mut self) -> Result<(), FlowError> {
        self.listener.begin("sharing the queue");
        let around = (self.environment, self.listener);
        let given = entries::give(self.workspace, self.embargo, self.lift, around)?;
        if given.kept > 0 {
            self.listener.warn(format!(
                "{} entries of the queue tell of what does not go out, and stay here",
                given.kept
            ));
        }
        if given.sent > 0 {
            let what = format!("{} entries of the queue", given.sent);
            self.done("ledger", what, true);
        }
        Ok(())
    }

    /// Publishes what was built: the same bits. None where there is no archive.
    fn publish(
        &mut self,
        suite: &Suite,
        uploads: &[&Upload],
        dry_run: bool,
    ) -> Result<Option<PublishOutcome>, FlowError> {
        let Some(desk) = self.desk else {
            return Ok(None);
        };
        for upload in uploads {
            if Sha256::of(&files::read(&upload.changes)?) != upload.sha256 {
                let subject = upload.changes.display().to_string();
                let message = "it is no longer what the lift began with";
                let finding = Finding::error("changed-upload", subject, message);
                return Ok(Some(PublishOutcome::Refused(vec![finding])));
            }
        }
        let paths: Vec<_> = uploads.iter().map(|one| one.changes.clone()).collect();
        let mut act = Act {
            key: self.key.clone(),
            ask: self.ask,
            dry_run,
            reason: None,
        };
        let added = desk.add(&paths, suite, None, Older::Refuse, &mut act)?;
        Ok(Some(added))
    }

    /// Opens the key that a suite is signed with: a passphrase that nobody knows
    /// is found while nothing is out.
    fn unlock(&mut self, suite: &Suite) -> Result<(), FlowError> {
        let Some(desk) = self.desk else {
            return Ok(());
        };
        let current = desk.look(suite, None, Question::Manifest)?;
        let chosen = desk.key(&current, None, self.key)?;
        signing::unlocked(Some(chosen), desk.clock.now(), self.ask).map(drop)
    }

    /// Returns what goes: the branches where they are now, which have what was
    /// planned, and the tags.
    fn refspecs(&self) -> Vec<String> {
        let branches = self.lift.branches.iter();
        let branches = branches.map(|(name, at)| format!("{at}:refs/heads/{name}"));
        let tags = self.lift.tags.iter();
        let tags = tags.map(|tag| format!("refs/tags/{tag}:refs/tags/{tag}"));
        branches.chain(tags).collect()
    }

    /// Tells hooks of the publish; none: nothing is published.
    fn occasion(&self, suite: &Suite, uploads: &[&Upload]) -> Option<Occasion> {
        let place = self.embargo.target.archive.as_ref()?;
        let packages = uploads.iter().map(|upload| HookPackage {
            name: upload.source.clone(),
            version: upload.version.clone(),
            debian_version: upload.version.clone(),
            tag: Some(upload.tag.to_string()),
            commit: None,
            notes_file: None,
            artifacts: vec![upload.changes.display().to_string()],
        });
        let told = Occasion::new("publish", packages.collect());
        Some(told.published(suite.to_string(), place.clone()))
    }

    fn done(&mut self, step: &'static str, what: String, changed: bool) {
        self.steps.push(Step {
            step,
            what,
            changed,
        });
    }
}

/// Says that a step did not come to its end.
fn stopped(step: &str, error: &dyn std::error::Error) -> Finding {
    let finding = Finding::error("stopped", step, with_causes(error));
    finding.fix("mend that, and debcut patch lift finishes it")
}
