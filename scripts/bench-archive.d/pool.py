"""Generates the packages that are measured: small, valid, and as different
from each other as real ones.

    pool.py DIR COUNT

Fills DIR with the packages 0 to COUNT - 1, a thousand to a directory. The same
number always gives the same bytes; what is there already stays.
"""

import gzip
import hashlib
import io
import lzma
import multiprocessing
import os
import random
import struct
import sys
import zlib

# Another form of the packages is another directory.
FORM = "1"
SHELF = 1000

SYLLABLES = (
    "ab ac ad al am an ar as at au ba be bi bo bu ca ce ci co cu da de di do du "
    "el em en er es et fa fe fi fo ga ge gi go gu ha he hi ho ic il im in ir is "
    "ja je jo ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no nu ob ol om "
    "on op or pa pe pi po pu qua ra re ri ro ru sa se si so su ta te ti to tu um "
    "un ur va ve vi vo wa we wi xa xe ya yo za ze zi zo"
).split()
SECTIONS = (
    "admin database devel doc editors games gnome graphics httpd interpreters "
    "java javascript kde libdevel libs lisp localization mail math misc net news "
    "otherosfs perl php python rust science shells sound tex text utils web x11"
).split()
FORMS = [
    # how often, name, section, architecture
    (14, "lib{0}{1}", "libs", "amd64"),
    (10, "lib{0}-dev", "libdevel", "amd64"),
    (10, "python3-{0}", "python", "all"),
    (7, "golang-github-{0}-{2}-dev", "golang", "all"),
    (7, "librust-{0}-dev", "rust", "amd64"),
    (6, "r-cran-{0}", "gnu-r", "amd64"),
    (6, "node-{0}", "javascript", "all"),
    (6, "lib{0}-perl", "perl", "all"),
    (4, "ruby-{0}", "ruby", "all"),
    (4, "{0}-doc", "doc", "all"),
    (4, "lib{0}-java", "java", "all"),
    (3, "{0}-data", "games", "all"),
    (2, "fonts-{0}", "fonts", "all"),
    (2, "php-{0}", "php", "all"),
    (15, "{0}", None, "amd64"),
]


def word(random_, syllables):
    return "".join(random_.choice(SYLLABLES) for _ in range(syllables))


def named(count):
    """Yields name, version, section and architecture of each package."""
    random_ = random.Random("names")
    weights = [form[0] for form in FORMS]
    taken = set()
    for _ in range(count):
        while True:
            _, form, section, architecture = random_.choices(FORMS, weights)[0]
            stem = word(random_, random_.randint(2, 4))
            name = form.format(stem, random_.randint(0, 12), word(random_, 2))
            if name not in taken:
                break
        taken.add(name)
        section = section or random_.choice(SECTIONS)
        epoch = "1:" if random_.random() < 0.03 else ""
        upstream = ".".join(str(random_.randint(0, 20)) for _ in range(random_.randint(2, 3)))
        more = random_.choice(["", "", "", "", "+dfsg", "~rc1", "+git20230107.a1b2c3d"])
        yield name, f"{epoch}{upstream}{more}-{random_.randint(1, 9)}", section, architecture


def sentence(random_, words):
    return " ".join(word(random_, random_.randint(1, 3)) for _ in range(words))


def control_of(number, packages, kib):
    """Returns the control file of a package, about as long as Debian's."""
    random_ = random.Random(f"control {number}")
    name, version, section, architecture = packages[number]
    lines = [f"Package: {name}"]
    if random_.random() < 0.4:
        lines.append(f"Source: {name.split('-')[0]}-src")
    lines += [f"Version: {version}", f"Architecture: {architecture}"]
    team = random_.choice(["Debian QA Group", "Debian Science Team", "Ünal Example"])
    lines.append(f"Maintainer: {team} <team+{section}@example.org>")
    lines.append(f"Installed-Size: {kib}")

    # Only on earlier packages: every prefix of the pool is complete.
    def relations(most):
        found = {random_.randrange(number) for _ in range(random_.randint(0, most))}
        for at in sorted(found):
            other, its_version = packages[at][:2]
            yield f"{other} (>= {its_version})" if random_.random() < 0.5 else other

    if number > 0:
        for field, most in (("Depends", 9), ("Recommends", 2), ("Suggests", 2)):
            found = ", ".join(relations(most))
            if found:
                lines.append(f"{field}: {found}")
    lines += [f"Section: {section}", "Priority: optional"]
    if name.startswith("lib") and architecture != "all":
        lines.append("Multi-Arch: same")
    lines.append(f"Homepage: https://{word(random_, 3)}.example.org/{name}")
    lines.append(f"Description: {sentence(random_, 6)}")
    for _ in range(random_.randint(2, 9)):
        lines.append(f" {sentence(random_, random_.randint(7, 13))}")
        if random_.random() < 0.15:
            lines.append(" .")
    return "\n".join(lines) + "\n"


