//! What goes on, on standard error: a line that renews itself on a terminal,
//! plain lines in a log.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

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

/// Tells events on standard error.
pub struct Teller {
    detail: Detail,
    colour: Colour,
    live: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Teller {
    /// Makes one; `live` renews a line instead of writing one for each step.
    pub fn new(detail: Detail, colour: Colour, live: bool) -> Self {
        Self {
            detail,
            colour,
            live,
            bar: Mutex::new(None),
        }
    }

    /// Tells one event.
    pub fn tell(&self, event: Event) {
        let page = Page::new(self.colour);
        match event {
            Event::Warning(text) => self.line(&format!("{}: {text}", page.warning("warning"))),
            _ if self.detail == Detail::Quiet => {}
            Event::Finished(text) => self.line(&format!("{} {text}", page.good("✓"))),
            Event::Note(text) => self.line(&format!("{}: {text}", page.dim("note"))),
            Event::Step(text) if self.live => self.show(text),
            Event::Step(text) => self.line(&format!("{} {text}", page.dim("·"))),
            Event::Output(text) if self.detail == Detail::Whole => {
                self.line(&format!("  {} {text}", page.dim("|")));
            }
            Event::Output(text) => self.with(|bar| bar.set_message(first(&text, 60))),
            Event::Progress { done, total } => self.with(|bar| {
                let share = (done * 100).checked_div(total);
                bar.set_message(share.map_or(String::new(), |share| format!("{share} %")));
            }),
        }
    }

    /// Takes the renewed line away, before the answer is written.
    pub fn clear(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }

    fn show(&self, step: String) {
        let Ok(mut slot) = self.bar.lock() else {
            return;
        };
        let bar = slot.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {prefix} {msg:.dim}");
            bar.set_style(style.expect("the template is constant"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_prefix(step);
        bar.set_message("");
    }

    fn with(&self, act: impl FnOnce(&ProgressBar)) {
        if let Ok(bar) = self.bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            act(bar);
        }
    }

    fn line(&self, text: &str) {
        match self.bar.lock().ok().as_ref().and_then(|bar| bar.as_ref()) {
            Some(bar) => bar.suspend(|| super::terminal::eprint(text)),
            None => super::terminal::eprint(text),
        }
    }
}

fn first(text: &str, characters: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(characters)
        .collect()
}
