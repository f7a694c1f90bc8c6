//! The key that signs packages and archives, and the keys of others' tags.

use super::Patient;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::flow::signing;
use crate::keys::{self, Choice, ChooseError};
use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding, Timestamp};
use crate::sys::openpgp::{Certificate, Status};

/// How long before its end a key's owner is told.
pub(super) const SOON_DAYS: i64 = 30;

/// What opens the secret part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    /// It is open.
    Open,
    /// The passphrase is in the environment.
    Given,
    /// Whoever is at the terminal.
    Asked,
    /// The user's gpg-agent.
    Agent,
}

/// Checks the key that would sign, and those that tags are verified with.
pub(super) fn check(workspace: &Workspace, patient: &Patient<'_>) -> Result<Checkup, FlowError> {
    let mut checkup = Checkup::default();
    let project = &workspace.project;
    let Ok(store) = signing::key_store(patient.environment) else {
        let why = "neither XDG_DATA_HOME nor HOME says where keys are kept";
        checkup.find(Finding::error("signing-key", "keys", why).fix("export HOME"));
        return Ok(checkup);
    };
    let usual = match patient.environment.var(keys::ci::VARIABLE) {
        Some(_) => None,
        None => project.key.as_deref(),
    };
    match keys::pick(&store, patient.environment, usual, patient.now) {
        Ok(choice) => {
            let secret = match &choice {
                Choice::Agent(_) => Secret::Agent,
                Choice::Key(key) if !key.is_locked() => Secret::Open,
                Choice::Key(_) => match patient.environment.var(PASSPHRASE) {
                    Some(_) => Secret::Given,
                    None => Secret::Asked,
                },
            };
            let certificate = choice.certificate();
            checkup.extend(judge("signing-key", certificate, Some(secret), patient.now));
        }
        Err(error) => checkup.find(refused(&error)),
    }
    let keyring = match store.keyring() {
        Ok(keyring) => keyring,
        Err(error) => {
            checkup.find(Finding::error("keys", "keys", with_causes(&error)));
            return Ok(checkup);
        }
    };
    for wanted in &project.tag_keys {
        match keyring.owner(wanted) {
            Some((certificate, _)) => {
                checkup.extend(judge("tag-key", certificate, None, patient.now));
            }
            None => {
                let why = "signing.tag-keys names it, and it is not known here";
                let finding = Finding::error("tag-key", wanted.as_str(), why);
                checkup.find(finding.fix("debcut key import FILE with its certificate"));
            }
        }
    }
    Ok(checkup)
}

/// What holds the passphrase for runs without a terminal.
const PASSPHRASE: &str = "DEBCUT_SIGNING_PASSPHRASE";

fn refused(error: &ChooseError) -> Finding {
    let fix = match error {
        ChooseError::NoKey => "debcut key new, or debcut key import FILE",
        ChooseError::Several(_) => "name one in debcut.toml: [signing] key = \"FINGERPRINT\"",
        ChooseError::NoSuchKey { .. } | ChooseError::Ambiguous { .. } => {
            "debcut key list shows those that are here; correct [signing] key"
        }
        ChooseError::Agent(_) => "gpg --list-secret-keys shows what gpg can sign with",
        _ => "",
    };
    Finding::error("signing-key", "signing key", with_causes(error)).fix(fix)
}

/// Judges a key; without a secret it only verifies.
pub(super) fn judge(
    rule: &'static str,
    certificate: &Certificate,
    secret: Option<Secret>,
    now: Timestamp,
) -> Checkup {
    let subject = format!("{} {}", certificate.fingerprint(), certificate.user_id());
    let (status, expires) = (certificate.status(now), certificate.expires());
    let mut checkup = Checkup::default();
    match verdict(status, expires, secret, now) {
        Verdict::Fine(how) => checkup.pass(rule, subject, how),
        Verdict::Soon(how) => {
            let finding = Finding::warning(rule, subject, how);
            checkup.find(finding.fix("make another key in time: debcut key new, then rotate"));
        }
        Verdict::Useless(why) => {
            let finding = Finding::error(rule, subject, why);
            checkup.find(finding.fix("debcut key new makes one; name it in [signing] key"));
        }
    }
    checkup
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Fine(String),
    Soon(String),
    Useless(String),
}

fn verdict(
    status: Status,
    expires: Option<Timestamp>,
    secret: Option<Secret>,
    now: Timestamp,
) -> Verdict {
    let opened = match secret {
        None => "known",
        Some(Secret::Open) => "opens without a passphrase",
        Some(Secret::Given) => "its passphrase comes from the environment",
        Some(Secret::Asked) => "its passphrase is asked for at the terminal",
        Some(Secret::Agent) => "gpg-agent has its secret",
    };
    match (status, expires) {
        (Status::Expired(end), _) => Verdict::Useless(format!("expired on {}", end.day())),
        (Status::Revoked(since), _) => Verdict::Useless(format!("revoked on {}", since.day())),
        (Status::NotYet(from), _) => Verdict::Useless(format!(
            "made on {}, which is still to come by the clock here",
            from.day()
        )),
        (Status::NoSigningKey, _) => Verdict::Useless("it has no key that may sign".to_owned()),
        (Status::Valid, Some(end)) if end <= now.plus_seconds(SOON_DAYS * 86_400) => {
            let days = (end.unix() - now.unix()) / 86_400;
            Verdict::Soon(format!("expires on {}, in {days} day(s)", end.day()))
        }
        (Status::Valid, Some(end)) => Verdict::Fine(format!("{opened}; valid to {}", end.day())),
        (Status::Valid, None) => Verdict::Fine(format!("{opened}; does not expire")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_judged_by_their_end() {
        let now = Timestamp::from_unix(1_750_000_000);
        let at = |days: i64| now.plus_seconds(days * 86_400);
        let cases: &[(Status, Option<Timestamp>, &str)] = &[
            (Status::Valid, None, "Fine does not expire"),
            (Status::Valid, Some(at(31)), "Fine valid to"),
            (Status::Valid, Some(at(30)), "Soon in 30 day(s)"),
            (Status::Valid, Some(at(0)), "Soon in 0 day(s)"),
            (Status::Expired(at(-1)), Some(at(-1)), "Useless expired on"),
            (Status::Revoked(at(-1)), None, "Useless revoked on"),
            (Status::NotYet(at(1)), None, "Useless still to come"),
            (Status::NoSigningKey, None, "Useless no key that may sign"),
        ];
        for (status, expires, want) in cases {
            let found = format!("{:?}", verdict(*status, *expires, Some(Secret::Open), now));
            let (kind, words) = want.split_once(' ').expect("two parts");
            let fits = found.starts_with(kind) && found.contains(words);
            assert!(fits, "{status:?}: {found}, not {want}");
        }
    }
}
