//! A walk from a package back to its commit.

use serde::Serialize;

use crate::report::Page;
use crate::verify::chain::{Chain, Link, LinkName, LinkSigner, State};

/// The walk of one package.
#[derive(Debug, Serialize)]
pub(super) struct ChainRow {
    package: String,
    /// Whether every link that was asked for holds.
    verified: bool,
    /// The first link that breaks.
    broken: Option<LinkName>,
    /// The links that nobody could check.
    unchecked: Vec<LinkName>,
    links: Vec<LinkRow>,
}

#[derive(Debug, Serialize)]
struct LinkRow {
    link: LinkName,
    subject: String,
    state: Word,
    /// The rules that it breaks.
    rules: Vec<&'static str>,
    /// Why it is broken or was not checked.
    reasons: Vec<String>,
    signed_by: Vec<LinkSigner>,
    remarks: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Holds,
    Broken,
    NotChecked,
}

impl ChainRow {
    pub(super) fn of(chain: &Chain) -> Self {
        let (broken, unchecked) = (chain.broken(), chain.unchecked());
        Self {
            package: chain.asked.clone(),
            verified: broken.is_none() && unchecked.is_empty(),
            broken,
            unchecked,
            links: chain.links.iter().map(LinkRow::of).collect(),
        }
    }

    pub(super) fn text(&self, page: &mut Page) {
        page.line(page.bold(&clean(&self.package)));
        for link in &self.links {
            link.text(page);
        }
        if let Some(broken) = self.broken {
            let line = format!("  the first link that breaks: {}", broken.as_str());
            page.line(page.bad(&line));
        }
    }
}

impl LinkRow {
    fn of(link: &Link) -> Self {
        let (state, rules, reasons) = match &link.state {
            State::Holds => (Word::Holds, Vec::new(), Vec::new()),
            State::Unchecked(why, _) => (Word::NotChecked, Vec::new(), vec![why.clone()]),
            State::Broken(findings) => (
                Word::Broken,
                findings.iter().map(|finding| finding.rule).collect(),
                findings.iter().map(|f| f.message.clone()).collect(),
            ),
        };
        Self {
            link: link.name,
            subject: link.subject.clone(),
            state,
            rules,
            reasons,
            signed_by: link.signers.clone(),
            remarks: link.remarks.clone(),
        }
    }

    fn text(&self, page: &mut Page) {
        let word = match self.state {
            Word::Holds => page.good("holds"),
            Word::Broken => page.bad("BROKEN"),
            Word::NotChecked => page.bad("NOT CHECKED"),
        };
        page.field(
            self.link.as_str(),
            format!("{word}: {}", clean(&self.subject)),
        );
        for LinkSigner { signer, signed } in &self.signed_by {
            let also = match signed {
                Some(signed) => format!(", in {signed}"),
                None => String::new(),
            };
            let who = clean(&signer.user_id);
            let (time, key) = (signer.time, &signer.fingerprint);
            page.field("", format!("signed by {who} on {time}, key {key}{also}"));
        }
        for text in self.reasons.iter().chain(&self.remarks) {
            page.field("", clean(text));
        }
    }
}

/// Takes out of a stranger's text what could move a terminal's cursor.
fn clean(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
