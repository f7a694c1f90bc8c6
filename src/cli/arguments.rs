//! The arguments, as clap defines them: help, completions and manual pages all
//! come from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::Timestamp;

/// From a git tag to packages in a signed apt archive
#[derive(Debug, Parser)]
#[command(
    name = "debcut",
    version = crate::VERSION,
    infer_long_args = false,
    disable_help_subcommand = false,
    propagate_version = false,
    after_help = AFTER_HELP,
    styles = super::manual::STYLES,
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 the answer is no · 2 the request is wrong · 3 something \
outside failed, try again · 4 stopped half-way, run again to finish · 70 a bug in debcut";

/// When to do something that a terminal likes and a log does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Options that every verb takes, before or after it.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Work as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    #[arg(
        env = "DEBCUT_DIRECTORY",
        hide_env = true,
        help_heading = "Common options"
    )]
    pub directory: Option<PathBuf>,
    /// Read FILE instead of debcut.toml
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "DEBCUT_CONFIG",
        hide_env = true
    )]
    #[arg(help_heading = "Common options")]
    pub config: Option<PathBuf>,
    /// Say more; twice shows what other programs print
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    #[arg(
        env = "DEBCUT_VERBOSE",
        hide_env = true,
        help_heading = "Common options"
    )]
    pub verbose: u8,
    /// Say only the answer, warnings and errors
    #[arg(short, long, global = true, env = "DEBCUT_QUIET", hide_env = true)]
    #[arg(conflicts_with = "verbose", help_heading = "Common options")]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub quiet: bool,
    /// Colour the text
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        hide_possible_values = true
    )]
    #[arg(env = "DEBCUT_COLOR", hide_env = true, help_heading = "Common options")]
    pub color: When,
    /// Show progress on standard error
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        hide_possible_values = true
    )]
    #[arg(
        env = "DEBCUT_PROGRESS",
        hide_env = true,
        help_heading = "Common options"
    )]
    pub progress: When,
    /// Answer with one JSON document
    #[arg(
        long,
        global = true,
        env = "DEBCUT_JSON",
        hide_env = true,
        help_heading = "Common options"
    )]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub json: bool,
    /// Work at this moment instead of now (RFC 3339)
    #[arg(
        long,
        value_name = "TIME",
        global = true,
        env = "DEBCUT_NOW",
        hide = true
    )]
    pub now: Option<Timestamp>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Look at the repository and write a commented debcut.toml
    Init(super::init::InitArguments),
    /// Build signed packages from a tag
    Build(super::build::BuildArguments),
    /// Say who signed artifacts, from which commit, and whether they agree
    Verify(super::verify::VerifyArguments),
    /// Publish packages to a suite of an archive
    Publish(super::archive::PublishArguments),
    /// Create, fill, look at and serve apt archives
    Archive(super::archive::ArchiveVerb),
    /// A complete run on a sample project, in a new directory
    Demo(super::demo::DemoArguments),
    /// Make and keep signing keys
    Key(super::key::KeyVerb),
    /// Pack, show and compare .deb files
    Deb(super::deb::DebVerb),
    /// Compare versions as dpkg does
    Version(super::version::VersionVerb),
    /// Write a shell's completions to standard output
    Completions(super::manual::CompletionsArguments),
    /// Write the manual pages into a directory
    Manual(super::manual::ManualArguments),
}