def files_of(number, packages):
    """Returns the paths and contents of a package's files."""
    random_ = random.Random(f"files {number}")
    name, _, _, architecture = packages[number]
    place = "usr/lib/x86_64-linux-gnu" if architecture == "amd64" else "usr/share"
    files = {
        f"usr/share/doc/{name}/copyright": ("Copyright: " + sentence(random_, 90)).encode(),
        f"usr/share/doc/{name}/changelog.Debian.gz": gzip.compress(
            sentence(random_, 60).encode(), mtime=0
        ),
    }
    for _ in range(random_.randint(1, 18)):
        below = random_.choice(["", "", "data/", "lib/", f"{word(random_, 2)}/"])
        ending = random_.choice(["", ".so.1", ".py", ".h", ".json", ".txt"])
        path = f"{place}/{name}/{below}{word(random_, 3)}{ending}"
        text = sentence(random_, random_.randint(10, 200)).encode()
        files[path] = random_.randbytes(random_.randint(50, 400)) + text
    return files


def header(path, mode, size, kind):
    fields = struct.pack(
        "100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x",
        path.encode(), b"%07o" % mode, b"%07o" % 0, b"%07o" % 0, b"%011o" % size,
        b"%011o" % 1_600_000_000, b" " * 8, kind, b"", b"ustar ", b" ",
        b"root", b"root", b"", b"", b"",
    )  # fmt: skip
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def tar(files, mode):
    """Returns a tar as dpkg-deb writes it, directories before what is in them."""
    out, made = io.BytesIO(), set()

    def directory(path):
        if path in made:
            return
        if path:
            directory(path.rpartition("/")[0])
        made.add(path)
        out.write(header(f"./{path}/" if path else "./", 0o755, 0, b"5"))

    for path in sorted(files):
        directory(path.rpartition("/")[0])
        out.write(header(f"./{path}", mode, len(files[path]), b"0"))
        out.write(files[path] + bytes(-len(files[path]) % 512))
    out.write(bytes(1024))
    return out.getvalue() + bytes(-out.tell() % 10240)


# Compressed with a small dictionary, which takes a tenth of the time.
XZ = [{"id": lzma.FILTER_LZMA2, "preset": 4, "dict_size": 1 << 16}]
EIGHT_MIB = 22


def xz(raw):
    """Compresses; the header demands the 8 MiB window of dpkg-deb's packages."""
    packed = bytearray(lzma.compress(raw, check=lzma.CHECK_CRC64, filters=XZ))
    size = (packed[12] + 1) * 4
    if packed[13:16] != b"\0\x21\x01":
        raise AssertionError("no block header with nothing but LZMA2")
    packed[16] = EIGHT_MIB
    crc = zlib.crc32(packed[12 : 12 + size - 4])
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", crc)
    return bytes(packed)


def deb(number, packages):
    """Returns the bytes of a package."""
    files = files_of(number, packages)
    sums = "".join(f"{hashlib.md5(c).hexdigest()}  {p}\n" for p, c in sorted(files.items()))
    control = {
        "control": control_of(number, packages, sum(map(len, files.values())) // 1024 + 1).encode(),
        "md5sums": sums.encode(),
    }
    # Most packages are packed by xz, older ones by gzip.
    pack, ending = (xz, "xz") if number % 8 else (lambda raw: gzip.compress(raw, mtime=0), "gz")
    members = [
        ("debian-binary", b"2.0\n"),
        (f"control.tar.{ending}", pack(tar(control, 0o644))),
        (f"data.tar.{ending}", pack(tar(files, 0o644))),
    ]
    parts = [b"!<arch>\n"]
    for name, content in members:
        parts.append(b"%-16s%-12d0     0     100644  %-10d`\n" % (name.encode(), 1_600_000_000, len(content)))
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


def file_name(package):
    name, version, _, architecture = package
    return f"{name}_{version.split(':')[-1]}_{architecture}.deb"


def shelf(top, number):
    return os.path.join(top, f"{number // SHELF:03d}")


def fill(top, numbers, packages):
    for number in numbers:
        path = os.path.join(shelf(top, number), file_name(packages[number]))
        if not os.path.exists(path):
            with open(path + ".new", "wb") as file:
                file.write(deb(number, packages))
            os.rename(path + ".new", path)


def main(top, count):
    packages = list(named(count))
    listed = os.path.join(top, "names")
    known = 0
    if os.path.exists(listed):
        with open(listed, encoding="utf-8") as file:
            known = len(file.readlines())
    if known < count:
        sys.stderr.write(f"generating {count - known} packages in {top}\n")
        for number in range(0, count, SHELF):
            os.makedirs(shelf(top, number), exist_ok=True)
        step = 250
        tasks = [
            (top, range(start, min(start + step, count)), packages)
            for start in range(known // step * step, count, step)
        ]
        with multiprocessing.get_context("fork").Pool() as workers:
            workers.starmap(fill, tasks, chunksize=1)
        # Last: what is listed is there.
        with open(listed + ".new", "w", encoding="utf-8") as file:
            file.writelines(f"{p[0]} {file_name(p)}\n" for p in packages)
        os.rename(listed + ".new", listed)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
