//! What packaging needs to know of an ELF file: System V ABI (gABI) 4, with
//! GNU's symbol versions (LSB 5, “Symbol Versioning”) and build ids.
//!
//! Reads headers, the dynamic section and symbol tables, by the crate
//! `object`; writes nothing. Knows nothing of where libraries are found.

use object::Endianness;
use object::elf;
use object::read::elf::{
    Dyn, FileHeader, ProgramHeader, SectionHeader, SectionTable, Sym, SymbolTable,
};
use object::read::{ReadRef, StringTable, SymbolIndex};

use crate::model::digest::hex;

/// A program or shared library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elf {
    /// What it can be linked with.
    pub abi: Abi,
    /// Whether a dynamic linker is needed to use it.
    pub linking: Linking,
    /// The libraries it needs (`DT_NEEDED`), in order.
    pub needed: Vec<String>,
    /// The name that others need it by (`DT_SONAME`).
    pub soname: Option<String>,
    /// Where its libraries are looked for first (`DT_RUNPATH`, else
    /// `DT_RPATH`); `$ORIGIN` as written.
    pub search: Vec<String>,
    /// The symbols that others must define.
    pub imports: Vec<Import>,
    /// The build id, in hexadecimal digits.
    pub build_id: Option<String>,
    /// Whether it still has what a debugger wants: a symbol table.
    pub has_symbols: bool,
}

/// What files must share to be linked with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abi {
    /// `EI_CLASS`: 1 for 32 bits, 2 for 64.
    pub class: u8,
    /// `EI_DATA`: 1 for little, 2 for big endian.
    pub order: u8,
    /// `e_machine`.
    pub machine: u16,
}

/// Whether a file is linked when it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// It has a dynamic section.
    Dynamic,
    /// It has none.
    Static,
}

/// A symbol that another file must define.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its name.
    pub name: String,
    /// The version it must have, such as `GLIBC_2.34`.
    pub version: Option<String>,
}

/// Says that a file that begins like ELF is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a whole ELF file")]
pub struct ElfError(#[source] object::read::Error);

/// How many bytes [`is_program`] needs to see.
pub const HEAD_BYTES: usize = 18;

/// Tells from a file's first bytes whether it is a program or a shared library
/// (`ET_EXEC`, `ET_DYN`); object files and kernel modules are neither.
pub fn is_program(head: &[u8]) -> bool {
    if head.len() < HEAD_BYTES || !head.starts_with(b"\x7fELF") {
        return false;
    }
    let kind = match head[5] {
        elf::ELFDATA2LSB => u16::from_le_bytes([head[16], head[17]]),
        _ => u16::from_be_bytes([head[16], head[17]]),
    };
    matches!(kind, elf::ET_EXEC | elf::ET_DYN)
}

impl Elf {
    /// Reads a program or shared library.
    pub fn read(bytes: &[u8]) -> Result<Self, ElfError> {
        let read = match bytes.get(4) {
            Some(&elf::ELFCLASS32) => read::<elf::FileHeader32<Endianness>>(bytes),
            _ => read::<elf::FileHeader64<Endianness>>(bytes),
        };
        read.map_err(ElfError)
    }
}

impl Abi {
    /// Reads it from a file's first 20 bytes; none: they are no ELF file's.
    pub fn of(head: &[u8]) -> Option<Self> {
        let [class, order] = [*head.get(4)?, *head.get(5)?];
        let machine = [*head.get(18)?, *head.get(19)?];
        let machine = match order {
            elf::ELFDATA2LSB => u16::from_le_bytes(machine),
            _ => u16::from_be_bytes(machine),
        };
        head.starts_with(b"\x7fELF").then_some(Self {
            class,
            order,
            machine,
        })
    }

    /// Returns the names of the architectures that Debian has for it; none for
    /// a machine that Debian does not run on.
    pub fn architectures(self) -> &'static [&'static str] {
        match (self.machine, self.class, self.order) {
            (elf::EM_X86_64, 2, _) => &["amd64", "kfreebsd-amd64", "hurd-amd64"],
            (elf::EM_X86_64, 1, _) => &["x32"],
            (elf::EM_386, ..) => &["i386", "hurd-i386", "kfreebsd-i386"],
            (elf::EM_AARCH64, _, 1) => &["arm64"],
            (elf::EM_ARM, ..) => &["armhf", "armel"],
            (elf::EM_RISCV, 2, _) => &["riscv64"],
            (elf::EM_PPC64, _, 1) => &["ppc64el"],
            (elf::EM_PPC64, ..) => &["ppc64"],
            (elf::EM_PPC, ..) => &["powerpc"],
            (elf::EM_S390, 2, _) => &["s390x"],
            (elf::EM_LOONGARCH, 2, _) => &["loong64"],
            (elf::EM_MIPS, 2, 1) => &["mips64el"],
            (elf::EM_MIPS, 1, 1) => &["mipsel"],
            _ => &[],
        }
    }
}

