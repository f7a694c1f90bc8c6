use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// What makes each place differ: any of these sets, as a whole.
type Causes = BTreeMap<u8, Vec<Set>>;

fn differing(causes: &Causes, set: &Set) -> BTreeSet<u8> {
    let differs = |sets: &Vec<Set>| sets.iter().any(|cause| cause.is_subset(set));
    let places = causes.iter().filter(|(_, sets)| differs(sets));
    places.map(|(place, _)| *place).collect()
}

fn found(variations: &Set, causes: &Causes) -> (Culprits<u8>, Vec<Set>) {
    let mut asked = Vec::new();
    let known = differing(causes, variations);
    let culprits = bisect(variations, &known, |set| {
        asked.push(set.clone());
        Ok::<_, Infallible>(differing(causes, set))
    });
    let Ok(culprits) = culprits;
    (culprits, asked)
}

fn set(variations: &[Variation]) -> Set {
    variations.iter().copied().collect()
}

#[test]
fn one_culprit_is_found_in_few_builds() {
    for culprit in Variation::usual() {
        let causes = Causes::from([(1, vec![set(&[culprit])])]);
        let (culprits, asked) = found(&Variation::usual(), &causes);
        assert_eq!(culprits.alone, BTreeMap::from([(culprit, [1].into())]));
        assert!(culprits.together.is_empty() && culprits.unstable.is_empty());
        assert_eq!(asked.len(), culprits.builds);
        assert!(asked.len() <= 9, "{culprit}: {} builds", asked.len());
    }
}

#[test]
fn several_culprits_of_several_places() {
    use Variation::{Path, Time, Umask, Zone};
    let causes = Causes::from([
        (1, vec![set(&[Time])]),
        (2, vec![set(&[Time]), set(&[Zone])]),
        (3, vec![set(&[Umask, Path])]),
        (4, vec![set(&[])]),
    ]);
    let (culprits, _) = found(&set(&Variation::ALL), &causes);
    assert_eq!(culprits.unstable, [4].into());
    let alone = BTreeMap::from([(Time, [1, 2].into()), (Zone, [2].into())]);
    assert_eq!(culprits.alone, alone);
    assert_eq!(culprits.together, [(set(&[Umask, Path]), [3].into())]);
}

#[test]
fn what_differs_by_itself_costs_one_build() {
    let causes = Causes::from([(1, vec![set(&[])])]);
    let (culprits, asked) = found(&Variation::usual(), &causes);
    assert_eq!(culprits.unstable, [1].into());
    assert_eq!(asked, [Set::new()], "nothing is left to explain");
}

#[test]
fn a_failed_build_ends_the_search() {
    let known = BTreeSet::from([1]);
    let result = bisect(&Variation::usual(), &known, |_| {
        Err::<BTreeSet<i32>, _>("no")
    });
    assert_eq!(result, Err("no"));
}

#[test]
fn answers_that_change_do_not_keep_it_going() {
    let variations = set(&Variation::ALL);
    for seed in 0_u32..200 {
        let mut state = seed;
        let known: BTreeSet<u8> = (0..6).collect();
        let mut builds = 0;
        let result = bisect(&variations, &known, |_| {
            builds += 1;
            assert!(builds < 2000, "it comes to an end");
            Ok::<_, Infallible>(
                (0..6)
                    .filter(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        state >> 31 == 1
                    })
                    .collect(),
            )
        });
        let Ok(culprits) = result;
        assert_eq!(culprits.builds, builds);
    }
}

fn some_set() -> impl Strategy<Value = Set> {
    proptest::collection::btree_set(0..Variation::ALL.len(), 0..4)
        .prop_map(|indices| indices.into_iter().map(|i| Variation::ALL[i]).collect())
}

proptest! {
    #[test]
    fn culprits_are_true_and_none_is_missed(
        causes in proptest::collection::btree_map(
            0_u8..6,
            proptest::collection::vec(some_set(), 1..4),
            0..6,
        ),
        variations in proptest::collection::btree_set(0..Variation::ALL.len(), 1..12),
    ) {
        let variations: Set = variations.into_iter().map(|i| Variation::ALL[i]).collect();
        let known = differing(&causes, &variations);
        let (culprits, asked) = found(&variations, &causes);
        prop_assert_eq!(&culprits.unstable, &differing(&causes, &Set::new()));
        // Nothing is built twice, and the bound holds.
        let distinct: BTreeSet<_> = asked.iter().collect();
        prop_assert_eq!(distinct.len(), asked.len());
        let (n, found) = (variations.len(), culprits.together.len());
        prop_assert!(asked.len() <= most_builds(n) + n * found);
        // Single culprits: exactly those that suffice by themselves.
        for variation in &variations {
            let expected = &differing(&causes, &set(&[*variation])) - &culprits.unstable;
            let alone = culprits.alone.get(variation).cloned().unwrap_or_default();
            prop_assert_eq!(alone, expected, "{}", variation);
        }
        // Combinations: true, and none of their members can be left out for
        // the place that they were found for.
        for (combination, places) in &culprits.together {
            prop_assert!(combination.len() > 1);
            prop_assert!(places.is_subset(&differing(&causes, combination)));
            let needed = places.iter().any(|place| {
                combination.iter().all(|variation| {
                    let mut fewer = combination.clone();
                    fewer.remove(variation);
                    !differing(&causes, &fewer).contains(place)
                })
            });
            prop_assert!(needed, "{:?}", combination);
        }
        // Everything is explained.
        let mut explained = culprits.unstable.clone();
        explained.extend(culprits.alone.values().flatten());
        explained.extend(culprits.together.iter().flat_map(|(_, places)| places));
        prop_assert!(known.is_subset(&explained));
    }
}
