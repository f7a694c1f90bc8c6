//! What a library's package says of depending on it: deb-symbols(5) and
//! deb-shlibs(5), as they lie in `/var/lib/dpkg/info`.
//!
//! Read as dpkg-shlibdeps(1) reads them; lines that it skips are skipped. Files
//! of source packages, with their tags and patterns, are another format.

use std::collections::HashMap;

use super::version::Version;

/// The versions of a library's symbols.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Symbols {
    /// What depending on it looks like, with `#MINVER#` for the version; the
    /// first one is the main one.
    templates: Vec<String>,
    /// Of each symbol (`NAME@VERSION`): the version of the package that first
    /// had it, and which template.
    symbols: HashMap<String, (Version, usize)>,
}

impl Symbols {
    /// Reads what a `symbols` file says of the library with this name; none: it
    /// says nothing of it.
    pub fn read(text: &str, soname: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        for line in text.lines() {
            let starts_inside = line.starts_with([' ', '|', '*', '#']);
            if !starts_inside {
                if found.is_some() {
                    break;
                }
                let (name, template) = line.split_once(' ').unwrap_or((line, ""));
                if name == soname {
                    found = Some(Self {
                        templates: vec![template.trim().to_owned()],
                        symbols: HashMap::new(),
                    });
                }
                continue;
            }
            let Some(found) = &mut found else { continue };
            if let Some(template) = line.strip_prefix('|') {
                found.templates.push(template.trim().to_owned());
            } else if let Some(symbol) = line.strip_prefix(' ') {
                found.symbol(symbol);
            }
        }
        found
    }

    fn symbol(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            return;
        };
        let template = words.next().and_then(|id| id.parse().ok()).unwrap_or(0);
        if let (Ok(version), true) = (Version::new(version), template < self.templates.len()) {
            self.symbols.insert(name.to_owned(), (version, template));
        }
    }

    /// Returns the main template and the lowest version that any symbol has:
    /// what a program needs that uses none of them.
    pub fn least(&self) -> (&str, Option<&Version>) {
        let main = self.symbols.values().filter(|(_, template)| *template == 0);
        let least = main.map(|(version, _)| version).min_by(|a, b| a.compare(b));
        (&self.templates[0], least)
    }

    /// Returns the template and version of a symbol, `NAME@VERSION`.
    pub fn of(&self, symbol: &str) -> Option<(&str, &Version)> {
        let (version, template) = self.symbols.get(symbol)?;
        Some((&self.templates[*template], version))
    }
}

/// Splits a library's name as dpkg-shlibdeps does: `libz.so.1` and
/// `libdb-5.3.so` are `libz`, `1` and `libdb`, `5.3`; one without a version has
/// no part in shlibs files.
pub fn split_soname(soname: &str) -> Option<(&str, &str)> {
    let plain = soname.split_once(".so.").map(|_| {
        let at = soname.rfind(".so.").expect("it was found");
        (&soname[..at], &soname[at + 4..])
    });
    let odd = || {
        let stem = soname.strip_suffix(".so")?;
        let at = stem
            .rmatch_indices('-')
            .find(|(at, _)| stem[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
        let (at, _) = at?;
        Some((&stem[..at], &stem[at + 1..]))
    };
    plain
        .or_else(odd)
        .filter(|(name, version)| !name.is_empty() && !version.is_empty())
}

/// Finds what a `shlibs` file says of depending on a library.
pub fn shlibs_dependency<'a>(text: &'a str, soname: &str) -> Option<&'a str> {
    let (library, version) = split_soname(soname)?;
    let mut usual = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (kind, rest) = match line.split_once(": ") {
            Some((kind, rest)) if !kind.trim().contains(' ') => (Some(kind.trim()), rest),
            _ => (None, line),
        };
        let rest = rest.trim();
        let Some((name, rest)) = rest.split_once(char::is_whitespace) else {
            continue;
        };
        let rest = rest.trim_start();
        let (found, depends) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if (name, found) != (library, version) {
            continue;
        }
        match kind {
            Some("deb") => return Some(depends.trim()),
            None => usual = usual.or(Some(depends.trim())),
            Some(_) => {}
        }
    }
    usual
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYMBOLS: &str = "libz.so.1 zlib1g #MINVER#\n| zlib1g (>> 1.2), zlib1g (<< 1.3)\n\
        * Build-Depends-Package: zlib1g-dev\n ZLIB_1.2.0@ZLIB_1.2.0 1:1.2.0\n \
        adler32@Base 1:1.1.4\n inner@Base 1:1.2.3 1\nlibother.so.2 other #MINVER#\n a@Base 9\n";

    #[test]
    fn symbols_are_those_of_one_library() {
        let found = Symbols::read(SYMBOLS, "libz.so.1").expect("it is there");
        assert_eq!(found.least().0, "zlib1g #MINVER#");
        assert_eq!(found.least().1.map(Version::as_str), Some("1:1.1.4"));
        let of = |symbol| found.of(symbol).map(|(t, v)| (t, v.as_str()));
        assert_eq!(
            of("ZLIB_1.2.0@ZLIB_1.2.0"),
            Some(("zlib1g #MINVER#", "1:1.2.0"))
        );
        assert_eq!(
            of("inner@Base"),
            Some(("zlib1g (>> 1.2), zlib1g (<< 1.3)", "1:1.2.3"))
        );
        assert_eq!(of("a@Base"), None);
        let other = Symbols::read(SYMBOLS, "libother.so.2").expect("it is there");
        assert_eq!(other.of("a@Base").map(|(t, _)| t), Some("other #MINVER#"));
        assert_eq!(Symbols::read(SYMBOLS, "libz.so.2"), None);
    }

    #[test]
    fn names_of_libraries_are_split_as_dpkg_splits_them() {
        for (soname, want) in [
            ("libz.so.1", Some(("libz", "1"))),
            ("libstdc++.so.6.0", Some(("libstdc++", "6.0"))),
            ("libdb-5.3.so", Some(("libdb", "5.3"))),
            ("libBrokenLocale.so", None),
            ("ld-linux-x86-64.so.2", Some(("ld-linux-x86-64", "2"))),
            (".so.1", None),
            ("lib-x.so", None),
        ] {
            assert_eq!(split_soname(soname), want, "{soname}");
        }
    }

    #[test]
    fn shlibs_lines_are_for_this_kind_of_package() {
        let text = "# a comment\nudeb: libz 1 zlib1g-udeb (>= 1)\nlibz 1 zlib1g (>= 1:1.1.4)\n\
                    libz 2\ndeb: libq 1 q-deb\nlibq 1 q\n";
        for (soname, want) in [
            ("libz.so.1", Some("zlib1g (>= 1:1.1.4)")),
            ("libz.so.2", Some("")),
            ("libq.so.1", Some("q-deb")),
            ("libz.so.3", None),
        ] {
            assert_eq!(shlibs_dependency(text, soname), want, "{soname}");
        }
    }
}
