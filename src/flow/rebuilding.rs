//! The state of an archive, restored from what clients read of it.

use super::FlowError;
use super::archiving::Desk;
use super::signing;
use crate::archive::{Record, layout};
use crate::model::{Finding, Sha256, Suite};
use crate::publish::{self, Rebuilt, Restoring};
use crate::sys::openpgp::{Certificate, Keyring};
use crate::sys::store::{Condition, Content};

/// What was restored, or would be.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    /// One line for each suite, and for each certificate.
    pub lines: Vec<String>,
    /// What stands against it, and what is not as it was.
    pub findings: Vec<Finding>,
}

impl Restored {
    /// Returns what identifies the plan.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.lines.join("\n").as_bytes())
    }
}

impl Desk<'_> {
    /// Restores what is lost of the state of suites, or of all that clients
    /// read. Signatures count by the user's keys and by `more`, never by the
    /// archive's own word.
    pub fn rebuild(
        &self,
        suites: &[Suite],
        more: Vec<Certificate>,
        restoring: Restoring,
    ) -> Result<Restored, FlowError> {
        let store = self.store.as_ref();
        let mut certificates = signing::keyring(self.environment)?.certificates().to_vec();
        certificates.extend(more);
        let keyring = Keyring::new(certificates.clone());
        let verify = |framed: &str| {
            let verified = keyring.verify_clear(framed)?;
            Ok((verified.plain, verified.by.fingerprint.to_string()))
        };
        let _guard = match restoring {
            Restoring::Written => Some(self.lock()?),
            Restoring::Planned => None,
        };
        let all = publish::published_suites(store)?;
        let mut done = Restored::default();
        for suite in all
            .iter()
            .filter(|s| suites.is_empty() || suites.contains(s))
        {
            let record = Record {
                who: self.who.clone(),
                why: Some("rebuilt from what clients read".to_owned()),
                command: self.command.clone(),
                key: None,
            };
            match publish::rebuild(store, suite, &verify, record, restoring, self.listener)? {
                Rebuilt::Whole => {}
                Rebuilt::Completed(files) => {
                    let line = format!("{suite}: {files} files of its state");
                    done.lines.push(line);
                }
                Rebuilt::Restored(base) => {
                    let line = format!("{suite}: its state, as generation {}", base.number);
                    done.lines.push(line);
                    done.findings.push(settings_lost(suite));
                }
                Rebuilt::Refused(own) => done.findings.extend(own),
            }
        }
        // Clients get the key from the archive, too.
        for suite in publish::suites(store)? {
            // What cannot be restored has been said, or is by the check.
            let Ok(current) = publish::observe(store, &suite, publish::Question::Manifest) else {
                continue;
            };
            let key = current
                .manifest()
                .and_then(|manifest| manifest.record.key.clone());
            let known = certificates
                .iter()
                .find(|known| Some(known.fingerprint().as_str()) == key.as_deref());
            if let Some(certificate) = known {
                let path = layout::certificate(certificate.fingerprint());
                let line = format!("{path}: the certificate");
                if store.size(&path)?.is_some() || done.lines.contains(&line) {
                    continue;
                }
                done.lines.push(line);
                if restoring == Restoring::Written {
                    let text = certificate.armored();
                    store.write(&path, Content::Bytes(text.as_bytes()), &Condition::IfAbsent)?;
                }
            }
        }
        if restoring == Restoring::Written {
            for line in &done.lines {
                self.listener.note(format!("restored {line}"));
            }
        }
        Ok(done)
    }
}

/// Says what no published file tells.
fn settings_lost(suite: &Suite) -> Finding {
    let message = "its earlier generations and pins are lost, and so is who may upload to it \
                   and what it demands: anybody who can write here may add anything";
    Finding::warning("settings-lost", suite.as_str(), message).fix(format!(
        "set uploaders and demands again: debcut archive init --suite {suite}"
    ))
}
