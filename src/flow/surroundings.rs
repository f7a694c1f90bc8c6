//! What a build meets on this machine, and what it may have of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::build::environment::{BuildUser, Machine};
use crate::build::isolation::{Allowance, LimitsReached, NetworkAttempts};
use crate::config::{BuildRules, IsolationWord};
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
        limits: rules.limits.unwrap_or(LimitsReached::Fail),
        forbidden: forbidden(environment, facts.uid, facts.home.as_deref()),
    }
}

/// Names what a build has no business with: keys, credentials and the sockets
/// of agents, where users keep them.
fn forbidden(environment: &Environment, uid: u32, account_home: Option<&Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // HOME may be another one than the account's: keys lie in either.
    let own = environment.home();
    for home in own.iter().map(PathBuf::as_path).chain(account_home) {
        for name in [
            ".ssh/id_ed25519",
            ".ssh/id_ecdsa",
            ".ssh/id_rsa",
            ".aws/credentials",
            ".netrc",
            ".local/share/debcut/keys",
        ] {
            found.push(home.join(name));
        }
    }
    found.extend(environment.data_home().map(|data| data.join("debcut/keys")));
    let gnupg = environment.path("GNUPGHOME");
    let homes = own.iter().map(PathBuf::as_path).chain(account_home);
    for home in gnupg
        .into_iter()
        .chain(homes.map(|home| home.join(".gnupg")))
    {
        for name in [
            "pubring.kbx",
            "private-keys-v1.d",
            "S.gpg-agent",
            "S.gpg-agent.extra",
            "S.gpg-agent.ssh",
        ] {
            found.push(home.join(name));
        }
    }
    let run = PathBuf::from(format!("/run/user/{uid}"));
    found.push(run.join("gnupg/S.gpg-agent"));
    found.push(run.join("gnupg/S.gpg-agent.extra"));
    found.push(run.join("gnupg/S.gpg-agent.ssh"));
    found.extend(environment.path("SSH_AUTH_SOCK"));
    found.retain(|path| path.is_absolute());
    found.sort();
    found.dedup();
    found
}

/// Where a machine has its programs, in a room: nothing of the user's own.
const ROOM_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// What a declared package's build command needs of the user: the search path,
/// and where Rust's toolchain and crates are, which `HOME` no longer tells.
///
/// In a room the path is the same for everybody but for what the configuration
/// names and Rust's own programs; without one, it is the user's.
pub fn command_environment(
    isolation: IsolationWord,
    rules: &BuildRules,
    environment: &Environment,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (name, usual) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let usual = || environment.home().map(|home| home.join(usual));
        let path = environment
            .path(name)
            .or_else(usual)
            .filter(|path| path.is_dir());
        if let Some(path) = path.as_deref().and_then(Path::to_str) {
            variables.insert(name.to_owned(), path.to_owned());
        }
    }
    let path = match isolation {
        IsolationWord::None => environment.search_path(),
        IsolationWord::Namespace | IsolationWord::Chroot => {
            let cargo = variables
                .get("CARGO_HOME")
                .map(|home| format!("{home}/bin"));
            let cargo = cargo.filter(|place| Path::new(place).is_dir());
            let named = rules.host_paths.iter().filter_map(|path| {
                let programs = path.join("bin");
                let place = match programs.is_dir() {
                    true => &programs,
                    false => path,
                };
                place
                    .to_str()
                    .filter(|text| !text.contains(':'))
                    .map(str::to_owned)
            });
            let places: Vec<_> = named.chain(cargo).chain([ROOM_PATH.to_owned()]).collect();
            places.join(":")
        }
    };
    variables.insert("PATH".to_owned(), path);
    variables
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
    found.retain(|place| place.exists());
    // A home directory in the search path brings all its keys.
    found.retain(|place| !forbidden.iter().any(|secret| secret.starts_with(place)));
    found.sort();
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

    #[test]
    fn the_path_in_a_room_is_nobodys_own() {
        let home = tempfile::tempdir().expect("a directory");
        let at = |name: &str| home.path().join(name).display().to_string();
        for name in [".cargo/bin", "sdk/bin", "tools", ".pyenv/shims"] {
            std::fs::create_dir_all(home.path().join(name)).expect("a directory");
        }
        let shims = format!("{}:/usr/bin", at(".pyenv/shims"));
        let own = [("HOME", at("")), ("PATH", shims.clone())];
        let environment = Environment::new("/", own);
        let rules = BuildRules {
            host_paths: vec![home.path().join("sdk"), home.path().join("tools")],
            ..BuildRules::default()
        };
        let path = |isolation| command_environment(isolation, &rules, &environment)["PATH"].clone();
        let (sdk, tools, cargo) = (at("sdk/bin"), at("tools"), at(".cargo/bin"));
        let want = format!("{sdk}:{tools}:{cargo}:{ROOM_PATH}");
        assert_eq!(path(IsolationWord::Namespace), want);
        assert_eq!(path(IsolationWord::Chroot), want);
        assert!(path(IsolationWord::None).starts_with(&shims));
    }

    #[test]
    fn keys_are_forbidden_wherever_they_are() {
        let variables = [
            ("HOME", "/h"),
            ("XDG_DATA_HOME", "/data"),
            ("GNUPGHOME", "/g"),
            ("SSH_AUTH_SOCK", "/s/agent"),
        ];
        let environment = Environment::new("/", variables);
        let found = forbidden(&environment, 1, Some(Path::new("/home/ana")));
        for want in [
            "/h/.ssh/id_ed25519",
            "/home/ana/.ssh/id_ed25519",
            "/h/.local/share/debcut/keys",
            "/data/debcut/keys",
            "/g/S.gpg-agent",
            "/g/private-keys-v1.d",
            "/run/user/1/gnupg/S.gpg-agent",
            "/s/agent",
        ] {
            assert!(found.contains(&PathBuf::from(want)), "{want}: {found:?}");
        }
    }
}
