//! What can be varied on this machine.

use std::time::Duration;

use crate::build::isolation::Isolation;
use crate::model::finding::with_causes;
use crate::sys::environment::Environment;
use crate::sys::machine;
use crate::sys::process::Tool;
use crate::verify::variation::{Apart, Machine, whole_library};

const MOMENT: Duration = Duration::from_secs(30);

/// Looks at the machine that builds happen on.
pub(super) fn observe(isolation: &Isolation, environment: &Environment) -> Machine {
    Machine {
        apart: match isolation {
            Isolation::None => Apart::Nothing,
            Isolation::Namespace | Isolation::Chroot(_) => Apart::Room,
        },
        processors: machine::facts().processors,
        locales: match isolation {
            // A clean Debian has no others until a package brings them.
            Isolation::Chroot(_) => ["C", "C.utf8", "POSIX"].map(str::to_owned).into(),
            Isolation::None | Isolation::Namespace => locales(environment),
        },
        preload: match isolation {
            // The compiler is the chroot's: whether it serves shows there.
            Isolation::Chroot(_) => Ok(()),
            Isolation::None | Isolation::Namespace => compiles(environment),
        },
        old_kernel: old_kernel(environment),
    }
}

fn tool(program: &str, environment: &Environment) -> Tool {
    let tool = Tool::new(program).env("PATH", environment.search_path());
    tool.env("LC_ALL", "C").limit(MOMENT)
}

/// Lists the locales that are installed; none where nothing tells.
fn locales(environment: &Environment) -> Vec<String> {
    let said = tool("locale", environment).arg("-a").output();
    let said = said.map_or_else(|_| Vec::new(), |output| output.stdout);
    let names = String::from_utf8_lossy(&said);
    names.lines().map(str::to_owned).collect()
}

/// Tells whether a library can be made and loaded; why not.
fn compiles(environment: &Environment) -> Result<(), String> {
    let place = tempfile::tempdir_in(environment.temporary_directory());
    let place = place.map_err(|error| format!("there is no room for a test: {error}"))?;
    let library = place.path().join("vary.so");
    let preload = whole_library();
    let compiler = tool("cc", environment).input(preload.source);
    let compiler = compiler.args(preload.arguments(&library.to_string_lossy()));
    compiler.output().map_err(|error| {
        format!(
            "the library that varies it cannot be compiled ({}): apt install gcc libc6-dev",
            with_causes(&error)
        )
    })?;
    // Some systems ignore what is loaded first.
    let loaded = tool("date", environment).env("LD_PRELOAD", &library);
    let plain = tool("date", environment);
    let now = |tool: Tool| tool.arg("+%s").output().map(|output| output.stdout);
    match (now(loaded), now(plain)) {
        (Ok(ahead), Ok(own)) if ahead > own => Ok(()),
        _ => Err("the library that varies it is not loaded by programs here".to_owned()),
    }
}

fn old_kernel(environment: &Environment) -> Result<String, String> {
    let said = tool("setarch", environment)
        .args(["--uname-2.6", "uname", "-r"])
        .output();
    let said = said.map_err(|error| with_causes(&error))?;
    let name = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    match name.starts_with("2.6.") {
        true => Ok(name),
        false => Err("setarch --uname-2.6 changes nothing here".to_owned()),
    }
}
