//! Archives looked at: lists, packages, differences, histories, health.

use std::collections::BTreeMap;

use super::FlowError;
use super::archiving::Desk;
use super::generations::State;
use crate::archive::purge::Purge;
use crate::archive::query::compare::Comparison;
use crate::archive::query::filter::Filter;
use crate::archive::query::relatives::{binaries_of, source_of};
use crate::archive::{Current, IndexName, Listed, query};
use crate::format::index::{Kind, Stanza};
use crate::model::{PackageName, Suite};
use crate::publish::health::{self, Counted, Health};
use crate::publish::{self, Extent, Past, PublishError, Question};

/// A package as a suite has it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The suite.
    pub suite: Suite,
    /// The generation that was looked at.
    pub generation: u64,
    /// The first index that has it.
    pub index: IndexName,
    /// What it says.
    pub stanza: Stanza,
}

/// A package, and those that are built with it.
#[derive(Debug, Default)]
pub struct Shown {
    /// Every version of it in every suite, source and binaries.
    pub found: Vec<Found>,
    /// The sources of its binaries and the binaries of its source.
    pub relatives: Vec<Found>,
}

impl Desk<'_> {
    /// Lists what is wanted of a suite, with the generation that was looked at.
    pub fn filtered(
        &self,
        at: &State,
        wanted: &Filter,
    ) -> Result<(Current, Vec<Listed>), FlowError> {
        let exact = wanted.exact_names();
        let question = match &exact {
            Some(names) => Question::Packages(names),
            None => Question::Whole,
        };
        let current = self.look(&at.suite, at.number, question)?;
        let listed = query::filtered(&current, wanted).map_err(PublishError::from)?;
        Ok((current, listed))
    }

    /// Returns every stanza of a package in these suites, and of those that are
    /// built from the same source.
    pub fn shown(&self, suites: &[State], name: &PackageName) -> Result<Shown, FlowError> {
        let mut shown = Shown::default();
        for at in suites {
            let own = self.stanzas(at, std::slice::from_ref(name))?;
            let mut names: Vec<PackageName> = Vec::new();
            let mut sources = Vec::new();
            for found in &own {
                names.extend(binaries_of(&found.stanza));
                if let Some(source) = source_of(&found.stanza) {
                    names.push(source.0.clone());
                    sources.push(source);
                }
            }
            names.sort();
            names.dedup();
            names.retain(|other| other != name);
            if !names.is_empty() {
                let related = self.stanzas(at, &names)?.into_iter();
                shown.relatives.extend(related.filter(|found| {
                    let source = source_of(&found.stanza);
                    let is_ours = source.is_some_and(|source| sources.contains(&source));
                    // A binary's other binaries are its source's to show.
                    let by_source = own.iter().any(|own| own.stanza.kind() == Kind::Sources);
                    is_ours && (by_source || found.stanza.kind() == Kind::Sources)
                }));
            }
            shown.found.extend(own);
        }
        Ok(shown)
    }

    fn stanzas(&self, at: &State, names: &[PackageName]) -> Result<Vec<Found>, FlowError> {
        let current = self.look(&at.suite, at.number, Question::Packages(names))?;
        let Some(base) = current.base() else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        for name in names {
            let found = query::show(&current, name).map_err(PublishError::from)?;
            all.extend(found.into_iter().map(|(index, stanza)| Found {
                suite: at.suite.clone(),
                generation: base.number,
                index: index.clone(),
                stanza: stanza.clone(),
            }));
        }
        Ok(all)
    }

    /// Compares two generations, of one suite or of two.
    pub fn difference(&self, a: &State, b: &State) -> Result<(u64, u64, Comparison), FlowError> {
        let one = self.look(&a.suite, a.number, Question::Manifest)?;
        let other = self.look(&b.suite, b.number, Question::Manifest)?;
        let number = |current: &Current| current.base().map_or(0, |base| base.number);
        let found = publish::compare(self.store.as_ref(), &one, &other)?;
        Ok((number(&one), number(&other), found))
    }

    /// Returns the newest generations of a suite, the newest first.
    pub fn past(&self, suite: &Suite, limit: usize) -> Result<(Vec<Past>, Extent), FlowError> {
        self.look(suite, None, Question::Manifest)?;
        Ok(publish::past(self.store.as_ref(), suite, limit)?)
    }

    /// Returns what was destroyed in the archive.
    pub fn purges(&self) -> Result<Vec<Purge>, FlowError> {
        Ok(publish::purges(self.store.as_ref())?)
    }

    /// Says how suites stand, or all of them.
    pub fn health(&self, suites: &[Suite], counted: Counted) -> Result<Vec<Health>, FlowError> {
        let known = self.suites()?;
        let wanted = match suites {
            [] => known,
            suites => {
                for suite in suites {
                    self.look(suite, None, Question::Manifest)?;
                }
                suites.to_vec()
            }
        };
        let (certificates, now) = (self.certificates()?, self.clock.now());
        let mut found = BTreeMap::new();
        for suite in wanted {
            let health = health::health(self.store.as_ref(), &suite, &certificates, counted, now)?;
            found.extend(health.map(|health| (suite, health)));
        }
        Ok(found.into_values().collect())
    }
}
