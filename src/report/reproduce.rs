//! What building again has shown: whether the bytes are the same, and where
//! and why they are not.

mod html;
mod rows;

use serde::Serialize;

use self::rows::{ArtifactRow, DifferenceRow, VariationRow};
use super::{Document, Page};
use crate::verify::bisect::Culprits;
use crate::verify::difference::Place;
use crate::verify::reproduction::{Reference, Reproduction, Said};

/// How many differences of an artifact the text shows.
const SHOWN: usize = 20;

/// How many lines of another program's report the text shows.
const DEEPER_LINES: usize = 40;

/// What `reproduce` answers.
#[derive(Debug, Serialize)]
pub struct ReproduceDocument {
    equal: bool,
    #[serde(flatten)]
    reproduction: Reproduction,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

impl ReproduceDocument {
    /// Shows what was found.
    pub fn new(reproduction: Reproduction) -> Self {
        Self {
            equal: reproduction.opinion.is_equal(),
            reproduction,
            html: None,
        }
    }

    /// Says where its HTML was written.
    #[must_use]
    pub fn written_to(mut self, file: String) -> Self {
        self.html = Some(file);
        self
    }

    /// Returns it as one HTML page that needs nothing beside itself: no
    /// scripts, styles or pictures from elsewhere.
    pub fn html(&self) -> String {
        html::page(self)
    }

    fn reference(&self) -> String {
        match &self.reproduction.reference {
            Reference::Artifacts { directory, checked } => format!("{directory} ({checked})"),
            Reference::FirstBuild => "a first build under the usual conditions".to_owned(),
            Reference::Record { file, beside } => {
                let files = match beside {
                    0 => "none of its artifacts is".to_owned(),
                    1 => "1 of its artifacts is".to_owned(),
                    n => format!("{n} of its artifacts are"),
                };
                format!("the checksums in {file}; {files} beside it")
            }
        }
    }

    fn variations(&self) -> Vec<VariationRow> {
        let tried = self.reproduction.variations.iter();
        tried.map(VariationRow::of).collect()
    }

    fn artifacts(&self) -> Vec<ArtifactRow> {
        let artifacts = self.reproduction.opinion.artifacts.iter();
        artifacts.map(ArtifactRow::of).collect()
    }

    fn verdict(&self) -> &'static str {
        match self.equal {
            true => "reproduced",
            false => "NOT reproduced",
        }
    }
}

impl Document for ReproduceDocument {
    const SCHEMA: &'static str = "debcut/reproduce/1";

    fn text(&self, page: &mut Page) {
        let reproduction = &self.reproduction;
        let title = format!("{} {}", reproduction.package, reproduction.version);
        let verdict = match self.equal {
            true => page.good(self.verdict()),
            false => page.bad(self.verdict()),
        };
        page.line(format!("{}: {verdict}", page.bold(&title)));
        if let Some(revision) = &reproduction.revision {
            page.field("from", revision);
        }
        if let Some(record) = &reproduction.buildinfo {
            page.field("from", record);
        }
        page.field("against", self.reference());
        page.field("isolation", &reproduction.isolation);
        page.field("builds", reproduction.builds.to_string());
        page.line("");
        page.line(page.bold("varied"));
        for row in self.variations() {
            row.text(page);
        }
        for artifact in self.artifacts() {
            page.line("");
            artifact_text(&artifact, page);
        }
        if let Some(culprits) = &reproduction.bisection {
            page.line("");
            bisection_text(culprits, page);
        }
        for look in &reproduction.deeper {
            page.line("");
            page.line(page.bold(&format!("diffoscope: {}", look.artifact)));
            match &look.said {
                Said::Text { text, cut } => {
                    for line in text.lines().take(DEEPER_LINES) {
                        page.line(format!("  {}", rows::harmless(line)));
                    }
                    if *cut || text.lines().count() > DEEPER_LINES {
                        page.line("  … (--html and --json show more)");
                    }
                }
                Said::Nothing { why } => page.line(format!("  {why}")),
            }
        }
        if let Some(html) = &self.html {
            page.line("");
            page.field("report", html);
        }
        page.line("");
    }

    fn ending(&self, page: &mut Page) {
        if self.equal {
            page.line(page.good("equal"));
        }
    }
}

/// What `reproduce` answers where nothing could be compared: the findings say
/// why.
#[derive(Debug, Serialize)]
pub struct RefusedReproduction {
    equal: Option<bool>,
    artifacts: [(); 0],
}

impl RefusedReproduction {
    /// Shows that nothing was compared.
    pub fn new() -> Self {
        Self {
            equal: None,
            artifacts: [],
        }
    }
}

impl Default for RefusedReproduction {
    fn default() -> Self {
        Self::new()
    }
}

impl Document for RefusedReproduction {
    const SCHEMA: &'static str = ReproduceDocument::SCHEMA;

    fn text(&self, _: &mut Page) {}
}

fn artifact_text(artifact: &ArtifactRow, page: &mut Page) {
    let name = page.bold(&artifact.name);
    let verdict = match artifact.state {
        rows::State::Equal => page.good(&artifact.verdict),
        rows::State::Differs => page.bad(&artifact.verdict),
        rows::State::NotTried => page.dim(&artifact.verdict),
    };
    page.line(format!("{name}: {verdict}"));
    for row in artifact.differences.iter().take(SHOWN) {
        difference_text(row, page);
    }
    let more = artifact.differences.len().saturating_sub(SHOWN);
    if more > 0 {
        page.line(format!("  and {more} more; --json and --html show all"));
    }
    if !artifact.follow.is_empty() {
        let names = artifact.follow.join(", ");
        page.line(format!("  therefore also: {names}"));
    }
}

fn difference_text(row: &DifferenceRow, page: &mut Page) {
    page.line(format!("  {}{}", row.place, row.at));
    for (sign, text) in [(page.bad("-"), &row.first), (page.good("+"), &row.second)] {
        for line in text.iter().flat_map(|text| text.lines()) {
            page.line(format!("    {sign} {line}"));
        }
    }
    if let Some(how) = &row.how {
        page.line(format!("    {how}"));
    }
    let cause = page.warning(&row.cause);
    page.line(format!(
        "    cause: {cause} ({}): {}",
        row.certainty, row.evidence
    ));
    if !row.remedy.is_empty() {
        page.line(format!("    fix:   {}", row.remedy));
    }
}

fn bisection_text(culprits: &Culprits<Place>, page: &mut Page) {
    let builds = match culprits.builds {
        1 => "1 build".to_owned(),
        n => format!("{n} builds"),
    };
    page.line(page.bold(&format!("bisection ({builds})")));
    for line in rows::bisection(culprits) {
        page.line(format!("  {line}"));
    }
}

#[cfg(test)]
mod tests;