fn read<H: FileHeader<Endian = Endianness>>(data: &[u8]) -> object::read::Result<Elf> {
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let mut found = Elf {
        abi: Abi {
            class: header.e_ident().class,
            order: header.e_ident().data,
            machine: header.e_machine(endian),
        },
        linking: Linking::Static,
        needed: Vec::new(),
        soname: None,
        search: Vec::new(),
        imports: Vec::new(),
        build_id: None,
        has_symbols: false,
    };
    for segment in header.program_headers(endian, data)? {
        if let Some(mut notes) = segment.notes(endian, data)? {
            while let Some(note) = notes.next()? {
                if note.n_type(endian) == elf::NT_GNU_BUILD_ID && note.name() == elf::ELF_NOTE_GNU {
                    found.build_id = Some(hex(note.desc()));
                }
            }
        }
    }
    let mut run_path = None;
    if let Some((entries, link)) = sections.dynamic(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        found.linking = Linking::Dynamic;
        for entry in entries {
            let text = || text(entry, endian, strings);
            match entry.tag32(endian) {
                Some(elf::DT_NULL) => break,
                Some(elf::DT_NEEDED) => found.needed.push(text()?),
                Some(elf::DT_SONAME) => found.soname = Some(text()?),
                Some(elf::DT_RUNPATH) => run_path = Some(text()?),
                Some(elf::DT_RPATH) => {
                    let path = text()?;
                    run_path.get_or_insert(path);
                }
                _ => {}
            }
        }
    }
    let paths = run_path.as_deref().unwrap_or_default().split(':');
    found.search = paths
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    found.imports = imports(&sections, endian, data)?;
    let is_table = |section: &H::SectionHeader| section.sh_type(endian) == elf::SHT_SYMTAB;
    found.has_symbols = sections.iter().any(is_table);
    Ok(found)
}

fn text<'data, D: Dyn<Endian = Endianness>>(
    entry: &D,
    endian: Endianness,
    strings: StringTable<'data, &'data [u8]>,
) -> object::read::Result<String> {
    Ok(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned())
}

fn imports<'data, H: FileHeader<Endian = Endianness>, R: ReadRef<'data>>(
    sections: &SectionTable<'data, H, R>,
    endian: Endianness,
    data: R,
) -> object::read::Result<Vec<Import>> {
    let symbols: SymbolTable<'data, H, R> = sections.symbols(endian, data, elf::SHT_DYNSYM)?;
    let versions = sections.versions(endian, data)?;
    let mut found = Vec::new();
    for (number, symbol) in symbols.iter().enumerate().skip(1) {
        if symbol.st_shndx(endian) != elf::SHN_UNDEF {
            continue;
        }
        let name = symbol.name(endian, symbols.strings())?;
        if name.is_empty() {
            continue;
        }
        let version = match &versions {
            None => None,
            Some(versions) => {
                let index = versions.version_index(endian, SymbolIndex(number));
                versions.version(index)?
            }
        };
        found.push(Import {
            name: String::from_utf8_lossy(name).into_owned(),
            version: version.map(|version| String::from_utf8_lossy(version.name()).into_owned()),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
