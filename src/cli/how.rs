//! How something is built: the arguments that `build` and `release` share.

use clap::{Args, ValueEnum};

use crate::build::gates::{Gate, LintianLevel};
use crate::config::IsolationWord;
use crate::flow::building::How;

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

impl HowArguments {
    /// Returns what was said.
    pub fn how(&self) -> How {
        How {
            isolation: self.isolation.map(|word| match word {
                IsolationArgument::None => IsolationWord::None,
                IsolationArgument::Namespace => IsolationWord::Namespace,
                IsolationArgument::Chroot => IsolationWord::Chroot,
            }),
            jobs: self.jobs,
            profiles: self.profile.clone(),
            options: self.build_option.clone(),
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
