//! `patch log`: everything that was said, in the order in which it counts.

use serde::Serialize;

use super::words;
use crate::model::calendar::Calendar;
use crate::model::{BranchName, Sha256, TagName, Timestamp};
use crate::patch::entry::{Entry, EntryId, Event, RequestId};
use crate::patch::state::in_force;
use crate::patch::{Decision, Policy, Queue, Request};
use crate::release::commit::Person;
use crate::report::document::{indented, one_line};
use crate::report::{Document, Page};

/// What `patch log` answers.
#[derive(Debug, Serialize)]
pub struct LogDocument {
    /// Every entry, the oldest first.
    entries: Vec<Line>,
}

/// An entry.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Its name.
    id: Sha256,
    at: Timestamp,
    by: Person,
    /// What kind of entry it is.
    is: String,
    request: Option<RequestId>,
    branch: Option<BranchName>,
    /// What was said, in a clause.
    text: String,
    /// Why; null: none was given.
    reason: Option<String>,
    /// What is odd about it: it contradicts another, has no effect, does not
    /// count any more.
    remark: Option<String>,
    /// The decisions that were made at the same time and differ.
    contradicts: Vec<Sha256>,
    /// All that was said.
    event: serde_json::Value,
}

impl LogDocument {
    /// Shows entries that a queue was folded of.
    pub fn new<'e>(
        entries: impl IntoIterator<Item = &'e (EntryId, Entry)>,
        queue: &Queue,
        policy: &Policy,
    ) -> Self {
        let line = |(id, entry): &(EntryId, Entry)| line(*id, entry, queue, policy);
        Self {
            entries: entries.into_iter().map(line).collect(),
        }
    }
}

fn line(id: EntryId, entry: &Entry, queue: &Queue, policy: &Policy) -> Line {
    let event = serde_json::to_value(&entry.event).expect("events are plain values");
    let request = about(id, &entry.event);
    let known = request.as_ref().and_then(|id| queue.requests.get(id));
    let contradicts = match known {
        Some(request) => contradicted(id, request),
        None => Vec::new(),
    };
    let branch = branch_of(&entry.event, request.as_ref(), queue);
    let (text, reason) = told(&entry.event, &policy.rhythm.calendar);
    Line {
        id,
        at: entry.at,
        by: entry.by.clone(),
        is: event["is"].as_str().unwrap_or_default().to_owned(),
        remark: remark(id, entry, queue, known, &contradicts, policy),
        request,
        branch,
        text,
        reason,
        contradicts,
        event,
    }
}

/// Returns the request that an entry is about.
pub fn about(id: EntryId, event: &Event) -> Option<RequestId> {
    match event {
        Event::Asked(_) => Some(RequestId::of(&id)),
        Event::Answered { request, .. }
        | Event::Titled { request, .. }
        | Event::Decided { request, .. }
        | Event::TakenBack { request, .. }
        | Event::Overridden { request, .. }
        | Event::Applied { request, .. }
        | Event::Superseded { request, .. }
        | Event::Withdrawn { request, .. }
        | Event::Linked { request, .. } => Some(request.clone()),
        Event::Frozen { .. }
        | Event::Thawed { .. }
        | Event::Told { .. }
        | Event::Announced { .. }
        | Event::Excused { .. }
        | Event::Mocked { .. }
        | Event::Cut { .. }
        | Event::HotfixOpened { .. }
        | Event::Kept { .. }
        | Event::LetOut { .. } => None,
    }
}

/// Returns the branch that an entry is about, of a request that one's.
pub fn branch_of(event: &Event, request: Option<&RequestId>, queue: &Queue) -> Option<BranchName> {
    match event {
        Event::Frozen { branch, .. }
        | Event::Thawed { branch, .. }
        | Event::Excused { branch, .. }
        | Event::Mocked { branch, .. }
        | Event::Cut { branch, .. }
        | Event::HotfixOpened { branch, .. } => Some(branch.clone()),
        Event::Told { of, .. } => {
            let frozen = queue.frozen.iter();
            let mut frozen = frozen.filter(|(_, freeze)| freeze.entries.contains(of));
            let thawed = queue.thawed.iter();
            let mut thawed = thawed.filter(|(_, thaw)| thaw.said.entry == *of);
            let found = frozen.next().map(|(branch, _)| branch);
            found
                .or_else(|| thawed.next().map(|(branch, _)| branch))
                .cloned()
        }
        _ => Some(queue.requests.get(request?)?.ask.what.onto.clone()),
    }
}

