//! Signing by the user's own gpg: their keyring, their gpg-agent, their card.
//!
//! gpg is run only here. It makes binary detached signatures, nothing else:
//! framing and armour are ours for both ways to sign, and so is the check that
//! what came back is true.

use std::fmt;

use crate::model::{Fingerprint, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::process::{Output, Tool, ToolError};

use super::certificate::{Certificate, CertificateError};

/// What gpg, gpg-agent and a pinentry need to know of the user's session.
const VARIABLES: [&str; 9] = [
    "HOME",
    "GNUPGHOME",
    "GPG_TTY",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// `GPG_ERR_BAD_PASSPHRASE`, `GPG_ERR_NO_SECKEY` and `GPG_ERR_CANCELED` of
/// libgpg-error, the lower 16 bits of the number gpg reports.
const BAD_PASSPHRASE: u32 = 11;
const NO_SECRET_KEY: u32 = 17;
const CANCELED: u32 = 99;

/// Why gpg did not help.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// gpg could not be run.
    #[error("cannot ask gpg")]
    Tool(#[source] ToolError),
    /// gpg's keyring lacks the key, or nothing binds it to a certificate.
    #[error("gpg has no valid key {fingerprint}")]
    Unknown {
        /// The key that was wanted.
        fingerprint: Fingerprint,
    },
    /// gpg has the public key only.
    #[error("gpg has no secret key for {fingerprint}")]
    NoSecret {
        /// The key that was wanted.
        fingerprint: Fingerprint,
    },
    /// What gpg exported cannot be read.
    #[error("cannot read the certificate that gpg exports for {fingerprint}")]
    Certificate {
        /// The key that was wanted.
        fingerprint: Fingerprint,
        /// What is wrong with it.
        #[source]
        source: CertificateError,
    },
    /// The passphrase given to gpg-agent was wrong.
    #[error("gpg-agent was given a wrong passphrase for {fingerprint}")]
    WrongPassphrase {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The user closed the question for the passphrase.
    #[error("the passphrase for {fingerprint} was not given to gpg-agent")]
    Canceled {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// gpg refused for another reason.
    #[error("gpg did not sign with {fingerprint}: {said}")]
    Refused {
        /// The key.
        fingerprint: Fingerprint,
        /// What it said.
        said: String,
    },
}

/// A key in the user's gpg.
#[derive(Clone)]
pub struct Agent {
    environment: Environment,
    certificate: Certificate,
    wanted: Fingerprint,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agent({})", self.wanted)
    }
}

/// What a signature is made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Bytes,
    Text,
}

impl Agent {
    /// Finds a key, by the fingerprint of its primary key or of a subkey, in
    /// the keyring of the user whose `environment` this is.
    ///
    /// A primary key's fingerprint leaves the choice of the subkey to gpg, a
    /// subkey's demands that one.
    pub fn find(wanted: &Fingerprint, environment: &Environment) -> Result<Self, AgentError> {
        let fingerprint = || wanted.clone();
        let ask = |what: &str| {
            let tool = gpg(environment).args([what, wanted.as_str()]);
            tool.finish().map_err(AgentError::Tool)
        };
        let (_, Output { stdout, .. }) = ask("--export")?;
        if stdout.is_empty() {
            return Err(AgentError::Unknown {
                fingerprint: fingerprint(),
            });
        }
        let found = Certificate::parse_all(&stdout).map_err(|source| AgentError::Certificate {
            fingerprint: fingerprint(),
            source,
        })?;
        let holds = |c: &Certificate| c.keys().any(|key| key.fingerprint == *wanted);
        let certificate = found.into_iter().find(holds).ok_or(AgentError::Unknown {
            fingerprint: fingerprint(),
        })?;
        let (status, _) = ask("--list-secret-keys")?;
        if !status.success() {
            return Err(AgentError::NoSecret {
                fingerprint: fingerprint(),
            });
        }
        Ok(Self {
            environment: environment.clone(),
            certificate,
            wanted: fingerprint(),
        })
    }

    /// Returns the certificate as gpg had it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Makes a binary signature that is dated `at`, whatever the time.
    pub(super) fn sign(
        &self,
        bytes: &[u8],
        over: Over,
        at: Timestamp,
    ) -> Result<Vec<u8>, AgentError> {
        let fingerprint = self.wanted.clone();
        let exactly = if fingerprint == *self.certificate.fingerprint() {
            ""
        } else {
            "!"
        };
        let mode = match over {
            Over::Text => "--textmode",
            Over::Bytes => "--no-textmode",
        };
        let tool = gpg(&self.environment)
            .args(["--status-fd=2", "--digest-algo=SHA512", "--no-armor", mode])
            .arg(format!("--faked-system-time={}!", at.unix()))
            .arg(format!("--local-user={fingerprint}{exactly}"))
            .args(["--output=-", "--detach-sign"])
            .input(bytes);
        let (status, Output { stdout, stderr }) = tool.finish().map_err(AgentError::Tool)?;
        if status.success() && !stdout.is_empty() {
            return Ok(stdout);
        }
        let said = String::from_utf8_lossy(&stderr);
        Err(match failure(&said) {
            Some(BAD_PASSPHRASE) => AgentError::WrongPassphrase { fingerprint },
            Some(NO_SECRET_KEY) => AgentError::NoSecret { fingerprint },
            Some(CANCELED) => AgentError::Canceled { fingerprint },
            _ => AgentError::Refused {
                fingerprint,
                said: words(&said),
            },
        })
    }
}

/// Finds the certificate of a secret key in the user's gpg by any name that gpg
/// takes (a fingerprint, an address); none: there is no such secret key.
pub fn secret_certificate(
    name: &str,
    environment: &Environment,
) -> Result<Option<Certificate>, ToolError> {
    let ask = |what: &str| gpg(environment).args([what, "--", name]).finish();
    let (status, _) = ask("--list-secret-keys")?;
    if !status.success() {
        return Ok(None);
    }
    let (_, Output { stdout, .. }) = ask("--export")?;
    let found = Certificate::parse_all(&stdout).unwrap_or_default();
    Ok(found.into_iter().next())
}

fn gpg(environment: &Environment) -> Tool {
    let own = VARIABLES.into_iter();
    let own = own.filter_map(|name| Some((name, environment.path(name)?)));
    Tool::new("gpg")
        .env("PATH", environment.search_path())
        .env("LC_ALL", "C.UTF-8")
        .envs(own)
        .args(["--batch", "--no-tty", "--quiet"])
}

/// Reads the error code of a status line such as `FAILURE sign 67108875`.
fn failure(said: &str) -> Option<u32> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("[GNUPG:] FAILURE "))?;
    let code: u32 = line.split(' ').nth(1)?.parse().ok()?;
    Some(code & 0xffff)
}

/// Joins what gpg said to people.
fn words(said: &str) -> String {
    let lines = said.lines().filter(|line| !line.starts_with("[GNUPG:] "));
    let lines = lines.filter(|line| !line.contains("faked system time"));
    let lines: Vec<&str> = lines.map(|line| line.trim_start_matches("gpg: ")).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpgs_reasons_are_read_from_its_status_lines() {
        let said = "gpg: WARNING: running with faked system time: x\n\
                    [GNUPG:] BEGIN_SIGNING H10\n\
                    gpg: signing failed: Bad passphrase\n\
                    [GNUPG:] FAILURE sign 67108875\n";
        assert_eq!(failure(said), Some(BAD_PASSPHRASE));
        assert_eq!(words(said), "signing failed: Bad passphrase");
        for other in ["", "[GNUPG:] FAILURE", "[GNUPG:] FAILURE sign x"] {
            assert_eq!(failure(other), None, "{other:?}");
        }
    }
}
