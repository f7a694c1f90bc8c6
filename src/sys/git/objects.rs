//! Objects read as bytes, for those who read thousands: libgit2's own commit
//! and tree values cost several times what is in them.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::CStr;
use std::fmt;
use std::rc::Rc;

use super::condition::Substitutes;
use super::pick::MergeSettings;
use super::{GitError, Repository, failed, text};

/// The id of an object, in binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

impl ObjectId {
    /// Reads an id of 40 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: &[u8; 40] = text.as_bytes().try_into().ok()?;
        let value = |digit: u8| char::from(digit).to_digit(16);
        let mut id = [0; 20];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok()?;
        }
        Some(Self(id))
    }

    pub(super) fn of(id: git2::Oid) -> Option<Self> {
        Self::from_bytes(id.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn oid(&self) -> Result<git2::Oid, GitError> {
        git2::Oid::from_bytes(&self.0).map_err(failed("name an object"))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 40];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.pad(std::str::from_utf8(&digits).expect("digits are ASCII"))
    }
}

/// A commit as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitObject {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in their order.
    pub parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970; 0 where nobody can tell.
    pub committed: i64,
    /// Its author, encoding and message, as they are stored: a long history
    /// is kept whole, and signatures and ids would be most of it.
    text: Box<[u8]>,
}

/// What git's modes say of an entry that is a directory.
const DIRECTORY: u32 = 0o040000;

/// An entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Item {
    /// Git's mode.
    pub mode: u32,
    /// The object.
    pub id: ObjectId,
}

impl Item {
    /// Tells whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.mode == DIRECTORY
    }
}

/// How many bytes of trees are kept: the trees of a commit are those of its
/// parent but for a few, so that a handful of commits' worth is enough; 8 MiB
/// hold the directories of two hundred thousand files.
const KEPT_TREES_BYTES: usize = 8 << 20;

/// The object database of a repository, with the trees that were just read.
pub struct Objects<'r> {
    odb: git2::Odb<'r>,
    trees: RefCell<Trees>,
    /// What stands in the way of the stored history.
    pub substitutes: Substitutes,
    /// What the settings say of merges, once that was asked.
    pub(super) merging: OnceCell<MergeSettings>,
}

#[derive(Default)]
struct Trees {
    kept: HashMap<ObjectId, Rc<[u8]>>,
    bytes: usize,
}

impl Repository {
    /// Opens its objects for reading many of them.
    pub fn objects(&self) -> Result<Objects<'_>, GitError> {
        // libgit2 hashes every object again that it reads, which is half of the
        // time; git does not, and zlib's checksum finds what a disk breaks.
        git2::opts::strict_hash_verification(false);
        // Nor does it have to keep, of a long history, what is kept here.
        git2::opts::enable_caching(false);
        Ok(Objects {
            odb: self.inner.odb().map_err(failed("open its objects"))?,
            trees: RefCell::default(),
            substitutes: self.substitutes()?,
            merging: OnceCell::new(),
        })
    }
}

impl Drop for Objects<'_> {
    fn drop(&mut self) {
        git2::opts::strict_hash_verification(true);
        git2::opts::enable_caching(true);
    }
}

