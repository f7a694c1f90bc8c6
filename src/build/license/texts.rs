//! The licences that are known, with their texts or where Debian 12 has them.

/// A licence that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The short name of Debian's copyright format.
    pub debian: &'static str,
    /// What it is called, in small letters, without “only” and “or later”.
    pub names: &'static [&'static str],
    /// Whether “or any later version” can be said of it.
    pub has_later: bool,
    /// Its text.
    pub text: Text,
}

/// Where a licence's text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Here.
    Whole(&'static str),
    /// In this file of `/usr/share/common-licenses`.
    Common(&'static str),
}

const fn whole(debian: &'static str, names: &'static [&'static str], text: &'static str) -> Known {
    let text = Text::Whole(text);
    Known {
        debian,
        names,
        has_later: false,
        text,
    }
}

const fn common(debian: &'static str, names: &'static [&'static str], file: &'static str) -> Known {
    let text = Text::Common(file);
    Known {
        debian,
        names,
        has_later: false,
        text,
    }
}

const fn gnu(name: &'static str, names: &'static [&'static str]) -> Known {
    Known {
        has_later: true,
        ..common(name, names, name)
    }
}

/// The licences.
pub(super) const KNOWN: [Known; 17] = [
    whole("Expat", &["mit", "expat"], MIT),
    whole("BSD-2-clause", &["bsd-2-clause"], BSD_2),
    whole("BSD-3-clause", &["bsd-3-clause"], BSD_3),
    whole("ISC", &["isc"], ISC),
    common("Apache-2.0", &["apache-2.0"], "Apache-2.0"),
    common(
        "Artistic",
        &["artistic", "artistic-1.0-perl", "artistic-1.0"],
        "Artistic",
    ),
    common("CC0-1.0", &["cc0-1.0", "cc0"], "CC0-1.0"),
    common("MPL-1.1", &["mpl-1.1"], "MPL-1.1"),
    common("MPL-2.0", &["mpl-2.0"], "MPL-2.0"),
    gnu("GFDL-1.2", &["gfdl-1.2"]),
    gnu("GFDL-1.3", &["gfdl-1.3"]),
    gnu("GPL-1", &["gpl-1", "gpl-1.0"]),
    gnu("GPL-2", &["gpl-2", "gpl-2.0"]),
    gnu("GPL-3", &["gpl-3", "gpl-3.0"]),
    gnu("LGPL-2", &["lgpl-2", "lgpl-2.0"]),
    gnu("LGPL-2.1", &["lgpl-2.1"]),
    gnu("LGPL-3", &["lgpl-3", "lgpl-3.0"]),
];

/// Exceptions: SPDX's name, Debian's, the text.
pub(super) const EXCEPTIONS: [(&str, &str, &str); 1] = [("LLVM-exception", "LLVM", LLVM)];

const MIT: &str = "\
Permission is hereby granted, free of charge, to any person obtaining a
copy of this software and associated documentation files (the \"Software\"),
to deal in the Software without restriction, including without limitation
the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
";

const BSD_2: &str = "\
Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice,
   this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
";

const BSD_3: &str = "\
Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice,
   this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its contributors
   may be used to endorse or promote products derived from this software
   without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
";

const ISC: &str = "\
Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY
AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR
OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.
";

const LLVM: &str = "\
As an exception, if, as a result of your compiling your source code, portions
of this Software are embedded into an Object form of such source code, you
may redistribute such embedded portions in such Object form without complying
with the conditions of Sections 4(a), 4(b) and 4(d) of the License.

In addition, if you combine or link compiled forms of this Software with
software that is licensed under the GPLv2 (\"Combined Software\") and if a
court of competent jurisdiction determines that the patent provision (Section
3), the indemnity provision (Section 9) or other Section of the License
conflicts with the conditions of the GPLv2, you may retroactively and
prospectively choose to deem waived or otherwise exclude such Section(s) of
the License, but only in their entirety and only with respect to the Combined
Software.
";
