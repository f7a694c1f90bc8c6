//! What an archive has, and whether it is as it was promised.

use std::ops::ControlFlow;

use super::Desk;
use crate::archive::manifest::Index;
use crate::archive::{Current, layout, query};
use crate::flow::{FlowError, signing};
use crate::format::index::Kind;
use crate::format::version::Version;
use crate::model::{Finding, PackageName, Suite};
use crate::publish::client::{ClientSources, file_uri};
use crate::publish::{self, Depth, PublishError, Question, observe, observe_generation};
use crate::sys::openpgp::{Certificate, Keyring};

impl Desk<'_> {
    /// Returns what a client needs to use these suites, or all of them.
    pub fn client_sources(&self, suites: &[Suite]) -> Result<ClientSources, FlowError> {
        let suites = if suites.is_empty() {
            self.suites()?
        } else {
            suites.to_vec()
        };
        let mut sources = ClientSources::new(file_uri(&self.store.place()));
        let certificates = self.certificates()?;
        for suite in suites {
            let current = self.look(&suite, None, Question::Manifest)?;
            let manifest = current
                .manifest()
                .expect("a suite that is there has a manifest");
            let listed = |index: &Index| index.name.kind() == Some(Kind::Sources) && index.size > 0;
            let has_sources = manifest.indices.iter().any(listed);
            let mut keys = Vec::new();
            for fingerprint in manifest.signers() {
                let known = certificates
                    .iter()
                    .find(|certificate| certificate.fingerprint().as_str() == fingerprint);
                keys.push(known.cloned().ok_or_else(|| FlowError::NoCertificate {
                    place: self.store.place(),
                    suite: suite.to_string(),
                })?);
            }
            let components = &manifest.settings.components;
            sources.add(suite, components, has_sources, &keys);
        }
        Ok(sources)
    }

    /// Lists suites; an archive without any is none.
    pub fn suites(&self) -> Result<Vec<Suite>, FlowError> {
        let suites = publish::suites(self.store.as_ref())?;
        if suites.is_empty() {
            return Err(FlowError::NoArchive {
                place: self.store.place(),
            });
        }
        Ok(suites)
    }

    /// Looks at a suite, or at one of its earlier generations.
    pub fn look(
        &self,
        suite: &Suite,
        number: Option<u64>,
        question: Question<'_>,
    ) -> Result<Current, FlowError> {
        let known = self.suites()?;
        if !known.contains(suite) {
            return Err(FlowError::NoSuite {
                place: self.store.place(),
                wanted: suite.to_string(),
                known: known.iter().map(ToString::to_string).collect(),
            });
        }
        match number {
            None => Ok(observe(self.store.as_ref(), suite, question)?),
            Some(number) => {
                let found = observe_generation(self.store.as_ref(), suite, number, question)?;
                match found {
                    Some(found) => Ok(found),
                    None => Err(self.no_generation(suite, &number.to_string())?),
                }
            }
        }
    }

    /// Returns every stanza of a package in a suite, with its index.
    pub fn show(
        &self,
        suite: &Suite,
        name: &PackageName,
    ) -> Result<Vec<(String, String)>, FlowError> {
        let names = std::slice::from_ref(name);
        let current = self.look(suite, None, Question::Packages(names))?;
        let found = query::show(&current, name).map_err(PublishError::from)?;
        let stanza = |(index, stanza): (&layout::IndexName, &crate::format::index::Stanza)| {
            (index.to_string(), stanza.text().to_owned())
        };
        Ok(found.into_iter().map(stanza).collect())
    }

    /// Completes what a killed publish left between a suite's head and what
    /// clients read.
    pub fn complete(&self, suite: &Suite) -> Result<(), FlowError> {
        let _guard = self.lock()?;
        publish::recover(self.store.as_ref(), suite)?;
        Ok(())
    }

    /// Tells whether a kept generation of a suite has a package in this version.
    pub fn had(
        &self,
        suite: &Suite,
        name: &PackageName,
        version: &Version,
    ) -> Result<bool, FlowError> {
        let mut found = false;
        let names = std::slice::from_ref(name);
        publish::history(self.store.as_ref(), suite, names, &mut |current| {
            let stanzas = query::show(current, name)?;
            found = stanzas
                .iter()
                .any(|(_, stanza)| stanza.version() == version);
            Ok(match found {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        Ok(found)
    }

    /// Checks all suites, also those that have nothing but what clients read;
    /// returns the others with the findings.
    pub fn check_all(
        &self,
        depth: Depth,
        more: Vec<Certificate>,
    ) -> Result<(Vec<Suite>, Vec<Finding>), FlowError> {
        let lost = publish::lost_heads(self.store.as_ref())?;
        // Where we have left a certificate, there is an archive of ours.
        let suites = match !lost.is_empty() && !self.certificates()?.is_empty() {
            true => publish::suites(self.store.as_ref())?,
            false => self.suites()?,
        };
        let mut findings = self.check(&suites, depth, more)?;
        findings.extend(lost);
        Ok((suites, findings))
    }

    /// Checks suites against what clients and we were promised. Signatures
    /// count by the user's keys and by `more`; only where neither knows the
    /// signer, by the certificate that the archive itself holds.
    pub fn check(
        &self,
        suites: &[Suite],
        depth: Depth,
        more: Vec<Certificate>,
    ) -> Result<Vec<Finding>, FlowError> {
        let mut certificates = signing::keyring(self.environment)?.certificates().to_vec();
        certificates.extend(more);
        for own in self.certificates()? {
            if certificates
                .iter()
                .all(|known| known.fingerprint() != own.fingerprint())
            {
                self.listener.note(format!(
                    "the key {} is known from the archive itself alone: \
                     --keyring FILE checks against one you trust",
                    own.fingerprint()
                ));
                certificates.push(own);
            }
        }
        let keyring = Keyring::new(certificates);
        let store = self.store.as_ref();
        Ok(publish::check(
            store,
            suites,
            depth,
            &keyring,
            self.clock.now(),
            self.listener,
        )?)
    }
}
