//! `announce`: releases → a text for each channel, shown or sent.
//!
//! A channel is told of a release once, in whatever text: what was sent is written
//! down in the ledger, which other clones get, and beside debcut's notes, where it is also said that a send was
//! begun. Of one that was not ended nobody knows whether it is out: it is sent
//! once more only where somebody wants that, under the same name (`Message-ID`,
//! `Idempotency-Key`, `DEBCUT_MESSAGE`), so that whoever gets it can know it again.

mod excluded;
mod record;
mod sending;
mod told;

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{AnnounceChannel, AnnounceWay};
use crate::flow::FlowError;
use crate::flow::noting::{self, What};
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Finding, Listener, Sha256, TagName, Timestamp};
use crate::patch::Event;
use crate::release::commit::Person;
use crate::release::notes::render::Format;
use crate::report::announcing::{AnnouncedPackage, Announcement};
use crate::rollout::telling::Destination;
use crate::sys::environment::Environment;
use crate::sys::process::ToolError;

use excluded::LeftOut;
use record::{Progress, Record, Release, Sent};
pub use sending::SendError;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The releases, told together.
    pub tags: Vec<TagName>,
    /// The channels, by name; empty: all of them.
    pub to: Vec<String>,
    /// Whether it is sent.
    pub how: How,
    /// Whether it is sent where it was sent before.
    pub again: Again,
    /// Who announces.
    pub by: Person,
    /// When.
    pub now: Timestamp,
}

/// Whether an announcement is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is shown.
    Preview,
    /// It is sent.
    Send,
}

/// Whether an announcement that was sent is sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It is not, nor what was begun and perhaps not ended.
    Never,
    /// What was begun and perhaps not ended is: rather twice than never.
    Unfinished,
    /// It is.
    Always,
}

/// What became of an announcement.
#[derive(Debug)]
pub struct Announced {
    /// What it is about.
    pub title: String,
    /// The tags.
    pub tags: Vec<TagName>,
    /// The text as it is where no channel is configured.
    pub text: String,
    /// The channels, in the order of the configuration.
    pub channels: Vec<ChannelState>,
    /// Channels that were not told, with the reason.
    pub findings: Vec<Finding>,
}

/// What became of it on a channel.
#[derive(Debug)]
pub struct ChannelState {
    /// Its name.
    pub name: String,
    /// Where it goes, without secrets.
    pub to: String,
    /// What it says there.
    pub text: String,
    /// How far it is.
    pub state: State,
}

/// How far an announcement is on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was not sent yet.
    Waits,
    /// It was sent before, and would be sent once more.
    WaitsAgain(Timestamp),
    /// It was sent before.
    SentBefore(Timestamp),
    /// A send was begun, and nobody knows whether it was ended.
    PerhapsSent(Timestamp),
    /// It is sent now.
    Sent,
    /// It could not be sent.
    Failed,
}

/// Finds the newest release that HEAD descends from: the tags of the last final
/// release whose commit is the newest; empty: there is none.
pub fn newest(workspace: &Workspace) -> Result<Vec<TagName>, FlowError> {
    let policy = workspace.policy("HEAD")?;
    let facts = crate::release::observe::observe(&workspace.repository, "HEAD", &policy)?;
    let finals = || {
        facts
            .units
            .iter()
            .filter_map(|unit| unit.last_final.as_ref())
    };
    let Some(newest) = finals().max_by_key(|release| release.committed) else {
        return Ok(Vec::new());
    };
    let mut tags: Vec<TagName> = finals()
        .filter(|release| release.commit == newest.commit)
        .map(|release| release.tag.clone())
        .collect();
    tags.dedup();
    Ok(tags)
}

