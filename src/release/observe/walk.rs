//! One walk down the history for all packages at once.
//!
//! Every commit carries two sets of packages: those that look for their last
//! release there, and those whose release is above it. Both only grow on the
//! way down, so that a commit whose sets grow after it was read (its date lies)
//! is read again. The walk ends when nobody looks for anything in what is left,
//! and a little later: a commit that seemed unreleased may be reached from a
//! release by commits with too early dates.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::members::Members;
use super::moved::{self, Move};
use super::releases::Releases;
use super::territory::{Territory, Touched};
use crate::release::policy::{Merges, Unit};
use crate::sys::git::{CommitObject, GitError, ObjectId, Objects};

/// How many commits below all releases are read after nothing seems to be
/// missing. git goes on for 5 and is wrong when more commits than that have
/// lying dates in a row; 500 cost 5 ms.
pub(super) const SLOP: usize = 500;

/// A commit as the walk left it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: ObjectId,
    pub(super) object: CommitObject,
    /// Its parents, as indices, once it was read.
    pub(super) parents: Vec<usize>,
    /// The packages that look for their last release here.
    interested: Members,
    /// The packages with a final release above.
    released: Members,
    /// The packages with a final release on this commit.
    own: Option<Members>,
    /// Whether it is on the line of first parents from HEAD.
    pub(super) on_line: bool,
    pub(super) touched: Option<Touched>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Queued,
    Done,
}

impl Node {
    /// Returns the packages whose unreleased range this commit is in.
    pub(super) fn range(&self) -> Members {
        let open = self.interested.without(&self.released);
        match &self.own {
            Some(own) => open.without(own),
            None => open,
        }
    }

    /// Tells whether it is in anybody's range.
    fn is_open(&self) -> bool {
        let above = [Some(&self.released), self.own.as_ref()];
        self.interested.exceeds(above)
    }

    /// Returns the packages whose nearest release on some line is here.
    pub(super) fn nearest(&self) -> Option<Members> {
        let own = self.own.as_ref()?;
        let open = self.interested.without(&self.released);
        Some(open.without(&open.without(own)))
    }
}

/// What to walk, and how.
pub(super) struct Scope<'a> {
    pub(super) units: &'a [Unit],
    pub(super) objects: &'a Objects<'a>,
    pub(super) merges: Merges,
    pub(super) releases: &'a Releases,
    /// From this commit down nothing is of interest to anyone.
    pub(super) until: Option<ObjectId>,
    pub(super) birth: Birth,
    pub(super) slop: usize,
    /// The packages whose ranges are wanted.
    pub(super) wanted: Members,
}

/// What becomes of the history before the directory of a package that was never
/// released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birth {
    /// It is not the package's: in a large repository one new package would
    /// make everybody read everything.
    Ends,
    /// It is read all the same.
    GoesOn,
}

/// The commits that were read, with what they touch.
pub(super) struct Walk<'a> {
    scope: Scope<'a>,
    territory: Territory<'a>,
    /// All commits, HEAD first.
    pub(super) nodes: Vec<Node>,
    by_id: HashMap<ObjectId, usize>,
    queue: BinaryHeap<(i64, Reverse<usize>)>,
    /// How many queued commits somebody looks for something in.
    live: usize,
}

