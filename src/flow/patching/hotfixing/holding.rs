//! What is on a hotfix branch since its last release: what was picked there,
//! how many changes that is, and what came otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ledger::Ledger;
use super::super::{branches, kinds, listing};
use super::returning::{matters, subject};
use super::{Hotfix, Opened};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{Finding, Severity, TagName};
use crate::patch::rules::{self, Green, Ground, Rule};
use crate::patch::{Excuse, Request};
use crate::sys::git::{CommitObject, Grafted, ObjectId, Objects, Repository};

/// What a hotfix branch holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The changes, in their order.
    pub changes: Vec<Change>,
    /// What came otherwise than by `patch apply`, and what was picked and breaks
    /// a rule; set aside where somebody said so.
    pub findings: Vec<Finding>,
}

/// A change: a request, or a commit that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The request's name, or the commit's.
    pub id: String,
    /// What it is.
    pub title: String,
    /// How many commits it is.
    pub commits: usize,
}

impl Holding {
    /// Says how many changes there are, in words.
    pub fn count(&self) -> String {
        match self.changes.len() {
            0 => "no change".to_owned(),
            1 => "one change".to_owned(),
            number => format!("{number} changes"),
        }
    }

    /// Says that there is more than the one change that a hotfix has.
    pub fn too_many(&self, hotfix: &Hotfix) -> Option<Finding> {
        if self.changes.len() < 2 {
            return None;
        }
        let titles: Vec<&str> = self.changes.iter().map(|one| one.title.as_str()).collect();
        let message = format!(
            "{} go in, where a hotfix has one: {}",
            self.count(),
            titles.join("; ")
        );
        let finding = Finding::warning("several-changes", hotfix.branch.as_str(), message);
        let fix = format!("what can wait goes to {}", hotfix.normal);
        Some(finding.fix(fix))
    }
}

/// How a commit came onto a branch.
enum Came<'q> {
    /// By a request.
    Asked(&'q Request),
    /// With a release: it is no change.
    Released,
    /// By nobody's asking.
    ByHand,
    /// As a merge that does more than to join what was picked: what it does.
    Merged(String),
}

/// Looks at a hotfix branch's commits up to some head.
pub fn holding(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    hotfix: &Hotfix,
    head: &str,
) -> Result<Holding, FlowError> {
    // Merges are tried in memory.
    let repository = workspace.repository.in_memory()?;
    let objects = repository.objects()?;
    let own = branches::line(workspace, &hotfix.branch)?;
    let released = released_commits(workspace, hotfix, &own.heads)?;
    let Some(head) = ObjectId::from_hex(head) else {
        return Ok(Holding {
            changes: Vec::new(),
            findings: Vec::new(),
        });
    };
    let look = Look {
        workspace,
        repository: &repository,
        objects: &objects,
        ledger,
        hotfix,
        asked: asked(ledger, hotfix),
    };
    let all: BTreeSet<ObjectId> = repository
        .commits_only_in(head, &released)?
        .into_iter()
        .collect();
    let mut holding = Holding {
        changes: Vec::new(),
        findings: Vec::new(),
    };
    let mut requests: Vec<&Request> = Vec::new();
    let mut at = Some(head);
    let mut line = Vec::new();
    while let Some(id) = at.filter(|id| all.contains(id)) {
        let commit = objects.commit(id)?;
        at = commit.parents.first().copied();
        line.push((id, commit));
    }
    for (id, commit) in line.into_iter().rev() {
        let seen = if commit.parents.len() > 1 {
            look.merge(id, &commit, &released)?
        } else {
            look.plain(id, &commit)?
        };
        for (came, id, title) in seen {
            let (name, title) = match came {
                Came::Released => continue,
                Came::Asked(request) => {
                    if !requests.iter().any(|one| one.id == request.id) {
                        requests.push(request);
                    }
                    (request.id.to_string(), request.ask.what.title.clone())
                }
                Came::ByHand => {
                    let why = format!("“{title}” came by hand: nobody asked for it");
                    let pick = format!(
                        "ask for it and let it be approved: debcut patch pick {id:.12} --onto {}",
                        hotfix.branch
                    );
                    holding.findings.push(look.stranger(id, &why, &pick)?);
                    (id.to_string(), title)
                }
                Came::Merged(what) => {
                    let why = format!("“{title}” is a merge: {what}");
                    let pick = "pick what it was for";
                    holding.findings.push(look.stranger(id, &why, pick)?);
                    (id.to_string(), title)
                }
            };
            match holding.changes.iter_mut().find(|one| one.id == name) {
                Some(change) => change.commits += 1,
                None => holding.changes.push(Change {
                    id: name,
                    title,
                    commits: 1,
                }),
            }
        }
    }
    holding
        .findings
        .extend(broken(workspace, ledger, &requests)?);
    if hotfix.opened == Opened::ByName {
        // Nobody said that the rules of hotfixes hold there.
        for finding in &mut holding.findings {
            finding.severity = finding.severity.min(Severity::Warning);
        }
    }
    Ok(holding)
}

