//! The copyright file of a package that names its licence and has no file of
//! its own: Debian's machine-readable form, 1.0.

use crate::build::package::Declared;
use crate::model::PackageName;

/// Writes a copyright file in Debian's machine-readable form, 1.0, for a
/// package that names its licence and has no file of its own.
pub(super) fn copyright(
    package: &PackageName,
    declared: &Declared,
    license: &str,
    epoch: i64,
) -> String {
    let year = crate::model::Timestamp::from_unix(epoch).day()[..4].to_owned();
    let homepage = declared
        .homepage
        .as_ref()
        .map(|page| format!("Source: {page}\n"));
    let text = match license {
        "MIT" | "Expat" => MIT.to_owned(),
        other => {
            let known = COMMON.iter().find(|(name, _)| other.starts_with(name));
            known.map_or_else(
                || format!(" The licence is {other}; its text comes with the source.\n"),
                |(_, file)| {
                    format!(
                        " On Debian systems, the full text of this licence is in\n \
                         /usr/share/common-licenses/{file}.\n"
                    )
                },
            )
        }
    };
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {package}\n{}\nFiles: *\nCopyright: {year} {}\nLicense: {}\n{text}",
        homepage.unwrap_or_default(),
        declared.maintainer,
        if license == "MIT" { "Expat" } else { license },
    )
}

/// Licences that every Debian system has the text of (Debian Policy 12.5).
const COMMON: [(&str, &str); 9] = [
    ("GPL-1", "GPL-1"),
    ("GPL-2", "GPL-2"),
    ("GPL-3", "GPL-3"),
    ("LGPL-2.1", "LGPL-2.1"),
    ("LGPL-2", "LGPL-2"),
    ("LGPL-3", "LGPL-3"),
    ("Apache-2.0", "Apache-2.0"),
    ("MPL-2.0", "MPL-2.0"),
    ("CC0-1.0", "CC0-1.0"),
];

const MIT: &str = " Permission is hereby granted, free of charge, to any person obtaining a
 copy of this software and associated documentation files (the \"Software\"),
 to deal in the Software without restriction, including without limitation
 the rights to use, copy, modify, merge, publish, distribute, sublicense,
 and/or sell copies of the Software, and to permit persons to whom the
 Software is furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in
 all copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.
";
