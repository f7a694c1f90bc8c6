//! git's own signing of tags: `gpg.format`, `user.signingKey`, `tag.gpgSign`.

use std::path::{Path, PathBuf};

use super::Patient;
use super::keys;
use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding};
use crate::sys::git::Repository;
use crate::sys::openpgp::secret_certificate;

const RULE: &str = "git-signing";

/// How git signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// With gpg.
    OpenPgp,
    /// With ssh-keygen.
    Ssh,
    /// With gpgsm, or something that is not known here.
    Other,
}

/// What git is told about signing; none: nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) format: Format,
    pub(super) key: Option<String>,
}

/// Reads the settings; none where git signs nothing.
pub(super) fn settings(repository: &Repository) -> Option<Settings> {
    let key = repository.setting("user.signingkey");
    let always = repository.setting("tag.gpgsign");
    let always = always.is_some_and(|text| matches!(text.as_str(), "true" | "yes" | "on" | "1"));
    if key.is_none() && !always {
        return None;
    }
    let format = match repository.setting("gpg.format").as_deref() {
        None | Some("openpgp") => Format::OpenPgp,
        Some("ssh") => Format::Ssh,
        Some(_) => Format::Other,
    };
    Some(Settings { format, key })
}

/// Checks that git could sign.
pub(super) fn check(repository: &Repository, patient: &Patient<'_>) -> Checkup {
    let mut checkup = Checkup::default();
    let Some(Settings { format, key }) = settings(repository) else {
        return checkup;
    };
    match (format, key) {
        (Format::Other, _) => {
            let why = "gpg.format is neither openpgp nor ssh: only signing itself can tell";
            checkup.find(Finding::info(RULE, "git", why));
        }
        (Format::Ssh, key) => match ssh(key.as_deref(), patient) {
            Ok(how) => checkup.pass(RULE, "git", how),
            Err(finding) => checkup.find(finding),
        },
        (Format::OpenPgp, key) => {
            let own = patient.environment.var("GIT_COMMITTER_EMAIL");
            let own = own
                .map(str::to_owned)
                .or_else(|| repository.setting("user.email"));
            let Some(name) = key.or(own) else {
                let why =
                    "tag.gpgSign is on, and neither user.signingKey nor user.email says whose key";
                let finding = Finding::error(RULE, "git", why);
                checkup.find(finding.fix("git config user.signingKey FINGERPRINT"));
                return checkup;
            };
            let program = repository
                .setting("gpg.openpgp.program")
                .or_else(|| repository.setting("gpg.program"));
            if let Some(program) = program.filter(|program| program != "gpg") {
                let why = format!("{program} signs: only signing itself can tell");
                checkup.find(Finding::info(RULE, "git", why));
                return checkup;
            }
            match secret_certificate(name.trim_end_matches('!'), patient.environment) {
                Ok(Some(certificate)) => {
                    let secret = Some(keys::Secret::Agent);
                    checkup.extend(keys::judge(RULE, &certificate, secret, patient.now));
                }
                Ok(None) => {
                    let why = format!("gpg has no secret key “{name}”");
                    let finding = Finding::error(RULE, "git", why);
                    let fix = "gpg --list-secret-keys; git config user.signingKey FINGERPRINT";
                    checkup.find(finding.fix(fix));
                }
                Err(error) => checkup.find(Finding::info(RULE, "git", with_causes(&error))),
            }
        }
    }
    checkup
}

fn ssh(key: Option<&str>, patient: &Patient<'_>) -> Result<String, Finding> {
    let agent = patient.environment.path("SSH_AUTH_SOCK");
    let agent = agent.is_some_and(|socket| socket.exists());
    let no_agent =
        |what: String| Finding::error(RULE, "git", what).fix("start ssh-agent and ssh-add the key");
    let Some(key) = key else {
        let why = "gpg.format is ssh, and user.signingKey names no key";
        let fix = "git config user.signingKey ~/.ssh/id_ed25519.pub";
        return Err(Finding::error(RULE, "git", why).fix(fix));
    };
    if key.starts_with("key::") || key.starts_with("ssh-") || key.starts_with("ecdsa-") {
        return match agent {
            true => Ok("signs with a key that ssh-agent holds".to_owned()),
            false => Err(no_agent(
                "the key is in ssh-agent, which is not running".into(),
            )),
        };
    }
    let file = home_path(key, patient);
    if !file.is_file() {
        let why = format!("user.signingKey is {key}, and there is no such file");
        let fix = "git config user.signingKey FILE; ssh-keygen -t ed25519 makes one";
        return Err(Finding::error(RULE, "git", why).fix(fix));
    }
    let private = match file.extension().is_some_and(|ending| ending == "pub") {
        true => file.with_extension(""),
        false => file,
    };
    match private.is_file() || agent {
        true => Ok(format!("signs with the SSH key {key}")),
        false => {
            let what = format!("{key} is there, but neither its secret nor ssh-agent");
            Err(no_agent(what))
        }
    }
}

/// Takes a path as git does: `~/` is the home, the rest from the top.
fn home_path(text: &str, patient: &Patient<'_>) -> PathBuf {
    match (text.strip_prefix("~/"), patient.environment.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => patient.directory.join(Path::new(text)),
    }
}