/// Lists the commits that are released: that of the hotfix's tag, and those of
/// the releases since.
fn released_commits(
    workspace: &Workspace,
    hotfix: &Hotfix,
    heads: &[ObjectId],
) -> Result<Vec<ObjectId>, FlowError> {
    let tags = released(workspace, hotfix, heads)?;
    let mut found: Vec<ObjectId> = tags.into_iter().map(|(_, id)| id).collect();
    found.extend(ObjectId::from_hex(&hotfix.commit));
    found.sort();
    found.dedup();
    Ok(found)
}

/// Lists the releases that a hotfix's branch has, by tag, those before it among
/// them.
pub(super) fn released(
    workspace: &Workspace,
    hotfix: &Hotfix,
    heads: &[ObjectId],
) -> Result<Vec<(TagName, ObjectId)>, FlowError> {
    let repository = &workspace.repository;
    let policy = workspace.policy(&hotfix.commit)?;
    let patterns = || policy.units.iter().flat_map(|unit| &unit.tags);
    let mut found = Vec::new();
    for tag in repository.tag_names()? {
        if patterns().any(|pattern| pattern.version_in(tag.as_str()).is_some()) {
            let commit = repository.tag(tag.as_str()).map(|tag| tag.commit.id);
            // A tag of something else than a commit is nobody's release.
            let commit = commit.ok().and_then(|id| ObjectId::from_hex(&id));
            found.extend(commit.map(|id| (tag, id)));
        }
    }
    // A tag on the normal branch is no release of this one.
    let commits: Vec<ObjectId> = found.iter().map(|(_, id)| *id).collect();
    let elsewhere = repository.lacking(&commits, heads)?;
    found.retain(|(_, id)| !elsewhere.contains(id));
    Ok(found)
}

/// The requests for a hotfix branch, by the commits that they ask for and by
/// what these became.
struct Asked<'q> {
    became: BTreeMap<ObjectId, &'q Request>,
    commits: BTreeMap<ObjectId, &'q Request>,
}

fn asked<'q>(ledger: &'q Ledger<'_>, hotfix: &Hotfix) -> Asked<'q> {
    let mut asked = Asked {
        became: BTreeMap::new(),
        commits: BTreeMap::new(),
    };
    for request in ledger.queue.requests.values() {
        let over = request.withdrawn.is_some() || request.superseded.is_some();
        if request.ask.what.onto != hotfix.branch {
            continue;
        }
        for one in request.applied.iter().flat_map(|said| &said.what) {
            let to = one.to.as_deref().and_then(ObjectId::from_hex);
            asked.became.extend(to.map(|to| (to, request)));
        }
        for id in request.ask.what.commits.iter().filter(|_| !over) {
            let id = ObjectId::from_hex(id);
            asked.commits.extend(id.map(|id| (id, request)));
        }
    }
    asked
}

/// What is looked up once.
struct Look<'l, 'r> {
    workspace: &'l Workspace,
    repository: &'r Repository,
    objects: &'l Objects<'r>,
    ledger: &'l Ledger<'l>,
    hotfix: &'l Hotfix,
    asked: Asked<'l>,
}

type Seen<'q> = Vec<(Came<'q>, ObjectId, String)>;