impl Objects<'_> {
    fn read(&self, id: ObjectId, kind: git2::ObjectType) -> Result<git2::OdbObject<'_>, GitError> {
        let object = self
            .odb
            .read(id.oid()?)
            .map_err(|error| match error.code() {
                git2::ErrorCode::NotFound => GitError::MissingObject {
                    id: id.to_string(),
                    partial: self.substitutes.partial.clone(),
                },
                _ => failed(format!("read the object {id}"))(error),
            })?;
        if object.kind() != kind {
            return Err(self.broken(id, "of another kind than what refers to it says"));
        }
        Ok(object)
    }

    fn broken(&self, id: ObjectId, why: &'static str) -> GitError {
        GitError::BrokenObject {
            id: id.to_string(),
            why,
        }
    }

    /// Reads a commit. Grafts and replacements are not followed.
    pub fn commit(&self, id: ObjectId) -> Result<CommitObject, GitError> {
        let object = self.read(id, git2::ObjectType::Commit)?;
        CommitObject::parse(object.data()).ok_or_else(|| self.broken(id, "no commit inside"))
    }

    /// Returns the tree that a commit changes: its first parent's; none: it has
    /// no parents. Where a shallow clone ends at it, nobody knows.
    pub fn tree_before(
        &self,
        id: ObjectId,
        commit: &CommitObject,
    ) -> Result<Option<ObjectId>, GitError> {
        let Some(parent) = commit.parents.first() else {
            return Ok(None);
        };
        if self.substitutes.shallow.contains(&id) {
            let commit = id.to_string();
            return Err(GitError::Shallow { commit });
        }
        Ok(Some(self.commit(*parent)?.tree))
    }

    /// Reads the content of a file.
    pub fn content(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        Ok(self.read(id, git2::ObjectType::Blob)?.data().to_vec())
    }

    /// Follows a tag object, or a chain of them, to what is tagged.
    pub fn peeled(&self, mut id: ObjectId) -> Result<ObjectId, GitError> {
        let action = || format!("read the object {id}");
        let (_, mut kind) = self.odb.read_header(id.oid()?).map_err(failed(action()))?;
        while kind == git2::ObjectType::Tag {
            let object = self.read(id, kind)?;
            let text = String::from_utf8_lossy(object.data()).into_owned();
            let mut lines = text.lines();
            let target = lines.next().and_then(|line| line.strip_prefix("object "));
            let is_tag = lines.next() == Some("type tag");
            let target = target.and_then(ObjectId::from_hex);
            id = target.ok_or_else(|| self.broken(id, "no tag inside"))?;
            if !is_tag {
                break;
            }
            kind = git2::ObjectType::Tag;
        }
        Ok(id)
    }

    fn tree(&self, id: ObjectId) -> Result<Rc<[u8]>, GitError> {
        let mut trees = self.trees.borrow_mut();
        if let Some(kept) = trees.kept.get(&id) {
            return Ok(Rc::clone(kept));
        }
        let bytes: Rc<[u8]> = self.read(id, git2::ObjectType::Tree)?.data().into();
        if trees.bytes + bytes.len() > KEPT_TREES_BYTES {
            *trees = Trees::default();
        }
        trees.bytes += bytes.len();
        trees.kept.insert(id, Rc::clone(&bytes));
        Ok(bytes)
    }

    /// Drops the trees that are kept, when no more are to be compared.
    pub fn forget_trees(&self) {
        *self.trees.borrow_mut() = Trees::default();
    }

    /// Finds the entry at a path of a tree; the empty path is the tree.
    pub fn entry(&self, tree: ObjectId, path: &str) -> Result<Option<Item>, GitError> {
        let mut found = Item {
            mode: DIRECTORY,
            id: tree,
        };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if !found.is_directory() {
                return Ok(None);
            }
            let bytes = self.tree(found.id)?;
            let mut items = Items(&bytes);
            let item = items.find(|item| item.is_none_or(|(own, _)| own == name.as_bytes()));
            match item {
                None => return Ok(None),
                Some(None) => return Err(self.broken(found.id, "no tree inside")),
                Some(Some((_, item))) => found = item,
            }
        }
        Ok(Some(found))
    }

    /// Calls `visit` with every entry that differs between two trees, a
    /// directory before what is in it; none: an empty tree. Equal subtrees are
    /// never read, nor are those that `visit` answers [`Descend::Over`] to.
    /// Where a file became a directory or the other way, both are told.
    pub fn compare(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        visit: &mut dyn FnMut(&Difference<'_>) -> Descend,
    ) -> Result<(), GitError> {
        if before == after {
            return Ok(());
        }
        // The directories that are open, the deepest last. No recursion: a
        // stored tree may be deeper than a thread's stack.
        let mut open = vec![self.level(before, after, 0)?];
        let mut path = Vec::new();
        while let Some(level) = open.last_mut() {
            let Some((was, is)) = level.next(&mut path)? else {
                open.pop();
                continue;
            };
            let difference = Difference {
                path: &path,
                before: was,
                after: is,
            };
            let directory = difference.is_directory();
            if visit(&difference) == Descend::Into && directory {
                let tree = |item: Option<Item>| item.map(|item| item.id);
                let (was, is) = (tree(was), tree(is));
                if open.len() > MAX_DEPTH {
                    let id = is.or(was).map_or(String::new(), |id| id.to_string());
                    let why = "it lies deeper than 2048 directories, which git refuses, too";
                    return Err(GitError::BrokenObject { id, why });
                }
                open.push(self.level(was, is, path.len())?);
            }
        }
        Ok(())
    }

    /// Opens a directory on both sides, whose path has that many bytes.
    fn level(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        length: usize,
    ) -> Result<Level, GitError> {
        let read = |id: Option<ObjectId>| match id {
            None => Ok(Rc::from(&[][..])),
            Some(id) => self.tree(id),
        };
        let (old, new) = (read(before)?, read(after)?);
        let common = common_items(&old, &new);
        Ok(Level {
            old: Side::new(before, old, common),
            new: Side::new(after, new, common),
            length,
        })
    }
}

