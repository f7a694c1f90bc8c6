//! A change of a suite: judged, signed, published, and judged again when
//! somebody else was faster.

use super::{Act, Desk, Outcome};
use crate::archive::manifest::Manifest;
use crate::archive::{Admission, Current, Generation, Record, layout};
use crate::flow::signing::{self, KeyWanted};
use crate::flow::{FlowError, paging};
use crate::keys::Choice;
use crate::model::{Finding, Fingerprint, Suite};
use crate::publish::{self, Dating, PublishError};
use crate::sys::openpgp::{Certificate, Signers};
use crate::sys::store::{Condition, Content, Entry, Guard, Holder};

/// How often a publish that lost is tried again before it is told so: each
/// time, somebody else's publish has succeeded.
const ATTEMPTS: usize = 10;

/// A change of a suite that may happen.
pub(in crate::flow) enum Change {
    /// Of its packages or settings, by the rules of admission.
    Admitted(Box<Admission>),
    /// To a generation that is known already, if there is anything to change.
    Made(Option<Box<Generation>>),
    /// To one without what must not exist: also where nothing else may change.
    Purged(Option<Box<Generation>>),
}

impl Change {
    /// Returns the keys that sign beside the chosen one afterwards.
    fn signers(&self) -> &[Fingerprint] {
        match self {
            Self::Admitted(admission) => &admission.settings().signers,
            Self::Made(Some(next)) | Self::Purged(Some(next)) => &next.settings.signers,
            Self::Made(None) | Self::Purged(None) => &[],
        }
    }

    fn notes(&self) -> &[Finding] {
        match self {
            Self::Admitted(admission) => admission.notes(),
            Self::Made(_) | Self::Purged(_) => &[],
        }
    }
}

/// The suite as it is, and whether it may change as it is asked to.
pub(in crate::flow) struct Judged {
    pub(in crate::flow) current: Current,
    pub(in crate::flow) answer: Result<Change, Vec<Finding>>,
    /// Generations of this archive that have much of what comes.
    pub(in crate::flow) donors: Vec<Manifest>,
    /// Whether it takes up what nothing may need any more: then it is judged
    /// once more when that is sure to stay.
    pub(in crate::flow) revives: bool,
}

impl Judged {
    pub(in crate::flow) fn new(current: Current, answer: Result<Admission, Vec<Finding>>) -> Self {
        let answer = answer.map(|admission| Change::Admitted(Box::new(admission)));
        Self::of(current, answer)
    }

    /// Takes any change; one of a snapshot is refused.
    pub(in crate::flow) fn of(current: Current, answer: Result<Change, Vec<Finding>>) -> Self {
        let origin = current
            .manifest()
            .and_then(|m| m.settings.snapshot_of.as_ref());
        let frozen = origin.map(|origin| {
            let (suite, number) = (&origin.suite, origin.generation.number);
            let message = format!("it is a snapshot of {suite}@{number}, which never changes");
            let copy = format!(
                "debcut archive copy {} NEW makes a suite of it",
                current.suite
            );
            Finding::error("snapshot", current.suite.as_str(), message).fix(copy)
        });
        let changes = matches!(answer, Ok(Change::Admitted(_) | Change::Made(Some(_))));
        let answer = match frozen.filter(|_| changes) {
            Some(finding) => Err(vec![finding]),
            None => answer,
        };
        Self {
            current,
            answer,
            donors: Vec::new(),
            revives: false,
        }
    }

    /// Tells whether what comes is of an older generation.
    pub(in crate::flow) fn reviving(mut self, revives: bool) -> Self {
        self.revives = revives;
        self
    }

    /// Names generations that have much of what comes.
    pub(in crate::flow) fn with_donors(
        mut self,
        donors: impl IntoIterator<Item = Manifest>,
    ) -> Self {
        self.donors.extend(donors);
        self
    }
}

/// Who signs a change.
struct Party {
    choice: Choice,
    beside: Vec<Choice>,
    /// Their keys, the chosen one first.
    keys: Vec<Fingerprint>,
}

