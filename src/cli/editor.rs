//! The user's editor, on a text that is about to be written.

use super::context::Context;
use crate::flow::FlowError;
use crate::sys::files::{self, Access};
use crate::sys::process::Tool;

/// Returns what opens `$VISUAL`, else `$EDITOR`, else `editor` on a text and
/// gives back what was left there.
pub fn editor<'a>(
    context: &'a Context<'_>,
) -> impl FnMut(&str, &str) -> Result<String, FlowError> + 'a {
    move |name, text| {
        let environment = &context.environment;
        let program = environment.var("VISUAL").or(environment.var("EDITOR"));
        let program = program.unwrap_or("editor");
        let place = environment.temporary_directory();
        let directory = tempfile::Builder::new()
            .prefix("debcut-edit-")
            .tempdir_in(&place);
        let directory = directory.map_err(files::failed("make a directory in", &place))?;
        let path = directory.path().join(name);
        files::replace(&path, text.as_bytes(), Access::Private)?;
        context.terminal().clear();
        // As git does: the value may have arguments, so a shell reads it.
        Tool::new("sh")
            .args(["-c", &format!("{program} \"$@\""), program])
            .arg(&path)
            .envs(environment.without_secrets().variables())
            .dir(&context.directory)
            .interactive()
            .map_err(|source| FlowError::Editor {
                editor: program.to_owned(),
                source,
            })?;
        Ok(String::from_utf8_lossy(&files::read(&path)?).into_owned())
    }
}
