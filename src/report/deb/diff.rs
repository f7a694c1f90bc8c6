//! Where two packages differ.

use std::path::Path;

use serde::Serialize;

use crate::format::deb::{Aspect, ByteDifference, Change, Contents, Difference, Facts, Part, Span};
use crate::model::{Finding, Sha256};
use crate::report::{Document, Page};

use super::harmless;

/// What `deb diff` answers.
#[derive(Debug, Serialize)]
pub struct DebDiff {
    a: Side,
    b: Side,
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Side {
    file: String,
    size: u64,
    sha256: Sha256,
}

impl DebDiff {
    /// Shows where the packages that were read from two files differ.
    pub fn of(
        (a, left): (&Path, &Contents),
        (b, right): (&Path, &Contents),
        differences: Vec<Difference>,
    ) -> Self {
        let side = |file: &Path, contents: &Contents| Side {
            file: file.display().to_string(),
            size: contents.size,
            sha256: contents.sha256,
        };
        Self {
            a: side(a, left),
            b: side(b, right),
            differences,
        }
    }

    /// Returns what makes the answer a no, if anything does.
    pub fn finding(&self) -> Option<Finding> {
        let count = self.differences.len();
        let places = if count == 1 { "place" } else { "places" };
        let message = format!("differs from {} in {count} {places}", self.a.file);
        (count > 0).then(|| Finding::error("packages-differ", &self.b.file, message))
    }
}

impl Document for DebDiff {
    const SCHEMA: &'static str = "debcut/deb-diff/1";

    fn text(&self, page: &mut Page) {
        if self.differences.is_empty() {
            page.line(format!("the same bytes: {}", self.a.sha256));
        }
        let mut last = None;
        for difference in &self.differences {
            if last != Some(difference.part) {
                last = Some(difference.part);
                page.line(page.bold(heading(difference.part)));
            }
            line(difference, page);
            if let Some(bytes) = &difference.bytes {
                places(bytes, page);
            }
        }
    }
}

fn heading(part: Part) -> &'static str {
    match part {
        Part::Package => "package",
        Part::Member => "members",
        Part::Field => "control fields",
        Part::ControlFile => "control files",
        Part::File => "files",
    }
}

fn line(difference: &Difference, page: &mut Page) {
    let name = harmless(&difference.name);
    match &difference.change {
        Change::Added { is } => {
            let added = page.good("+");
            page.line(format!("  {added} {name}{}", brief(is)));
        }
        Change::Removed { was } => {
            let removed = page.bad("-");
            page.line(format!("  {removed} {name}{}", brief(was)));
        }
        Change::Changed { aspect, from, to } => {
            let changed = page.warning("~");
            let what = match (name.as_str(), aspect) {
                ("", aspect) => aspect.to_string(),
                (_, Aspect::Value) => name,
                (_, aspect) => format!("{name}: {aspect}"),
            };
            if from.contains('\n') || to.contains('\n') {
                page.line(format!("  {changed} {what}"));
                for (sign, text) in [(page.bad("-"), from), (page.good("+"), to)] {
                    for line in text.lines() {
                        page.line(format!("      {sign} {}", harmless(line)));
                    }
                }
            } else {
                let (from, to) = (short(*aspect, from), short(*aspect, to));
                page.line(format!("  {changed} {what} {from} → {to}"));
            }
        }
    }
}

/// Which bytes differ: the first places, text as text and all else in
/// hexadecimal.
fn places(found: &ByteDifference, page: &mut Page) {
    /// Enough to see a pattern; the document has more.
    const SHOWN: usize = 3;
    let count = |n: u64, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    for span in found.spans.iter().take(SHOWN) {
        let texts = (span.from.text(), span.to.text());
        let (from, to) = match texts {
            (Some(from), Some(to)) => (quoted(&from), quoted(&to)),
            _ => (spaced(&span.from.hex()), spaced(&span.to.hex())),
        };
        let Span { offset, length, .. } = span;
        page.line(format!(
            "      byte {offset}, line {}: {}",
            span.line,
            count(*length, "byte")
        ));
        page.line(format!("        {} {from}", page.bad("-")));
        page.line(format!("        {} {to}", page.good("+")));
    }
    let further = found.further + found.spans.len().saturating_sub(SHOWN) as u64;
    let in_all = count(found.differing, "differing byte");
    if further > 0 {
        let places = count(further, "further place");
        page.line(format!("      and {places}, {in_all} in all"));
    }
}

fn quoted(text: &str) -> String {
    format!("“{}”", text.escape_debug())
}

fn spaced(hex: &str) -> String {
    let pairs = hex.as_bytes().chunks(2).map(String::from_utf8_lossy);
    pairs.collect::<Vec<_>>().join(" ")
}

/// Enough of a digest to tell two apart; the document has all of it.
fn short(aspect: Aspect, value: &str) -> String {
    match aspect {
        Aspect::Content | Aspect::Bytes => format!("{value:.12}…"),
        _ => harmless(value),
    }
}

/// The first line of a field's value, a file's type and size.
fn brief(facts: &Facts) -> String {
    let value = facts
        .get(&Aspect::Value)
        .and_then(|value| value.lines().next());
    let size = facts.get(&Aspect::Size).map(|size| format!("{size} bytes"));
    let kind = facts.get(&Aspect::Type).filter(|kind| *kind != "file");
    match (value, kind, size) {
        (Some(value), ..) => format!(": {}", harmless(value)),
        (None, Some(kind), _) => format!(" ({kind})"),
        (None, None, Some(size)) => format!(" ({size})"),
        (None, None, None) => String::new(),
    }
}
