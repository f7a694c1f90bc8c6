//! Deployment requests: rendered for who may approve, and approved by a
//! signature.
//!
//! A request's text is kept beside the journal under its digest, so that what
//! was approved can be read later, whatever became of the file, the command or
//! the webhook that it went to.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::delivering::{Courier, DeliverError};
use crate::flow::{FlowError, signing};
use crate::keys::Ask;
use crate::model::finding::with_causes;
use crate::model::{Finding, Fingerprint, Sha256, Timestamp};
use crate::report::rolling::{Kind, Rendered, RolloutView};
use crate::rollout::Rollout;
use crate::rollout::approval::{ApprovalError, Statement, judge};
use crate::rollout::event::{Entry, Event};
use crate::rollout::plan::Step;
use crate::rollout::policy::Approval;
use crate::rollout::state::Approved;
use crate::rollout::telling::{Destination, Form};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access, FileError};
use crate::sys::openpgp::{Agent, Keyring};

/// How a request is made, and where it goes beside the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// How it is said.
    pub form: Form,
    /// Where it goes; nowhere: it is kept beside the journal, and said so.
    pub to: Option<Destination>,
    /// What the operator has to say (release notes, Markdown or text).
    pub notes: Option<String>,
    /// What changed, from the package's changelog.
    pub changes: Option<String>,
}

/// What a template of a request sees.
#[derive(Debug, Serialize)]
struct Request<'a> {
    rollout: &'a RolloutView,
    hosts: String,
    notes: Option<&'a str>,
    changes: Option<&'a str>,
}

/// A request that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// Where its text is kept.
    pub kept: PathBuf,
}

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It did not reach who is asked.
    #[error("the request did not reach anybody")]
    Deliver(#[from] DeliverError),
    /// It cannot be kept.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Renders a request.
pub fn render(
    courier: &Courier<'_>,
    asking: &Asking,
    (rollout, entries): (&Rollout, &[Entry]),
    (next, now): (&Step, Timestamp),
) -> Result<Rendered, DeliverError> {
    let view = RolloutView::new(&rollout.id.to_string(), rollout, entries, next, now);
    let pull = view.rings.iter().any(|ring| ring.pull);
    let hosts = match (rollout.hosts.len(), pull) {
        (0, true) => "all that update themselves".to_owned(),
        (count, true) => format!("{count}, and all that update themselves"),
        (count, false) => count.to_string(),
    };
    let request = Request {
        rollout: &view,
        hosts,
        notes: asking.notes.as_deref().map(str::trim_end),
        changes: asking.changes.as_deref().map(str::trim_end),
    };
    courier.rendered(&asking.form, Kind::Request, &request)
}

/// Renders a request, keeps it below `directory` (the rollout's own) and brings
/// it to who is asked. The journal's [`Event::Requested`] is the caller's.
pub fn request(
    courier: &Courier<'_>,
    asking: &Asking,
    directory: &Path,
    state: (&Rollout, &[Entry]),
    moment: (&Step, Timestamp),
) -> Result<Made, RequestError> {
    let mut text = render(courier, asking, state, moment)?;
    // One that was killed before its digest was written down may be with who
    // approves already: it is that one, not another with a later date.
    if let Some(known) = made_before(directory, text.ending)? {
        text.text = known;
    }
    let digest = Sha256::of(text.text.as_bytes()).hex();
    let kept = directory.join(named(&digest, text.ending));
    files::replace(&kept, text.text.as_bytes(), Access::Private)?;
    if let Some(to) = &asking.to {
        courier.deliver(&text, to, &format!("{}/request/{digest}", state.0.id))?;
    }
    Ok(Made { digest, kept })
}

fn named(digest: &str, ending: &str) -> String {
    format!("request-{}.{ending}", &digest[..16])
}

/// Reads the text of a request that was kept and may have been delivered.
fn made_before(directory: &Path, ending: &str) -> Result<Option<String>, FileError> {
    let Ok(listed) = std::fs::read_dir(directory) else {
        return Ok(None);
    };
    for entry in listed.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with("request-") {
            continue;
        }
        let text = files::read(&entry.path())?;
        if name == named(&Sha256::of(&text).hex(), ending) {
            return Ok(String::from_utf8(text).ok());
        }
    }
    Ok(None)
}

/// Says which rollout a request is of: by `id` in JSON, else by the command that
/// approves it, which every text names.
pub fn rollout_of(text: &str) -> Option<String> {
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
        return value["id"].as_str().map(str::to_owned);
    }
    let (_, after) = text.split_once("debcut rollout approve ")?;
    let id = after
        .split(|c: char| c.is_whitespace() || c == '`')
        .next()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// Signs an approval of a request; returns the statement.
pub fn approve(
    environment: &Environment,
    key: Option<&str>,
    rollout: &str,
    request: &str,
    now: Timestamp,
    ask: &mut Ask,
) -> Result<String, FlowError> {
    let wanted = match key {
        Some(key) => signing::KeyWanted::Named(key.to_owned()),
        None => signing::KeyWanted::Usual,
    };
    let choice = signing::chosen(environment, &wanted, None, now)?;
    let signer = signing::unlocked(choice, now, ask)?.expect("a key is always wanted");
    let statement = Statement {
        rollout: rollout.to_owned(),
        request: request.to_owned(),
        at: now,
    };
    Ok(signer.clear_sign(&statement.text(), now)?)
}

