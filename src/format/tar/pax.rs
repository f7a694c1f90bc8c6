//! Extended headers, pax(1): records that overrule fields of a header.

/// The records of pax(1) that we follow.
#[derive(Debug, Clone, Default)]
pub(super) struct Pax {
    /// Whether there was any.
    pub seen: bool,
    pub path: Option<Vec<u8>>,
    pub link_path: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub mtime: Option<i64>,
    pub uid: Option<u64>,
    pub gid: Option<u64>,
    pub user: Option<Vec<u8>>,
    pub group: Option<Vec<u8>>,
}

impl Pax {
    /// Reads records `LENGTH KEYWORD=VALUE\n` over what is known.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.seen = true;
        let mut rest = bytes;
        while !rest.is_empty() {
            let record = Self::record(&mut rest).ok_or_else(|| {
                let start = &rest[..rest.len().min(40)];
                format!("no pax record: “{}”", start.escape_ascii())
            })?;
            let (keyword, value) = record;
            let refuse = || {
                let (keyword, value) = (keyword.escape_ascii(), value.escape_ascii());
                format!("pax record {keyword} is “{value}”")
            };
            let text = || std::str::from_utf8(value).map_err(|_| refuse());
            let number = || text()?.parse().map_err(|_| refuse());
            match keyword {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link_path = Some(value.to_vec()),
                b"uname" => self.user = Some(value.to_vec()),
                b"gname" => self.group = Some(value.to_vec()),
                b"size" => self.size = Some(number()?),
                b"uid" => self.uid = Some(number()?),
                b"gid" => self.gid = Some(number()?),
                b"mtime" => {
                    let (whole, fraction) = text()?.split_once('.').unwrap_or((text()?, ""));
                    let seconds: i64 = whole.parse().map_err(|_| refuse())?;
                    // Down to the earlier second, as the system's clocks count.
                    let down = whole.starts_with('-') && fraction.bytes().any(|b| b != b'0');
                    self.mtime = Some(seconds.saturating_sub(i64::from(down)));
                }
                _ if keyword.starts_with(b"GNU.sparse.") => {
                    return Err("a sparse file, which dpkg does not unpack".to_owned());
                }
                // Comments, access times, extended attributes: nothing that
                // changes what is unpacked where.
                _ => {}
            }
        }
        Ok(())
    }

    fn record<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let blank = rest.iter().position(|b| *b == b' ')?;
        let length: usize = std::str::from_utf8(&rest[..blank]).ok()?.parse().ok()?;
        let record = rest.get(blank + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|b| *b == b'=')?;
        *rest = &rest[length..];
        Some((&record[..equals], &record[equals + 1..]))
    }
}
