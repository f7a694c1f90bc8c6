//! How many people must have come to the same bytes before a suite takes a
//! package, and whose word counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::archive::gate::uploads::Upload;
use crate::archive::proposal::Proposal;
use crate::format::index::{self, Kind, PoolFile, Stanza};
use crate::model::{Finding, Fingerprint, Sha256};

/// What somebody demands of packages before they are published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// How many different keys must have attested the same digests; without a
    /// number one suffices if builders are named, and none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestations: Option<u32>,
    /// Whose attestations count; empty: those of every known key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builders: Vec<Fingerprint>,
}

impl Demand {
    /// Tells whether nothing is demanded.
    pub fn is_empty(&self) -> bool {
        self.wanted() == 0
    }

    fn wanted(&self) -> usize {
        let usual = u32::from(!self.builders.is_empty());
        self.attestations.unwrap_or(usual) as usize
    }
}

/// Whose accepted attestations speak for which bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence(BTreeMap<Sha256, BTreeSet<Fingerprint>>);

impl Evidence {
    /// Adds that a certificate's owner attested these bytes.
    pub fn add(&mut self, sha256: Sha256, by: Fingerprint) {
        self.0.entry(sha256).or_default().insert(by);
    }

    fn of(&self, file: &PoolFile) -> BTreeSet<&Fingerprint> {
        self.0.get(&file.sha256).into_iter().flatten().collect()
    }

    /// Returns who attested a package. Nobody else can come to the same `.dsc`
    /// as the builder, whose signature is in it: of a source package, whoever
    /// attested all other files speaks for it too.
    fn vouchers(&self, stanza: &Stanza) -> BTreeSet<&Fingerprint> {
        let files = index::files(stanza).unwrap_or_default();
        let is_dsc = |file: &&PoolFile| file.path.as_str().ends_with(".dsc");
        let whole = files.iter().filter(|file| match stanza.kind() {
            Kind::Packages => true,
            Kind::Sources => is_dsc(file),
        });
        let mut found: BTreeSet<_> = whole.flat_map(|file| self.of(file)).collect();
        let mut parts = files.iter().filter(|file| !is_dsc(file));
        if stanza.kind() == Kind::Sources
            && let Some(first) = parts.next()
        {
            let first = self.of(first);
            let all = parts.fold(first, |all, part| {
                all.intersection(&self.of(part)).copied().collect()
            });
            found.extend(all);
        }
        found
    }
}

/// What is demanded of what comes into a suite, and what there is to meet it.
#[derive(Debug, Clone, Default)]
pub struct Grounds {
    /// Whose attestations came.
    pub evidence: Evidence,
    /// What the publisher demands; the suite's own settings are asked in any
    /// case.
    pub demand: Demand,
    /// Who signed the uploads.
    pub uploads: Vec<Upload>,
}

impl Grounds {
    /// Says what a proposal lacks, by the suite's demand and the publisher's.
    pub(super) fn judge(&self, suite: &Demand, proposal: &Proposal) -> Vec<Finding> {
        let demands = [("the suite", suite), ("the configuration", &self.demand)];
        let lacks = demands
            .into_iter()
            .filter(|(_, demand)| !demand.is_empty())
            .filter_map(|(who, demand)| self.lack(who, demand, proposal));
        lacks.collect()
    }

    fn lack(&self, who: &str, demand: &Demand, proposal: &Proposal) -> Option<Finding> {
        let found = self.evidence.vouchers(&proposal.stanza);
        let counts =
            |by: &&&Fingerprint| demand.builders.is_empty() || demand.builders.contains(by);
        let (counted, wanted) = (found.iter().filter(counts).count(), demand.wanted());
        if counted >= wanted {
            return None;
        }
        let subject = proposal.subject.as_str();
        if counted == 0 && !found.is_empty() {
            let keys: Vec<_> = found.iter().map(|key| key.as_str()).collect();
            let message = format!(
                "it was built by {}, which {who} does not allow to build",
                keys.join(" and ")
            );
            return Some(
                Finding::error("builder-not-allowed", subject, message)
                    .fix("have it built with one of the allowed keys (build-keys)"),
            );
        }
        let message = format!("{counted} of {wanted} builders that {who} demands attest it");
        Some(
            Finding::error("too-few-attestations", subject, message).fix(
                "put the provenance (.intoto.jsonl) beside it; let somebody else build it \
                 and add their word: debcut attest THEIR-BUILD --to PROVENANCE",
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::{deb, nothing_there, source};
    use crate::archive::{Older, admit_proven};

    fn key(digit: char) -> Fingerprint {
        Fingerprint::new(digit.to_string().repeat(40)).expect("a fingerprint")
    }

    fn evidence(content: &str, keys: &str) -> Evidence {
        let mut evidence = Evidence::default();
        for digit in keys.chars() {
            evidence.add(Sha256::of(content.as_bytes()), key(digit));
        }
        evidence
    }

    #[test]
    fn as_many_builders_as_demanded_must_attest() {
        // (attestations, builders, who attested, the rule that breaks)
        let cases: [(Option<u32>, &str, &str, Option<&str>); 9] = [
            (None, "", "", None),
            (Some(1), "", "", Some("too-few-attestations")),
            (Some(1), "", "A", None),
            (Some(2), "", "A", Some("too-few-attestations")),
            (Some(2), "", "AB", None),
            (None, "A", "A", None),
            (None, "A", "B", Some("builder-not-allowed")),
            (None, "A", "", Some("too-few-attestations")),
            (Some(2), "AC", "AB", Some("too-few-attestations")),
        ];
        for (attestations, builders, by, want) in cases {
            let demand = Demand {
                attestations,
                builders: builders.chars().map(key).collect(),
            };
            let shown = format!("{attestations:?} {builders} {by}");
            // The publisher's demand and the suite's bind alike.
            let publishers = Grounds {
                evidence: evidence("x", by),
                demand: demand.clone(),
                uploads: Vec::new(),
            };
            let anybody = Grounds {
                demand: Demand::default(),
                ..publishers.clone()
            };
            let mut bound = nothing_there();
            if let Some((_, manifest)) = &mut bound.generation {
                manifest.settings.demand = demand;
            }
            for (current, grounds) in [(nothing_there(), publishers), (bound, anybody)] {
                let offered = [deb("hello 1.0-1 amd64 x")];
                let found = admit_proven(&current, &offered, Older::Refuse, &grounds);
                let rule = found.err().map(|findings| findings[0].rule);
                assert_eq!(rule, want, "{shown}");
            }
        }
    }

    #[test]
    fn a_second_builder_speaks_for_a_source_by_its_parts() {
        let files = [("hello_1.0.tar.xz", "tar")];
        let offered = [source("1.0", &files, &files)];
        let demand = Demand {
            attestations: Some(1),
            builders: Vec::new(),
        };
        for (content, good) in [("tar", true), ("other", false)] {
            let grounds = Grounds {
                evidence: evidence(content, "A"),
                demand: demand.clone(),
                uploads: Vec::new(),
            };
            let found = admit_proven(&nothing_there(), &offered, Older::Refuse, &grounds);
            assert_eq!(found.is_ok(), good, "{content}: {found:?}");
        }
    }
}
