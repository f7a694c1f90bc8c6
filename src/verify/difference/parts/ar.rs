//! ar(5), with GNU's long names: unlike a package, a static library says much
//! in its headers.

use crate::format::compress::Compression;
use crate::model::Timestamp;

use super::{Aspect, Part, cut};

const HEADER: usize = 60;

pub(super) fn parts(bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut rest = bytes.strip_prefix(b"!<arch>\n")?;
    let mut long_names: &[u8] = &[];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let header = rest.get(..HEADER)?;
        let text = |range: std::ops::Range<usize>| {
            std::str::from_utf8(&header[range]).map(str::trim_end).ok()
        };
        let size: u64 = text(48..58)?.parse().ok()?;
        let content = cut(rest, HEADER as u64, size)?;
        let name = match text(0..16)? {
            "/" => "symbol table",
            "//" => {
                long_names = content;
                "long names"
            }
            name => name,
        };
        let name = match name.strip_prefix('/').map(str::parse::<usize>) {
            Some(Ok(at)) => {
                let name = long_names.get(at..)?.split(|b| *b == b'\n').next()?;
                String::from_utf8_lossy(name).into_owned()
            }
            _ => name.to_owned(),
        };
        let name = name.trim_end_matches('/');
        let compression = Compression::ALL
            .into_iter()
            .find(|c| !c.extension().is_empty() && name.ends_with(c.extension()));
        let extension = compression.map_or("", Compression::extension);
        let name = name.strip_suffix(extension).unwrap_or(name);
        let number = |range| text(range).unwrap_or_default();
        let time = number(16..28).parse().unwrap_or(0);
        let part = Part::new(name, content)
            .aspect(Aspect::Time, Timestamp::from_unix(time).to_string())
            .aspect(
                Aspect::Owner,
                format!("{}/{}", number(28..34), number(34..40)),
            )
            .aspect(Aspect::Mode, number(40..48));
        parts.push(match compression {
            Some(compression) => part.aspect(Aspect::Compression, compression.name()),
            None => part,
        });
        let next = HEADER + content.len() + content.len() % 2;
        rest = rest.get(next..).unwrap_or_default();
    }
    Some(parts)
}
