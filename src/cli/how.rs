//! How something is built: the arguments that `build` and `release` share.

use clap::{Args, ValueEnum};

use crate::build::gates::{Gate, LintianLevel};
use crate::build::root::Refresh;
use crate::config::IsolationWord;
use crate::flow::building::{BuilderWanted, CacheUse, How};

/// How something is built.
#[derive(Debug, Clone, Args)]
pub struct HowArguments {
    /// What stands between the build and this machine [default: chroot for
    /// build = "debian", namespace for declared packages]
    #[arg(
        long,
        value_name = "HOW",
        env = "DEBCUT_ISOLATION",
        hide_env = true,
        help_heading = "How it is built"
    )]
    isolation: Option<IsolationArgument>,
    /// Who builds the binaries of a package with debian/
    #[arg(
        long,
        value_name = "WHO",
        default_value = "debcut",
        help_heading = "How it is built"
    )]
    builder: BuilderArgument,
    /// The suite of the chroot [default: what the changelog names]
    #[arg(long, value_name = "SUITE", help_heading = "How it is built")]
    suite: Option<String>,
    /// Make the chroot anew, however old it is
    #[arg(long, help_heading = "How it is built")]
    refresh_root: bool,
    /// How many jobs run side by side [default: one for each processor]
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "How it is built"
    )]
    jobs: Option<u32>,
    /// A build profile, such as nodoc (repeat it for several)
    #[arg(long, value_name = "PROFILE", help_heading = "How it is built")]
    profile: Vec<String>,
    /// A word for DEB_BUILD_OPTIONS, such as nocheck (repeat it for several)
    #[arg(long, value_name = "WORD", help_heading = "How it is built")]
    build_option: Vec<String>,
    /// Build even what was built before, and keep it nowhere but in its place
    #[arg(
        long,
        env = "DEBCUT_NO_CACHE",
        hide_env = true,
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = "How it is built"
    )]
    no_cache: bool,
    /// Fail on what lintian calls an error, or a warning, or worth a look
    #[arg(
        long,
        value_name = "LEVEL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "error",
        help_heading = "What it has to pass"
    )]
    lintian: Option<LintianArgument>,
    /// Run the package's tests (debian/tests) against what was built
    #[arg(long, help_heading = "What it has to pass")]
    autopkgtest: bool,
    /// Install, upgrade, remove and purge what was built
    #[arg(long, help_heading = "What it has to pass")]
    piuparts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LintianArgument {
    /// Errors (E:)
    Error,
    /// Warnings as well (W:)
    Warning,
    /// All that is worth a look (I:)
    Info,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IsolationArgument {
    /// A clean directory and a fixed environment on this machine
    None,
    /// Own namespaces around this machine's system, without network
    Namespace,
    /// Those, around a clean Debian of the target suite
    Chroot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BuilderArgument {
    /// dpkg-buildpackage, run by debcut
    Debcut,
    /// sbuild, as ~/.sbuildrc sets it up
    Sbuild,
}

impl HowArguments {
    /// Returns what was said.
    pub fn how(&self) -> How {
        How {
            isolation: self.isolation.map(|word| match word {
                IsolationArgument::None => IsolationWord::None,
                IsolationArgument::Namespace => IsolationWord::Namespace,
                IsolationArgument::Chroot => IsolationWord::Chroot,
            }),
            builder: match self.builder {
                BuilderArgument::Debcut => BuilderWanted::Debcut,
                BuilderArgument::Sbuild => BuilderWanted::Sbuild,
            },
            suite: self.suite.clone(),
            refresh: self.refresh_root.then_some(Refresh::Now),
            jobs: self.jobs,
            profiles: self.profile.clone(),
            options: self.build_option.clone(),
            cache: match self.no_cache {
                true => CacheUse::None,
                false => CacheUse::Usual,
            },
            gates: self.gates(),
        }
    }

    fn gates(&self) -> Vec<Gate> {
        let lintian = self.lintian.map(|level| Gate::Lintian {
            fail_on: match level {
                LintianArgument::Error => LintianLevel::Error,
                LintianArgument::Warning => LintianLevel::Warning,
                LintianArgument::Info => LintianLevel::Info,
            },
        });
        let autopkgtest = self.autopkgtest.then_some(Gate::Autopkgtest);
        let piuparts = self.piuparts.then_some(Gate::Piuparts {
            published: Vec::new(),
        });
        [lintian, autopkgtest, piuparts]
            .into_iter()
            .flatten()
            .collect()
    }
}
