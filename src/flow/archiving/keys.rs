//! Which key signs a suite, and the certificates that its archive keeps.

use super::Desk;
use crate::archive::manifest::Manifest;
use crate::archive::{Current, layout};
use crate::flow::FlowError;
use crate::flow::signing::{self, KeyWanted};
use crate::keys::Choice;
use crate::sys::openpgp::Certificate;
use crate::sys::store::{Condition, Content};

impl Desk<'_> {
    /// Chooses the key: the one that is asked for, else CI's, else the
    /// configured one, else the one that the suite was signed with before,
    /// which its clients know.
    ///
    /// A suite that is made of `another` one is signed as that is.
    pub(in crate::flow) fn key(
        &self,
        current: &Current,
        another: Option<&Manifest>,
        wanted: &KeyWanted,
    ) -> Result<Choice, FlowError> {
        let (choice, caution) = self.choice(current, another, wanted)?;
        if let Some(caution) = caution {
            self.listener.warn(caution);
        }
        Ok(choice)
    }

    /// Chooses the key; says where clients may not know it.
    pub(super) fn choice(
        &self,
        current: &Current,
        another: Option<&Manifest>,
        wanted: &KeyWanted,
    ) -> Result<(Choice, Option<String>), FlowError> {
        let before = current.manifest().or(another);
        let before = before.and_then(|manifest| manifest.record.key.clone());
        let usual = self.configured_key.as_deref().or(before.as_deref());
        let choice = signing::chosen(self.environment, wanted, usual, self.clock.now())?;
        let choice = choice.ok_or(FlowError::UnsignedArchive)?;
        let fingerprint = choice.certificate().fingerprint();
        let known = current.manifest().is_some_and(|manifest| {
            let signers = &manifest.settings.signers;
            signers.contains(fingerprint)
        });
        let other = before.filter(|before| before != fingerprint.as_str() && !known);
        let caution = other.map(|before| {
            format!(
                "{} was signed with {before} and will be with {fingerprint}: \
                 clients that trust only the former refuse it",
                current.suite
            )
        });
        Ok((choice, caution))
    }

    /// Keeps the certificate that clients need in the archive itself.
    pub(in crate::flow) fn keep_certificate(
        &self,
        certificate: &Certificate,
    ) -> Result<(), FlowError> {
        let path = layout::certificate(certificate.fingerprint());
        let text = certificate.armored();
        self.store
            .write(&path, Content::Bytes(text.as_bytes()), &Condition::Always)?;
        Ok(())
    }

    /// Returns the certificates that suites were signed with.
    pub fn certificates(&self) -> Result<Vec<Certificate>, FlowError> {
        let mut found = Vec::new();
        for entry in self.store.list(&layout::certificates())? {
            let bytes = self.store.read(&entry.path)?.unwrap_or_default();
            // One that is damaged verifies nothing; the check says what lacks.
            found.extend(Certificate::parse_all(&bytes).unwrap_or_default());
        }
        Ok(found)
    }
}
