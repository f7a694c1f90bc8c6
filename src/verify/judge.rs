//! [`Facts`] → [`Verdict`], purely.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::facts::{Claim, Content, Facts, Listed, Origin, Signature, Signer, file_name};
use super::kind::{Kind, RELEASE_SIGNATURE};
use super::problem::{Problem, findings};
use crate::model::{Finding, Timestamp};

#[cfg(test)]
mod tests;

/// What is to be said of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Each file that was asked about, by path.
    pub files: Vec<FileVerdict>,
    /// What stands against them, and what is odd.
    pub findings: Vec<Finding>,
}

/// What is to be said of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileVerdict {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Whether nothing stands against it.
    pub verified: bool,
    /// What it is about, in a few words.
    pub about: Option<String>,
    /// Whose signature speaks for it.
    pub signed_by: Option<SignedIn>,
    /// How it came about, by a statement with an accepted signature.
    pub origin: Option<Origin>,
    /// The files it lists.
    pub lists: Vec<Comparison>,
    /// The texts beside it that list it.
    pub listed_by: Vec<Comparison>,
    /// Whose attestations speak for it: of provenance its own, line by line, of
    /// any other file those that list it as it is.
    pub attestations: Vec<Attestation>,
}

/// One line of a file of attestations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The file's name.
    pub file: String,
    /// The line; the builder's own is 1.
    pub line: usize,
    /// Who signed it, where that is accepted.
    pub signer: Option<Signer>,
    /// Who built, by its word.
    pub builder: Option<String>,
}

/// An accepted signature, and the file that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who signed, and when.
    pub signer: Signer,
    /// The file's name: the file's own, or that of a text that lists it.
    pub carrier: String,
}

/// Whether a file is what a text lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The other file: the one that is listed, or the text that lists.
    pub name: String,
    /// Whether they agree; none where the listed file is not here.
    pub agrees: Option<bool>,
}

/// Judges the files that were asked about at `now`.
pub fn judge(facts: &Facts, now: Timestamp) -> Verdict {
    let court = Court { facts, now };
    let problems = court.problems();
    let stands = |path: &Path| !problems.iter().any(|problem| problem.stands_against(path));
    let file = |path: &PathBuf| {
        // A list that nobody signs is as good as the files that it lists.
        let mut listed = facts
            .listed_by(path)
            .filter(|_| Kind::of(path) == Kind::Sums);
        let verified = stands(path) && listed.all(|(path, _)| stands(&path));
        court.file(path, verified)
    };
    Verdict {
        files: facts.asked.iter().map(file).collect(),
        findings: findings(&problems),
    }
}

struct Court<'a> {
    facts: &'a Facts,
    now: Timestamp,
}

impl<'a> Court<'a> {
    fn file(&self, path: &Path, verified: bool) -> FileVerdict {
        let claim = self.facts.claims.get(path);
        let content = claim.and_then(|claim| claim.content.as_ref().ok());
        let package = self.facts.packages.get(path);
        let about = package.and_then(|package| package.as_ref().ok());
        let lists = self.facts.listed_by(path).map(|(target, listed)| {
            let found = self.facts.digests.get(&target);
            Comparison {
                name: listed.name.clone(),
                agrees: found.map(|found| listed.difference(found).is_none()),
            }
        });
        let listings = self.listings(path).into_iter();
        FileVerdict {
            kind: Kind::of(path),
            verified,
            about: about
                .or(content.and_then(|content| content.about.as_ref()))
                .cloned(),
            signed_by: self.signed_by(path),
            origin: self.origin(path),
            lists: lists.collect(),
            listed_by: listings
                .map(|(list, agrees)| Comparison {
                    name: file_name(list),
                    agrees: Some(agrees),
                })
                .collect(),
            attestations: self.attestations(path),
            path: path.to_owned(),
        }
    }

