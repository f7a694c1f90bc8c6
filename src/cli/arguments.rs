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
    after_help = EXIT_CODES,
    after_long_help = format!("{EXIT_CODES}\n\n{ENVIRONMENT}"),
    styles = super::manual::STYLES,
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 the answer is no · 2 the request is wrong · 3 something \
outside failed, try again · 4 stopped half-way, run again to finish · 70 a bug in debcut";

const ENVIRONMENT: &str = "\
Environment:
  DEBCUT_DIRECTORY   as -C
  DEBCUT_CONFIG      as --config
  DEBCUT_JSON        as --json; 0, no, off and false say no
  DEBCUT_QUIET       as --quiet; 0, no, off and false say no
  DEBCUT_VERBOSE     as --verbose: a number, 1 for -v
  DEBCUT_COLOR       as --color
  DEBCUT_PROGRESS    as --progress
  DEBCUT_NOW         the time to work at instead of now (RFC 3339)
  DEBCUT_KEY         as --key: the key that signs
  DEBCUT_ARCHIVE     as --archive; for archive init its directory
  DEBCUT_STATE       as --state of rollout: where its journals are
  DEBCUT_RINGS       as --rings of rollout: the file that describes rings
  DEBCUT_ISOLATION   as --isolation of build and release
  DEBCUT_NO_CACHE    as --no-cache of build and release; 0, no, off and false say no
  DEBCUT_SIGNING_KEY
                     the secret key that signs, for CI: armoured, base64 of that, or a
                     file's path
  DEBCUT_SIGNING_PASSPHRASE
                     the passphrase of the key that signs or is made
  DEBFULLNAME, DEBEMAIL
                     who you are; else git's user.name and user.email
  SOURCE_DATE_EPOCH  the date of deb pack's files and of an archive's next generation,
                     in seconds since 1970; a build takes the changelog's
  XDG_DATA_HOME      keys are in debcut/keys below it [default: ~/.local/share]
  XDG_STATE_HOME     journals of rollouts are in debcut/rollouts below it
                     [default: ~/.local/state]
  XDG_CACHE_HOME     clean systems to build in are in debcut/roots below it
                     [default: ~/.cache]
  TMPDIR             where temporary files go [default: /tmp]
  NO_COLOR           no colour unless --color always
  CI                 no live progress unless --progress always
  CARGO_HOME, RUSTUP_HOME
                     where a declared package's build command finds Rust
  GNUPGHOME, GPG_TTY
                     for keys named gpg:FINGERPRINT, which gpg-agent unlocks";

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
    /// Say more: what other programs print, each request to a server
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    #[arg(
        env = "DEBCUT_VERBOSE",
        hide_env = true,
        help_heading = "Common options"
    )]
    pub verbose: u8,
    /// Say only the answer, warnings and errors, whatever -v says
    #[arg(short, long, global = true, env = "DEBCUT_QUIET", hide_env = true)]
    #[arg(help_heading = "Common options")]
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
    /// Check everything that a release needs, before it starts
    Doctor(super::doctor::DoctorArguments),
    /// Where the releases stand, and who waits for whom
    Status(super::status::StatusArguments),
    /// How long changes took, from commit to tag to archive
    LeadTime(super::lead_time::LeadTimeArguments),
    /// Say what would be released, as which version, and why
    Plan(super::plan::PlanArguments),
    /// Write release notes: of what is to come, of a release, of all
    Notes(super::notes::NotesArguments),
    /// Tell people of a release: a preview, or sent to each channel once
    Announce(super::announce::AnnounceArguments),
    /// Write version files, changelogs and notes of a release, as one commit
    Prepare(super::prepare::PrepareArguments),
    /// Put signed tags on prepared release commits
    Tag(super::tag::TagArguments),
    /// Plan, prepare, build, tag and publish, in one resumable run
    Release(Box<super::release::ReleaseVerb>),
    /// Build signed packages from a tag
    Build(super::build::BuildArguments),
    /// The clean systems that builds happen in: made, listed, removed
    Root(super::root::RootVerb),
    /// Say who signed artifacts, from which commit, and whether they agree
    Verify(super::verify::VerifyArguments),
    /// Build again under varied conditions and compare byte by byte
    Reproduce(super::reproduce::ReproduceArguments),
    /// Attest that a rebuild of your own gave what was published
    Attest(super::attest::AttestArguments),
    /// Run a maintenance branch: what wants in, who decided, what was picked
    Patch(super::patch::PatchVerb),
    /// Publish packages to a suite of an archive
    Publish(super::archive::PublishArguments),
    /// Create, fill, look at and serve apt archives
    Archive(super::archive::ArchiveVerb),
    /// Bring a published version to hosts: canaries, soak, everyone, the way back
    Rollout(super::rollout::RolloutVerb),
    /// A complete run on a sample project, in a new directory
    Demo(super::demo::DemoArguments),
    /// Make and keep signing keys
    Key(super::key::KeyVerb),
    /// Pack, show and compare .deb files
    Deb(super::deb::DebVerb),
    /// Compare versions as dpkg does
    Version(super::version::VersionVerb),
    /// Parts of a build's room, which the build itself starts
    #[command(hide = true)]
    Sandbox(super::sandbox::SandboxVerb),
    /// Write a shell's completions to standard output
    Completions(super::manual::CompletionsArguments),
    /// Write the manual pages into a directory
    Manual(super::manual::ManualArguments),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn variables(command: &clap::Command, found: &mut Vec<String>) {
        let named = command.get_arguments().filter_map(clap::Arg::get_env);
        found.extend(named.map(|name| name.to_string_lossy().into_owned()));
        for below in command.get_subcommands() {
            variables(below, found);
        }
    }

    fn own(command: &clap::Command, globals: &[&clap::Id], found: &mut Vec<String>) {
        for below in command.get_subcommands() {
            let taken = below
                .get_arguments()
                .map(clap::Arg::get_id)
                .filter(|id| globals.contains(id));
            found.extend(taken.map(|id| format!("{} {id}", below.get_name())));
            own(below, globals, found);
        }
    }

    #[test]
    fn no_argument_of_a_verb_is_taken_for_a_common_one() {
        let command = Arguments::command();
        let globals: Vec<_> = command
            .get_arguments()
            .filter(|argument| argument.is_global_set())
            .map(clap::Arg::get_id)
            .collect();
        assert!(globals.len() > 5, "{globals:?}");
        let mut found = Vec::new();
        own(&command, &globals, &mut found);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn every_variable_is_in_the_help() {
        let mut command = Arguments::command();
        let mut named = Vec::new();
        variables(&command, &mut named);
        assert!(named.contains(&"DEBCUT_KEY".to_owned()), "{named:?}");
        named.push(crate::keys::ci::VARIABLE.to_owned());
        named.push(super::super::passphrase::VARIABLE.to_owned());
        let help = command.render_long_help().to_string();
        for name in named {
            assert!(help.contains(&format!("  {name}")), "{name} in\n{help}");
        }
    }
}
