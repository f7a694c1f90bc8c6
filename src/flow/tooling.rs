//! Which tools take part in a build, in the system that it happens in.

use std::collections::BTreeMap;
use std::path::Path;

use super::FlowError;
use crate::build::TaggedSource;
use crate::build::observe::TOOL_PATH;
use crate::build::source::Recipe;
use crate::build::tools::{self, PACKAGE_TOOLS, ToolIdentity};
use crate::sys::git::Repository;
use crate::sys::layers::Layers;

const DEBIAN: [&str; 9] = [
    "dpkg-source",
    "dpkg-buildpackage",
    "dpkg-genbuildinfo",
    "dpkg-genchanges",
    "dpkg-deb",
    "fakeroot",
    "tar",
    "xz",
    "sh",
];
const COMMAND: [&str; 12] = [
    "sh", "make", "cc", "c++", "ld", RUST[0], RUST[1], "go", "python3", "node", "perl", "tar",
];
/// What rustup stands in for.
const RUST: [&str; 2] = ["cargo", "rustc"];

/// Identifies the tools that are known to take part in a build of a source.
/// `variables` is what a build command gets of the user's environment.
pub fn tools(
    repository: &Repository,
    source: &TaggedSource,
    variables: &BTreeMap<String, String>,
    system: &Layers,
) -> Result<BTreeMap<String, ToolIdentity>, FlowError> {
    if let Recipe::Debian(_) = source.recipe {
        return Ok(tools::identify(&DEBIAN, TOOL_PATH, system)?);
    }
    let path = variables.get("PATH").map_or(TOOL_PATH, String::as_str);
    let mut found = tools::identify(&COMMAND, path, system)?;
    // rustup's stand-in is the same file whatever compiler it starts.
    let stand_in = tools::identify(&["rustup"], path, system)?;
    if let Some(stand_in) = stand_in.get("rustup")
        && found
            .get("rustc")
            .is_some_and(|rustc| rustc.sha256 == stand_in.sha256)
    {
        for name in RUST {
            found.remove(name);
        }
        if let Some(home) = variables.get("RUSTUP_HOME").map(Path::new)
            && let Some(channel) = channel(repository, source, home, system)?
            && let Some(toolchain) = toolchain(home, &channel, system)
        {
            let own = home.join("toolchains").join(toolchain).join("bin");
            found.extend(tools::identify(&RUST, &own.to_string_lossy(), system)?);
        }
    }
    // What shapes the package is the system's, whatever the user's path.
    found.extend(tools::identify(&PACKAGE_TOOLS, TOOL_PATH, system)?);
    Ok(found)
}

/// Finds the toolchain that rustup chooses for a source: that of its nearest
/// `rust-toolchain.toml`, else the user's default. The other ways to choose one
/// do not reach a build: a variable, and a directory's own.
fn channel(
    repository: &Repository,
    source: &TaggedSource,
    home: &Path,
    system: &Layers,
) -> Result<Option<String>, FlowError> {
    for directory in Path::new(&source.package.path).ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let path = directory.join(name).to_string_lossy().into_owned();
            if let Some(bytes) = repository.file(&source.tree, &path)? {
                return Ok(chosen(&String::from_utf8_lossy(&bytes)));
            }
        }
    }
    let settings = system.read(&home.join("settings.toml")).unwrap_or_default();
    let settings: Option<toml::Table> = String::from_utf8_lossy(&settings).parse().ok();
    let default = settings
        .as_ref()
        .and_then(|all| all.get("default_toolchain"));
    Ok(default.and_then(|name| name.as_str()).map(str::to_owned))
}

/// Reads the channel out of a `rust-toolchain` file, in its new form or its old.
fn chosen(text: &str) -> Option<String> {
    if let Ok(all) = text.parse::<toml::Table>() {
        let channel = all.get("toolchain").and_then(|table| table.get("channel"));
        return channel.and_then(|name| name.as_str()).map(str::to_owned);
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().map(str::to_owned)
}

/// Finds the directory of a channel's toolchain, which is called after the
/// machine, too.
fn toolchain(home: &Path, channel: &str, system: &Layers) -> Option<String> {
    let machine = format!("{channel}-{}-", std::env::consts::ARCH);
    let names = system.names(&home.join("toolchains"));
    let mut names = names.iter().filter_map(|name| name.to_str());
    let found = names.find(|name| *name == channel || name.starts_with(&machine));
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_chooses_its_toolchain() {
        for (text, want) in [
            ("[toolchain]\nchannel = \"1.85.0\"\n", Some("1.85.0")),
            ("[toolchain]\npath = \"/x\"\n", None),
            ("nightly-2025-01-01\n", Some("nightly-2025-01-01")),
            ("", None),
        ] {
            assert_eq!(chosen(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn a_channel_has_one_toolchain() {
        let home = tempfile::tempdir().expect("a directory");
        let arch = std::env::consts::ARCH;
        let nightly = format!("nightly-2025-01-01-{arch}-unknown-linux-gnu");
        let stable = format!("stable-{arch}-unknown-linux-gnu");
        for name in [&nightly, &stable] {
            std::fs::create_dir_all(home.path().join("toolchains").join(name)).expect("made");
        }
        let machine = Layers::machine();
        for (channel, want) in [
            ("stable", Some(&stable)),
            (stable.as_str(), Some(&stable)),
            ("nightly-2025-01-01", Some(&nightly)),
            ("nightly", None),
        ] {
            let found = toolchain(home.path(), channel, &machine);
            assert_eq!(found.as_ref(), want, "{channel}");
        }
    }
}
