//! One package by itself: what its own commits ask for, before groups and
//! dependencies have their say.

use super::line::{Line, Raises};
use super::{Request, decide, free, hotfix};
use crate::format::conventional::{Message, Trailer};
use crate::model::Finding;
use crate::release::bump;
use crate::release::change::{self, Change, Changes};
use crate::release::commit::Release;
use crate::release::facts::{Facts, Mistagged, Pending, UnitFacts};
use crate::release::number::{Number, NumberError};
use crate::release::policy::{Bump, GroupKind, Policy, Unit};
use crate::release::trailer;

/// A package on its way into the plan.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// Its index in the policy.
    pub index: usize,
    /// The package.
    pub unit: &'a Unit,
    /// What is known of it.
    pub facts: &'a UnitFacts,
    /// Where it stands.
    pub line: Line<'a>,
    /// The release that is to be fixed on a branch of its own.
    pub hotfix: Option<String>,
    /// What its commits say.
    pub changes: Changes,
    /// The release that its changes are counted from.
    pub since: Option<&'a Release>,
    /// Its release that is prepared, unless it is to be prepared again.
    pub pending: Option<&'a Pending>,
    /// What it should get.
    pub wish: Wish,
    /// Whether it was asked for.
    pub selected: bool,
}

/// What a package should get.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each package")]
pub(super) enum Wish {
    /// A release with this number.
    Release(Wanted),
    /// Its tag, for it is prepared.
    Tag,
    /// Nothing, and why.
    Nothing(String),
}

/// The release that a package should get.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// The final number; of a release that raises the Debian revision alone,
    /// the one it has.
    pub number: Option<Number>,
    /// The step.
    pub bump: Bump,
    /// Why.
    pub reason: String,
}

impl<'a> Draft<'a> {
    /// Reads a package's commits and says what they ask for.
    pub fn of(
        index: usize,
        facts: &'a Facts,
        policy: &'a Policy,
        request: &Request,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let unit = &policy.units[index];
        let known = &facts.units[index];
        let alone = policy.units.len() == 1;
        let line = Line::of(unit, known, alone);
        let selected = is_selected(index, policy, request);
        let pending = known.pending.as_ref().filter(|_| !request.again);
        let later = pending.map(|pending| &pending.later);
        let is_candidate = match pending {
            Some(pending) => is_pre_release(line.number(&pending.version).as_ref()),
            None => {
                let set = request.set_version.as_deref();
                let set = set.and_then(|text| named(&line, text).ok());
                request.pre.is_some() || is_pre_release(set.as_ref())
            }
        };
        let (range, since) = match is_candidate {
            true => (&known.since_pre, line.current),
            false => (&known.since_final, known.last_final.as_ref()),
        };
        let commits: Vec<_> = range
            .iter()
            .filter(|at| later.is_none_or(|later| !later.contains(at)))
            .map(|at| &facts.commits[*at])
            .collect();
        let changes = change::changes(&commits, policy);
        let mut draft = Self {
            index,
            unit,
            facts: known,
            hotfix: hotfix::base(facts.branch.as_deref(), &line, policy),
            line,
            changes,
            since,
            pending,
            wish: Wish::Nothing(String::new()),
            selected,
        };
        if let Some(mistagged) = known.mistagged.as_ref().filter(|_| selected) {
            findings.push(draft.misplaced(mistagged));
        }
        draft.wish = draft.own_wish(facts, policy, request, findings);
        draft
    }

