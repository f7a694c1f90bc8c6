//! Whether what packages need is there: in the suite after the change, or in
//! the bases that hosts have beside it (Debian Policy 7.2).
//!
//! Asks of each relation in `Pre-Depends` and `Depends` whether somebody
//! satisfies one of its alternatives, as `apt-cache unmet` does. Whether all of
//! a package's needs can be met at once is a question for a solver, and is not
//! asked.

use std::collections::{BTreeMap, BTreeSet};

use super::offer::{self, Offer};
use super::{Around, Change, Names, changes, label, listed};
use crate::archive::admission::Admission;
use crate::archive::settings::Gate;
use crate::format::index::Stanza;
use crate::format::relation::{Alternative, Clause, Relation};
use crate::model::{Architecture, Finding, PackageName};

/// A relation that nobody satisfies: for which architectures, and which
/// packages have it.
type Missing = BTreeMap<String, BTreeMap<Architecture, BTreeSet<String>>>;

/// Says which relations of packages that come nobody satisfies.
pub(super) fn judge<A: Around>(
    admission: &Admission,
    around: &A,
) -> Result<Vec<Finding>, A::Error> {
    let mut missing = Missing::new();
    let mut there = BTreeMap::new();
    for (architecture, change) in changes(admission) {
        let mut needs = BTreeMap::<String, (Clause, BTreeSet<String>)>::new();
        for stanza in &change.added {
            for clause in clauses(stanza) {
                let need = needs.entry(clause.to_string());
                let (_, by) = need.or_insert_with(|| (clause, BTreeSet::new()));
                by.insert(label(stanza));
            }
        }
        let wanted: Vec<_> = needs.values().map(|(clause, _)| clause).collect();
        let market = Market::open(architecture, &change, &wanted, around)?;
        for (text, (clause, by)) in &needs {
            if !market.serves(clause) {
                let of_relation = missing.entry(text.clone()).or_default();
                of_relation.insert(architecture.clone(), by.clone());
                there.insert(text.clone(), market.versions(clause));
            }
        }
    }
    Ok(told(admission, around, &missing, &there))
}

/// Says which packages that stay lose what they need when others go.
pub(super) fn broken<A: Around>(
    admission: &Admission,
    around: &A,
) -> Result<Vec<Finding>, A::Error> {
    let mut found = BTreeMap::<(String, String), BTreeSet<String>>::new();
    for (architecture, change) in changes(admission) {
        let mut names = Names::new();
        for stanza in &change.removed {
            names.insert(stanza.name().clone());
            names.extend(Offer::provided(stanza).into_iter().map(|offer| offer.name));
        }
        let dependents = around.mentioning(architecture, &names)?;
        let mut needs = Vec::new();
        for stanza in dependents.iter().filter(|s| !change.removed.contains(s)) {
            let own = clauses(stanza).into_iter();
            let concerned = own
                .filter(|clause| packages(clause).any(|relation| names.contains(&relation.name)));
            needs.extend(concerned.map(|clause| (clause, stanza)));
        }
        let wanted: Vec<_> = needs.iter().map(|(clause, _)| clause).collect();
        let after = Market::open(architecture, &change, &wanted, around)?;
        let before = after.with(&change);
        for (clause, stanza) in &needs {
            if before.serves(clause) && !after.serves(clause) {
                let goes = change.removed.iter().filter(|gone| {
                    let mut offers = Offer::provided(gone);
                    offers.push(Offer::of(gone));
                    packages(clause).any(|r| offers.iter().any(|o| o.satisfies(r, architecture)))
                });
                let key = (listed(goes.map(|gone| label(gone))), clause.to_string());
                found.entry(key).or_default().insert(label(stanza));
            }
        }
    }
    let tell = |((gone, relation), by): ((String, String), BTreeSet<String>)| {
        let message = format!("{} would have nobody left for {relation}", listed(by));
        Finding::warning("breaks-dependency", gone, message)
            .fix("remove these too, or add what satisfies them first")
    };
    Ok(found.into_iter().map(tell).collect())
}

/// What can satisfy the relations that are asked about, by name: a change may
/// bring thousands of packages.
struct Market<'a> {
    architecture: &'a Architecture,
    offers: BTreeMap<PackageName, Vec<Offer>>,
}

impl<'a> Market<'a> {
    /// Gathers what serves these relations after a change: first the packages of
    /// their names, and only for what these leave open the bases and what is
    /// provided, which costs more.
    fn open<A: Around>(
        architecture: &'a Architecture,
        change: &Change<'_>,
        wanted: &[&Clause],
        around: &A,
    ) -> Result<Self, A::Error> {
        let stays = |name: &_, version: &_| {
            let gone = change.removed.iter();
            !gone
                .into_iter()
                .any(|gone| (gone.name(), gone.version()) == (name, version))
        };
        let mut market = Self {
            architecture,
            offers: BTreeMap::new(),
        };
        for stanza in &change.added {
            market.put([Offer::of(stanza)]);
            market.put(Offer::provided(stanza));
        }
        let names = market.open_names(wanted);
        if names.is_empty() {
            return Ok(market);
        }
        let packages = around.packages(architecture, &names)?;
        let packages = packages.iter().filter(|s| stays(s.name(), s.version()));
        market.put(packages.map(Offer::of));
        let names = market.open_names(wanted);
        if !names.is_empty() {
            market.put(around.based(architecture, &names)?);
        }
        let names = market.open_names(wanted);
        if !names.is_empty() {
            let provided = around.provided(architecture, &names)?.into_iter();
            market.put(provided.filter(|o| stays(&o.by, &o.by_version)));
        }
        Ok(market)
    }

