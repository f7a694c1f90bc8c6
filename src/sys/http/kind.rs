//! What a file of an archive is to those who fetch it: its type, and for how
//! long a cache may keep it.

use std::path::Path;

/// Returns the media type of a file, by its path below the archive's root.
pub fn content_type(below: &Path) -> &'static str {
    let name = below.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let in_pool = below.starts_with("pool");
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "deb" | "ddeb" | "udeb" => "application/vnd.debian.binary-package",
        "xz" => "application/x-xz",
        "gz" => "application/gzip",
        "zst" => "application/zstd",
        "bz2" => "application/x-bzip2",
        // Upstream's signature of a tarball.
        "asc" if in_pool => "application/pgp-signature",
        "gpg" if name == "Release.gpg" => "application/pgp-signature",
        "asc" | "gpg" | "pgp" => "application/pgp-keys",
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "jsonl" => "application/json",
        "dsc" | "changes" | "buildinfo" | "sources" | "txt" => "text/plain; charset=utf-8",
        _ if matches!(name, "InRelease" | "Release" | "Packages" | "Sources") => {
            "text/plain; charset=utf-8"
        }
        _ => "application/octet-stream",
    }
}

/// What a cache may do with a file.
///
/// A name in the pool or below by-hash never gets other content. Everything
/// else is asked for again each time, which costs an answer without a body.
pub fn cache_control(below: &Path) -> &'static str {
    let by_hash = below.iter().any(|part| part == "by-hash");
    match by_hash || below.starts_with("pool") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_an_archive_have_types_and_lifetimes() {
        let (kept, asked) = ("immutable", "no-cache");
        let cases = [
            ("pool/main/a/a/a_1_all.deb", "vnd.debian.binary", kept),
            ("pool/main/a/a/a_1.dsc", "text/plain", kept),
            ("pool/main/a/a/a_1.orig.tar.gz.asc", "pgp-signature", kept),
            ("dists/stable/InRelease", "text/plain", asked),
            ("dists/stable/Release", "text/plain", asked),
            ("dists/stable/Release.gpg", "pgp-signature", asked),
            ("dists/s/main/source/Sources.xz", "x-xz", asked),
            ("dists/s/main/binary-amd64/Packages.gz", "gzip", asked),
            ("dists/s/main/binary-amd64/Packages.zst", "zstd", asked),
            ("dists/s/main/source/by-hash/SHA256/00", "octet", kept),
            ("index.html", "text/html", asked),
            ("key.asc", "pgp-keys", asked),
        ];
        for (path, kind, cache) in cases {
            let path = Path::new(path);
            assert!(content_type(path).contains(kind), "{}", path.display());
            assert!(cache_control(path).contains(cache), "{}", path.display());
        }
    }
}
