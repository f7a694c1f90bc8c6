//! Who signed files, from which commit they were built, and whether they agree.

mod chain;

use serde::Serialize;

use super::{Document, Page};
use crate::verify::chain::Chain;
use crate::verify::{
    Attestation, Comparison, FileVerdict, Kind, Origin, SignedIn, Signer, Verdict,
};
use chain::ChainRow;

/// What `verify` answers.
#[derive(Debug, Serialize)]
pub struct VerifyDocument {
    files: Vec<FileRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chains: Vec<ChainRow>,
    #[serde(skip)]
    problems: usize,
}

#[derive(Debug, Serialize)]
struct FileRow {
    file: String,
    kind: Kind,
    verified: bool,
    about: Option<String>,
    signed_by: Option<SignedByRow>,
    commit: Option<String>,
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Origin>,
    digests: Vec<ComparisonRow>,
    listed_by: Vec<ComparisonRow>,
    attestations: Vec<AttestationRow>,
}

#[derive(Debug, Serialize)]
struct AttestationRow {
    file: String,
    line: usize,
    signed_by: Option<Signer>,
    builder: Option<String>,
}

#[derive(Debug, Serialize)]
struct SignedByRow {
    #[serde(flatten)]
    signer: Signer,
    signature_in: String,
}

#[derive(Debug, Serialize)]
struct ComparisonRow {
    name: String,
    agrees: Option<bool>,
}

impl VerifyDocument {
    /// Shows a verdict; its findings are the answer's.
    pub fn new(verdict: &Verdict) -> Self {
        let errors = verdict.findings.iter().filter(|finding| finding.is_error());
        Self {
            files: verdict.files.iter().map(FileRow::of).collect(),
            chains: Vec::new(),
            problems: errors.count(),
        }
    }

    /// Shows walks; their findings are the answer's.
    pub fn of_chains(chains: &[Chain]) -> Self {
        let problems = chains.iter().map(|chain| chain.findings().len()).sum();
        Self {
            files: Vec::new(),
            chains: chains.iter().map(ChainRow::of).collect(),
            problems,
        }
    }
}

impl FileRow {
    fn of(file: &FileVerdict) -> Self {
        let rows = |comparisons: &[Comparison]| {
            let row = |comparison: &Comparison| ComparisonRow {
                name: comparison.name.clone(),
                agrees: comparison.agrees,
            };
            comparisons.iter().map(row).collect()
        };
        let signed_by = |SignedIn { signer, carrier }: &SignedIn| SignedByRow {
            signer: signer.clone(),
            signature_in: carrier.clone(),
        };
        let origin = file.origin.as_ref();
        Self {
            file: file.path.display().to_string(),
            kind: file.kind,
            verified: file.verified,
            about: file.about.clone(),
            signed_by: file.signed_by.as_ref().map(signed_by),
            commit: origin.and_then(|origin| origin.commit.clone()),
            tag: origin.and_then(|origin| origin.tag.clone()),
            provenance: origin.filter(|_| file.kind == Kind::Provenance).cloned(),
            digests: rows(&file.lists),
            listed_by: rows(&file.listed_by),
            attestations: file.attestations.iter().map(AttestationRow::of).collect(),
        }
    }

    fn text(&self, page: &mut Page) {
        let name = page.bold(&self.file.replace(char::is_control, "\u{fffd}"));
        let word = if self.verified {
            page.good("verified")
        } else {
            page.bad("NOT verified")
        };
        page.line(format!("{name}: {word}"));
        if let Some(about) = &self.about {
            page.field("is", about);
        }
        match &self.signed_by {
            Some(SignedByRow {
                signer,
                signature_in,
            }) => {
                let Signer {
                    user_id,
                    fingerprint,
                    time,
                    ..
                } = signer;
                page.field("signed by", format!("{user_id} on {time}"));
                page.field("", format!("key {fingerprint}, in {signature_in}"));
            }
            // Its files are signed, or not; each says so itself.
            None if self.kind == Kind::Sums => {}
            None => page.field("signed by", "nobody known here"),
        }
        match (&self.commit, &self.tag) {
            (Some(commit), Some(tag)) => page.field("built from", format!("{commit}, tag {tag}")),
            (Some(commit), None) => page.field("built from", format!("{commit}, no tag")),
            (None, _) => {}
        }
        if let Some(origin) = &self.provenance {
            if let Some(tree) = &origin.tree {
                page.field("tree", tree);
            }
            page.field("builder", &origin.builder);
            if let Some(digest) = &origin.plan_digest {
                page.field("plan", digest);
            }
        }
        digests_text("lists", &self.digests, page);
        digests_text("listed by", &self.listed_by, page);
        // One alone is the signature that was told already.
        for row in self.attestations.iter().skip(1) {
            page.field("attested", row.text());
        }
    }
}

impl AttestationRow {
    fn of(attestation: &Attestation) -> Self {
        let Attestation {
            file,
            line,
            signer,
            builder,
        } = attestation.clone();
        Self {
            file,
            line,
            signed_by: signer,
            builder,
        }
    }

    fn text(&self) -> String {
        match &self.signed_by {
            Some(signer) => format!(
                "also by {}, key {}, in line {} of {}",
                signer.user_id, signer.fingerprint, self.line, self.file
            ),
            None => format!(
                "also by nobody known here, in line {} of {}",
                self.line, self.file
            ),
        }
    }
}

fn digests_text(name: &str, rows: &[ComparisonRow], page: &mut Page) {
    // A suite lists hundreds: those that agree are counted, the others named.
    let names = |agrees: Option<bool>| {
        let rows = rows.iter().filter(|row| row.agrees == agrees);
        rows.map(|row| row.name.as_str()).collect::<Vec<_>>()
    };
    let (agree, differ, absent) = (names(Some(true)), names(Some(false)), names(None));
    let mut said = Vec::new();
    match agree.as_slice() {
        [] => {}
        few if few.len() <= 6 => said.push(format!("{} (agrees)", few.join(" "))),
        many => said.push(format!("{} files that agree", many.len())),
    }
    if !differ.is_empty() {
        said.push(format!("{} (DIFFERS)", differ.join(" ")));
    }
    match absent.as_slice() {
        [] => {}
        few if few.len() <= 6 => said.push(format!("{} (not here)", few.join(" "))),
        many => said.push(format!("{} files that are not here", many.len())),
    }
    for (at, line) in said.iter().enumerate() {
        page.field(if at == 0 { name } else { "" }, line);
    }
}

impl Document for VerifyDocument {
    const SCHEMA: &'static str = "debcut/verify/1";

    fn text(&self, page: &mut Page) {
        for file in &self.files {
            file.text(page);
        }
        for chain in &self.chains {
            chain.text(page);
        }
    }

    fn ending(&self, page: &mut Page) {
        let line = match self.problems {
            0 => page.good("verified"),
            1 => page.bad("NOT verified: 1 problem"),
            n => page.bad(&format!("NOT verified: {n} problems")),
        };
        page.line(line);
    }
}