/// How deep a tree is read: git's own limit (`core.maxTreeDepth`).
const MAX_DEPTH: usize = 2048;

/// A directory that is being compared.
struct Level {
    old: Side,
    new: Side,
    /// How many bytes of the path are its own; 0 at the top.
    length: usize,
}

impl Level {
    /// Finds the next entry that differs and makes `path` its path.
    fn next(&mut self, path: &mut Vec<u8>) -> Result<Option<Sides>, GitError> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        loop {
            let (left, right) = (self.old.peek()?, self.new.peek()?);
            let order = match (&left, &right) {
                (None, None) => return Ok(None),
                (Some((l, _)), Some((r, _))) => in_tree_order(l.0, &l.1, r.0, &r.1),
                (Some(_), None) => Less,
                (None, Some(_)) => Greater,
            };
            let (was, is) = match order {
                Less => (left, None),
                Greater => (None, right),
                Equal => (left, right),
            };
            let sides = (was.map(|(w, _)| w.1), is.map(|(i, _)| i.1));
            if sides.0 != sides.1 {
                path.truncate(self.length);
                if self.length > 0 {
                    path.push(b'/');
                }
                path.extend_from_slice(was.or(is).map_or(&b""[..], |(some, _)| some.0));
            }
            let (was, is) = (was.map(|(_, at)| at), is.map(|(_, at)| at));
            self.old.at = was.unwrap_or(self.old.at);
            self.new.at = is.unwrap_or(self.new.at);
            if sides.0 != sides.1 {
                return Ok(Some(sides));
            }
        }
    }
}

/// What an entry was, and what it is.
type Sides = (Option<Item>, Option<Item>);

/// One side of a directory that is being compared.
struct Side {
    id: Option<ObjectId>,
    bytes: Rc<[u8]>,
    /// Where the next entry starts.
    at: usize,
}

impl Side {
    fn new(id: Option<ObjectId>, bytes: Rc<[u8]>, at: usize) -> Self {
        Self { id, bytes, at }
    }

    /// Reads the next entry, with the place behind it.
    fn peek(&self) -> Result<Option<(NamedItem<'_>, usize)>, GitError> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        match one_item(rest) {
            Some((item, left)) => Ok(Some((item, self.bytes.len() - left.len()))),
            // Named only when it is needed: this is asked for every entry.
            None => Err(GitError::BrokenObject {
                id: self.id.map_or(String::new(), |id| id.to_string()),
                why: "no tree inside",
            }),
        }
    }
}

/// Whether a directory that differs is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descend {
    /// Its differing entries are told, too.
    Into,
    /// They are not read.
    Over,
}

/// An entry that differs between two trees.
#[derive(Debug, Clone, Copy)]
pub struct Difference<'a> {
    /// Its path from the top, as bytes.
    pub path: &'a [u8],
    /// What it was; none: it is new.
    pub before: Option<Item>,
    /// What it is; none: it is gone.
    pub after: Option<Item>,
}

impl Difference<'_> {
    /// Tells whether it is a directory, on the sides where it is.
    pub fn is_directory(&self) -> bool {
        let sides = [self.before, self.after];
        sides.into_iter().flatten().all(|item| item.is_directory())
    }
}

/// Returns how many bytes of whole entries two trees have in common at their
/// beginnings: mostly all but one entry differ nowhere.
fn common_items(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 64;
    let chunks = a.chunks_exact(STEP).zip(b.chunks_exact(STEP));
    let equal = STEP * chunks.take_while(|(a, b)| a == b).count();
    let mut items = Items(&a[..equal]);
    let mut whole = 0;
    while items.step().flatten().is_some() {
        whole = equal - items.0.len();
    }
    whole
}

/// Git's order of a tree's entries: directories as if a `/` ended their names.
fn in_tree_order(a: &[u8], of_a: &Item, b: &[u8], of_b: &Item) -> std::cmp::Ordering {
    let common = a.len().min(b.len());
    let end = |item: &Item| if item.is_directory() { b'/' } else { 0 };
    let next = |name: &[u8], item: &Item| name.get(common).copied().unwrap_or(end(item));
    // As base_name_compare of git's read-cache.c has it.
    a[..common]
        .cmp(&b[..common])
        .then_with(|| next(a, of_a).cmp(&next(b, of_b)))
}