    /// Returns the release that is prepared and to be prepared again.
    pub fn unmade(&self) -> Option<&'a Pending> {
        match self.pending {
            Some(_) => None,
            None => self.facts.pending.as_ref(),
        }
    }

    fn own_wish(
        &self,
        facts: &Facts,
        policy: &Policy,
        request: &Request,
        findings: &mut Vec<Finding>,
    ) -> Wish {
        if !self.selected {
            return Wish::Nothing("not asked for".into());
        }
        if let Some(pending) = self.pending {
            findings.extend(self.otherwise(pending, request));
            return Wish::Tag;
        }
        let nothing = |text: &str| Wish::Nothing(text.to_owned());
        if let Some(text) = &request.set_version {
            return self.set(text, findings);
        }
        if self.line.raises == Raises::Revision {
            return self.revision();
        }
        // The step is measured from the last final release: candidates do not
        // add up.
        let whole: Vec<_> = self
            .facts
            .since_final
            .iter()
            .map(|at| &facts.commits[*at])
            .collect();
        let all = change::changes(&whole, policy);
        let named = self.release_as(&all, facts, policy, findings);
        let Some(last) = &self.line.last else {
            return self.first(named);
        };
        let asked = self.asked(&all.changes, last.is_below_one(), facts, policy);
        if asked.bump == Bump::None && named.is_none() {
            let since = self.since();
            return match (all.changes.len(), all.ignored.len()) {
                (0, 0) => Wish::Nothing(format!("no commit touches it since {since}")),
                (0, n) => Wish::Nothing(format!(
                    "none of the {n} commit(s) since {since} brings a change"
                )),
                (n, _) => Wish::Nothing(format!(
                    "none of the {n} change(s) since {since} asks for a release"
                )),
            };
        }
        if request.pre.is_some() && self.changes.changes.is_empty() {
            return Wish::Nothing(format!("no change since {}", self.since()));
        }
        let mut reason = asked.to_string();
        let mut number = match &self.hotfix {
            None => last.raised(asked.bump),
            Some(base) => {
                reason = format!("{reason}; a hotfix of {base}");
                last.hotfix(hotfix::form(self.unit))
            }
        };
        if self.hotfix.is_none() {
            let asked = free::Asked {
                number,
                last,
                bump: asked.bump,
            };
            let (free, why) = free::number(asked, &self.line, facts, self.facts);
            number = free;
            if let Some(why) = why {
                reason = format!("{reason}; {why}");
            }
        }
        if let Some((wanted, commit)) = named {
            number = wanted;
            reason = format!("Release-As of {commit:.12}");
        }
        // What a candidate or an UNRELEASED entry has promised is not taken back.
        let promised = self.facts.pre_releases.last();
        let promised = promised.and_then(|release| {
            Some((
                self.line.number(&release.version)?.released(),
                release.tag.to_string(),
            ))
        });
        if let Some((candidate, tag)) = promised.filter(|(candidate, _)| *candidate >= number) {
            number = candidate;
            reason = match request.pre {
                None => format!("the final release of {tag}"),
                Some(_) => format!("the next candidate after {tag}"),
            };
        }
        let opened = self
            .line
            .in_tree
            .as_ref()
            .filter(|(_, file)| file != "debian/changelog");
        let opened = opened.map(|(number, file)| (number.released(), file));
        if let Some((opened, file)) = opened.filter(|(opened, _)| *opened > number) {
            reason = format!("{file} says so");
            number = opened;
        }
        if let Some((written, file)) = self.unreleased().filter(|(written, _)| *written > number) {
            number = written;
            reason = format!("{file} says so");
        }
        if number == *last {
            return nothing("its version cannot be raised");
        }
        let bump = match &self.hotfix {
            Some(_) => asked.bump.max(Bump::Patch),
            None => number.step_from(last),
        };
        Wish::Release(Wanted {
            bump,
            number: Some(number),
            reason,
        })
    }

    /// Finds the step that changes ask for. What was picked onto a maintenance
    /// branch was let in as it is: a feature that its owner wants there makes
    /// no feature release.
    fn asked<'c>(
        &self,
        changes: &'c [Change],
        below_one: bool,
        facts: &Facts,
        policy: &Policy,
    ) -> bump::Explained<'c> {
        let branch = facts.branch.as_deref();
        let most = match &self.hotfix {
            Some(_) => Some(Bump::Patch),
            None => branch.and_then(|branch| decide::most(branch, &policy.maintenance)),
        };
        let own = self.facts.since_final.iter().map(|at| &facts.commits[*at]);
        let picked: Vec<&str> = own
            .filter(|commit| trailer::is_picked(&commit.message))
            .map(|commit| commit.id.as_str())
            .collect();
        let limit = |change: &Change| match most {
            Some(most) if picked.contains(&change.commit.as_str()) => most,
            _ => Bump::Major,
        };
        bump::explained_within(changes, &policy.bumps, below_one, &limit)
    }

    /// The version that the user names, whatever the commits say.
    fn set(&self, text: &str, findings: &mut Vec<Finding>) -> Wish {
        if let Some(current) = self.line.current.filter(|release| release.version == text) {
            return Wish::Nothing(format!("{} is that version already", current.tag));
        }
        match named(&self.line, text) {
            Ok(number) => Wish::Release(Wanted {
                bump: self
                    .line
                    .last
                    .as_ref()
                    .map_or(Bump::None, |last| number.step_from(last)),
                number: Some(number),
                reason: "--set-version".into(),
            }),
            Err(error) => {
                findings.push(
                    Finding::error(
                        "invalid-version",
                        self.unit.name.as_str(),
                        error.to_string(),
                    )
                    .fix("write it as the project does, such as 1.2.3 or 1.2.3-rc.1"),
                );
                Wish::Nothing("the version is not valid".into())
            }
        }
    }

    /// Refuses to go on from a tag that is not on its release commit.
    fn misplaced(&self, found: &Mistagged) -> Finding {
        let Mistagged {
            tag,
            commit,
            release_commit,
        } = found;
        let message = format!(
            "{tag} is on {commit:.12}, but {release_commit:.12} is the commit of that release"
        );
        let fix = format!(
            "if nobody has fetched it: git tag -d {tag}, then debcut tag; otherwise release \
             another version and revert that commit"
        );
        Finding::error("tag-taken", self.unit.name.as_str(), message).fix(fix)
    }

    /// Refuses to pass over what is asked for because another version is prepared.
    fn otherwise(&self, pending: &Pending, request: &Request) -> Option<Finding> {
        let wanted = request.set_version.as_ref()?;
        let version = &pending.version;
        if wanted == version {
            return None;
        }
        let message = format!("{version} is prepared and awaits its tag, {wanted} is asked for");
        let finding = Finding::error("prepared-otherwise", self.unit.name.as_str(), message);
        Some(finding.fix("debcut tag releases it; --again prepares another one in its place"))
    }

    /// A Debian package of somebody else's upstream: the next revision.
    fn revision(&self) -> Wish {
        if self.line.current.is_none() {
            let version = self
                .line
                .debian
                .map(ToString::to_string)
                .unwrap_or_default();
            return Wish::Release(Wanted {
                number: None,
                bump: Bump::None,
                reason: format!("first release; debian/changelog says {version}"),
            });
        }
        if self.changes.changes.is_empty() {
            return Wish::Nothing(format!("no change since {}", self.since()));
        }
        let reason = match self.line.is_unreleased {
            true => "debian/changelog says so (UNRELEASED)".to_owned(),
            false => format!(
                "{} change(s) since {}",
                self.changes.changes.len(),
                self.since()
            ),
        };
        Wish::Release(Wanted {
            number: None,
            bump: Bump::Patch,
            reason,
        })
    }

    /// Nothing was ever released: the version that the tree holds.
    fn first(&self, named: Option<(Number, String)>) -> Wish {
        let (number, reason) = match (named, &self.line.in_tree) {
            (Some((number, commit)), _) => {
                (number, format!("first release; Release-As of {commit:.12}"))
            }
            (None, Some((number, file))) => {
                let number = match number.is_development() {
                    true => number.released(),
                    false => number.clone(),
                };
                let reason = format!("first release; {file} says {number}");
                (number, reason)
            }
            (None, None) => {
                let first = Number::parse("0.1.0").expect("constant");
                (first, "first release; no file says a version".to_owned())
            }
        };
        Wish::Release(Wanted {
            number: Some(number),
            bump: Bump::None,
            reason,
        })
    }

    /// The highest version that a trailer asks for, with its commit, where it is
    /// higher than what is released. In a project of one package an empty commit
    /// may ask, too: it has no paths that could be somebody else's.
    fn release_as(
        &self,
        all: &Changes,
        facts: &Facts,
        policy: &Policy,
        findings: &mut Vec<Finding>,
    ) -> Option<(Number, String)> {
        let said = all.changes.iter().filter_map(|change| {
            let text = change.release_as.clone()?;
            Some((text, change.commit.clone()))
        });
        let empty = facts.commits.iter().filter(|commit| {
            policy.units.len() == 1 && commit.touches.is_empty() && !commit.is_merge()
        });
        let by_trailer =
            empty.filter_map(|commit| Some((asked(&commit.message)?, commit.id.clone())));
        let mut highest: Option<(Number, String)> = None;
        for (text, commit) in said.chain(by_trailer) {
            match Number::parse(text.trim()) {
                Ok(number) if self.is_higher(&number) => {
                    if highest.as_ref().is_none_or(|(best, _)| *best < number) {
                        highest = Some((number, commit));
                    }
                }
                _ => {
                    let message = format!(
                        "Release-As: {text} is not higher than {}: it is passed over",
                        self.since()
                    );
                    findings.push(Finding::warning(
                        "release-as",
                        format!("{commit:.12}"),
                        message,
                    ));
                }
            }
        }
        highest
    }

    fn is_higher(&self, number: &Number) -> bool {
        let current = self
            .line
            .current
            .and_then(|release| self.line.number(&release.version));
        [current.as_ref(), self.line.last.as_ref()]
            .into_iter()
            .flatten()
            .all(|last| number > last)
    }

    /// The number of an entry that is being written.
    fn unreleased(&self) -> Option<(Number, &'static str)> {
        let version = self.line.debian.filter(|_| self.line.is_unreleased)?;
        let number = Number::parse(version.upstream()).ok()?;
        (!number.is_pre_release()).then_some((number, "debian/changelog"))
    }

    /// Names the newest release.
    pub fn since(&self) -> String {
        let current = self.line.current;
        current.map_or("the beginning".into(), |release| release.tag.to_string())
    }
}