    fn put(&mut self, offers: impl IntoIterator<Item = Offer>) {
        for offer in offers {
            let own = self.offers.entry(offer.name.clone()).or_default();
            own.push(offer);
        }
    }

    /// Returns it with what goes.
    fn with(&self, change: &Change<'_>) -> Self {
        let mut market = Self {
            architecture: self.architecture,
            offers: self.offers.clone(),
        };
        for gone in &change.removed {
            market.put([Offer::of(gone)]);
            market.put(Offer::provided(gone));
        }
        market
    }

    /// Returns the names in those relations that nobody serves yet.
    fn open_names(&self, wanted: &[&Clause]) -> Names {
        let open = wanted.iter().filter(|clause| !self.serves(clause));
        open.flat_map(|clause| packages(clause))
            .map(|r| r.name.clone())
            .collect()
    }

    fn serves(&self, clause: &Clause) -> bool {
        packages(clause).any(|relation| {
            let other = relation.qualifier.as_deref().is_some_and(|named| {
                !["any", "native", self.architecture.as_str()].contains(&named)
            });
            let mut own = self.offers.get(&relation.name).into_iter().flatten();
            // Another architecture's packages were not looked at.
            other || own.any(|offer| offer.satisfies(relation, self.architecture))
        })
    }

    /// Returns the versions there are of what a relation names.
    fn versions(&self, clause: &Clause) -> Vec<String> {
        let own = |relation: &Relation| self.offers.get(&relation.name);
        let offers = packages(clause).filter_map(own).flatten();
        let texts: BTreeSet<_> = offers
            .map(|offer| match &offer.version {
                Some(version) => format!("{} {version}", offer.name),
                None => format!("{} of {}", offer.name, offer.by),
            })
            .collect();
        texts.into_iter().collect()
    }
}

fn clauses(stanza: &Stanza) -> Vec<Clause> {
    let fields = stanza.paragraph();
    let mut found = offer::field(&fields, "Pre-Depends");
    found.extend(offer::field(&fields, "Depends"));
    found
}

fn packages(clause: &Clause) -> impl Iterator<Item = &Relation> {
    clause
        .alternatives
        .iter()
        .filter_map(|alternative| match alternative {
            Alternative::Relation(relation) => Some(relation),
            Alternative::Unsettled(_) => None,
        })
}

/// Tells what is missing: one finding a relation; but where the suite has
/// declared no base and only warns, one in all, because then most of what is
/// missing is only somewhere else.
fn told<A: Around>(
    admission: &Admission,
    around: &A,
    missing: &Missing,
    there: &BTreeMap<String, Vec<String>>,
) -> Vec<Finding> {
    const RULE: &str = "dependency-not-satisfied";
    let (suite, gates) = (admission.suite.as_str(), &admission.settings.gates);
    if missing.is_empty() {
        return Vec::new();
    }
    let unread = around.unread_bases();
    if !unread.is_empty() {
        let relations = listed(missing.keys());
        let tell = |(base, why): (String, String)| {
            let message = format!("it cannot be looked into, which leaves open {relations}: {why}");
            let fix = "try again when it answers; --keyring names a keyring that knows its key";
            gates
                .dependencies
                .finding("base-not-readable", &base, message)
                .fix(fix)
        };
        return unread.into_iter().map(tell).collect();
    }
    let who = |by: &BTreeMap<Architecture, BTreeSet<String>>| {
        let all: BTreeSet<_> = by.values().flatten().collect();
        format!("{} on {}", listed(all), listed(by.keys()))
    };
    let declare = format!(
        "add what is missing, or say what hosts have beside {suite} \
         (archive init --suite {suite} --base \"http://deb.debian.org/debian trixie main\")"
    );
    if gates.bases.is_empty() && gates.dependencies == Gate::Warn {
        let relation = |(relation, by): (&String, &_)| format!("{relation} for {}", who(by));
        let relations: Vec<_> = missing.iter().map(relation).collect();
        let message = format!(
            "it does not satisfy all dependencies, and has no bases that could: {}",
            relations.join("; ")
        );
        return vec![Finding::warning(RULE, suite, message).fix(declare)];
    }
    let tell = |(relation, by): (&String, &_)| {
        let there = match there.get(relation).map_or(&[][..], |found| found) {
            [] => String::new(),
            versions => format!("; there is {}", listed(versions)),
        };
        let message = format!("nobody satisfies it for {}{there}", who(by));
        gates
            .dependencies
            .finding(RULE, relation, message)
            .fix(declare.as_str())
    };
    missing.iter().map(tell).collect()
}
