//! argv in, exit code out.

use std::process::ExitCode;

use debcut::sys::environment::Environment;

fn main() -> ExitCode {
    debcut::cli::run(
        std::env::args_os().collect(),
        Environment::of_this_process(),
    )
}