/// Makes an announcement, and sends it where it is wanted so.
pub fn announce(
    workspace: &Workspace,
    wanted: &Wanted,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Announced, FlowError> {
    let rules = &workspace.project.announce;
    let mut releases = Vec::new();
    for tag in &wanted.tags {
        let commit = workspace.repository.tag(tag.as_str())?.commit.id;
        let tag = tag.clone();
        releases.push(Release { tag, commit });
    }
    let left_out = excluded::excluded(workspace, &wanted.tags, wanted.now, environment)?;
    let warning = left_out.warning();
    let announcement = announcement(workspace, &releases, wanted, left_out)?;
    let directory = workspace.repository.top().to_owned();
    let sender = sending::Sender {
        environment,
        directory: &directory,
        rules,
        by: &wanted.by,
        now: wanted.now,
    };
    let chosen: Vec<&AnnounceChannel> = rules
        .channels
        .iter()
        .filter(|channel| wanted.to.is_empty() || wanted.to.contains(&channel.name))
        .collect();
    let mut announced = Announced {
        title: announcement.title.clone(),
        tags: wanted.tags.clone(),
        text: sender.preview(&announcement)?,
        channels: Vec::new(),
        findings: warning.into_iter().collect(),
    };
    for name in &wanted.to {
        if !rules.channels.iter().any(|channel| channel.name == *name) {
            let known: Vec<&str> = rules.channels.iter().map(|one| one.name.as_str()).collect();
            let message = format!("there is no such channel; there is {}", known.join(", "));
            announced
                .findings
                .push(Finding::error("no-channel", name, message));
        }
    }
    if announced.findings.iter().any(Finding::is_error) {
        return Ok(announced);
    }
    let mut record = Record::of(&workspace.repository)?;
    let mut ledger = Ledger::read(&workspace.repository, environment)?;
    // What of it is for which channels: who was told of one release is told of
    // the others alone.
    let whole = announcement.name.clone();
    let mut texts: BTreeMap<Vec<TagName>, Announcement> =
        BTreeMap::from([(wanted.tags.clone(), announcement)]);
    let mut going = Vec::new();
    // Everything that can be known to fail is known before anybody is told.
    for channel in chosen {
        if wanted.how == How::Send {
            sender.permits(channel)?;
        }
        let named = (channel.name.as_str(), whole.as_str());
        let share = told::share(&releases, named, (&record, &ledger.queue), wanted.again);
        if !texts.contains_key(&share.tags) {
            let left_out = excluded::excluded(workspace, &share.tags, wanted.now, environment)?;
            let of_it = of(&releases, &share.tags);
            let made = self::announcement(workspace, &of_it, wanted, left_out)?;
            texts.insert(share.tags.clone(), made);
        }
        let announcement = &texts[&share.tags];
        going.push((channel, share, sender.text(channel, announcement)?));
    }
    for (channel, share, text) in going {
        let announcement = &texts[&share.tags];
        let releases = of(&releases, &share.tags);
        let own = record.sent(&channel.name, &announcement.name);
        let shown = text.text.clone();
        let state = match (wanted.how, share.before, wanted.again) {
            (_, Some((Progress::Sent, at)), Again::Never | Again::Unfinished) => {
                State::SentBefore(at)
            }
            (_, Some((Progress::Begun, at)), Again::Never) => {
                announced.findings.push(perhaps_sent(&channel.name, at));
                State::PerhapsSent(at)
            }
            (How::Preview, Some((_, at)), Again::Always | Again::Unfinished) => {
                State::WaitsAgain(at)
            }
            (How::Preview, None, _) => State::Waits,
            (How::Send, ..) => {
                listener.begin(format!("telling {}", channel.name));
                let begun = Sent {
                    channel: channel.name.clone(),
                    name: announcement.name.clone(),
                    at: wanted.now,
                    progress: Progress::Begun,
                    releases: releases.clone(),
                };
                record.note(begun.clone())?;
                match sender.send(channel, &text, announcement) {
                    Ok(()) => {
                        let progress = Progress::Sent;
                        record.note(Sent { progress, ..begun })?;
                        let event = Event::Announced {
                            name: announcement.name.clone(),
                            channel: channel.name.clone(),
                            tags: share.tags.clone(),
                            commits: releases.iter().map(|one| one.commit.clone()).collect(),
                        };
                        let unwritten = tell_others(&mut ledger, event, &share.tags, wanted);
                        announced.findings.extend(unwritten);
                        State::Sent
                    }
                    Err(error) if is_cut_off(&error) => {
                        announced
                            .findings
                            .push(perhaps_sent(&channel.name, wanted.now));
                        State::PerhapsSent(wanted.now)
                    }
                    Err(error) => {
                        record.take_back(&begun, own)?;
                        let message = format!("it was not told: {}", with_causes(&error));
                        let finding = Finding::error("not-sent", &channel.name, message);
                        let fix = "run the same command again: who was told is not told twice";
                        announced.findings.push(finding.fix(fix));
                        State::Failed
                    }
                }
            }
        };
        announced.channels.push(ChannelState {
            name: channel.name.clone(),
            to: place(&channel.to),
            text: shown,
            state,
        });
    }
    Ok(announced)
}

/// Returns the releases of some tags.
fn of(releases: &[Release], tags: &[TagName]) -> Vec<Release> {
    let of_them = releases.iter().filter(|one| tags.contains(&one.tag));
    of_them.cloned().collect()
}

/// Says that nobody knows whether a channel was told.
fn perhaps_sent(channel: &str, at: Timestamp) -> Finding {
    let message = format!("perhaps sent already: a send was begun {at} and not ended");
    let finding = Finding::error("perhaps-sent", channel, message);
    finding.fix(format!(
        "look whether it came there; debcut announce TAG --to {channel} --send --again sends it"
    ))
}

/// Tells whether a send was stopped from outside while it went: its text may be
/// out.
fn is_cut_off(error: &SendError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(ToolError::Interrupted { .. } | ToolError::TimedOut { .. }) =
            error.downcast_ref()
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Writes into the ledger that a channel was told; the text is out by then, so
/// a ledger that does not take it is a warning.
fn tell_others(
    ledger: &mut Ledger<'_>,
    event: Event,
    tags: &[TagName],
    wanted: &Wanted,
) -> Option<Finding> {
    let tags: Vec<&str> = tags.iter().map(TagName::as_str).collect();
    let summary = format!("announce {}", tags.join(" "));
    let said = ledger.say(vec![event], &wanted.by, wanted.now, &summary);
    let error = said.err()?;
    let message = format!(
        "it was sent, and others do not see that: {}",
        with_causes(&error)
    );
    let finding = Finding::warning("not-recorded", "announce", message);
    Some(finding.fix("this clone knows it; announce from here alone"))
}

/// Makes what templates see.
fn announcement(
    workspace: &Workspace,
    releases: &[Release],
    wanted: &Wanted,
    left_out: LeftOut,
) -> Result<Announcement, FlowError> {
    let mut packages = Vec::new();
    for Release { tag, .. } in releases {
        let told = noting::noted(
            workspace,
            &noting::Wanted {
                what: What::Release(tag.clone()),
                package: None,
                news_by: None,
                date: wanted.now,
            },
        )?;
        let (text, markdown) = (
            told.rendered(Format::Text)?,
            told.rendered(Format::Markdown)?,
        );
        // Several packages of one tag are told in one text.
        let mut forms = Some((text, markdown));
        for release in told.releases {
            let (text, markdown) = forms.take().unwrap_or_default();
            packages.push(AnnouncedPackage {
                notes: release.notes,
                text,
                markdown,
            });
        }
    }
    let titles = packages.iter().map(|package| {
        let notes = &package.notes;
        let version = notes.version.as_deref().unwrap_or_default();
        format!("{} {version}", notes.package)
    });
    let title = titles.collect::<Vec<_>>().join(", ");
    let tags: Vec<String> = releases.iter().map(|one| one.tag.to_string()).collect();
    let (excluded_from, excluded) = match left_out {
        LeftOut::These(branch, changes) => (Some(branch.to_string()), changes),
        LeftOut::Nothing | LeftOut::Unknown(_) => (None, Vec::new()),
    };
    // Tags name releases for ever: so the same ones are the same announcement.
    let commits = releases.iter();
    let commits: String = commits
        .map(|Release { tag, commit }| format!("{tag} {commit}\n"))
        .collect();
    Ok(Announcement {
        name: format!("debcut-{:.20}", Sha256::of(commits.as_bytes()).hex()),
        title,
        date: wanted.now.to_string()[..10].to_owned(),
        by: wanted.by.clone(),
        tags,
        packages,
        excluded_from,
        excluded,
    })
}

/// Names where a channel leads, without secrets.
pub fn place(to: &AnnounceWay) -> String {
    match to {
        AnnounceWay::Mail(addresses) => addresses.join(", "),
        AnnounceWay::Sent(Destination::Webhook(webhook)) => webhook.to_string(),
        AnnounceWay::Sent(other) => other.to_string(),
    }
}

/// Returns every way out that a project's announcements take, for the gate.
pub fn ways_out(
    workspace: &Workspace,
    environment: &Environment,
    now: Timestamp,
    by: &Person,
) -> Result<Vec<crate::sys::outward::Destination>, SendError> {
    let directory: &Path = workspace.repository.top();
    let sender = sending::Sender {
        environment,
        directory,
        rules: &workspace.project.announce,
        by,
        now,
    };
    let mut all = Vec::new();
    for channel in &workspace.project.announce.channels {
        all.extend(sender.destinations(channel)?);
    }
    Ok(all)
}