/// Finds the decisions that differ from one and were made at the same time.
fn contradicted(id: EntryId, request: &Request) -> Vec<EntryId> {
    let all = &request.decisions;
    let Some(own) = all.iter().find(|one| one.entry == id) else {
        return Vec::new();
    };
    let apart = |other: EntryId| !request.knows(id, other) && !request.knows(other, id);
    let differs = all
        .iter()
        .filter(|one| one.what.0 != own.what.0 && apart(one.entry));
    differs.map(|one| one.entry).collect()
}

fn remark(
    id: EntryId,
    entry: &Entry,
    queue: &Queue,
    request: Option<&Request>,
    contradicts: &[EntryId],
    policy: &Policy,
) -> Option<String> {
    if queue.idle.contains(&id) {
        return Some("without effect: it speaks of nothing that is there".to_owned());
    }
    if !matches!(entry.event, Event::Decided { .. }) {
        return None;
    }
    if !policy.is_approver(&entry.by) {
        return Some(format!(
            "does not count: {} decides nothing here",
            entry.by.name
        ));
    }
    let request = request?;
    if request.taken_back.contains_key(&id) {
        return Some("does not count: it is not said on the forge any more".to_owned());
    }
    let force = in_force(request, policy);
    if let Some(first) = contradicts.first() {
        let short = &first.hex()[..10];
        let clause = match force.iter().any(|one| one.entry == id) {
            true => "the more careful one counts until somebody decides who knows both",
            false => "decided anew since",
        };
        return Some(format!(
            "contradicts {short}, made at the same time: {clause}"
        ));
    }
    let ended = !force.iter().any(|one| one.entry == id);
    ended.then(|| "ended by a later decision".to_owned())
}