    fn signed_by(&self, path: &Path) -> Option<SignedIn> {
        let carrier = match self.signer(path) {
            Some(_) => path,
            None => self.vouchers(path).next()?,
        };
        Some(SignedIn {
            signer: self.signer(carrier)?.clone(),
            carrier: match Kind::of(carrier) {
                Kind::Release => RELEASE_SIGNATURE.to_owned(),
                _ => file_name(carrier),
            },
        })
    }

    /// Finds the statement that speaks for a file: itself, one that lists it,
    /// or, for a list that nobody signs, one that it lists.
    fn origin(&self, path: &Path) -> Option<Origin> {
        let own = |path: &Path| {
            let claim = self.facts.claims.get(path)?;
            claim.signature.signer()?;
            claim.content.as_ref().ok()?.origin.clone()
        };
        let listed = || {
            let sums = Kind::of(path) == Kind::Sums;
            let mut listed = self.facts.listed_by(path).filter(|_| sums);
            listed.find_map(|(target, listed)| {
                let found = self.facts.digests.get(&target)?;
                listed.difference(found).is_none().then(|| own(&target))?
            })
        };
        own(path)
            .or_else(|| self.vouchers(path).find_map(own))
            .or_else(listed)
    }

    /// Lists the attestations that speak for a file.
    fn attestations(&self, path: &Path) -> Vec<Attestation> {
        let own = Kind::of(path) == Kind::Provenance;
        let mut found = Vec::new();
        let digests = self.facts.digests.get(path);
        for (file, claim) in &self.facts.claims {
            let beside = own == (file == path) && file.parent() == path.parent();
            let Some(content) = claim.content.as_ref().ok().filter(|_| beside) else {
                continue;
            };
            if Kind::of(file) != Kind::Provenance {
                continue;
            }
            let first = (1, &claim.signature, Ok(content));
            let others = content.further.iter();
            let others = others.map(|f| (f.line, &f.signature, f.content.as_ref()));
            for (line, signature, content) in std::iter::once(first).chain(others) {
                let lists = |content: &Content| {
                    let same = |l: &Listed| digests.is_some_and(|d| l.difference(d).is_none());
                    content.listed.iter().any(same)
                };
                if own || content.is_ok_and(lists) {
                    let origin = content.ok().and_then(|content| content.origin.as_ref());
                    found.push(Attestation {
                        file: file_name(file),
                        line,
                        signer: signature.signer().cloned(),
                        builder: origin.map(|origin| origin.builder.clone()),
                    });
                }
            }
        }
        found
    }

