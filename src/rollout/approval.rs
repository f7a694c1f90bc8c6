//! Approvals: a signed statement about one request of one rollout, made
//! anywhere and judged here.
//!
//! The statement is a cleartext-signed text (RFC 9580, 7), so that a person can
//! read what was signed and gpg can make one as well:
//!
//! ```text
//! I approve this rollout.
//! Rollout: hello_1.2-1
//! Request: SHA-256 of the request's text, in hexadecimal
//! Date: 2026-11-22T09:30:00Z
//! ```

use super::policy::Approval;
use crate::model::{Fingerprint, Timestamp};
use crate::sys::openpgp::{Keyring, VerifyError};

const HEAD: &str = "I approve this rollout.";

/// What is approved, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The rollout's id.
    pub rollout: String,
    /// SHA-256 of the request's text, in hexadecimal.
    pub request: String,
    /// When it was approved.
    pub at: Timestamp,
}

/// Why a statement approves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// Its signature does not count.
    #[error("the approval's signature does not count")]
    Signature(#[source] VerifyError),
    /// What was signed is no approval.
    #[error("what was signed is no approval: {why}")]
    Text {
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is about another rollout.
    #[error("it approves the rollout {found}, not {wanted}")]
    OtherRollout {
        /// The rollout that it names.
        found: String,
        /// The one that waits.
        wanted: String,
    },
    /// It is about another request.
    #[error("it approves the request {found}, but {wanted} was made")]
    OtherRequest {
        /// The digest that it names.
        found: String,
        /// The one that waits.
        wanted: String,
    },
    /// It is dated later than the clock.
    #[error("it is dated {at}, and the clock says {now}")]
    FromTheFuture {
        /// Its date.
        at: Timestamp,
        /// The clock.
        now: Timestamp,
    },
    /// Its key is none of those whose word counts.
    #[error("key {key} is none of those that may approve: {}", listed(may))]
    NotAnApprover {
        /// The key.
        key: Fingerprint,
        /// Those that may.
        may: Vec<Fingerprint>,
    },
}

fn listed(keys: &[Fingerprint]) -> String {
    let keys: Vec<_> = keys.iter().map(Fingerprint::as_str).collect();
    keys.join(", ")
}

impl Statement {
    /// Writes the text that is signed.
    pub fn text(&self) -> String {
        let Self {
            rollout,
            request,
            at,
        } = self;
        format!("{HEAD}\nRollout: {rollout}\nRequest: {request}\nDate: {at}\n")
    }

    /// Reads a text that was signed: these lines in this order and no others,
    /// so that two readers never see different things.
    pub fn parse(text: &str) -> Result<Self, ApprovalError> {
        let no = |why| ApprovalError::Text { why };
        let mut lines = text.trim_end().lines();
        if lines.next() != Some(HEAD) {
            return Err(no("it does not begin with “I approve this rollout.”"));
        }
        let mut field = |name: &'static str, why| {
            let line = lines.next().and_then(|line| line.strip_prefix(name));
            line.map(str::to_owned).ok_or(no(why))
        };
        let rollout = field("Rollout: ", "its second line is no “Rollout:”")?;
        let request = field("Request: ", "its third line is no “Request:”")?;
        let at = field("Date: ", "its fourth line is no “Date:”")?;
        if lines.next().is_some() {
            return Err(no("it has more than four lines"));
        }
        let at = Timestamp::parse_rfc3339(&at);
        Ok(Self {
            rollout,
            request,
            at: at.map_err(|_| no("its date is none of RFC 3339"))?,
        })
    }
}

/// Judges a signed statement; returns the key that approves. Its signature must
/// count at `now`: a key that has expired or was revoked approves nothing any
/// more.
pub fn judge(
    signed: &str,
    keyring: &Keyring,
    rollout: &str,
    request: &str,
    policy: &Approval,
    now: Timestamp,
) -> Result<Fingerprint, ApprovalError> {
    let verified = keyring
        .verify_clear_at(signed, now)
        .map_err(ApprovalError::Signature)?;
    verified
        .by
        .check_clock(now)
        .map_err(ApprovalError::Signature)?;
    let Statement {
        rollout: named,
        request: found,
        at,
    } = Statement::parse(&verified.plain)?;
    if named != rollout {
        let wanted = rollout.to_owned();
        return Err(ApprovalError::OtherRollout {
            found: named,
            wanted,
        });
    }
    if found != request {
        let wanted = request.to_owned();
        return Err(ApprovalError::OtherRequest { found, wanted });
    }
    if at > now {
        return Err(ApprovalError::FromTheFuture { at, now });
    }
    let key = verified.by.fingerprint;
    match policy {
        Approval::Needed { keys, .. } if !keys.is_empty() => match keys.contains(&key) {
            true => Ok(key),
            false => Err(ApprovalError::NotAnApprover {
                key,
                may: keys.clone(),
            }),
        },
        _ => Ok(key),
    }
}

#[cfg(test)]
mod tests;
