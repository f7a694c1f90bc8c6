//! Keys: made, imported, listed, exported.

use std::path::PathBuf;

use serde::Serialize;

use super::{Document, Page};
use crate::keys::{Change, Imported, KeyDescription, Part};
use crate::model::{Fingerprint, Sha256};
use crate::sys::openpgp::Status;

#[derive(Debug, Clone, Serialize)]
struct Row {
    fingerprint: Fingerprint,
    user_id: String,
    created: String,
    expires: Option<String>,
    status: &'static str,
    part: &'static str,
    locked: bool,
}

impl Row {
    fn of(key: &KeyDescription) -> Self {
        Self {
            fingerprint: key.fingerprint.clone(),
            user_id: key.user_id.clone(),
            created: key.created.to_string(),
            expires: key.expires.map(|at| at.to_string()),
            status: match key.status {
                Status::Valid => "valid",
                Status::Expired(_) => "expired",
                Status::Revoked(_) => "revoked",
                Status::NotYet(_) => "not-yet-valid",
                Status::NoSigningKey => "cannot-sign",
            },
            part: match key.part {
                Part::Secret => "secret",
                Part::Public => "public",
            },
            locked: key.locked,
        }
    }
}

/// What `key list` answers.
#[derive(Debug, Serialize)]
pub struct KeyList {
    keys: Vec<Row>,
}

impl KeyList {
    /// Lists keys.
    pub fn new(keys: &[KeyDescription]) -> Self {
        Self {
            keys: keys.iter().map(Row::of).collect(),
        }
    }
}

impl Document for KeyList {
    const SCHEMA: &'static str = "debcut/key-list/1";

    fn text(&self, page: &mut Page) {
        if self.keys.is_empty() {
            page.line("no keys; debcut key new makes one");
            return;
        }
        let day = |at: &str| at.split('T').next().unwrap_or_default().to_owned();
        let rows: Vec<[String; 5]> = self
            .keys
            .iter()
            .map(|key| {
                [
                    key.fingerprint.to_string(),
                    key.part.to_owned(),
                    key.status.to_owned(),
                    key.expires.as_deref().map_or("never".to_owned(), day),
                    key.user_id.clone(),
                ]
            })
            .collect();
        page.table(["FINGERPRINT", "PART", "STATUS", "EXPIRES", "USER"], &rows);
    }
}

/// What `key new` answers: in text, the fingerprint alone.
#[derive(Debug, Serialize)]
pub struct NewKeyDocument {
    #[serde(flatten)]
    key: Row,
}

impl NewKeyDocument {
    /// Shows a new key.
    pub fn new(key: &KeyDescription) -> Self {
        Self { key: Row::of(key) }
    }
}

impl Document for NewKeyDocument {
    const SCHEMA: &'static str = "debcut/key-new/1";

    fn text(&self, page: &mut Page) {
        page.line(self.key.fingerprint.as_str());
    }
}

/// What `key new --dry-run` answers: a key that nobody has made has no name.
#[derive(Debug, Serialize)]
pub struct NewKeyPlan {
    fingerprint: Option<Fingerprint>,
    user_id: String,
    expires: Option<String>,
    locked: bool,
}

impl NewKeyPlan {
    /// Shows the key that would be made, with a passphrase or without.
    pub fn new(key: &KeyDescription, locked: bool) -> Self {
        Self {
            fingerprint: None,
            user_id: key.user_id.clone(),
            expires: key.expires.map(|at| at.to_string()),
            locked,
        }
    }

    /// Returns what identifies the plan.
    pub fn digest(&self) -> Sha256 {
        let whole = serde_json::to_vec(self).expect("a plan has string keys");
        Sha256::of(&whole)
    }
}

impl Document for NewKeyPlan {
    const SCHEMA: &'static str = NewKeyDocument::SCHEMA;

    fn text(&self, page: &mut Page) {
        page.line(format!("a new key of {}", self.user_id));
        page.field("expires", self.expires.as_deref().unwrap_or("never"));
        let locked = match self.locked {
            true => "with a passphrase",
            false => "without a passphrase",
        };
        page.field("stored", locked);
    }
}

/// What `key import` answers.
#[derive(Debug, Serialize)]
pub struct ImportedKeys {
    keys: Vec<ImportedRow>,
}

#[derive(Debug, Serialize)]
struct ImportedRow {
    change: &'static str,
    #[serde(flatten)]
    key: Row,
}

impl ImportedKeys {
    /// Shows what was imported.
    pub fn new(imported: &[Imported]) -> Self {
        let row = |one: &Imported| ImportedRow {
            change: match one.change {
                Change::Added => "added",
                Change::Updated => "updated",
                Change::Unchanged => "unchanged",
            },
            key: Row::of(&one.key),
        };
        Self {
            keys: imported.iter().map(row).collect(),
        }
    }
}

impl Document for ImportedKeys {
    const SCHEMA: &'static str = "debcut/key-import/1";

    fn text(&self, page: &mut Page) {
        for ImportedRow { change, key } in &self.keys {
            let Row {
                fingerprint,
                part,
                user_id,
                ..
            } = key;
            page.line(format!("{change} {part} key {fingerprint} {user_id}"));
        }
    }
}

/// What `key export` answers: in text, the armoured key alone.
#[derive(Debug, Serialize)]
pub struct ExportedKey {
    fingerprint: Fingerprint,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    armored: Option<String>,
}

impl ExportedKey {
    /// Shows an exported key, or where it was written.
    pub fn new(fingerprint: Fingerprint, armored: String, file: Option<PathBuf>) -> Self {
        let armored = file.is_none().then_some(armored);
        Self {
            fingerprint,
            file,
            armored,
        }
    }
}

impl Document for ExportedKey {
    const SCHEMA: &'static str = "debcut/key-export/1";

    fn text(&self, page: &mut Page) {
        match (&self.armored, &self.file) {
            (Some(text), _) => page.line(text),
            (None, Some(file)) => page.line(format!("{} {}", self.fingerprint, file.display())),
            (None, None) => {}
        }
    }
}
