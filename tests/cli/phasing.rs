//! Which hosts take a phased update, by the real apt's own decision.

use std::fmt::Write as _;

use debcut::format::version::Version;
use debcut::model::{Architecture, PackageName};
use debcut::rollout::phasing::{self, Apt};

use crate::apt::client::Client;
use crate::world::{World, tool};

/// Machines, some of them made up.
const MACHINES: [&str; 4] = [
    "85acb55e5a8466ca646fe990fe239699",
    "03e04301b15a7969eae9d94821cc8222",
    "66957da8fb7e954663ab26ad8198ed70",
    "ffffffffffffffffffffffffffffffff",
];
const PERCENTAGES: [u8; 7] = [0, 1, 10, 37, 50, 99, 100];

struct Offered {
    package: String,
    source: PackageName,
    version: Version,
    percent: u8,
}

/// Offers packages whose source has another name or another version, with and
/// without an epoch.
fn offers() -> Vec<Offered> {
    let mut offers = Vec::new();
    for number in 0..90 {
        let percent = PERCENTAGES[number % PERCENTAGES.len()];
        let source = format!("source{}+x.y", number / 3);
        let version = ["2-1", "3:7.1-1", "2.0~rc1+dfsg-1ubuntu0.1"][number % 3];
        offers.push(Offered {
            package: format!("package{number}"),
            source: PackageName::new(source).expect("a name"),
            version: Version::new(version).expect("a version"),
            percent,
        });
    }
    offers
}

fn indices(offers: &[Offered]) -> (String, String) {
    let here = Architecture::of_this_machine();
    let (mut installed, mut offered) = (String::new(), String::new());
    for offer in offers {
        let Offered {
            package,
            source,
            version,
            percent,
        } = offer;
        let both = format!(
            "Package: {package}\nArchitecture: {here}\nMaintainer: a <a@example.org>\n\
             Description: none\n"
        );
        let _ = writeln!(
            installed,
            "{both}Status: install ok installed\nVersion: 1\n"
        );
        // A binary's own version is not what is drawn for.
        let _ = writeln!(
            offered,
            "{both}Source: {source} ({version})\nVersion: 4:{package}\n\
             Phased-Update-Percentage: {percent}\nFilename: ./{package}.deb\nSize: 1\n\
             SHA256: {:064}\n",
            0
        );
    }
    (installed, offered)
}

/// The apt that is installed draws as which?
fn this_apt(world: &World) -> Apt {
    let mut apt = tool("apt-get", "apt");
    apt.arg("--version");
    let said = world.judge(apt).code(0).stdout;
    let version = said.split_whitespace().nth(1).expect("apt VERSION");
    let version = Version::new(version).expect("a version");
    match version < Version::new("3.3~").expect("a version") {
        true => Apt::Old,
        false => Apt::New,
    }
}

#[test]
fn apt_decides_as_is_computed() {
    let world = World::new();
    let repository = world.path("repository");
    std::fs::create_dir(&repository).expect("a directory");
    let offers = offers();
    let (installed, offered) = indices(&offers);
    std::fs::write(repository.join("Packages"), offered).expect("a file");
    let sources = format!("deb [trusted=yes] file:{} ./\n", repository.display());
    let client = Client::new(&world, "client", ("here.list", &sources));
    let status = world.path("client/var/lib/dpkg/status");
    std::fs::write(status, installed).expect("a file");
    client.update().code(0);
    let apt = this_apt(&world);
    let (mut taken, mut left) = (0, 0);
    for machine in MACHINES {
        let id = format!("APT::Machine-ID={machine}");
        // In a chroot apt takes everything; this one is told that it is in none.
        let outside = "Dir::Bin::ischroot=/bin/false";
        let words = ["--simulate", "-o", &id, "-o", outside, "upgrade"];
        let said = client.apt("apt-get", &words).code(0).stdout;
        for offer in &offers {
            let line = format!("Inst {} [1]", offer.package);
            let takes = said.lines().any(|said| said.starts_with(&line));
            let drawn = phasing::draw(&offer.source, &offer.version, machine, apt);
            let computed = phasing::takes(offer.percent, drawn, apt);
            let Offered {
                source,
                version,
                percent,
                ..
            } = offer;
            assert_eq!(
                takes, computed,
                "{source} {version} on {machine}: drew {drawn} of {percent}"
            );
            *(if takes { &mut taken } else { &mut left }) += 1;
        }
    }
    assert!(taken > 100 && left > 100, "{taken} taken, {left} left");
}

#[test]
fn what_makes_apt_take_a_phased_update_anyway() {
    let world = World::new();
    let repository = world.path("repository");
    std::fs::create_dir(&repository).expect("a directory");
    let offers: Vec<_> = offers()
        .into_iter()
        .filter(|offer| offer.percent == 1)
        .collect();
    let (installed, offered) = indices(&offers);
    std::fs::write(repository.join("Packages"), offered).expect("a file");
    let sources = format!("deb [trusted=yes] file:{} ./\n", repository.display());
    let client = Client::new(&world, "client", ("here.list", &sources));
    let status = world.path("client/var/lib/dpkg/status");
    std::fs::write(status, installed).expect("a file");
    client.update().code(0);
    let id = "66957da8fb7e954663ab26ad8198ed70";
    let machine = &format!("APT::Machine-ID={id}");
    let apt = this_apt(&world);
    let drawn = offers.iter().filter(|offer| {
        let drawn = phasing::draw(&offer.source, &offer.version, id, apt);
        phasing::takes(offer.percent, drawn, apt)
    });
    let drawn = drawn.count();
    let outside = "Dir::Bin::ischroot=/bin/false";
    let inside = "Dir::Bin::ischroot=/bin/true";
    let all = offers.len();
    assert!(drawn < all, "{drawn} of {all}");
    let named = offers[0].package.as_str();
    for (words, wanted, what) in [
        (vec!["-o", outside, "upgrade"], drawn, "it is phased"),
        (vec!["-o", inside, "upgrade"], all, "a chroot takes all"),
        (
            vec![
                "-o",
                outside,
                "-o",
                "APT::Get::Always-Include-Phased-Updates=true",
                "upgrade",
            ],
            all,
            "so does who wants all",
        ),
        (vec!["-o", outside, "install", named], 1, "and who names it"),
    ] {
        let mut call = vec!["--simulate", "-o", machine];
        call.extend(words);
        let said = client.apt("apt-get", &call).code(0).stdout;
        let taken = said.lines().filter(|line| line.starts_with("Inst "));
        assert_eq!(taken.count(), wanted, "{what}");
    }
}
