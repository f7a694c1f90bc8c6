//! Charts as SVG, drawn without a script: where the rings are in time, and how
//! long releases took. Every number in them stands in a table beside them.

use serde::Serialize;

use super::view::{At, Badge};
use super::words;
use crate::model::Timestamp;
use crate::release::lead_time::LeadTime;
use crate::rollout::{Phase, Rollout};

/// The width that bars share, in per cent: text beside them keeps its shape,
/// however wide the screen is.
const WIDTH: f64 = 100.0;
/// Bars are never thinner than this: what took a second happened all the same.
const THINNEST: f64 = 0.5;

/// A release's way.
#[derive(Debug, Clone, Serialize)]
pub struct Lead {
    /// Package and version.
    pub label: String,
    /// The moments that are known, the earliest first.
    pub steps: Vec<LeadStep>,
    /// From the first to the last of them, in seconds.
    pub seconds: i64,
    /// The same for people.
    pub total: String,
    /// Whether it was taken back: nobody has it, and it counts for no median.
    pub taken_back: bool,
}

/// A moment on the way.
#[derive(Debug, Clone, Serialize)]
pub struct LeadStep {
    /// What was reached: commit, tag, archive, canary, everyone, planned.
    pub name: &'static str,
    /// When.
    pub at: At,
    /// In seconds since 1970.
    pub unix: i64,
    /// How long it took from the moment before.
    pub took: String,
}

impl Lead {
    /// Takes moments; those that are not known, or before one that comes first
    /// on the way, are left out. `None` with fewer than two.
    pub fn new(label: String, steps: &[(&'static str, Option<Timestamp>)]) -> Option<Self> {
        let mut known: Vec<LeadStep> = Vec::new();
        for (name, at) in steps {
            let Some(at) = at else { continue };
            let before = known.last().map(|step| step.unix);
            if before.is_some_and(|before| before > at.unix()) {
                continue;
            }
            known.push(LeadStep {
                name,
                at: At::of(*at),
                unix: at.unix(),
                took: before.map_or_else(String::new, |b| words::span(at.unix() - b)),
            });
        }
        let seconds = known.last()?.unix - known.first()?.unix;
        (known.len() > 1).then(|| Self {
            label,
            steps: known,
            seconds,
            total: words::span(seconds),
            taken_back: false,
        })
    }

    /// Says whether it was taken back.
    #[must_use]
    pub fn taken_back(mut self, taken_back: bool) -> Self {
        self.taken_back = taken_back;
        self
    }

    /// Takes a release of a project.
    pub fn of(release: &LeadTime) -> Option<Self> {
        let archive = release.suites.iter().map(|arrival| arrival.at).min();
        Self::new(
            format!("{} {}", release.package, release.version),
            &[
                ("commit", release.oldest_commit),
                ("tag", Some(release.tagged)),
                ("archive", archive),
                ("canary", release.canary),
                ("everyone", release.everyone),
            ],
        )
        .map(|lead| lead.taken_back(release.taken_back.is_some()))
    }

    /// Takes a rollout, where no project is known.
    pub fn of_rollout(rollout: &Rollout) -> Option<Self> {
        Self::new(
            words::target(&rollout.target),
            &[
                ("planned", Some(rollout.planned)),
                ("canary", rollout.canary()),
                ("everyone", rollout.everyone()),
            ],
        )
        .map(|lead| lead.taken_back(rollout.is_taken_back()))
    }
}

/// A bar.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) width: f64,
    pub(super) kind: &'static str,
    pub(super) title: String,
}

/// A row of bars.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) note: String,
    pub(super) badge: Option<Badge>,
    pub(super) bars: Vec<Bar>,
}

/// A mark on the axis.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) label: String,
    pub(super) anchor: &'static str,
}

/// A drawing.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Drawing {
    pub(super) rows: Vec<Row>,
    pub(super) ticks: Vec<Tick>,
    pub(super) now: Option<f64>,
}

struct Scale {
    from: i64,
    span: f64,
}

impl Scale {
    fn new(from: i64, to: i64) -> Self {
        Self {
            from,
            span: (to - from).max(60) as f64,
        }
    }

    fn x(&self, at: i64) -> f64 {
        let part = (at - self.from) as f64 / self.span;
        round(part.clamp(0.0, 1.0) * WIDTH)
    }

    fn bar(&self, from: i64, to: i64, kind: &'static str, title: String) -> Bar {
        let x = self.x(from);
        let width = (self.x(to) - x).max(THINNEST);
        let x = x.min(WIDTH - width);
        Bar {
            x: round(x),
            width: round(width),
            kind,
            title,
        }
    }