/// What a judged change leads to.
enum Next {
    /// Nowhere, for these reasons.
    Refused(Vec<Finding>),
    /// To what is there already.
    Same(Box<Current>),
    /// To another generation.
    Other(Box<Generation>),
}

impl Desk<'_> {
    pub(in crate::flow) fn lock(&self) -> Result<Guard, FlowError> {
        let holder = Holder {
            pid: std::process::id(),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            since: self.clock.now(),
            command: self.command.clone(),
        };
        let told = |other: &Holder| self.listener.note(format!("waiting for {other}"));
        let guard = self.store.lock(&holder, self.wait, &told)?;
        if let Some(caution) = self.store.caution() {
            self.listener.warn(caution);
        }
        if guard.excludes() {
            // Whoever was deleting before us is dead.
            publish::abandon(self.store.as_ref())?;
        }
        Ok(guard)
    }

    /// Makes one generation of what `admitted` finds, and makes it again when
    /// somebody else was faster.
    pub(in crate::flow) fn change(
        &self,
        suite: &Suite,
        act: &mut Act<'_>,
        remarks: &[Finding],
        admitted: &dyn Fn() -> Result<Judged, PublishError>,
    ) -> Result<Outcome, FlowError> {
        let (judged, records) = self.judge(admitted)?;
        let change = match &judged.answer {
            Ok(change) => change,
            Err(findings) => {
                return Ok(Outcome::Refused([remarks, findings].concat()));
            }
        };
        let findings = [remarks, change.notes()].concat();
        let party = self.party(&judged, &act.key, None)?;
        if let Some(finding) = self.rules.publisher(suite, &party.keys[0]) {
            return Ok(Outcome::Refused([findings, vec![finding]].concat()));
        }
        if act.dry_run {
            let record = self.record(party.choice.certificate(), act.reason.clone());
            return Ok(match self.next(judged, record)? {
                Next::Refused(findings) => Outcome::Refused(findings),
                Next::Same(current) => Outcome::Unchanged(current, findings),
                Next::Other(next) => Outcome::Planned(Box::new(publish::plan(*next)), findings),
            });
        }
        let _guard = self.lock()?;
        // Also where nothing is to be changed, what a crash left is completed.
        let there = publish::recover(self.store.as_ref(), suite)?;
        let base = there.map(|there| there.head.generation);
        if judged.revives {
            publish::spare_all(self.store.as_ref(), self.clock.now())?;
        }
        // Nobody was faster, and nothing was destroyed: what was judged before
        // the wait still holds.
        let holds = base == judged.current.base()
            && !judged.revives
            && publish::purge_records(self.store.as_ref())? == records;
        let mut told = party.keys[0].clone();
        let mut earlier = holds.then_some((judged, party));
        let mut signers: Option<(Vec<Fingerprint>, Signers)> = None;
        for attempt in 1.. {
            let (judged, party) = match earlier.take() {
                Some(earlier) => earlier,
                None => {
                    let (judged, _) = self.judge(admitted)?;
                    // Who signs may have changed with the suite.
                    let party = self.party(&judged, &act.key, Some(&told))?;
                    if let Some(finding) = self.rules.publisher(suite, &party.keys[0]) {
                        return Ok(Outcome::Refused([findings, vec![finding]].concat()));
                    }
                    told = party.keys[0].clone();
                    (judged, party)
                }
            };
            let record = self.record(party.choice.certificate(), act.reason.clone());
            let next = match self.next(judged, record)? {
                Next::Refused(findings) => return Ok(Outcome::Refused(findings)),
                Next::Same(current) => {
                    if let Some(manifest) = current.manifest() {
                        paging::after_publish(self, &manifest.settings);
                    }
                    return Ok(Outcome::Unchanged(current, findings));
                }
                Next::Other(next) => next,
            };
            let Party {
                choice,
                beside,
                keys,
            } = party;
            if signers.as_ref().is_none_or(|(known, _)| *known != keys) {
                let all = signing::all_unlocked(choice, beside, self.clock.now(), act.ask)?;
                for certificate in all.certificates() {
                    self.keep_certificate(&certificate)?;
                }
                signers = Some((keys, all));
            }
            let (_, seal) = signers.as_ref().expect("they were unlocked");
            let plan = publish::plan(*next);
            // Asked only now: the wait for another publisher may have been long.
            let when = self.dating();
            if plan.base().is_none() {
                self.explain()?;
            }
            match publish::apply(self.store.as_ref(), &plan, seal, when, self.listener) {
                Ok(published) => {
                    paging::after_publish(self, &plan.next().settings);
                    return Ok(Outcome::Done(Box::new(published), findings));
                }
                Err(error) if error.is_lost_race() && attempt < ATTEMPTS => {
                    self.listener
                        .note(format!("{suite} has changed meanwhile; planning again"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Judges a change; also returns what had been destroyed before.
    fn judge(
        &self,
        admitted: &dyn Fn() -> Result<Judged, PublishError>,
    ) -> Result<(Judged, Vec<Entry>), FlowError> {
        // First: what is destroyed meanwhile is not among these.
        let records = publish::purge_records(self.store.as_ref())?;
        let mut judged = admitted()?;
        if let Ok(Change::Admitted(admission)) = &judged.answer {
            let purged = publish::purged(&records, admission);
            if !purged.is_empty() {
                judged.answer = Err(purged);
            }
        }
        Ok((judged, records))
    }

    /// Finds who signs a judged change; `told` is the key that was spoken of.
    fn party(
        &self,
        judged: &Judged,
        wanted: &KeyWanted,
        told: Option<&Fingerprint>,
    ) -> Result<Party, FlowError> {
        let another = judged.donors.first();
        let (choice, caution) = self.choice(&judged.current, another, wanted)?;
        let certificate = choice.certificate();
        if let Some(caution) = caution.filter(|_| told != Some(certificate.fingerprint())) {
            self.listener.warn(caution);
        }
        let signers = judged.answer.as_ref().map_or(&[][..], Change::signers);
        let now = self.clock.now();
        let beside = signing::beside(self.environment, signers, certificate, now)?;
        let mut keys = vec![certificate.fingerprint().clone()];
        let others = beside.iter().map(Choice::certificate);
        keys.extend(others.map(|other| other.fingerprint().clone()));
        Ok(Party {
            choice,
            beside,
            keys,
        })
    }

    /// Returns when what is published now is published, and its date.
    pub(in crate::flow) fn dating(&self) -> Dating {
        Dating {
            now: self.clock.now(),
            date: self.dates.now(),
        }
    }

    /// Returns what a judged change leads to.
    fn next(&self, judged: Judged, record: Record) -> Result<Next, FlowError> {
        let Judged {
            current,
            answer,
            donors,
            ..
        } = judged;
        let next = match answer {
            Ok(Change::Admitted(admission)) => {
                let donors: Vec<_> = donors.iter().collect();
                publish::next(self.store.as_ref(), &current, *admission, &donors, record)?
            }
            Ok(Change::Made(next) | Change::Purged(next)) => {
                next.map(|next| Generation { record, ..*next })
            }
            Err(findings) => return Ok(Next::Refused(findings)),
        };
        Ok(match next {
            Some(next) => Next::Other(Box::new(next)),
            None => Next::Same(Box::new(current)),
        })
    }

    pub(in crate::flow) fn record(&self, certificate: &Certificate, why: Option<String>) -> Record {
        Record {
            who: self.who.clone(),
            why,
            command: self.command.clone(),
            key: Some(certificate.fingerprint().to_string()),
        }
    }

    /// Leaves word for whoever finds the archive without debcut.
    pub(in crate::flow) fn explain(&self) -> Result<(), FlowError> {
        let text = Content::Bytes(layout::EXPLANATION.as_bytes());
        let path = layout::explanation();
        self.store.write(&path, text, &Condition::Always)?;
        Ok(())
    }
}
