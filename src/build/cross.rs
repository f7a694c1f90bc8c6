//! Cross compilers of this machine.

use std::path::Path;
use std::time::Duration;

use super::observe::TOOL_PATH;
use crate::model::Architecture;
use crate::sys::process::{Tool, ToolError};

/// Tells whether this machine has a C compiler that makes programs for an
/// architecture, under the name that dpkg-architecture(1) gives it.
pub fn is_here(architecture: &Architecture) -> Result<bool, ToolError> {
    let ask = Tool::new("dpkg-architecture")
        .args(["-a", architecture.as_str(), "-q", "DEB_HOST_GNU_TYPE"])
        .env("PATH", TOOL_PATH)
        .env("LC_ALL", "C.UTF-8")
        .limit(Duration::from_secs(60));
    let said = match ask.output() {
        Ok(output) => output.stdout,
        // It knows no such architecture.
        Err(ToolError::Failed { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let triplet = String::from_utf8_lossy(&said).trim().to_owned();
    let compiler = format!("{triplet}-gcc");
    let mut places = TOOL_PATH.split(':').map(|at| Path::new(at).join(&compiler));
    Ok(places.any(|path| path.is_file()))
}