type NamedItem<'a> = (&'a [u8], Item);

/// The entries of a stored tree; a `None` among them: it is broken there.
struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Option<NamedItem<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let parsed = one_item(self.0);
        self.0 = parsed.map_or(&[], |(_, rest)| rest);
        Some(parsed.map(|(item, _)| item))
    }
}

impl<'a> Items<'a> {
    /// The next entry, if there is one; `None`: it is broken.
    fn step(&mut self) -> Option<Option<NamedItem<'a>>> {
        match self.next() {
            Some(None) => None,
            other => Some(other.flatten()),
        }
    }
}

/// Reads `MODE NAME\0` and twenty bytes, and returns what follows.
fn one_item(bytes: &[u8]) -> Option<(NamedItem<'_>, &[u8])> {
    // Modes have six digits, and those of directories five.
    let blank = [5, 6]
        .into_iter()
        .find(|&at| bytes.get(at) == Some(&b' '))?;
    let mut mode = 0;
    for digit in &bytes[..blank] {
        mode = mode * 8 + u32::from(digit.checked_sub(b'0').filter(|d| *d < 8)?);
    }
    let rest = &bytes[blank + 1..];
    // Looks for the end of the name by words, not bytes.
    let end = CStr::from_bytes_until_nul(rest).ok()?.count_bytes();
    let id = ObjectId::from_bytes(rest.get(end + 1..end + 21)?)?;
    Some(((&rest[..end], Item { mode, id }), &rest[end + 21..]))
}

impl CommitObject {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = header(bytes);
        let hex = |value: &[u8]| ObjectId::from_hex(std::str::from_utf8(value).ok()?);
        let tree = lines.next().filter(|(name, _)| name == b"tree")?;
        let tree = hex(tree.1)?;
        let mut parents = Vec::new();
        let mut committed = 0;
        let mut kept = Vec::with_capacity(bytes.len());
        for (name, value) in lines {
            match name {
                b"parent" => parents.push(hex(value)?),
                b"committer" => committed = person(value).2,
                b"author" | b"encoding" => {
                    for part in [name, b" ", value, b"\n"] {
                        kept.extend_from_slice(part);
                    }
                }
                _ => {}
            }
        }
        if kept.is_empty() {
            kept.push(b'\n');
        }
        // The line before has brought its end.
        let end = before_message(bytes);
        kept.extend_from_slice(end.map_or(&b""[..], |end| &bytes[end + 1..]));
        Some(Self {
            tree,
            parents,
            committed,
            text: kept.into(),
        })
    }

    /// Drops author and message, which are most of it.
    pub fn forget_text(&mut self) {
        self.text = Box::default();
    }

    /// Returns the author's name and address, in UTF-8.
    pub fn author(&self) -> (String, String) {
        let line = header(&self.text).find(|(name, _)| name == b"author");
        let (name, address, _) = person(line.map_or(&b""[..], |(_, value)| value));
        (self.utf8(name), self.utf8(address))
    }

    /// Returns when it was written, in seconds since 1970; 0 where nobody can
    /// tell.
    pub fn authored(&self) -> i64 {
        let line = header(&self.text).find(|(name, _)| name == b"author");
        line.map_or(0, |(_, value)| person(value).2)
    }

    /// Returns the whole message, in UTF-8: Latin-1 is translated where the
    /// commit says that it is, what is invalid otherwise is replaced.
    pub fn message(&self) -> String {
        let start = before_message(&self.text);
        self.utf8(start.map_or(&b""[..], |start| &self.text[start + 2..]))
    }

    fn utf8(&self, bytes: &[u8]) -> String {
        let line = header(&self.text).find(|(name, _)| name == b"encoding");
        let encoding = line.map_or(&b""[..], |(_, value)| value);
        text::utf8(bytes, &String::from_utf8_lossy(encoding))
    }
}

/// Finds the empty line before the message: where the line before it ends.
fn before_message(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|two| two == b"\n\n")
}

/// The lines of a commit before its message, as name and value; continuation
/// lines (of signatures) have an empty name.
fn header(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = bytes.split(|&byte| byte == b'\n');
    lines.take_while(|line| !line.is_empty()).map(|line| {
        let blank = line.iter().position(|&byte| byte == b' ');
        match blank {
            Some(blank) => (&line[..blank], &line[blank + 1..]),
            None => (line, &b""[..]),
        }
    })
}