impl<'a> Walk<'a> {
    /// Walks from `head`, again from the start when a package turns out to
    /// have been moved: commits beside the move have it at the old place, too.
    pub(super) fn from(
        head: ObjectId,
        scope: impl Fn() -> Scope<'a>,
    ) -> Result<Walk<'a>, GitError> {
        let mut moves: Vec<Move> = Vec::new();
        loop {
            let scope = scope();
            let mut walk = Self {
                territory: Territory::new(scope.units, scope.objects, moves.clone()),
                scope,
                nodes: Vec::new(),
                by_id: HashMap::new(),
                queue: BinaryHeap::new(),
                live: 0,
            };
            match walk.run(head, &moves)? {
                Some(found) => moves.push(found),
                None => return Ok(walk),
            }
        }
    }

    fn run(&mut self, head: ObjectId, moves: &[Move]) -> Result<Option<Move>, GitError> {
        let head = self.node(head)?;
        self.nodes[head].interested = self.scope.wanted.clone();
        self.nodes[head].on_line = true;
        self.enqueue(head);
        if let Some(until) = self.scope.until {
            let until = self.node(until)?;
            if until != head {
                self.enqueue(until);
            }
        }
        let mut oldest_live = i64::MAX;
        let mut slop = self.scope.slop;
        while let Some((date, Reverse(index))) = self.queue.pop() {
            if self.nodes[index].state != State::Queued {
                continue;
            }
            let is_live = self.is_live(index);
            if self.live == 0 && date < oldest_live {
                if slop == 0 {
                    break;
                }
                slop -= 1;
            }
            self.nodes[index].state = State::Done;
            self.live -= usize::from(is_live);
            let parents = self.expand(index)?;
            if is_live {
                // A date in the past says nothing where older parents' do not.
                let dates = parents.iter().map(|&parent| self.date(parent));
                oldest_live = oldest_live.min(dates.max().unwrap_or(date).max(date));
            }
            let leaving = match is_live {
                true => match self.visit(index, moves)? {
                    Visited::Moved(found) => return Ok(Some(found)),
                    Visited::Leaving(leaving) => leaving,
                },
                false => Vec::new(),
            };
            self.paint(index, &parents, &leaving);
        }
        for node in &self.nodes {
            if node.state == State::Done && node.is_open() {
                self.scope.objects.substitutes.check(node.id)?;
            }
        }
        Ok(None)
    }

    /// Hands a commit's sets down to its parents, but for the packages that
    /// leave off there.
    fn paint(&mut self, index: usize, parents: &[usize], leaving: &[(usize, usize)]) {
        let node = &self.nodes[index];
        let mut released = node.released.clone();
        if let Some(own) = &node.own {
            released.grow(own);
        }
        let interested = node.interested.clone();
        let on_line = node.on_line;
        for (place, &parent) in parents.iter().enumerate() {
            let mut interested = interested.clone();
            for &(of, unit) in leaving {
                if of == place {
                    interested.remove(unit);
                }
            }
            let was_live = self.nodes[parent].state == State::Queued && self.is_live(parent);
            let node = &mut self.nodes[parent];
            let is_first = on_line && place == 0;
            let mut grown = node.interested.grow(&interested);
            grown |= node.released.grow(&released);
            grown |= is_first && !node.on_line;
            node.on_line |= is_first;
            if node.state == State::Queued {
                let is_live = self.is_live(parent);
                self.live = self.live - usize::from(was_live) + usize::from(is_live);
            } else if grown {
                self.enqueue(parent);
            }
        }
    }

    fn members(&self) -> usize {
        members(self.scope.units)
    }

    fn enqueue(&mut self, index: usize) {
        self.nodes[index].state = State::Queued;
        self.live += usize::from(self.is_live(index));
        self.queue.push((self.date(index), Reverse(index)));
    }

    fn date(&self, index: usize) -> i64 {
        self.nodes[index].object.committed
    }

    fn is_live(&self, index: usize) -> bool {
        self.nodes[index].is_open()
    }

    /// Finds or reads a commit.
    fn node(&mut self, id: ObjectId) -> Result<usize, GitError> {
        if let Some(&known) = self.by_id.get(&id) {
            return Ok(known);
        }
        let count = self.members();
        let own = match self.scope.until == Some(id) {
            true => Some(Members::all(count)),
            false => self.scope.releases.finals.get(&id).cloned(),
        };
        self.nodes.push(Node {
            id,
            object: self.scope.objects.commit(id)?,
            parents: Vec::new(),
            interested: Members::none(count),
            released: Members::none(count),
            own,
            on_line: false,
            touched: None,
            state: State::New,
        });
        self.by_id.insert(id, self.nodes.len() - 1);
        Ok(self.nodes.len() - 1)
    }

    /// Returns a commit's parents, reading them once. A shallow clone has none
    /// where it ends.
    fn expand(&mut self, index: usize) -> Result<Vec<usize>, GitError> {
        let node = &self.nodes[index];
        if self.scope.objects.substitutes.shallow.contains(&node.id) {
            return Ok(Vec::new());
        }
        if node.parents.len() < node.object.parents.len() {
            let ids = node.object.parents.clone();
            let parents: Result<Vec<usize>, _> = ids.iter().map(|&id| self.node(id)).collect();
            self.nodes[index].parents = parents?;
        }
        Ok(self.nodes[index].parents.clone())
    }

    /// Looks at what a commit in somebody's range changes.
    fn visit(&mut self, index: usize, moves: &[Move]) -> Result<Visited, GitError> {
        let node = &self.nodes[index];
        // Refused at the end, unless a release turns up above it.
        if self.scope.objects.substitutes.check(node.id).is_err() {
            return Ok(Visited::Leaving(Vec::new()));
        }
        let is_read = match self.scope.merges {
            Merges::AllCommits => node.parents.len() < 2,
            Merges::FirstParent => node.on_line,
        };
        if !is_read {
            return Ok(Visited::Leaving(self.absent(index)?));
        }
        let (after, first) = (node.object.tree, node.parents.first().copied());
        let before = first.map(|first| self.nodes[first].object.tree);
        if node.touched.is_none() {
            let touched = self.territory.touched(before, after)?;
            self.nodes[index].touched = Some(touched);
        }
        let range = self.nodes[index].range();
        let Some(before) = before else {
            return Ok(Visited::Leaving(Vec::new()));
        };
        let touched = self.nodes[index].touched.as_ref();
        let born = touched.map_or(&[][..], |touched| &touched.born[..]);
        for (unit, place) in born.iter().filter(|(unit, _)| range.has(*unit)) {
            let known = |moved: &Move| moved.unit == *unit && moved.newer == *place;
            if moves.iter().any(known) {
                continue;
            }
            let older = moved::origin(self.scope.objects, before, after, place)?;
            // Back and forth is no third place.
            let older = older.filter(|older| self.territory.places(*unit).all(|p| p != older));
            if let Some(older) = older {
                let (unit, newer) = (*unit, place.clone());
                return Ok(Visited::Moved(Move { unit, newer, older }));
            }
        }
        let leaving = match born.is_empty() && self.nodes[index].parents.len() < 2 {
            true => Vec::new(),
            false => self.absent(index)?,
        };
        Ok(Visited::Leaving(leaving))
    }

    /// Lists the parents that packages without any release are not in yet, as
    /// the parent's place and the package: their history begins here.
    fn absent(&self, index: usize) -> Result<Vec<(usize, usize)>, GitError> {
        let node = &self.nodes[index];
        let mut found = Vec::new();
        if self.scope.birth == Birth::GoesOn {
            return Ok(found);
        }
        let known = |unit: &usize| *unit < self.scope.units.len();
        for unit in node.range().iter().filter(known) {
            let is_bounded = !self.scope.releases.any(unit)
                && self.scope.units[unit].include.is_empty()
                && self.territory.places(unit).all(|place| !place.is_empty());
            if !is_bounded {
                continue;
            }
            for (place, &parent) in node.parents.iter().enumerate() {
                let tree = self.nodes[parent].object.tree;
                if !self.territory.is_in(unit, tree)? {
                    found.push((place, unit));
                }
            }
        }
        Ok(found)
    }

    /// Orders the commits in anybody's range, newest first: by date, but no
    /// commit behind one of its ancestors.
    pub(super) fn order(&self) -> Vec<usize> {
        let is_in: Vec<bool> = self
            .nodes
            .iter()
            .map(|node| node.state == State::Done && node.is_open())
            .collect();
        let mut children = vec![0_usize; self.nodes.len()];
        let within = || (0..self.nodes.len()).filter(|&index| is_in[index]);
        for index in within() {
            for &parent in &self.nodes[index].parents {
                children[parent] += 1;
            }
        }
        let key = |index: usize| (self.date(index), Reverse(index));
        let tips = within().filter(|&index| children[index] == 0);
        let mut queue: BinaryHeap<_> = tips.map(key).collect();
        let mut order = Vec::new();
        while let Some((_, Reverse(index))) = queue.pop() {
            order.push(index);
            for &parent in &self.nodes[index].parents {
                children[parent] -= 1;
                if children[parent] == 0 && is_in[parent] {
                    queue.push(key(parent));
                }
            }
        }
        order
    }

    /// Marks a commit and all of its ancestors that were read.
    pub(super) fn ancestors(&self, of: usize) -> Vec<bool> {
        let mut found = vec![false; self.nodes.len()];
        let mut open = vec![of];
        while let Some(index) = open.pop() {
            if !found[index] {
                found[index] = true;
                open.extend(&self.nodes[index].parents);
            }
        }
        found
    }
}

/// Returns the set of all packages. Without any package the sets still have to
/// say whether a commit counts.
pub(super) fn everybody(units: &[Unit]) -> Members {
    Members::all(members(units))
}

/// Returns how many packages the sets have room for.
fn members(units: &[Unit]) -> usize {
    units.len().max(1)
}

/// What looking at a commit came to.
enum Visited {
    /// A package was moved; all has to be looked at again.
    Moved(Move),
    /// Packages that are not handed down to some parents.
    Leaving(Vec<(usize, usize)>),
}