    /// Returns who signed a text, where that is accepted and it can be read.
    fn signer(&self, path: &Path) -> Option<&'a Signer> {
        let claim = self.facts.claims.get(path)?;
        claim.content.as_ref().ok()?;
        claim.signature.signer()
    }

    /// Finds the texts that list a file, by its name or its digest, and whether
    /// it is what they list; those that say most come first.
    fn listings(&self, path: &Path) -> Vec<(&'a Path, bool)> {
        let Some(found) = self.facts.digests.get(path) else {
            return Vec::new();
        };
        let mut listings = Vec::new();
        for list in self.facts.claims.keys().filter(|list| *list != path) {
            let mut named = None;
            for (target, listed) in self.facts.listed_by(list) {
                let agrees = listed.difference(found).is_none();
                let same = agrees && target.parent() == path.parent();
                if target == path || same {
                    named = Some(named.unwrap_or(false) || agrees);
                }
            }
            listings.extend(named.map(|agrees| (list.as_path(), agrees)));
        }
        listings.sort_by_key(|(list, _)| (Kind::of(list), *list));
        listings
    }

    /// Returns the texts with an accepted signature that list a file as it is.
    fn vouchers(&self, path: &Path) -> impl Iterator<Item = &'a Path> {
        let agreeing = self
            .listings(path)
            .into_iter()
            .filter(|(_, agrees)| *agrees);
        let signed = agreeing.filter(|(list, _)| self.signer(list).is_some());
        signed.map(|(list, _)| list).collect::<Vec<_>>().into_iter()
    }

    fn problems(&self) -> Vec<Problem> {
        let facts = self.facts;
        let mut problems: Vec<_> = facts
            .empty
            .iter()
            .map(|path| Problem::empty(path))
            .collect();
        let weighed = self.weighed();
        let differing = self.compared(&weighed, &mut problems);
        for path in &weighed {
            match facts.claims.get(path) {
                Some(claim) => self.text_problems(path, claim, &mut problems),
                None if differing.contains(path) => {}
                None => self.support_problems(path, &mut problems),
            }
            if let Some(Err(why)) = facts.packages.get(path) {
                problems.push(Problem::hostile(path, why));
            }
            problems.extend(self.renamed(path));
            problems.extend(self.of_other_source(path));
        }
        for path in &facts.inner {
            let mut lists = facts.claims.keys();
            let listed = |list: &PathBuf| facts.listed_by(list).any(|(to, _)| to.starts_with(path));
            if !lists.any(listed) {
                problems.push(Problem::inner(path));
            }
        }
        problems
    }

    /// Returns the files that need a signature to speak for them: those asked
    /// about, and what an unsigned list among them lists, because that list is
    /// only as good as its files.
    fn weighed(&self) -> BTreeSet<PathBuf> {
        let mut weighed = self.facts.asked.clone();
        for path in &self.facts.asked {
            if Kind::of(path) == Kind::Sums {
                let listed = self.facts.listed_by(path).map(|(path, _)| path);
                weighed.extend(listed.filter(|path| self.facts.digests.contains_key(path)));
            }
        }
        weighed
    }

    /// Compares files with the lists that matter, and returns those that are
    /// not what some list says.
    fn compared(
        &self,
        weighed: &BTreeSet<PathBuf>,
        problems: &mut Vec<Problem>,
    ) -> BTreeSet<PathBuf> {
        let facts = self.facts;
        let mut missing: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
        let mut differing: BTreeMap<(PathBuf, String, String), Vec<&Path>> = BTreeMap::new();
        for (list, claim) in &facts.claims {
            // A text that is not what was signed accuses nobody.
            if matches!(claim.signature, Signature::Bad { .. }) {
                continue;
            }
            let asked = facts.asked.contains(list);
            for (target, listed) in facts.listed_by(list) {
                match facts.digests.get(&target) {
                    None if asked && Kind::of(list).needs_all_it_lists() => {
                        missing.entry(target).or_default().push(list);
                    }
                    Some(found) if asked || weighed.contains(&target) => {
                        if let Some((found, listed)) = listed.difference(found) {
                            let lists = differing.entry((target, found, listed)).or_default();
                            lists.push(list);
                        }
                    }
                    _ => {}
                }
            }
            if asked && Kind::of(list).is_of_suite() {
                problems.extend(self.missing_indices(list, claim));
            }
        }
        let mut found_differing = BTreeSet::new();
        for ((target, found, listed), lists) in differing {
            let voucher = self.vouchers(&target).next();
            let (signed, unsigned): (Vec<&Path>, Vec<&Path>) = lists
                .into_iter()
                .partition(|list| self.signer(list).is_some());
            let (accusing, wrong) = match voucher {
                // Whoever signed nothing is wrong about a signed file.
                Some(_) => (signed, unsigned),
                None => ([signed, unsigned].concat(), Vec::new()),
            };
            for list in wrong {
                let voucher = voucher.expect("lists are wrong only about a signed file");
                let problem = Problem::lists_wrongly(list, &target, &found, &listed, voucher);
                problems.push(problem);
            }
            if !accusing.is_empty() {
                problems.push(Problem::differs(&target, &found, &listed, &accusing));
                found_differing.insert(target);
            }
        }
        for (target, lists) in missing {
            problems.push(Problem::missing(&target, &lists));
        }
        found_differing
    }

    /// What stands against a text: its signature, its form, its age.
    fn text_problems(&self, path: &Path, claim: &Claim, problems: &mut Vec<Problem>) {
        let kind = Kind::of(path);
        let broken = claim.content.as_ref().err();
        let signature = &claim.signature;
        // What cannot be read has no signature to speak of.
        if kind.is_signed() && !(broken.is_some() && *signature == Signature::Absent) {
            let voucher = self.vouchers(path).next();
            problems.extend(Problem::of_signature(kind, path, signature, voucher));
        }
        if let Some(why) = broken
            && !matches!(signature, Signature::Bad { .. })
        {
            problems.push(Problem::invalid(path, why));
        }
        let content = claim.content.as_ref().ok();
        if let Some(content) = content {
            for further in &content.further {
                problems.extend(Problem::of_further(path, &content.listed, further));
            }
        }
        let until = content.and_then(|content: &Content| content.valid_until);
        if let Some(until) = until.filter(|until| *until < self.now) {
            problems.push(Problem::outdated(path, &until.to_string()));
        }
    }

    /// What stands against a file that carries no signature: that nobody who
    /// signed lists it, and why.
    fn support_problems(&self, path: &Path, problems: &mut Vec<Problem>) {
        if let Some(list) = self.vouchers(path).next() {
            let signature = &self.facts.claims[list].signature;
            problems.extend(Problem::of_signature(Kind::of(list), list, signature, None));
            return;
        }
        let listings = self.listings(path);
        let lists: Vec<&Path> = listings.into_iter().map(|(list, _)| list).collect();
        let mut speaks = false;
        for list in lists.iter().filter(|list| Kind::of(list).is_signed()) {
            let claim = &self.facts.claims[*list];
            let kind = Kind::of(list);
            let problem = Problem::of_signature(kind, list, &claim.signature, None);
            problems.extend(problem.map(|problem| problem.blaming([path])));
            speaks = true;
        }
        match lists.first() {
            _ if speaks => {}
            Some(list) => problems.push(Problem::only_summed(path, list)),
            None => problems.push(Problem::unattested(Kind::of(path), path)),
        }
    }

    /// A build makes packages of its own source alone.
    fn of_other_source(&self, path: &Path) -> Option<Problem> {
        let own = self.facts.sources.get(path)?;
        let mut lists = self.vouchers(path);
        lists.find_map(|list| {
            let content = self.facts.claims.get(list)?.content.as_ref().ok()?;
            let said = content.source.as_ref().filter(|said| *said != own)?;
            Some(Problem::of_other_source(path, own, list, said))
        })
    }

    fn renamed(&self, path: &Path) -> Option<Problem> {
        let vouchers: Vec<_> = self.vouchers(path).collect();
        let found = self.facts.digests.get(path)?;
        let mut other = None;
        for list in vouchers {
            for (target, listed) in self.facts.listed_by(list) {
                if listed.difference(found).is_none() {
                    if target == path {
                        return None;
                    }
                    other = other.or(Some((list, &listed.name)));
                }
            }
        }
        other.map(|(list, name)| Problem::renamed(path, list, name))
    }

    /// A suite lists its indices in every compression and offers some: an index
    /// is missing when it is here in none.
    fn missing_indices(&self, path: &Path, claim: &Claim) -> Option<Problem> {
        let listed = &claim.content.as_ref().ok()?.listed;
        let mut here: BTreeMap<&str, bool> = BTreeMap::new();
        // Proofs are there by their digests alone, and apt never asks for them.
        let indices = listed.iter().filter(|l| !l.name.starts_with("proofs/"));
        for Listed { name, .. } in indices {
            let endings = [".gz", ".xz", ".bz2", ".zst", ".lzma"];
            let index = endings.iter().find_map(|ending| name.strip_suffix(ending));
            let there = self.facts.digests.contains_key(&path.with_file_name(name));
            *here.entry(index.unwrap_or(name)).or_default() |= there;
        }
        let missing: Vec<_> = here.iter().filter(|(_, there)| !**there).collect();
        let (such_as, _) = missing.first()?;
        let problem = Problem::missing_indices(path, missing.len(), here.len(), such_as);
        Some(problem)
    }
}
