//! What a package will be, before it is packed.

use serde::Serialize;

use crate::format::compress::{Compression, LevelError, Strategy};
use crate::format::tar::Kind;
use crate::model::{Architecture, PackageName, Sha256, Timestamp};

use super::{BuildTree, Options};

/// What will be packed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackPlan {
    /// The package's name.
    pub package: PackageName,
    /// The package's version.
    pub version: String,
    /// The package's architecture.
    pub architecture: Architecture,
    /// The package's time.
    pub epoch: Timestamp,
    /// How it is compressed.
    pub compression: Compression,
    /// The compressor's level; none for no compression.
    pub level: Option<u32>,
    /// `extreme`, where the compressor tries more than its level says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<&'static str>,
    /// How the control member is compressed, where that is another way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_compression: Option<Compression>,
    /// How many files of any kind it will hold, control files apart.
    pub entries: usize,
    /// How large they are together, in bytes.
    pub unpacked: u64,
}

impl PackPlan {
    /// Plans to pack a tree.
    pub fn new(tree: &BuildTree, options: &Options) -> Result<Self, LevelError> {
        let [control, compress] = options.settle()?;
        let sizes = tree.data.iter().map(|(_, node)| match &node.kind {
            Kind::File(content) => content.size(),
            _ => 0,
        });
        Ok(Self {
            package: tree.fields.package().clone(),
            version: tree.fields.version().to_owned(),
            architecture: tree.fields.architecture().clone(),
            epoch: options.epoch,
            compression: compress.compression,
            level: compress.level,
            strategy: match compress.strategy {
                Strategy::Usual => None,
                Strategy::Extreme => Some("extreme"),
            },
            control_compression: (control.compression != compress.compression)
                .then_some(control.compression),
            entries: tree.data.iter().count(),
            unpacked: sizes.sum(),
        })
    }

    /// Returns the name that dpkg-deb gives the file: `NAME_VERSION_ARCH.deb`,
    /// without the epoch.
    pub fn file_name(&self) -> String {
        let version = self.version.split_once(':');
        let version = version.map_or(self.version.as_str(), |(_, rest)| rest);
        format!("{}_{version}_{}.deb", self.package, self.architecture)
    }

    /// Returns the plan's digest, over its JSON form.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(&serde_json::to_vec(self).expect("a plan has string keys"))
    }
}
