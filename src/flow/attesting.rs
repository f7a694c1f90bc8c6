//! `attest`: a rebuild is compared with what was published, and the word that
//! it is the same is added to the attestations of that.

use std::path::{Path, PathBuf};

use super::FlowError;
use super::signing::{self, KeyWanted};
use crate::build::product::{Built, SUMS};
use crate::format::checksums::{parse_sums, write_sums};
use crate::format::statement::{Envelope, Statement, StatementError, Subject};
use crate::keys::Ask;
use crate::keys::attestation::{self, AttestError, VerifyAttestationError};
use crate::model::finding::with_causes;
use crate::model::{FileDigests, Finding, Fingerprint, Listener, Sha256};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::openpgp::{Keyring, VerifyError};
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
    // The key that signs may be CI's or the agent's, which no store has.
    let known = signing::keyring(environment)?;
    let own = [choice.certificate().clone()];
    let keyring = Keyring::new([known.certificates(), &own].concat());
    let lines = attestation::verify_all(&text, &keyring);
    let mut refused = Vec::new();
    for line in &lines {
        let subject = format!("{} line {}", request.to.display(), line.number);
        match &line.attested {
            // Whoever attests it vouches for what it says of tag and commit.
            Err(error) if line.number == 1 => {
                let message = format!("nobody known signed it: {}", with_causes(error));
                refused.push(
                    Finding::error("unproven-provenance", subject, message)
                        .fix("import the builder's key: debcut key import FILE"),
                );
            }
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
    let (rebuilt, own) = rebuilt(request, &keyring, listener)?;
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
        if !request.dry_run {
            // Whoever stopped between the two files left the list behind.
            let _lock = files::lock_directory(request.to.parent().unwrap_or(Path::new(".")))?;
            renew_sums(&request.to)?;
        }
        listener.note(format!("{by} attests it already: a key counts once"));
        return outcome(lines.len(), false);
    }
    if request.dry_run {
        return outcome(lines.len() + 1, false);
    }
    let signer = signing::unlocked(Some(choice), now, ask)?.expect("a key was chosen");
    let line = attestation::attest(&signer, &statement, now).map_err(AttestingError::Sign)?;
    let lines = add(&request.to, &[line])?;
    outcome(lines, true)
}

/// Adds attestations to a file and keeps the list of digests beside it true;
/// returns how many it has then. Who adds to the same file at the same time
/// waits, and nobody's word is lost.
fn add(path: &Path, lines: &[String]) -> Result<usize, FlowError> {
    let _lock = files::lock_directory(path.parent().unwrap_or(Path::new(".")))?;
    let before = files::read(path)?;
    let mut text = String::from_utf8_lossy(&before).into_owned();
    for line in lines {
        text = attestation::append(&text, line);
    }
    if text.as_bytes() != before {
        files::replace(path, text.as_bytes(), Access::Public)?;
    }
    renew_sums(path)?;
    Ok(attestation::envelopes(&text).len())
}

/// Adds what others attested of an earlier build of the same plan, as far as it
/// is true of this one, too.
pub(super) fn keep(built: &mut Built, words: &[String]) -> Result<(), FlowError> {
    let name = |built: &Built| {
        let mut names = built.artifacts.iter().map(|artifact| &artifact.name);
        names.find(|name| name.ends_with(".intoto.jsonl")).cloned()
    };
    let is_true = |word: &&String| {
        let statement = Envelope::parse(word).and_then(|envelope| envelope.statement());
        statement.is_ok_and(|statement| {
            let made = |subject: &Subject| {
                let mut artifacts = built.artifacts.iter();
                artifacts.any(|a| a.name == subject.name && a.sha256 == subject.sha256)
            };
            statement.subjects.iter().all(made)
        })
    };
    let words: Vec<String> = words.iter().filter(is_true).cloned().collect();
    let Some(name) = name(built).filter(|_| !words.is_empty()) else {
        return Ok(());
    };
    add(&built.directory.join(&name), &words)?;
    for artifact in &mut built.artifacts {
        if artifact.name == name || artifact.name == SUMS {
            let bytes = files::read(&built.directory.join(&artifact.name))?;
            artifact.size = bytes.len() as u64;
            artifact.sha256 = Sha256::of(&bytes);
        }
    }
    Ok(())
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

/// Hashes the rebuilt artifacts, and reads the provenance of their own, where it
/// is signed by a known key and about these very files.
fn rebuilt(
    request: &Request,
    keyring: &Keyring,
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
            let text = String::from_utf8_lossy(&text);
            match attestation::verify(attestation::first(&text), keyring) {
                Ok(attested) => own = Some(attested.statement),
                Err(error) => listener.warn(format!(
                    "{} does not count: {}",
                    path.display(),
                    with_causes(&error)
                )),
            }
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
    let own = own.filter(|own| {
        let about = subjects
            .iter()
            .all(|subject| own.subjects.contains(subject));
        if !about {
            listener.warn("the rebuild's provenance is about other files: passed over".to_owned());
        }
        about
    });
    Ok((subjects, own))
}

/// Makes the list of digests beside the attestations true of them.
fn renew_sums(path: &Path) -> Result<(), FlowError> {
    let after = Sha256::of(&files::read(path)?);
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
        if listed.as_str() == name && *sha256 != after {
            *sha256 = after;
            changed = true;
        }
    }
    if changed {
        let text = write_sums(listed.iter().map(|(name, sha256)| (name, sha256)));
        files::replace(&sums, text.as_bytes(), Access::Public)?;
    }
    Ok(())
}