/// Says what an event is, and why.
fn told(event: &Event, calendar: &Calendar) -> (String, Option<String>) {
    let some = |reason: &str| Some(reason.to_owned());
    match event {
        Event::Asked(ask) => {
            let commits: Vec<&str> = ask.commits.iter().map(|id| words::short(id)).collect();
            let text = format!(
                "asks for {} onto {}: {}",
                commits.join(" "),
                ask.onto,
                ask.title
            );
            (text, None)
        }
        Event::Answered { answers, .. } => {
            let said = crate::patch::Question::ALL.into_iter();
            let said = said.filter(|one| !answers.to(*one).is_empty());
            let note = Some(("note", &*answers.note)).filter(|(_, text)| !text.is_empty());
            let said: Vec<String> = said
                .map(|one| (one.word(), answers.to(one)))
                .chain(note)
                .map(|(name, text)| format!("{name}: {}", text.replace('\n', " ")))
                .collect();
            (format!("answers {}", said.join("; ")), None)
        }
        Event::Titled { title, .. } => (format!("calls it “{title}”"), None),
        Event::Decided {
            decision, reason, ..
        } => {
            let word = match decision {
                Decision::Approve => "approves",
                Decision::Hold => "holds",
                Decision::Reject => "rejects",
            };
            (word.to_owned(), some(reason))
        }
        Event::TakenBack { reason, .. } => ("takes a decision back".to_owned(), some(reason)),
        Event::Overridden { rule, reason, .. } => (format!("sets {rule} aside"), some(reason)),
        Event::Applied { commits, .. } => {
            let to: Vec<&str> = commits
                .iter()
                .map(|one| one.to.as_deref().map_or("nothing", words::short))
                .collect();
            (format!("picked it as {}", to.join(" ")), None)
        }
        Event::Superseded { by, .. } => (format!("puts {by} in its place"), None),
        Event::Withdrawn { reason, .. } => ("withdraws it".to_owned(), some(reason)),
        Event::Linked { url, .. } => (format!("has it at {url}"), None),
        Event::Frozen {
            branch,
            until,
            except,
            reason,
            ..
        } => {
            let day = |until| calendar.day(until).map(|day| format!(" until {day}"));
            let until = until.and_then(day).unwrap_or_default();
            let except = match except.as_slice() {
                [] => String::new(),
                ids => {
                    let ids: Vec<&str> = ids.iter().map(RequestId::as_str).collect();
                    format!(", but for {}", ids.join(" "))
                }
            };
            (format!("freezes {branch}{until}{except}"), some(reason))
        }
        Event::Thawed { branch, reason, .. } => (format!("thaws {branch}"), some(reason)),
        Event::Told {
            channel, requests, ..
        } => {
            let ids: Vec<&str> = requests.iter().map(RequestId::as_str).collect();
            let about = match ids.is_empty() {
                true => String::new(),
                false => format!(" for {}", ids.join(" ")),
            };
            (format!("told {channel} of it{about}"), None)
        }
        Event::Announced { channel, tags, .. } => {
            let tags: Vec<&str> = tags.iter().map(TagName::as_str).collect();
            (format!("announces {} to {channel}", tags.join(" ")), None)
        }
        Event::Excused {
            branch,
            commit,
            rule,
            reason,
        } => {
            let text = format!("sets {rule} aside for {} of {branch}", words::short(commit));
            (text, some(reason))
        }
        Event::Mocked {
            branch,
            head,
            versions,
            findings,
            ..
        } => {
            let so = match findings.is_empty() {
                true => format!("it passed: {}", versions.join(", ")),
                false => "it was refused".to_owned(),
            };
            let why = findings.iter().map(|one| in_a_line(one));
            let why: Vec<String> = why.collect();
            (
                format!(
                    "tried a release of {branch} at {}: {so}",
                    words::short(head)
                ),
                (!why.is_empty()).then(|| why.join("; ")),
            )
        }
        Event::Cut {
            branch,
            commit,
            tags,
        } => {
            let tags: Vec<&str> = tags.iter().map(|tag| tag.as_str()).collect();
            let at = words::short(commit);
            (format!("cut {} of {branch} at {at}", tags.join(", ")), None)
        }
        Event::HotfixOpened {
            branch,
            from,
            normal,
        } => {
            let text = format!("made {branch} of {from}, beside {normal}");
            (text, None)
        }
        Event::Kept {
            embargo, entries, ..
        } => {
            let number = entries.len();
            let text = format!("keeps {number} entries private, as the embargo {embargo} did");
            (text, None)
        }
        Event::LetOut {
            embargo, reason, ..
        } => {
            let text = format!("lets out what was kept since the embargo {embargo}");
            (text, some(reason))
        }
    }
}

/// Shortens what a tool has said over many lines to how it begins and ends.
fn in_a_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next_back()) {
        (Some(first), Some(last)) => format!("{first} … {last}"),
        (first, _) => first.unwrap_or_default().to_owned(),
    }
}

impl Document for LogDocument {
    const SCHEMA: &'static str = "debcut/patch-log/1";

    fn text(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line("nothing was said yet");
        }
        for line in &self.entries {
            let at = line.at.to_string().replace('T', " ");
            let at = page.dim(&at[..16]);
            let about = match (&line.request, &line.branch) {
                (Some(id), _) => page.bold(id.as_str()),
                (None, _) => "–".to_owned(),
            };
            page.line(format!(
                "{at}  {about}  {} {}",
                one_line(&line.by.name),
                one_line(&line.text)
            ));
            if let Some(reason) = &line.reason {
                // Beside the word: nothing of ours begins so far to the right.
                page.line(format!("                    why: {}", indented(reason, 25)));
            }
            if let Some(remark) = &line.remark {
                let remark = one_line(remark);
                page.line(page.warning(&format!("                    {remark}")));
            }
        }
    }
}
