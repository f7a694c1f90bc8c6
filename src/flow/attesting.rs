//! `attest`: a rebuild is compared with what was published, and the word that
//! it is the same is added to the attestations of that.

use std::path::{Path, PathBuf};

use super::FlowError;
use super::signing::{self, KeyWanted};
use crate::build::product::SUMS;
use crate::format::checksums::{parse_sums, write_sums};
use crate::format::statement::{Envelope, Statement, StatementError, Subject};
use crate::keys::Ask;
use crate::keys::attestation::{self, AttestError, VerifyAttestationError};
use crate::model::finding::with_causes;
use crate::model::{FileDigests, Finding, Fingerprint, Listener, Sha256};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::openpgp::VerifyError;
use crate::verify::{Kind, attest};

/// What to attest, and to whom it is added.
#[derive(Debug, Clone)]
pub struct Request {
    /// The rebuilt artifacts, or their directory.
    pub rebuilt: Vec<PathBuf>,
    /// The attestations of what was published; they grow by a line.
    pub to: PathBuf,
    /// Which key signs.
    pub key: KeyWanted,
    /// The key that the configuration names.
    pub configured_key: Option<String>,
    /// Whether only the statement is wanted.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing was attested, for these reasons.
    Refused(Vec<Finding>),
    /// This would be, or is, attested.
    Attested {
        /// The statement.
        statement: Box<Statement>,
        /// Who signs it.
        by: Fingerprint,
        /// How many attestations the file has then.
        lines: usize,
        /// Whether that was new.
        changed: bool,
    },
}

/// Why there is nothing to add to.
#[derive(Debug, thiserror::Error)]
pub enum AttestingError {
    /// The file holds no attestation.
    #[error("{} holds no provenance", path.display())]
    NoProvenance {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StatementError,
    },
    /// Nobody signs.
    #[error("an attestation without a signature attests nothing")]
    NoKey,
    /// The statement cannot be signed.
    #[error(transparent)]
    Sign(AttestError),
}

/// Attests that a rebuild is what was published.
pub fn attest(
    request: &Request,
    environment: &Environment,
    clock: Clock,
    ask: &mut Ask,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    let now = clock.now();
    let usual = request.configured_key.as_deref();
    let choice = signing::chosen(environment, &request.key, usual, now)?;
    let Some(choice) = choice else {
        return Err(AttestingError::NoKey.into());
    };
    let by = choice.certificate().fingerprint().clone();
    let bytes = files::read(&request.to)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let published = read_statement(&request.to, &text)?;
    let keyring = signing::keyring(environment)?;
    let lines = attestation::verify_all(&text, &keyring);
    let mut refused = Vec::new();
    for line in &lines {
        let subject = format!("{} line {}", request.to.display(), line.number);
        match &line.attested {
            Err(error @ VerifyAttestationError::Signature(VerifyError::Bad { .. })) => {
                let message = with_causes(error);
                refused.push(Finding::error("bad-attestation", subject, message));
            }
            Err(error) => listener.warn(format!("{subject}: {}", with_causes(error))),
            Ok(_) => {}
        }
    }
    if !refused.is_empty() {
        return Ok(Outcome::Refused(refused));
    }
    let (rebuilt, own) = rebuilt(request, listener)?;
    let stated = attest::statement(&published, &rebuilt, own.as_ref(), crate::VERSION, now);
    let statement = match stated {
        Ok(statement) => statement,
        Err(findings) => return Ok(Outcome::Refused(findings)),
    };
    let said = lines.iter().filter_map(|line| line.attested.as_ref().ok());
    let says_so = said
        .filter(|attested| attested.by.fingerprint == by)
        .any(|attested| {
            let known = |subject| attested.statement.subjects.contains(subject);
            statement.subjects.iter().all(known)
        });
    let outcome = |lines, changed| {
        Ok(Outcome::Attested {
            statement: Box::new(statement.clone()),
            by: by.clone(),
            lines,
            changed,
        })
    };
    if says_so {
        listener.note(format!("{by} attests it already: a key counts once"));
        return outcome(lines.len(), false);
    }
    if request.dry_run {
        return outcome(lines.len() + 1, false);
    }
    let signer = signing::unlocked(Some(choice), now, ask)?.expect("a key was chosen");
    let line = attestation::attest(&signer, &statement, now).map_err(AttestingError::Sign)?;
    let next = attestation::append(&text, &line);
    files::replace(&request.to, next.as_bytes(), Access::Public)?;
    renew_sums(
        &request.to,
        &Sha256::of(&bytes),
        &Sha256::of(next.as_bytes()),
    )?;
    outcome(lines.len() + 1, true)
}

fn read_statement(path: &Path, text: &str) -> Result<Statement, FlowError> {
    let envelope = Envelope::parse(attestation::first(text));
    let statement = envelope.and_then(|envelope| envelope.statement());
    let no = |source| AttestingError::NoProvenance {
        path: path.to_owned(),
        source,
    };
    Ok(statement.map_err(no)?)
}

/// Hashes the rebuilt artifacts, and reads the provenance of their own.
fn rebuilt(
    request: &Request,
    listener: &dyn Listener,
) -> Result<(Vec<Subject>, Option<Statement>), FlowError> {
    let mut paths = Vec::new();
    for path in &request.rebuilt {
        if !path.is_dir() {
            paths.push(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path).map_err(files::failed("list", path))? {
            let path = entry.map_err(files::failed("list", path))?.path();
            if path.is_file() {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let same = |path: &Path| match (path.canonicalize(), request.to.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    let (mut subjects, mut own) = (Vec::new(), None);
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if Kind::of(&path) == Kind::Provenance && own.is_none() && !same(&path) {
            let text = files::read(&path)?;
            own = Some(read_statement(&path, &String::from_utf8_lossy(&text))?);
        } else if attest::is_reproducible(&name) {
            listener.begin(format!("reading {}", path.display()));
            let digests = FileDigests::of_reader(files::open(&path)?);
            let digests = digests.map_err(files::failed("read", &path))?;
            subjects.push(Subject {
                name: name.into_owned(),
                sha256: digests.sha256,
            });
        }
    }
    Ok((subjects, own))
}

/// Keeps the list of digests beside the attestations true, where it was.
fn renew_sums(path: &Path, before: &Sha256, after: &Sha256) -> Result<(), FlowError> {
    let sums = path.with_file_name(SUMS);
    let Some(bytes) = files::read_if_there(&sums)? else {
        return Ok(());
    };
    let Ok(mut listed) = parse_sums(&String::from_utf8_lossy(&bytes)) else {
        return Ok(());
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut changed = false;
    for (listed, sha256) in &mut listed {
        if listed.as_str() == name && sha256 == before {
            *sha256 = *after;
            changed = true;
        }
    }
    if changed {
        let text = write_sums(listed.iter().map(|(name, sha256)| (name, sha256)));
        files::replace(&sums, text.as_bytes(), Access::Public)?;
    }
    Ok(())
}
