//! For which architecture a build is, and by what means.

use serde::Serialize;

use crate::model::Architecture;

/// An architecture, and how its packages come about on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// What is built for: dpkg's host architecture.
    pub architecture: Architecture,
    /// How.
    pub toolchain: Toolchain,
}

/// How packages of an architecture are built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Toolchain {
    /// By the machine's own tools for the machine's own architecture.
    Native,
    /// By a cross compiler that runs on another architecture.
    Cross {
        /// What it runs on: dpkg's build architecture.
        build: Architecture,
    },
    /// By that architecture's own tools in a system of that architecture, which
    /// the kernel runs with or without an emulator.
    Foreign,
}

impl Target {
    /// Makes the target of this machine.
    pub fn native() -> Self {
        Self {
            architecture: Architecture::of_this_machine(),
            toolchain: Toolchain::Native,
        }
    }

    /// Returns the architecture of the programs that build: that of a clean
    /// system for the build.
    pub fn build_architecture(&self) -> &Architecture {
        match &self.toolchain {
            Toolchain::Native | Toolchain::Foreign => &self.architecture,
            Toolchain::Cross { build } => build,
        }
    }

    /// Returns what is built for where a compiler has to be told: in a cross
    /// build alone.
    pub fn host_architecture(&self) -> Option<&Architecture> {
        match self.toolchain {
            Toolchain::Native | Toolchain::Foreign => None,
            Toolchain::Cross { .. } => Some(&self.architecture),
        }
    }

    /// Returns the build profiles that follow: as sbuild(1) has it, what was
    /// built cannot be run to be tested.
    pub fn profiles(&self) -> &'static [&'static str] {
        match self.toolchain {
            Toolchain::Native | Toolchain::Foreign => &[],
            Toolchain::Cross { .. } => &["cross", "nocheck"],
        }
    }

    /// Returns the build options that follow.
    pub fn options(&self) -> &'static [&'static str] {
        match self.toolchain {
            Toolchain::Native | Toolchain::Foreign => &[],
            Toolchain::Cross { .. } => &["nocheck"],
        }
    }
}

/// Adds to a list of words those that it lacks.
pub fn with(words: &[String], more: &[&str]) -> Vec<String> {
    let mut all = words.to_vec();
    for word in more {
        if !all.iter().any(|known| known == word) {
            all.push((*word).to_owned());
        }
    }
    all
}