/// Reads the number of a version that the user names.
fn named(line: &Line<'_>, text: &str) -> Result<Number, NumberError> {
    let upstream = match line.pattern.is_debian() {
        true => text.rsplit_once('-').map_or(text, |(upstream, _)| upstream),
        false => text,
    };
    let upstream = upstream.split_once(':').map_or(upstream, |(_, rest)| rest);
    Number::parse(upstream)
}

/// Returns the version that a message's trailer asks for.
pub(super) fn asked(message: &str) -> Option<String> {
    let mut trailers = Message::parse(message).trailers.into_iter();
    let named = |t: &Trailer<'_>| t.token.eq_ignore_ascii_case("Release-As");
    trailers.find(named).map(|trailer| trailer.value)
}

fn is_pre_release(number: Option<&Number>) -> bool {
    number.is_some_and(Number::is_pre_release)
}

/// Tells whether a package was asked for, by its name or by that of one that it
/// is always released with.
fn is_selected(index: usize, policy: &Policy, request: &Request) -> bool {
    let named = |at: &usize| request.packages.contains(&policy.units[*at].name);
    let mut groups = policy.groups.iter();
    request.packages.is_empty()
        || named(&index)
        || groups.any(|group| {
            group.kind == GroupKind::Together
                && group.units.contains(&index)
                && group.units.iter().any(named)
        })
}