    /// Marks round moments: three to six of them.
    fn ticks(&self, label: impl Fn(i64, i64) -> String) -> Vec<Tick> {
        const STEPS: [i64; 17] = [
            60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000,
            864_000, 2_592_000, 7_776_000, 15_552_000, 31_536_000,
        ];
        let wide = |step: &&i64| self.span / (**step as f64) <= 5.5;
        let step = *STEPS.iter().find(wide).unwrap_or(&STEPS[16]);
        let first = (self.from + step - 1).div_euclid(step) * step;
        let end = self.from + self.span as i64;
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= end {
            let x = self.x(at);
            let anchor = match x {
                x if x < 5.0 => "start",
                x if x > WIDTH - 5.0 => "end",
                _ => "middle",
            };
            ticks.push(Tick {
                x,
                label: label(at, step),
                anchor,
            });
            at += step;
        }
        ticks
    }
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Labels a mark by the clock, or by the day where marks are days apart.
fn clock(at: i64, step: i64) -> String {
    let text = Timestamp::from_unix(at).to_string();
    match step {
        step if step >= 86_400 => text[5..10].to_owned(),
        _ if at.rem_euclid(86_400) == 0 => text[5..10].to_owned(),
        _ => text[11..16].to_owned(),
    }
}

/// Draws the rings over time: what was, and what comes at the earliest.
pub(super) fn rings(rollout: &Rollout, badges: &[Badge], now: Timestamp) -> Drawing {
    let now = now.unix();
    let forward = matches!(
        rollout.phase,
        Phase::Planned | Phase::Rehearsed | Phase::Ring { .. }
    );
    let over = matches!(
        rollout.phase,
        Phase::Done | Phase::RolledBack | Phase::Aborted | Phase::Superseded
    );
    let ended = match over {
        true => rollout.newest.unix(),
        false => now,
    };
    // What comes: each ring begins when the one before has soaked.
    let mut next = now;
    let mut spans = Vec::new();
    for (ring, state) in rollout.policy.rings.iter().zip(&rollout.rings) {
        let soak = i64::from(ring.soak_seconds);
        let mut bars: Vec<(i64, i64, &'static str)> = Vec::new();
        if let Some(opened) = state.opened.map(Timestamp::unix) {
            // Installing ends where soaking begins; soak tells until when, and
            // of one that was cut short nothing any more.
            let soaks_from = match (&state.soak_skipped, state.soak) {
                (Some(_), _) => state.last.map(Timestamp::unix),
                (None, until) => until.map(|until| until.unix() - soak),
            };
            let soaks_from = soaks_from.map(|from| from.max(opened));
            let stop = state.passed.map_or(ended, Timestamp::unix);
            let installed = soaks_from.unwrap_or(stop).min(stop).max(opened);
            bars.push((opened, installed, "install"));
            if let Some(until) = state.soak.map(Timestamp::unix) {
                bars.push((installed, until.min(stop).max(installed), "soak"));
                if forward && state.passed.is_none() && until > now {
                    bars.push((now.max(installed), until, "ahead"));
                    next = next.max(until);
                }
            } else if forward && state.passed.is_none() {
                bars.push((now, now + soak, "ahead"));
                next = now + soak;
            }
        } else if forward {
            bars.push((next, next + soak, "ahead"));
            next += soak;
        }
        spans.push(bars);
    }
    let ends = spans.iter().flatten().map(|(_, to, _)| *to);
    let to = ends.chain([ended]).max().unwrap_or(now);
    let scale = Scale::new(rollout.planned.unix(), to);
    let rows = spans
        .into_iter()
        .zip(&rollout.policy.rings)
        .zip(badges)
        .map(|((bars, ring), badge)| {
            let shown = |(from, to, kind): (i64, i64, &'static str)| {
                let word = match kind {
                    "install" => "installing",
                    "soak" => "soaking",
                    _ => "still to come",
                };
                let (a, b) = (Timestamp::from_unix(from), Timestamp::from_unix(to));
                let title = format!("{word}: {} to {}", words::moment(a), words::moment(b));
                scale.bar(from, to, kind, title)
            };
            Row {
                label: ring.name.to_string(),
                note: badge.word.to_owned(),
                badge: Some(*badge),
                bars: bars.into_iter().map(shown).collect(),
            }
        })
        .collect();
    Drawing {
        rows,
        ticks: scale.ticks(clock),
        now: (!over).then(|| scale.x(now)),
    }
}

/// Draws how long releases took, each from its own beginning.
pub(super) fn leads(leads: &[Lead]) -> Drawing {
    let longest = leads.iter().map(|lead| lead.seconds).max().unwrap_or(0);
    let scale = Scale::new(0, longest);
    let rows = leads.iter().map(|lead| {
        let first = lead.steps.first().map_or(0, |step| step.unix);
        let pairs = lead.steps.iter().zip(lead.steps.iter().skip(1));
        let bars = pairs.map(|(from, to)| {
            let title = format!("{} to {}: {}", from.name, to.name, to.took);
            let mut bar = scale.bar(from.unix - first, to.unix - first, to.name, title);
            // Steps stand side by side, however short they were.
            if to.unix == from.unix {
                bar.width = 0.0;
            }
            bar
        });
        Row {
            label: lead.label.clone(),
            note: match lead.taken_back {
                true => format!("{}, then taken back", lead.total),
                false => lead.total.clone(),
            },
            badge: None,
            bars: bars.filter(|bar| bar.width > 0.0).collect(),
        }
    });
    Drawing {
        rows: rows.collect(),
        ticks: scale.ticks(|at, _| words::span(at)),
        now: None,
    }
}

/// Returns the median and the worst of how long releases took; of an even number
/// the lower of the two in the middle. Those that were taken back do not count.
pub(super) fn summary(leads: &[Lead]) -> Option<(i64, i64)> {
    let stays = leads.iter().filter(|lead| !lead.taken_back);
    let mut all: Vec<i64> = stays.map(|lead| lead.seconds).collect();
    all.sort_unstable();
    let worst = *all.last()?;
    Some((all[(all.len() - 1) / 2], worst))
}
