//! What `announce` answers.

use serde::Serialize;

use super::{Document, Page};

/// What `announce` answers.
#[derive(Debug, Serialize)]
pub struct AnnounceDocument {
    /// What it is about.
    pub title: String,
    /// The tags.
    pub tags: Vec<String>,
    /// The text where no channel is configured.
    pub text: String,
    /// The channels.
    pub channels: Vec<AnnounceLine>,
    /// Whether it was to be sent.
    #[serde(skip)]
    pub sends: bool,
}

/// What became of an announcement on a channel.
#[derive(Debug, Serialize)]
pub struct AnnounceLine {
    /// Its name.
    pub name: String,
    /// Where it goes, without secrets.
    pub to: String,
    /// `waits`, `sent`, `sent-before`, `perhaps-sent` or `failed`.
    pub state: &'static str,
    /// When it was sent, or perhaps sent.
    pub sent: Option<String>,
    /// What it says there.
    pub text: String,
}

impl AnnounceDocument {
    /// Returns what is told, for the digest of a plan.
    pub fn plan(&self) -> String {
        let lines = self.channels.iter();
        let lines = lines.map(|one| format!("{} {} {}\n{}", one.name, one.to, one.state, one.text));
        format!("{}\n{}", self.text, lines.collect::<String>())
    }
}

impl Document for AnnounceDocument {
    const SCHEMA: &'static str = "debcut/announce/1";

    fn text(&self, page: &mut Page) {
        if self.channels.is_empty() {
            page.line(self.text.trim_end());
            return;
        }
        for channel in &self.channels {
            let state = match (channel.state, &channel.sent) {
                ("sent", _) => page.good("sent"),
                ("sent-before", Some(at)) => page.dim(&format!("sent {at}")),
                ("perhaps-sent", Some(at)) => page.bad(&format!("perhaps sent {at}")),
                ("waits", Some(at)) => page.warning(&format!("sent {at}, to be sent once more")),
                ("failed", _) => page.bad("not sent"),
                _ => page.warning("not sent yet"),
            };
            page.line(format!(
                "{} to {}: {state}",
                page.bold(&channel.name),
                channel.to
            ));
            if !self.sends {
                page.line("");
                page.line(channel.text.trim_end());
                page.line("");
            }
        }
    }

    fn ending(&self, page: &mut Page) {
        let waits = |line: &AnnounceLine| line.state == "waits";
        if self.channels.is_empty() {
            page.line(page.dim("no channel is configured: [[announce.channel]] in debcut.toml"));
        } else if !self.sends && self.channels.iter().any(waits) {
            page.line(page.dim("a preview: --send sends it"));
        }
    }
}