/// Reads `Name <address> SECONDS ZONE`.
fn person(line: &[u8]) -> (&[u8], &[u8], i64) {
    let find = |wanted: u8| line.iter().rposition(|&byte| byte == wanted);
    let (Some(open), Some(close)) = (find(b'<'), find(b'>')) else {
        return (line.trim_ascii(), b"", 0);
    };
    let address = line.get(open + 1..close).unwrap_or_default();
    let time = std::str::from_utf8(&line[close + 1..]).unwrap_or_default();
    let seconds = time.split_whitespace().next();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(0);
    (line[..open].trim_ascii(), address, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_as_they_are_stored() {
        let id = "1234567890123456789012345678901234567890";
        let text = format!(
            "tree {id}\nparent {id}\nparent {id}\nauthor A <b> C <a@b> 5 +0100\n\
             committer D <d@e> -7 +0000\ngpgsig -----BEGIN\n x\n \n -----END\n\nsubject\n\nbody\n"
        );
        let commit = CommitObject::parse(text.as_bytes()).expect("a commit");
        assert_eq!(commit.parents.len(), 2);
        assert_eq!((commit.authored(), commit.committed), (5, -7));
        assert_eq!(commit.author(), ("A <b> C".into(), "a@b".into()));
        assert_eq!(commit.message(), "subject\n\nbody\n");
        let latin = [
            format!("tree {id}\nauthor x <> 1 +0000\nencoding ISO-8859-1\n\n").as_bytes(),
            b"caf\xe9\n",
        ]
        .concat();
        let latin = CommitObject::parse(&latin).expect("a commit");
        assert_eq!(latin.message(), "café\n");
        assert_eq!(CommitObject::parse(b"object x\n\n"), None);
        assert_eq!(CommitObject::parse(b""), None);
    }

    #[test]
    fn trees_are_read_and_broken_ones_told() {
        let mut bytes = b"100644 a\0".to_vec();
        bytes.extend([1; 20]);
        bytes.extend(b"40000 b\0");
        bytes.extend([2; 20]);
        let names: Vec<_> = Items(&bytes)
            .map(|item| item.map(|(name, item)| (name, item.is_directory())))
            .collect();
        assert_eq!(names, [Some((&b"a"[..], false)), Some((&b"b"[..], true))]);
        bytes.pop();
        assert_eq!(Items(&bytes).last(), Some(None));
        assert_eq!(Items(b"9 x").last(), Some(None));
    }

    #[test]
    fn trees_are_read_as_deep_as_git_reads_them() {
        let home = tempfile::tempdir().expect("a directory");
        git2::Repository::init(home.path()).expect("a repository");
        let repository = Repository::discover(home.path()).expect("a repository");
        let objects = repository.objects().expect("objects");
        let write = |kind, bytes: &[u8]| {
            let id = objects.odb.write(kind, bytes).expect("written");
            ObjectId::of(id).expect("an id")
        };
        let file = write(git2::ObjectType::Blob, b"x");
        let mut tree = write(
            git2::ObjectType::Tree,
            &[&b"100644 file\0"[..], &file.0].concat(),
        );
        let mut seen = Vec::new();
        for depth in 1..=20_000 {
            tree = write(
                git2::ObjectType::Tree,
                &[&b"40000 d\0"[..], &tree.0].concat(),
            );
            if [3, MAX_DEPTH, MAX_DEPTH + 1, 20_000].contains(&depth) {
                let (mut deepest, mut count) = (Vec::new(), 0);
                let found = objects.compare(None, Some(tree), &mut |found| {
                    deepest = found.path.to_vec();
                    count += 1;
                    Descend::Into
                });
                let end = String::from_utf8(deepest.split_off(deepest.len() - 6));
                seen.push((depth, count, end.expect("text"), found.is_ok()));
            }
        }
        let below = |depth: usize| (depth, depth + 1, "d/file".to_owned(), true);
        let refused = |depth: usize| (depth, MAX_DEPTH + 1, "/d/d/d".to_owned(), false);
        let want = [
            below(3),
            below(MAX_DEPTH),
            refused(MAX_DEPTH + 1),
            refused(20_000),
        ];
        assert_eq!(seen, want);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = CommitObject::parse(&bytes).map(|c| (c.author(), c.message()));
            let _ = Items(&bytes).count();
        }
    }
}
