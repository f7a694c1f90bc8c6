//! What a long piece of work says while it goes on.
//!
//! The library prints nothing: it tells a [`Listener`], and the command line
//! decides what a terminal, a log or nobody gets to see.

/// Something worth telling while the work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step begins; what it is, in a few words (`building hello 2.10-3`).
    Step(String),
    /// A line of output of a tool that runs for the current step.
    Output(String),
    /// The tool of the current step still runs.
    Still {
        /// For so many seconds by now.
        seconds: u64,
    },
    /// So many of so many bytes or items of the current step are done.
    Progress {
        /// How many are done.
        done: u64,
        /// How many there are; 0 when nobody knows.
        total: u64,
    },
    /// A step is done; what came of it.
    Finished(String),
    /// Worth knowing, stops nothing.
    Note(String),
    /// Likely a mistake of the user's, stops nothing.
    Warning(String),
    /// One of several pieces of work that go on side by side says something.
    Of {
        /// Which one, by name.
        subject: String,
        /// What it says.
        event: Box<Event>,
    },
}

/// A listener for one of several pieces of work that go on side by side: what
/// it hears is told under a name.
pub struct Lane<'a> {
    subject: Option<String>,
    listener: &'a dyn Listener,
}

impl<'a> Lane<'a> {
    /// Makes one; without a name everything is told as it is.
    pub fn of(subject: Option<String>, listener: &'a dyn Listener) -> Self {
        Self { subject, listener }
    }
}

impl Listener for Lane<'_> {
    fn hear(&self, event: Event) {
        self.listener.hear(match &self.subject {
            Some(subject) => Event::Of {
                subject: subject.clone(),
                event: Box::new(event),
            },
            None => event,
        });
    }
}

/// Hears events. Called from any thread that works, in order for each thread.
pub trait Listener: Sync {
    /// Takes one event; must not block for long.
    fn hear(&self, event: Event);
}

impl dyn Listener + '_ {
    /// Announces a step.
    pub fn begin(&self, what: impl Into<String>) {
        self.hear(Event::Step(what.into()));
    }

    /// Tells something worth knowing.
    pub fn note(&self, what: impl Into<String>) {
        self.hear(Event::Note(what.into()));
    }

    /// Warns of a likely mistake.
    pub fn warn(&self, what: impl Into<String>) {
        self.hear(Event::Warning(what.into()));
    }
}

/// A listener that forgets everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Listener for Silent {
    fn hear(&self, _: Event) {}
}
