//! Bytes ⇄ values, one file per format, each headed by its specification.
//!
//! Nothing in here opens a file, asks the clock or starts a process: readers
//! take `impl Read`, writers `impl Write`.

pub mod ar;
pub mod buildinfo;
pub mod changelog;
pub mod changes;
pub mod checksums;
pub mod cherry;
pub mod compress;
pub mod control;
pub mod conventional;
pub mod deb;
pub mod deb822;
pub mod dsc;
pub mod elf;
pub mod export_subst;
pub mod gitattributes;
pub mod gzip_member;
pub mod index;
pub mod mail;
pub mod relation;
pub mod release;
pub mod statement;
pub mod symbols;
pub mod tag_instructions;
pub mod tar;
pub mod version;
pub mod xz_stream;
