//! diffoscope, which knows more formats than anybody else.

use std::path::Path;
use std::time::Duration;

use super::Site;
use super::reference::First;
use crate::model::finding::with_causes;
use crate::sys::process::{Tool, ToolError};
use crate::verify::Assurance;
use crate::verify::assurance::SecondOpinion;
use crate::verify::reproduction::{DeeperLook, Said};

/// How many artifacts it is asked about: it is thorough and takes its time.
const ARTIFACTS: usize = 4;
/// How long it may take for one.
const LIMIT: Duration = Duration::from_secs(180);
/// How much of its report is kept, in bytes.
const LONGEST: usize = 64 * 1024;

/// Asks about each artifact that differs and of which both copies are there.
pub(super) fn look(
    opinion: &SecondOpinion,
    first: &First,
    second: &Path,
    site: &Site<'_>,
) -> Vec<DeeperLook> {
    let differ = opinion
        .artifacts
        .iter()
        .filter(|judged| matches!(judged.assurance, Assurance::Differs { .. }));
    let both = differ.filter_map(|judged| {
        let (a, b) = (first.file(&judged.name)?, second.join(&judged.name));
        // Records differ in every build, and it would say so at length.
        let counts = !judged.name.ends_with(".buildinfo") && !judged.name.ends_with(".changes");
        (counts && a.is_file() && b.is_file()).then_some((judged.name.clone(), a, b))
    });
    let mut looks = Vec::new();
    for (artifact, a, b) in both.take(ARTIFACTS) {
        site.listener
            .begin(format!("asking diffoscope about {artifact}"));
        let said = ask(&a, &b, site);
        let absent = matches!(&said, Err(ToolError::Missing { .. }));
        looks.push(DeeperLook {
            artifact,
            said: said.unwrap_or_else(|error| Said::Nothing {
                why: match error {
                    ToolError::Missing { .. } => {
                        "it is not installed: apt install diffoscope-minimal".to_owned()
                    }
                    error => with_causes(&error),
                },
            }),
        });
        if absent {
            break;
        }
    }
    looks
}

fn ask(a: &Path, b: &Path, site: &Site<'_>) -> Result<Said, ToolError> {
    let diffoscope = Tool::new("diffoscope")
        .env("PATH", site.environment.search_path())
        .env("LC_ALL", "C.UTF-8")
        .env("TMPDIR", site.environment.temporary_directory())
        .args(["--no-progress", "--text", "-"])
        .arg(a)
        .arg(b)
        .limit(LIMIT);
    let (_, output) = diffoscope.finish()?;
    // It ends with 1 when there is something to tell.
    let text = String::from_utf8_lossy(&output.stdout);
    if text.trim().is_empty() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let why = match why.is_empty() {
            true => "it found nothing".to_owned(),
            false => why,
        };
        return Ok(Said::Nothing { why });
    }
    let ends = text
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= LONGEST);
    let end = match text.len() {
        short if short <= LONGEST => short,
        _ => ends.last().unwrap_or(0),
    };
    Ok(Said::Text {
        text: text[..end].to_owned(),
        cut: end < text.len(),
    })
}
