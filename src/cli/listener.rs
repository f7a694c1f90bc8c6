//! What goes on, on standard error: a line for each piece of work that renews
//! itself on a terminal, plain lines in a log.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::model::Event;
use crate::report::{Colour, Page};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Warnings only.
    Quiet,
    /// Steps and notes.
    Usual,
    /// What other programs print as well.
    Whole,
}

/// How many of the last lines of a build's log are shown below its step.
const LOG_LINES: usize = 2;

/// Tells events on standard error.
pub struct Teller {
    detail: Detail,
    colour: Colour,
    live: bool,
    bars: Mutex<Bars>,
}

/// The lines that renew themselves, by the piece of work they are of.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    each: BTreeMap<Option<String>, Bar>,
    /// Without such lines: the last that a tool printed.
    latest: BTreeMap<Option<String>, String>,
}

struct Bar {
    bar: ProgressBar,
    last: VecDeque<String>,
}

impl Teller {
    /// Makes one; `live` renews lines instead of writing one for each step.
    pub fn new(detail: Detail, colour: Colour, live: bool) -> Self {
        Self {
            detail,
            colour,
            live,
            bars: Mutex::default(),
        }
    }

    /// Tells one event.
    pub fn tell(&self, event: Event) {
        match event {
            Event::Of { subject, event } => self.tell_of(Some(subject), *event),
            event => self.tell_of(None, event),
        }
    }

    fn tell_of(&self, subject: Option<String>, event: Event) {
        let page = Page::new(self.colour);
        let of = match &subject {
            Some(subject) => format!("{} ", page.dim(&format!("[{subject}]"))),
            None => String::new(),
        };
        match event {
            Event::Warning(text) => {
                self.line(&format!("{}: {of}{text}", page.warning("warning")));
            }
            _ if self.detail == Detail::Quiet => {}
            Event::Finished(text) => self.line(&format!("{} {of}{text}", page.good("✓"))),
            Event::Note(text) => self.line(&format!("{}: {of}{text}", page.dim("note"))),
            Event::Step(text) if self.live => self.show(subject, text),
            Event::Step(text) => {
                self.note_latest(&subject, String::new());
                self.line(&format!("{} {of}{text}", page.dim("·")));
            }
            // Its output, or the line that renews itself, tells.
            Event::Still { .. } if self.live || self.detail == Detail::Whole => {}
            Event::Still { seconds } => {
                let latest = self.bars.lock().ok();
                let latest = latest.and_then(|bars| bars.latest.get(&subject).cloned());
                let latest = latest.filter(|line| !line.is_empty());
                let latest = latest.map_or_else(String::new, |line| format!(": {line}"));
                self.line(&format!("  {} {of}{seconds} s{latest}", page.dim("…")));
            }
            Event::Output(text) if self.detail == Detail::Whole => {
                self.line(&format!("  {} {of}{text}", page.dim("|")));
            }
            Event::Output(text) if !self.live => self.note_latest(&subject, first(&text, 76)),
            Event::Output(text) => self.with(&subject, |bar| bar.say(first(&text, 76))),
            Event::Progress { done, total } => self.with(&subject, |bar| {
                let share = (done * 100).checked_div(total);
                let share = share.map_or(String::new(), |share| format!("{share} %"));
                bar.bar.set_message(share);
            }),
            Event::Of { subject, event } => self.tell_of(Some(subject), *event),
        }
    }

    /// Takes the renewed lines away, before the answer is written.
    pub fn clear(&self) {
        if let Ok(mut bars) = self.bars.lock() {
            for (_, bar) in std::mem::take(&mut bars.each) {
                bar.bar.finish_and_clear();
            }
        }
    }

    fn show(&self, subject: Option<String>, step: String) {
        let Ok(mut bars) = self.bars.lock() else {
            return;
        };
        let Bars { all, each, .. } = &mut *bars;
        let bar = each.entry(subject).or_insert_with(|| {
            let bar = all.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {prefix} {msg:.dim}");
            bar.set_style(style.expect("the template is constant"));
            bar.enable_steady_tick(Duration::from_millis(120));
            let last = VecDeque::new();
            Bar { bar, last }
        });
        bar.bar.set_prefix(step);
        bar.bar.set_message("");
        bar.last.clear();
    }

    fn with(&self, subject: &Option<String>, act: impl FnOnce(&mut Bar)) {
        if let Ok(mut bars) = self.bars.lock()
            && let Some(bar) = bars.each.get_mut(subject)
        {
            act(bar);
        }
    }

    fn note_latest(&self, subject: &Option<String>, line: String) {
        if let Ok(mut bars) = self.bars.lock()
            && (line.is_empty() || !line.trim().is_empty())
        {
            bars.latest.insert(subject.clone(), line);
        }
    }

    fn line(&self, text: &str) {
        match self.bars.lock() {
            Ok(bars) if !bars.each.is_empty() => bars.all.suspend(|| super::terminal::eprint(text)),
            _ => super::terminal::eprint(text),
        }
    }
}

impl Bar {
    /// Shows the last lines of a log below the step.
    fn say(&mut self, line: String) {
        if line.trim().is_empty() {
            return;
        }
        self.last.push_back(line);
        if self.last.len() > LOG_LINES {
            self.last.pop_front();
        }
        let shown = self.last.iter().map(|line| format!("\n    {line}"));
        self.bar.set_message(shown.collect::<String>());
    }
}

fn first(text: &str, characters: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(characters)
        .collect()
}
