//! The packages of these tests, made on the machine by the real tools.

/// Functions that make packages, the archive's index, and the sources file.
const MAKING: &str = r#"set -e
mkdir -p /srv/archive /tmp/p
cd /srv/archive
native=$(dpkg --print-architecture)

# begin NAME ARCHITECTURE VERSION SOURCE [FIELD...]
begin() {
  rm -rf /tmp/p && mkdir -p /tmp/p/DEBIAN "/tmp/p/usr/share/$1"
  echo "$3" >"/tmp/p/usr/share/$1/version"
  {
    printf 'Package: %s\nArchitecture: %s\nVersion: %s\nSource: %s\n' "$1" "$2" "$3" "$4"
    printf 'Maintainer: Ada <ada@example.org>\nDescription: a test\n'
    shift 4
    for field; do echo "$field"; done
  } >/tmp/p/DEBIAN/control
}
script() {
  { echo '#!/bin/sh'; cat; } >"/tmp/p/DEBIAN/$1"
  chmod 755 "/tmp/p/DEBIAN/$1"
}
pack() {
  dpkg-deb -Znone --root-owner-group -b /tmp/p /srv/archive >/dev/null
}
# plain NAME ARCHITECTURE VERSION SOURCE [FIELD...]
plain() { begin "$@"; pack; }
index() {
  cd /srv/archive
  apt-ftparchive packages . >Packages
  apt-ftparchive release . >/tmp/Release
  mv /tmp/Release Release
  printf 'Types: deb\nURIs: file:/srv/archive\nSuites: ./\nTrusted: yes\n' >/etc/apt/sources.list.d/debcut.sources
}
"#;

/// Returns the script that makes packages and their archive.
pub fn archive(making: &str) -> String {
    format!("{MAKING}\n{making}\nindex\n")
}
