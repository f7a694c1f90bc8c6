//! A directory that has no `index.html`, as a plain page.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::place::{encoded, is_served, resolved};

/// Lists a directory, which is at `below` under the served one: directories
/// first. What is not served is not listed.
pub fn page(root: &Path, below: &Path) -> io::Result<String> {
    let mut rows = Vec::new();
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name();
        // Gone meanwhile, or a link into nowhere.
        let Ok(metadata) = fs::metadata(entry.path()) else {
            continue;
        };
        let listed = metadata.is_dir() || metadata.is_file();
        if listed && is_served(name.as_bytes()) && resolved(&entry.path(), root).is_some() {
            rows.push((metadata.is_file(), name, metadata.len()));
        }
    }
    rows.sort();
    let title = escaped(&format!("/{}", below.display()));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n\
         <style>:root {{ color-scheme: light dark }} body {{ font: 1rem/1.6 monospace; \
         margin: 2rem }}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<ul>\n"
    );
    if below.iter().next().is_some() {
        page.push_str("<li><a href=\"../\">../</a></li>\n");
    }
    for (is_file, name, size) in rows {
        let (slash, size) = match is_file {
            true => ("", format!(" {size}")),
            false => ("/", String::new()),
        };
        let shown = escaped(&name.to_string_lossy());
        let href = encoded(&name);
        let _ = writeln!(
            page,
            "<li><a href=\"{href}{slash}\">{shown}{slash}</a>{size}</li>"
        );
    }
    page.push_str("</ul>\n</body>\n</html>\n");
    Ok(page)
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
