//! What is in a package.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::format::compress::Compression;
use crate::format::deb::{Aspect, Contents, Listed, Member};
use crate::format::tar::EntryKind;
use crate::model::{Sha256, Timestamp};
use crate::report::{Document, Page, size};

use super::harmless;

/// What `deb show` answers.
#[derive(Debug, Serialize)]
pub struct DebShow {
    file: String,
    size: u64,
    sha256: Sha256,
    package: String,
    version: String,
    architecture: String,
    format: String,
    control: Map<String, Value>,
    members: Vec<MemberShown>,
    control_files: Vec<ControlFileShown>,
    files: Vec<FileShown>,
    #[serde(skip)]
    paragraph: String,
}

#[derive(Debug, Serialize)]
struct MemberShown {
    name: String,
    size: u64,
    time: Timestamp,
    compression: Option<Compression>,
    unpacked: Option<u64>,
    entries: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ControlFileShown {
    name: String,
    mode: String,
    size: u64,
    sha256: Sha256,
}

#[derive(Debug, Serialize)]
struct FileShown {
    path: String,
    r#type: &'static str,
    mode: String,
    user: String,
    group: String,
    uid: u64,
    gid: u64,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
}

impl DebShow {
    /// Shows the package that was read from a file.
    pub fn new(file: &Path, contents: &Contents) -> Self {
        let deb = &contents.deb;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = deb.control.fields();
        let fields = fields.map(|field| (field.name.to_owned(), text(field.value).into()));
        let control_files = deb
            .control_files
            .iter()
            .map(|(name, file)| ControlFileShown {
                name: name.clone(),
                mode: format!("{:04o}", file.mode),
                size: file.bytes.len() as u64,
                sha256: Sha256::of(&file.bytes),
            });
        Self {
            file: file.display().to_string(),
            size: contents.size,
            sha256: contents.sha256,
            package: deb.control.package().to_string(),
            version: deb.control.version().to_owned(),
            architecture: deb.control.architecture().to_string(),
            format: deb.format.clone(),
            control: fields.collect(),
            members: deb.members.iter().map(MemberShown::new).collect(),
            control_files: control_files.collect(),
            files: contents.files.iter().map(FileShown::new).collect(),
            paragraph: text(deb.control.paragraph()),
        }
    }
}

impl MemberShown {
    fn new(member: &Member) -> Self {
        Self {
            name: member.name.clone(),
            size: member.size,
            time: Timestamp::from_unix(member.mtime),
            compression: member.tar.map(|tar| tar.compression),
            unpacked: member.tar.map(|tar| tar.unpacked),
            entries: member.tar.map(|tar| tar.entries),
        }
    }
}

impl FileShown {
    fn new(listed: &Listed) -> Self {
        let (entry, mut facts) = (&listed.entry, listed.facts());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            path: entry.path.to_string(),
            r#type: entry.kind.name(),
            mode: format!("{:04o}", entry.mode),
            user: text(&entry.owner.user),
            group: text(&entry.owner.group),
            uid: entry.owner.uid,
            gid: entry.owner.gid,
            time: Timestamp::from_unix(entry.mtime),
            size: match entry.kind {
                EntryKind::File { size } => Some(size),
                _ => None,
            },
            target: facts.remove(&Aspect::Target),
            device: facts.remove(&Aspect::Device),
            sha256: listed.sha256,
        }
    }

    fn row(&self) -> [String; 5] {
        let name = |name: &str, number: u64| match name {
            "" => number.to_string(),
            name => harmless(name),
        };
        let (user, group) = (name(&self.user, self.uid), name(&self.group, self.gid));
        let size = self.size.map(|size| size.to_string());
        let size = size.or_else(|| self.device.clone());
        let target = self.target.as_deref().map(harmless);
        let path = match (self.r#type, target) {
            ("directory", _) => format!("{}/", self.path),
            ("hardlink", Some(target)) => format!("{} link to {target}", self.path),
            (_, Some(target)) => format!("{} -> {target}", self.path),
            _ => self.path.clone(),
        };
        [
            self.mode.clone(),
            format!("{user}/{group}"),
            size.unwrap_or_else(|| "-".to_owned()),
            self.time.to_string(),
            path,
        ]
    }
}

impl Document for DebShow {
    const SCHEMA: &'static str = "debcut/deb-show/1";

    fn text(&self, page: &mut Page) {
        let title = [&self.package, &self.version, &self.architecture].map(String::as_str);
        page.line(page.bold(&title.join(" ")));
        page.field("file", format!("{}, {}", self.file, size(self.size)));
        page.field("sha256", self.sha256.to_string());
        page.line("");
        for line in self.paragraph.lines() {
            page.line(harmless(line));
        }
        page.line("");
        let dash = || "-".to_owned();
        let number = |number: Option<u64>| number.map_or_else(dash, |n| n.to_string());
        let rows = self.members.iter().map(|member| {
            let compression = member.compression.map_or_else(dash, |c| c.to_string());
            let (unpacked, entries) = (number(member.unpacked), number(member.entries));
            let (name, size) = (harmless(&member.name), member.size.to_string());
            [name, size, compression, unpacked, entries]
        });
        let head = ["MEMBER", "SIZE", "COMPRESSION", "UNPACKED", "ENTRIES"];
        page.table(head, &rows.collect::<Vec<_>>());
        if !self.control_files.is_empty() {
            page.line("");
            let rows = self.control_files.iter().map(|file| {
                let (mode, size) = (file.mode.clone(), file.size.to_string());
                [mode, size, harmless(&file.name)]
            });
            page.table(["MODE", "SIZE", "CONTROL FILE"], &rows.collect::<Vec<_>>());
        }
        page.line("");
        let rows: Vec<_> = self.files.iter().map(FileShown::row).collect();
        page.table(["MODE", "OWNER", "SIZE", "TIME", "FILE"], &rows);
    }
}
