//! Which command opens a pull request, by the remote's address. Runs nothing.

/// A command that asks a forge for a pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ForgeCommand {
    /// The program: `gh` or `glab`.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The arguments of a `git` that does the same without that program.
    pub git: Option<Vec<String>>,
}

impl ForgeCommand {
    /// Returns the command line, quoted for a shell.
    pub fn shown(&self) -> String {
        line(self.program, &self.arguments)
    }

    /// Returns the command line that needs git alone, quoted for a shell.
    pub fn git_shown(&self) -> Option<String> {
        Some(line("git", self.git.as_ref()?))
    }
}

/// Returns the command for a branch at a remote: of GitHub (`github.com` and
/// hosts named after it) or GitLab (`gitlab.com`, hosts named after it,
/// `salsa.debian.org`); none for other forges.
pub fn forge_command(remote_url: &str, branch: &str, title: &str) -> Option<ForgeCommand> {
    let (host, path) = host_and_path(remote_url)?;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let is = |name: &str| host.split('.').any(|label| label == name);
    if is("github") {
        let repository = if host == "github.com" {
            path.to_owned()
        } else {
            format!("{host}/{path}")
        };
        let repository = repository.as_str();
        return Some(ForgeCommand {
            program: "gh",
            arguments: words(&[
                "pr", "create", "--repo", repository, "--head", branch, "--title", title, "--body",
                "",
            ]),
            git: None,
        });
    }
    if is("gitlab") || host == "salsa.debian.org" {
        let page = format!("https://{host}/{path}");
        let titled = format!("merge_request.title={title}");
        let refspec = format!("refs/heads/{branch}:refs/heads/{branch}");
        return Some(ForgeCommand {
            program: "glab",
            arguments: words(&[
                "mr",
                "create",
                "--repo",
                &page,
                "--source-branch",
                branch,
                "--title",
                title,
                "--description",
                "",
                "--yes",
            ]),
            git: Some(words(&[
                "push",
                "-o",
                "merge_request.create",
                "-o",
                &titled,
                &without_password(remote_url),
                &refspec,
            ])),
        });
    }
    None
}

/// Takes a password out of an address: a command line is shown and logged.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let Some((user, host)) = place.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = user.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{host}/{path}")
}

/// Reads `https://host/owner/name.git`, `ssh://git@host:22/owner/name.git` and
/// `git@host:owner/name.git`.
pub(in crate::sys) fn host_and_path(url: &str) -> Option<(&str, &str)> {
    let (place, path) = match url.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => {
            let (place, path) = rest.split_once('/')?;
            let place = place.rsplit_once('@').map_or(place, |(_, host)| host);
            (place.split(':').next()?, path)
        }
        Some(_) => return None,
        None => {
            let (place, path) = url.split_once(':')?;
            (place.rsplit_once('@').map_or(place, |(_, host)| host), path)
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let plain = !place.is_empty() && !place.contains('/') && path.contains('/');
    plain.then_some((place, path))
}

fn line(program: &str, arguments: &[String]) -> String {
    let quoted = arguments.iter().map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    });
    let words: Vec<String> = std::iter::once(program.to_owned()).chain(quoted).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forges_are_known_by_their_hosts() {
        let gh = |repository: &str| {
            Some(format!(
                "gh pr create --repo {repository} --head release/1.3.0 --title 'it'\\''s 1.3.0' --body ''"
            ))
        };
        let glab = |repository: &str| {
            Some(format!(
                "glab mr create --repo https://{repository} --source-branch release/1.3.0 \
                 --title 'it'\\''s 1.3.0' --description '' --yes"
            ))
        };
        let cases = [
            ("https://github.com/o/r.git", gh("o/r")),
            ("https://user:word@github.com/o/r", gh("o/r")),
            ("git@github.com:o/r.git", gh("o/r")),
            (
                "ssh://git@github.example.org:22/o/r/",
                gh("github.example.org/o/r"),
            ),
            ("git@gitlab.com:g/s/r.git", glab("gitlab.com/g/s/r")),
            (
                "https://salsa.debian.org/debian/hello.git",
                glab("salsa.debian.org/debian/hello"),
            ),
            ("https://git.example.org/o/r.git", None),
            ("https://notgithub.com/o/r.git", None),
            ("/srv/git/github.com/r.git", None),
            ("file:///srv/git/r.git", None),
            ("../github.com:x/r", None),
        ];
        for (url, want) in cases {
            let found = forge_command(url, "release/1.3.0", "it's 1.3.0");
            assert_eq!(found.map(|command| command.shown()), want, "{url}");
        }
        let found = forge_command("https://me:word@gitlab.com/g/r.git", "b", "t").expect("GitLab");
        let shown = format!("{} {:?}", found.shown(), found.git_shown());
        assert!(
            !shown.contains("word") && shown.contains("me@gitlab.com/g/r.git"),
            "{shown}"
        );
        let found = forge_command("git@gitlab.com:g/r.git", "b", "t").expect("GitLab");
        assert_eq!(
            found.git_shown().as_deref(),
            Some(
                "git push -o merge_request.create -o merge_request.title=t git@gitlab.com:g/r.git \
                 refs/heads/b:refs/heads/b"
            )
        );
    }
}
