//! `release --mock`: the whole chain for real, in a throw-away clone, with a
//! throw-away key and archive.

use std::path::Path;
use std::time::Duration;

use super::{Outcome, Released, STEPS, StepDone, Tagged, Wanted, behind_remote, ways_out};
use crate::archive::Settings;
use crate::flow::FlowError;
use crate::flow::archiving::{Act, Desk, open_store};
use crate::flow::hooks::Hooks;
use crate::flow::project::Workspace;
use crate::flow::signing::{self, KeyWanted};
use crate::flow::tagging::Signing;
use crate::flow::{planning, preparing};
use crate::model::{Architecture, Component, Finding, Listener};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::git::UserGit;
use crate::sys::openpgp::NewKey;
use crate::sys::temporary::{Temporary, sweep};

/// Releases a workspace's HEAD in a place of its own, which is gone afterwards.
/// What would stop the real one at its beginning stops it as well: `archive` is
/// where that would go, where one is named, and a push is asked for and not made.
pub fn mock(
    workspace: &Workspace,
    wanted: &Wanted,
    archive: Option<&str>,
    (environment, clock): (&Environment, Clock),
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    match beginning(workspace, wanted, archive, environment, listener)? {
        Beginning::Stopped(refused) => return Ok(Outcome::refused(refused)),
        Beginning::Nothing if !wanted.dry_run => {
            let mut released = Released::default();
            released.steps.push(StepDone {
                step: "plan",
                what: "nothing to release".to_owned(),
                changed: false,
            });
            return Ok(Outcome::Done(Box::new(released)));
        }
        Beginning::Nothing | Beginning::Free => {}
    }
    let place = place(workspace, environment)?;
    let own = environment
        .with("XDG_DATA_HOME", place.path().join("data"))
        .without_secrets()
        .behind(environment.gate().clone().with_own(place.path()));
    let now = clock.now();
    let key = NewKey {
        name: "debcut mock".to_owned(),
        email: "mock@invalid".to_owned(),
        lifetime_seconds: None,
        passphrase: None,
    };
    signing::key_store(&own)?.create(&key, now, rand::rngs::OsRng)?;

    let clone = place.path().join("project");
    listener.begin("cloning");
    UserGit::new(&workspace.repository, environment).clone_to(&clone)?;
    let copy = workspace.copy_at(&clone)?;

    let mut nobody = |_: &crate::keys::KeyDescription| Ok(None);
    let archive = place.path().join("archive");
    let desk = Desk {
        store: open_store(&archive.display().to_string(), place.path(), &own)?,
        environment: &own,
        clock,
        dates: clock,
        configured_key: None,
        rules: Default::default(),
        wait: Duration::from_secs(60),
        who: "debcut mock".to_owned(),
        command: "debcut release --mock".to_owned(),
        listener,
    };
    let settings = |_: Option<&Settings>| {
        Settings::new(
            vec![Component::new("main").expect("constant")],
            vec![Architecture::of_this_machine()],
        )
    };
    let mut act = Act {
        key: KeyWanted::Usual,
        ask: &mut nobody,
        dry_run: false,
        reason: None,
    };
    desk.settle(&wanted.to, &settings, &mut act)?;
    let wanted = Wanted {
        push: false,
        key: KeyWanted::Usual,
        signing: Signing::Key(KeyWanted::Usual),
        // Its suite is empty, which says nothing of the real one.
        tagged: Tagged::LeftAlone,
        ..wanted.clone()
    };
    let mut outcome = super::release(&copy, &wanted, &desk, &mut nobody)?;
    if let Outcome::Refused { findings, .. } = &mut outcome {
        let from = copy.repository.own_dir().join("logs");
        let to = workspace.repository.own_dir().join("logs/mock");
        keep_logs(&from, &to)?;
        let (from, to) = (from.display().to_string(), to.display().to_string());
        for finding in findings {
            finding.fix = finding.fix.replace(&from, &to);
        }
    }
    Ok(outcome)
}

/// Makes the place, and removes those of mocks that were killed. What is under
/// embargo stays within its repository, also when this one is killed.
fn place(workspace: &Workspace, environment: &Environment) -> Result<Temporary, FlowError> {
    const PREFIX: &str = "debcut-mock-";
    let own = workspace.repository.own_dir();
    let gate = environment.gate().clone().of(&own);
    let usual = environment.temporary_directory();
    for other in [&own, &usual] {
        sweep(other, PREFIX);
    }
    let parent = match gate.marks()?.is_empty() {
        true => usual,
        false => {
            files::create_dir(&own)?;
            own
        }
    };
    Ok(Temporary::new(&parent, PREFIX, Access::Private)?)
}

/// Whether a mock can begin.
enum Beginning {
    /// It cannot, for these reasons.
    Stopped(Vec<Finding>),
    /// There is nothing to release.
    Nothing,
    /// It can.
    Free,
}

/// Finds what would stop the real release at its beginning and is not in the
/// throw-away copy: its ways out, the project's commands, the remote's branch.
fn beginning(
    workspace: &Workspace,
    wanted: &Wanted,
    archive: Option<&str>,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Beginning, FlowError> {
    if wanted.push {
        preparing::remote_is_named(workspace)?;
    }
    let mut refused = ways_out::closed(workspace, environment, wanted.push, archive)?;
    let planning::Outcome::Planned(planned) = planning::plan(workspace, "HEAD", &wanted.request)?
    else {
        // The copy's own plan says why.
        return Ok(stopped(refused));
    };
    if planned.plan.is_empty() {
        return Ok(match refused.is_empty() {
            true => Beginning::Nothing,
            false => Beginning::Stopped(refused),
        });
    }
    let hooks = Hooks::new(workspace, environment, listener);
    refused.extend(hooks.forbidden(&STEPS));
    if wanted.push && refused.is_empty() {
        refused.extend(behind_remote(workspace, environment)?);
    }
    Ok(stopped(refused))
}

fn stopped(refused: Vec<Finding>) -> Beginning {
    match refused.is_empty() {
        true => Beginning::Free,
        false => Beginning::Stopped(refused),
    }
}

/// Keeps what the builds said, for the report names it.
fn keep_logs(from: &Path, to: &Path) -> Result<(), FlowError> {
    files::create_dir(to)?;
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        let text = files::read(&entry.path())?;
        files::replace(&to.join(entry.file_name()), &text, Access::Public)?;
    }
    Ok(())
}
