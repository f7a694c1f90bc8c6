"""What is measured: debcut and its peers, each as its manual would have it
fastest, all with xz and gzip where they can, SHA-256 and a signature.

A step is a list of commands, `(argv, file for stdout or None)`, or None where
a program has no such thing.
"""

import json
import os
import shutil
import stat

COMPONENT, ARCHITECTURE = "main", "amd64"


class Tool:
    """A program that makes an archive in a directory of its own."""

    name = ""
    needs = ()
    most = None  # packages, where more would take hours
    contents = (False, True)  # the variants that it can make

    def __init__(self, site, work, with_contents):
        self.site, self.work, self.with_contents = site, work, with_contents
        os.makedirs(work)
        self.prepare()

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def prepare(self):
        """Writes its configuration; not measured."""

    def before_change(self):
        """Returns what keeps the state that a rollback goes back to."""
        return []

    def before_rollback(self):
        """Returns what else a rollback needs to be there."""
        return []


class Debcut(Tool):
    name = "debcut"

    def debcut(self, *words):
        return ([self.site.debcut, "--quiet", "archive", *words], None)

    def at(self):
        return ("--archive", self.path("archive"))

    def prepare(self):
        plain = () if self.with_contents or not self.site.has_contents else ("--no-contents",)
        self.init = self.debcut(
            "init", self.path("archive"), "--suite", "stable", "--suite", "next",
            "--component", COMPONENT, "--architecture", ARCHITECTURE, *plain,
        )  # fmt: skip

    def full(self, packages):
        return [self.init, self.debcut("add", *packages.shelves, "--to", "stable", *self.at())]

    def add(self, files):
        add, _ = self.debcut("--json", "add", *files, "--to", "stable", *self.at())
        return [(add, self.path("added.json"))]

    def everything_again(self, packages):
        return [self.debcut("add", *packages.shelves, "--to", "stable", *self.at())]

    def second(self):
        return [self.debcut("promote", "--all", "--from", "stable", "--to", "next", *self.at())]

    def promote(self, names, _files):
        return [self.debcut("promote", *names, "--from", "stable", "--to", "next", *self.at())]

    def rollback(self):
        with open(self.path("added.json"), encoding="utf-8") as file:
            newest = json.load(file)["generation"]
        return [self.debcut("rollback", "stable", "--to", str(newest - 1), *self.at())]


class Signed(Tool):
    """Tools that leave the Release file to apt-ftparchive and gpg."""

    def prepare(self):
        self.write(
            "release.conf",
            f'APT::FTPArchive::Release {{ Suite "stable"; Codename "stable"; Components "{COMPONENT}";'
            f' Architectures "{ARCHITECTURE}"; Patterns {{ "Packages*"; "Contents*"; }} }};\n'
            'APT::FTPArchive::MD5 "false"; APT::FTPArchive::SHA1 "false"; APT::FTPArchive::SHA512 "false";\n',
        )

    def signed(self, suite):
        top = f"dists/{suite}"
        release = ["apt-ftparchive", "-c", self.path("release.conf"), "release", top]
        gpg = ["gpg", "--batch", "--yes", "--local-user", self.site.key]
        os.makedirs(self.path("root", top), exist_ok=True)
        return [
            (release, self.path("root", top, "Release")),
            ([*gpg, "--clear-sign", "--output", f"{top}/InRelease", f"{top}/Release"], None),
            ([*gpg, "--armor", "--detach-sign", "--output", f"{top}/Release.gpg", f"{top}/Release"], None),
        ]

    def directory(self):
        return self.path("root")

    def link(self, suite, files):
        """Puts packages into a suite's pool: part of the work, hardly any."""
        place = self.path("root", "pool", suite)
        os.makedirs(place, exist_ok=True)
        return [([*("cp", "--link", "--target-directory"), place, *files], None)]

    def full(self, packages):
        return self.link("stable", packages.files) + self.generate("stable")

    def add(self, files):
        return self.link("stable", files) + self.generate("stable")

    def everything_again(self, _packages):
        return self.generate("stable")

    def second(self):
        pool = self.path("root", "pool")
        copy = ["cp", "--recursive", "--link", f"{pool}/stable", f"{pool}/next"]
        return [(copy, None)] + self.generate("next")

    def promote(self, _names, files):
        return self.link("next", files) + self.generate("next")

    def rollback(self):
        return None


class AptFtparchive(Signed):
    name = "apt-ftparchive"
    needs = (("apt-ftparchive", "apt-utils"), ("gpg", "gnupg"))

    def prepare(self):
        super().prepare()
        for suite in ("stable", "next"):
            contents = f'Contents "dists/{suite}/Contents-$(ARCH)";' if self.with_contents else 'Contents " ";'
            self.write(
                f"{suite}.conf",
                f'Dir {{ ArchiveDir "{self.path("root")}"; CacheDir "{self.path("cache")}"; }};\n'
                'Default { Packages::Compress "xz gzip"; Contents::Compress "gzip"; };\n'
                f'TreeDefault {{ Directory "pool/{suite}"; BinCacheDB "{suite}-$(ARCH).db";\n'
                f'  Packages "dists/{suite}/$(SECTION)/binary-$(ARCH)/Packages"; {contents} }};\n'
                f'Tree "dists/{suite}" {{ Sections "{COMPONENT}"; Architectures "{ARCHITECTURE}"; }};\n'
                'APT::FTPArchive::MD5 "false"; APT::FTPArchive::SHA1 "false"; APT::FTPArchive::SHA512 "false";\n'
                f'APT::FTPArchive::Contents "{"true" if self.with_contents else "false"}";\n',
            )
            os.makedirs(self.path("root", "dists", suite, COMPONENT, f"binary-{ARCHITECTURE}"))
            os.makedirs(self.path("root", "pool", suite))
        os.makedirs(self.path("cache"))

    def generate(self, suite):
        generate = ["apt-ftparchive", "--quiet", "generate", self.path(f"{suite}.conf")]
        return [(generate, None), *self.signed(suite)]


