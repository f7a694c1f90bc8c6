//! The state of an archive, restored from what clients read of it.

use super::FlowError;
use super::archiving::Desk;
use super::signing;
use crate::archive::{Record, layout};
use crate::model::{Finding, Suite};
use crate::publish::{self, Rebuilt};
use crate::sys::openpgp::{Certificate, Keyring};
use crate::sys::store::{Condition, Content};

impl Desk<'_> {
    /// Restores what is lost of the state of suites, or of all that clients
    /// read; returns what stands against it, and says what was done. Signatures
    /// count by the user's keys and by `more`, never by the archive's own word.
    pub fn rebuild(
        &self,
        suites: &[Suite],
        more: Vec<Certificate>,
    ) -> Result<Vec<Finding>, FlowError> {
        let store = self.store.as_ref();
        let mut certificates = signing::keyring(self.environment)?.certificates().to_vec();
        certificates.extend(more);
        let keyring = Keyring::new(certificates.clone());
        let verify = |framed: &str| {
            let verified = keyring.verify_clear(framed)?;
            Ok((verified.plain, verified.by.fingerprint.to_string()))
        };
        let _guard = self.lock()?;
        let all = publish::published_suites(store)?;
        let mut findings = Vec::new();
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
            match publish::rebuild(store, suite, &verify, record, self.listener)? {
                Rebuilt::Whole => {}
                Rebuilt::Completed(files) => {
                    self.listener
                        .note(format!("{suite}: {files} files of its state are restored"));
                }
                Rebuilt::Restored(base) => {
                    let number = base.number;
                    self.listener.note(format!(
                        "{suite}: its state is restored as generation {number}; earlier ones \
                         are lost, and what its Release does not say is as usual: \
                         debcut archive init --suite {suite} sets it again"
                    ));
                }
                Rebuilt::Refused(own) => findings.extend(own),
            }
        }
        // Clients get the key from the archive, too.
        for suite in publish::suites(store)? {
            let current = publish::observe(store, &suite, publish::Question::Manifest)?;
            let key = current
                .manifest()
                .and_then(|manifest| manifest.record.key.clone());
            let known = certificates
                .iter()
                .find(|known| Some(known.fingerprint().as_str()) == key.as_deref());
            if let Some(certificate) = known {
                let path = layout::certificate(certificate.fingerprint());
                if store.size(&path)?.is_none() {
                    let text = certificate.armored();
                    store.write(&path, Content::Bytes(text.as_bytes()), &Condition::IfAbsent)?;
                }
            }
        }
        Ok(findings)
    }
}
