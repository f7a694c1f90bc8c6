//! What a build meets on this machine, and what it may have of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::build::environment::{BuildUser, Machine};
use crate::build::isolation::{Allowance, NetworkAttempts};
use crate::config::BuildRules;
use crate::sys::environment::Environment;
use crate::sys::machine::MachineFacts;

/// Says what of the machine reaches a build that nothing isolates.
pub fn machine(facts: &MachineFacts, jobs: Option<u32>) -> Machine {
    Machine {
        host_name: facts.host_name.clone(),
        user: BuildUser {
            name: facts.user.clone(),
            uid: facts.uid,
        },
        kernel: facts.kernel.clone(),
        processors: jobs.unwrap_or(facts.processors),
    }
}

/// Says what a build may use up, by the configuration or, where that is
/// silent, by what there is.
pub fn allowance(rules: &BuildRules, facts: &MachineFacts, environment: &Environment) -> Allowance {
    Allowance {
        // Room for the largest parallel builds, and an end to a fork bomb.
        processes: rules.processes.unwrap_or(4096),
        memory_bytes: rules.memory_bytes.unwrap_or(facts.memory_bytes),
        // Half of the memory is what the kernel gives a tmpfs by itself.
        space_bytes: rules.space_bytes.unwrap_or(facts.memory_bytes / 2),
        host_paths: rules.host_paths.clone(),
        network: rules.network.unwrap_or(NetworkAttempts::Fail),
        forbidden: forbidden(environment, facts.uid),
    }
}

/// Names what a build has no business with: keys, credentials and the sockets
/// of agents, where users keep them.
fn forbidden(environment: &Environment, uid: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(home) = environment.home() {
        for name in [
            ".ssh/id_ed25519",
            ".ssh/id_rsa",
            ".gnupg/pubring.kbx",
            ".gnupg/S.gpg-agent",
            ".aws/credentials",
            ".netrc",
            ".local/share/debcut/keys",
        ] {
            found.push(home.join(name));
        }
    }
    // Where users have moved them.
    let moved = |variable: &str, below: &str| Some(environment.path(variable)?.join(below));
    found.extend(moved("XDG_DATA_HOME", "debcut/keys"));
    found.extend(moved("GNUPGHOME", "S.gpg-agent"));
    found.extend(moved("GNUPGHOME", "private-keys-v1.d"));
    let run = PathBuf::from(format!("/run/user/{uid}"));
    found.push(run.join("gnupg/S.gpg-agent"));
    found.push(run.join("gnupg/S.gpg-agent.ssh"));
    found.extend(environment.path("SSH_AUTH_SOCK"));
    found.retain(|path| path.is_absolute());
    found.sort();
    found.dedup();
    found
}

/// Finds what of a user's toolchains a build command needs to see: programs
/// and crates, never credentials.
pub fn toolchains(variables: &BTreeMap<String, String>, forbidden: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(cargo) = variables.get("CARGO_HOME").map(Path::new) {
        for name in ["bin", "registry", "git", "env"] {
            found.push(cargo.join(name));
        }
        let settings = cargo.join("config.toml");
        let text = std::fs::read_to_string(&settings);
        found.extend(text.is_ok_and(|text| !is_secret(&text)).then_some(settings));
    }
    found.extend(variables.get("RUSTUP_HOME").map(PathBuf::from));
    if let Some(path) = variables.get("PATH") {
        let own = path.split(':').map(PathBuf::from);
        // What lies in the system is there anyway.
        found.extend(own.filter(|place| {
            place.is_absolute()
                && !["/usr", "/bin", "/sbin"]
                    .iter()
                    .any(|s| place.starts_with(s))
        }));
    }
    found.retain(|place| place.exists());
    // A home directory in the search path brings all its keys.
    found.retain(|place| !forbidden.iter().any(|secret| secret.starts_with(place)));
    found.sort();
    found.dedup();
    // A place inside another is there with it.
    let all = found.clone();
    found.retain(|place| {
        !all.iter()
            .any(|other| other != place && place.starts_with(other))
    });
    found
}

/// Tells whether settings of Cargo's hold what opens a registry or repository,
/// or may: a build does without rather than being told.
fn is_secret(settings: &str) -> bool {
    let settings = settings.to_ascii_lowercase();
    let with_user = |url: &str| {
        let host = url.split(['/', '"', '\'', ' ', '\n']).next();
        host.is_some_and(|host| host.contains('@'))
    };
    ["token", "secret", "password", "credential", "authorization"]
        .iter()
        .any(|word| settings.contains(word))
        || settings.split("://").skip(1).any(with_user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_credentials_stay_outside() {
        let cases = [
            ("[build]\njobs = 2\n", false),
            (
                "[source.m]\nregistry = \"https://mirror.example/i@1\"\n",
                false,
            ),
            ("[registries.a]\ntoken = \"x\"\n", true),
            (
                "[registries.a]\nindex = \"https://u:p@example.org/\"\n",
                true,
            ),
            ("[registry]\ncredential-provider = [\"x\"]\n", true),
        ];
        let home = tempfile::tempdir().expect("a directory");
        let cargo = home.path().join(".cargo");
        std::fs::create_dir_all(cargo.join("bin")).expect("made");
        let path = format!("{}:{}", home.path().display(), cargo.join("bin").display());
        let variables = [
            ("CARGO_HOME".to_owned(), cargo.display().to_string()),
            ("PATH".to_owned(), path),
        ];
        let forbidden = [home.path().join(".netrc")];
        for (settings, secret) in cases {
            std::fs::write(cargo.join("config.toml"), settings).expect("written");
            let found = toolchains(&variables.clone().into(), &forbidden);
            let mut want = vec![cargo.join("bin")];
            want.extend((!secret).then(|| cargo.join("config.toml")));
            assert_eq!(found, want, "{settings}");
        }
    }
}
