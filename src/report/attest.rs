//! A rebuild that was attested to be what was published.

use serde::Serialize;

use super::{Document, Page};
use crate::format::statement::Statement;
use crate::model::{Fingerprint, Sha256};

/// What `attest` answers.
#[derive(Debug, Serialize)]
pub struct AttestDocument {
    provenance: String,
    signed_by: Option<Fingerprint>,
    attestations: Option<usize>,
    subjects: Vec<SubjectRow>,
}

#[derive(Debug, Serialize)]
struct SubjectRow {
    name: String,
    sha256: Sha256,
}

impl AttestDocument {
    /// Shows what is, or would be, attested.
    pub fn attested(
        provenance: String,
        statement: &Statement,
        by: Fingerprint,
        lines: usize,
    ) -> Self {
        let row = |subject: &crate::format::statement::Subject| SubjectRow {
            name: subject.name.clone(),
            sha256: subject.sha256,
        };
        Self {
            provenance,
            signed_by: Some(by),
            attestations: Some(lines),
            subjects: statement.subjects.iter().map(row).collect(),
        }
    }

    /// Says that nothing was attested.
    pub fn refused(provenance: String) -> Self {
        Self {
            provenance,
            signed_by: None,
            attestations: None,
            subjects: Vec::new(),
        }
    }
}

impl Document for AttestDocument {
    const SCHEMA: &'static str = "debcut/attest/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.provenance));
        for subject in &self.subjects {
            page.field("the same", format!("{} {}", subject.sha256, subject.name));
        }
        if let (Some(by), Some(lines)) = (&self.signed_by, self.attestations) {
            page.field("signed by", by.as_str());
            page.field("attestations", lines.to_string());
        }
    }
}