class DpkgScanpackages(Signed):
    name = "dpkg-scanpackages"
    needs = (("dpkg-scanpackages", "dpkg-dev"), ("apt-ftparchive", "apt-utils"), ("gpg", "gnupg"))
    most = 10_000
    contents = (False,)

    def generate(self, suite):
        place = f"dists/{suite}/{COMPONENT}/binary-{ARCHITECTURE}"
        os.makedirs(self.path("root", place), exist_ok=True)
        scan = ["dpkg-scanpackages", "--multiversion", "--arch", ARCHITECTURE, "--hash", "sha256", f"pool/{suite}"]
        packages = f"{place}/Packages"
        return [
            (scan, self.path("root", packages)),
            (["gzip", "--force", "--keep", packages], None),
            (["xz", "--force", "--threads=0", packages], None),
            *self.signed(suite),
        ]


class Reprepro(Tool):
    name = "reprepro"
    needs = (("reprepro", "reprepro"), ("gpg", "gnupg"))

    def prepare(self):
        contents = "Contents: .gz percomponent\n" if self.with_contents else ""
        suite = (
            f"Components: {COMPONENT}\nArchitectures: {ARCHITECTURE}\nSignWith: {self.site.key}\n"
            f"DebIndices: Packages Release .gz .xz\n{contents}\n"
        )
        self.write("conf/distributions", "".join(f"Codename: {s}\n{suite}" for s in ("stable", "next")))

    def reprepro(self, *words):
        return (["reprepro", "--silent", "--basedir", self.work, *words], None)

    def full(self, packages):
        return [self.reprepro("includedeb", "stable", *packages.files)]

    def add(self, files):
        return [self.reprepro("includedeb", "stable", *files)]

    def everything_again(self, packages):
        return self.full(packages)

    def second(self):
        return [self.reprepro("copymatched", "next", "stable", "*")]

    def promote(self, names, _files):
        return [self.reprepro("copy", "next", "stable", *names)]

    def before_change(self):
        return [self.reprepro("gensnapshot", "stable", "before")]

    def rollback(self):
        # It takes packages back, and cannot take away what came since.
        return [self.reprepro("restorematched", "stable", "before", "*")]


class Aptly(Tool):
    name = "aptly"
    needs = (("aptly", "aptly"), ("gpg", "gnupg"))

    def prepare(self):
        self.write(
            "aptly.conf",
            json.dumps(
                {
                    "rootDir": self.path("aptly"),
                    "architectures": [ARCHITECTURE],
                    "gpgProvider": "gpg",
                    "skipContentsPublishing": not self.with_contents,
                    "skipLegacyPool": True,
                }
            ),
        )

    def aptly(self, *words):
        return (["aptly", "-config", self.path("aptly.conf"), *words], None)

    def publish(self, what, *words):
        return self.aptly(
            "publish", what, "-batch", "-skip-bz2", f"-gpg-key={self.site.key}", *words
        )

    def update(self, suite):
        # Garbage is collected by itself, as debcut's.
        return self.publish("update", "-skip-cleanup", suite)

    def full(self, packages):
        place = (f"-component={COMPONENT}", f"-architectures={ARCHITECTURE}")
        return [
            self.aptly("repo", "create", *place[:1], "stable"),
            self.aptly("repo", "add", "stable", *packages.shelves),
            self.publish("repo", "-acquire-by-hash", "-distribution=stable", *place, "stable"),
        ]

    def add(self, files):
        return [self.aptly("repo", "add", "stable", *files), self.update("stable")]

    def everything_again(self, packages):
        return [self.aptly("repo", "add", "stable", *packages.shelves), self.update("stable")]

    def second(self):
        return [
            self.aptly("repo", "create", f"-component={COMPONENT}", "next"),
            self.aptly("repo", "copy", "stable", "next", "Name (% *)"),
            self.publish("repo", "-acquire-by-hash", "-distribution=next", f"-architectures={ARCHITECTURE}", "next"),
        ]

    def promote(self, names, _files):
        query = " | ".join(f"Name (= {name})" for name in names)
        return [self.aptly("repo", "copy", "stable", "next", query), self.update("next")]

    def before_change(self):
        return [self.aptly("snapshot", "create", "before", "from", "repo", "stable")]

    def before_rollback(self):
        # Only what is published from a snapshot can be switched to another.
        return [
            self.aptly("snapshot", "create", "after", "from", "repo", "stable"),
            self.publish("snapshot", "-acquire-by-hash", "-distribution=turned", f"-architectures={ARCHITECTURE}", "after"),
        ]

    def rollback(self):
        return [self.publish("switch", "-skip-cleanup", "turned", "before")]


PEERS = [AptFtparchive, Reprepro, Aptly, DpkgScanpackages]


def remove(directory):
    """Removes a tree, read-only directories in it too."""

    def again(function, path, _why):
        os.chmod(os.path.dirname(path), stat.S_IRWXU)
        function(path)

    shutil.rmtree(directory, onerror=again)