impl<'l> Look<'l, '_> {
    fn plain(&self, id: ObjectId, commit: &CommitObject) -> Result<Seen<'l>, FlowError> {
        let message = commit.message();
        Ok(vec![(self.came(id, &message)?, id, subject(&message))])
    }

    /// Finds how a commit came: as what a request became, or with the same
    /// change as a commit that is asked for.
    fn came(&self, id: ObjectId, message: &str) -> Result<Came<'l>, FlowError> {
        let Asked { became, commits } = &self.asked;
        if let Some(request) = became.get(&id) {
            return Ok(Came::Asked(request));
        }
        // What is set aside needs no approval any more.
        if self.excused(id).is_some() {
            return Ok(Came::ByHand);
        }
        if let Some(request) = commits.get(&id) {
            return Ok(Came::Asked(request));
        }
        if !matters(message) {
            return Ok(Came::Released);
        }
        let others: Vec<ObjectId> = commits.keys().copied().collect();
        let alike = self.repository.alike(self.objects, id, &others)?;
        let request = alike.first().and_then(|id| commits.get(id));
        Ok(request.map_or(Came::ByHand, |request| Came::Asked(request)))
    }

    /// Takes a merge: as what it brings where all of that was asked for and git
    /// made it alone, as when two people picked at once; else as one thing that
    /// came by hand.
    fn merge(
        &self,
        id: ObjectId,
        commit: &CommitObject,
        released: &[ObjectId],
    ) -> Result<Seen<'l>, FlowError> {
        let [first, others @ ..] = commit.parents.as_slice() else {
            return Ok(Vec::new());
        };
        let mut seen = Vec::new();
        let mut strangers = 0;
        for other in others {
            let hidden = [released, &[*first]].concat();
            for brought in self
                .repository
                .commits_only_in(*other, &hidden)?
                .into_iter()
                .rev()
            {
                let commit = self.objects.commit(brought)?;
                if commit.parents.len() > 1 {
                    continue;
                }
                let message = commit.message();
                match self.came(brought, &message)? {
                    // What was released there is another branch's release.
                    Came::ByHand | Came::Released | Came::Merged(_) => strangers += 1,
                    Came::Asked(request) => {
                        seen.push((Came::Asked(request), brought, subject(&message)));
                    }
                }
            }
        }
        if strangers == 0 && self.is_automatic(commit)? {
            return Ok(seen);
        }
        let brought = match strangers {
            0 => "it has changes of its own".to_owned(),
            1 => "it brings a commit that was not picked".to_owned(),
            number => format!("it brings {number} commits that were not picked"),
        };
        let title = subject(&commit.message());
        seen.push((Came::Merged(brought), id, title));
        Ok(seen)
    }

    /// Tells whether a merge is what git makes of its parents.
    fn is_automatic(&self, commit: &CommitObject) -> Result<bool, FlowError> {
        let [first, second] = commit.parents.as_slice() else {
            return Ok(false);
        };
        let repository = self.repository;
        let Some(base) = repository.merge_base(&first.to_string(), &second.to_string())? else {
            return Ok(false);
        };
        let base = repository.commit(&base)?.tree;
        let tree = |id: &ObjectId| Ok::<_, FlowError>(self.objects.commit(*id)?.tree.to_string());
        let (ours, theirs) = (tree(first)?, tree(second)?);
        let own = commit.tree.to_string();
        Ok(match repository.merge_trees(&base, &ours, &theirs)? {
            Grafted::Tree(tree) => tree == own,
            Grafted::Nothing => ours == own,
            Grafted::Conflicts(_) => false,
        })
    }

    fn stranger(&self, id: ObjectId, why: &str, instead: &str) -> Result<Finding, FlowError> {
        let branch = &self.hotfix.branch;
        let (author, _) = self.objects.commit(id)?.author();
        let message = format!("{why} ({author}, on {branch})");
        let (rule, short) = (Rule::NotPicked.name(), format!("{id:.12}"));
        Ok(match self.excused(id) {
            Some(said) => {
                let (by, why) = (&said.reason.by.name, &said.reason.what);
                let message = format!("{message}; overridden by {by}: {why}");
                Finding::info(rule, short, message)
            }
            None => Finding::error(rule, &short, message).fix(format!(
                "take it out; or {instead}; or: debcut patch override {short} {rule} \
                 --onto {branch} --reason TEXT"
            )),
        })
    }

    fn excused(&self, id: ObjectId) -> Option<&Excuse> {
        let policy = &self.workspace.project.patch;
        let id = id.to_string();
        let place = (&self.hotfix.branch, id.as_str());
        rules::excused(&self.ledger.queue, place, Rule::NotPicked, policy)
    }
}

/// Finds the rules that requests break that are on the branch: whoever picked
/// them by hand asked nobody.
fn broken(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    requests: &[&Request],
) -> Result<Vec<Finding>, FlowError> {
    let ground = Ground {
        green: Green::Unasked,
        behind: None,
    };
    let mut found = Vec::new();
    for one in listing::listed(workspace, ledger, requests)? {
        let kinds = kinds::of(workspace, &one.request.ask.what)?;
        let policy = &workspace.project.patch;
        let breaches = rules::breaches(&one, &kinds, &ground, policy).into_iter();
        // It is there, frozen or not.
        let breaches = breaches.filter(|one| one.stands() && one.rule != Rule::Frozen);
        found.extend(breaches.map(|breach| breach.finding(&one.request)));
    }
    Ok(found)
}
