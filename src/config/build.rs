//! `[build]`: where builds happen, and what they may use up.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use super::read::{ConfigError, Source};
use super::written;
use crate::build::gates::{Gate, LintianLevel};
use crate::build::isolation::NetworkAttempts;

/// How a project's packages are built, as far as the configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildRules {
    /// How long a build may take.
    pub limit: Duration,
    /// How many jobs a build runs side by side; without it as many as there
    /// are processors.
    pub jobs: Option<u32>,
    /// What stands between builds and the machine.
    pub isolation: Option<IsolationWord>,
    /// How many processes a build may have.
    pub processes: Option<u64>,
    /// How much memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// How much it may write, in bytes.
    pub space_bytes: Option<u64>,
    /// Directories of the machine's that a build may read.
    pub host_paths: Vec<PathBuf>,
    /// What becomes of a build that reached for the network.
    pub network: Option<NetworkAttempts>,
    /// The checks that every build has to pass.
    pub gates: Vec<Gate>,
    /// What versions for a distribution end with, by its name.
    pub suffix: BTreeMap<String, String>,
}

/// What stands between builds and the machine, as it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsolationWord {
    /// Nothing.
    None,
    /// Namespaces around the machine's system.
    Namespace,
    /// Namespaces around a clean Debian.
    Chroot,
}

/// Builds of real packages take hours; a build that hangs should still end.
const LIMIT_MINUTES: u32 = 240;

impl BuildRules {
    /// Takes the table.
    pub(super) fn read(source: &Source<'_>, table: written::Build) -> Result<Self, ConfigError> {
        let limit = table.timeout_minutes.unwrap_or(LIMIT_MINUTES);
        let size = |written: &Option<toml::Spanned<String>>| match written {
            None => Ok(None),
            Some(text) => bytes(text.get_ref())
                .map(Some)
                .ok_or_else(|| refuse_size(source, &text.span(), text.get_ref())),
        };
        for path in &table.host_paths {
            if !path.get_ref().starts_with('/') {
                let why = format!("“{}” must be an absolute path", path.get_ref());
                return Err(source.refuse(&path.span(), why));
            }
        }
        let mut suffix = BTreeMap::new();
        for (suite, written) in table.suffix {
            let text = written.get_ref();
            if crate::format::version::Version::new(format!("1{text}")).is_err() {
                let why = format!("“{text}” ends no version, such as \"~deb12u1\"");
                return Err(source.refuse(&written.span(), why));
            }
            suffix.insert(suite, written.into_inner());
        }
        Ok(Self {
            suffix,
            gates: table.gates.into_iter().map(gate).collect(),
            limit: Duration::from_secs(u64::from(limit) * 60),
            jobs: table.jobs,
            isolation: table.isolation.map(|word| match word {
                written::Isolation::None => IsolationWord::None,
                written::Isolation::Namespace => IsolationWord::Namespace,
                written::Isolation::Chroot => IsolationWord::Chroot,
            }),
            processes: table.processes,
            memory_bytes: size(&table.memory)?,
            space_bytes: size(&table.space)?,
            host_paths: table
                .host_paths
                .into_iter()
                .map(|path| PathBuf::from(path.into_inner()))
                .collect(),
            network: table.network.map(|word| match word {
                written::NetworkWord::Fail => NetworkAttempts::Fail,
                written::NetworkWord::Warn => NetworkAttempts::Warn,
            }),
        })
    }
}

fn gate(word: written::GateWord) -> Gate {
    let fail_on = match word {
        written::GateWord::Lintian => LintianLevel::Error,
        written::GateWord::LintianWarning => LintianLevel::Warning,
        written::GateWord::LintianInfo => LintianLevel::Info,
        written::GateWord::Autopkgtest => return Gate::Autopkgtest,
        written::GateWord::Piuparts => {
            return Gate::Piuparts {
                published: Vec::new(),
            };
        }
    };
    Gate::Lintian { fail_on }
}

fn refuse_size(source: &Source<'_>, at: &Range<usize>, text: &str) -> ConfigError {
    let why = format!("“{text}” is no size such as \"512M\" or \"8G\"");
    source.refuse(at, why)
}

/// Reads `8G`, `512M`, `64K`: powers of 1024, as mount(8) takes them.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].trim_end_matches("iB") {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1u64 << 40,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    (number > 0).then(|| number.checked_mul(unit)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let cases = [
            ("512M", Some(512 << 20)),
            ("8G", Some(8 << 30)),
            ("8GiB", Some(8 << 30)),
            ("100", Some(100)),
            ("0", None),
            ("G", None),
            ("1.5G", None),
            ("8 G", None),
            ("99999999999T", None),
            ("-1G", None),
        ];
        for (text, want) in cases {
            assert_eq!(bytes(text), want, "{text}");
        }
    }
}