/// Returns the certificates whose approvals are looked at: all that are known
/// here, and of the policy's keys those that the user's gpg has.
pub fn approvers(environment: &Environment, policy: &Approval) -> Result<Keyring, FlowError> {
    let own = signing::keyring(environment)?;
    let Approval::Needed { keys, .. } = policy else {
        return Ok(own);
    };
    let mut all = own.certificates().to_vec();
    for key in keys {
        if own.owner(key).is_none()
            && let Ok(agent) = Agent::find(key, environment)
        {
            all.push(agent.certificate().clone());
        }
    }
    Ok(Keyring::new(all))
}

/// Judges a statement by the keys that are known now: who signed it.
pub fn judged(
    environment: &Environment,
    rollout: &Rollout,
    statement: &str,
    now: Timestamp,
) -> Result<Fingerprint, ApprovalError> {
    let policy = &rollout.policy.approval;
    // Without the keyring no key is known, and none counts.
    let keyring = approvers(environment, policy).unwrap_or_else(|_| Keyring::new(Vec::new()));
    let request = rollout.request.as_deref().unwrap_or_default();
    judge(
        statement,
        &keyring,
        &rollout.id.to_string(),
        request,
        policy,
        now,
    )
}

/// Judges a statement for a rollout that waits; returns what is to be written
/// down, or why not. `None` where the key has approved already.
pub fn admitted(
    statement: &str,
    keyring: &Keyring,
    rollout: &Rollout,
    now: Timestamp,
) -> Result<Option<Event>, ApprovalError> {
    let id = rollout.id.to_string();
    let request = rollout.request.as_deref().unwrap_or_default();
    let policy = &rollout.policy.approval;
    let key = judge(statement, keyring, &id, request, policy, now)?;
    if rollout.approvers().any(|known| *known == key) {
        return Ok(None);
    }
    Ok(Some(Event::Approved {
        key,
        statement: statement.to_owned(),
    }))
}

/// Judges every approval once more, before it is used: a journal is a file, and
/// a key may have expired or been revoked since. Names those that do not count,
/// with the reason.
pub fn doubted(keyring: &Keyring, rollout: &Rollout, now: Timestamp) -> Vec<(Fingerprint, String)> {
    let id = rollout.id.to_string();
    let request = rollout.request.as_deref().unwrap_or_default();
    let policy = &rollout.policy.approval;
    let mut found = Vec::new();
    for Approved { key, statement } in &rollout.approved {
        let why = match judge(statement, keyring, &id, request, policy, now) {
            Ok(signer) if signer == *key => continue,
            Ok(signer) => format!("{signer} signed it"),
            Err(error) => with_causes(&error),
        };
        found.push((key.clone(), why));
    }
    found
}

/// Says each approval that does not count (any more) as a finding: with any, the
/// rollout must not go on.
pub fn doubts(keyring: &Keyring, rollout: &Rollout, now: Timestamp) -> Vec<Finding> {
    let id = rollout.id.to_string();
    let doubted = doubted(keyring, rollout, now).into_iter();
    let said = doubted.map(|(key, why)| {
        let message = format!("the approval by {key} does not count: {why}");
        Finding::error("approval", &id, message)
            .fix(format!("debcut rollout approve {id}, by somebody who may"))
    });
    said.collect()
}

/// Reads the request that waits for approval, and checks that its text is the
/// one that was asked by; else says why nothing can be approved.
pub fn seen(rollout: &Rollout, directory: &Path) -> Result<Result<Seen, Finding>, FlowError> {
    let id = rollout.id.to_string();
    let no = |message: String| Finding::error("approval", &id, message);
    if rollout.policy.approval == Approval::NotNeeded {
        let finding = no("nobody needs to approve it".to_owned());
        return Ok(Err(
            finding.fix("approvals = 1 in [rollout], before it starts")
        ));
    }
    let Some(digest) = &rollout.request else {
        let finding = no("nobody was asked to approve it yet".to_owned());
        return Ok(Err(finding.fix(format!("debcut rollout advance {id} asks"))));
    };
    let begin = format!("request-{}.", digest.get(..16).unwrap_or(digest));
    let named = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(&begin))
    };
    let listed = std::fs::read_dir(directory).map_err(files::failed("list", directory))?;
    let mut paths = listed.filter_map(|entry| Some(entry.ok()?.path()));
    let Some(kept) = paths.find(named) else {
        let directory = directory.display();
        return Ok(Err(no(format!(
            "its request is not in {directory} any more"
        ))));
    };
    if Sha256::of(&files::read(&kept)?).hex() != *digest {
        let kept = kept.display();
        let finding = no(format!("{kept} is not the request that was made"));
        return Ok(Err(finding.fix(
            "read the request where it was sent to, and approve by --request",
        )));
    }
    let digest = digest.clone();
    Ok(Ok(Seen { digest, kept }))
}

/// A request that may be approved.
#[derive(Debug, Clone)]
pub struct Seen {
    /// SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// Where its text can be read.
    pub kept: PathBuf,
}
