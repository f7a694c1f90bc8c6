#!/bin/sh
# Makes a release on GitHub (gh) or GitLab (glab) of every package that was
# published: title, notes and artifacts. Run again it updates what is there.
#
# In debcut.toml:
#   [hooks]
#   after-publish = "hooks/forge-release.sh"
#
# FORGE=github|gitlab chooses; without it the one whose command is installed.
# Needs jq or python3. The commands log in by GH_TOKEN or GITLAB_TOKEN.
set -eu

step=$(cat)

# Prints one line of fields, separated by tabs, for every package.
packages() {
	if command -v jq >/dev/null 2>&1; then
		printf '%s' "$step" | jq -r '.packages[] |
			[.name, .version, .tag, (.notes_file // "-")] | @tsv'
	else
		printf '%s' "$step" | python3 -c '
import json, sys
for p in json.load(sys.stdin)["packages"]:
    print(p["name"], p["version"], p["tag"], p.get("notes_file") or "-", sep="\t")'
	fi
}

# Prints the artifacts of the package with a tag, one a line.
artifacts() {
	if command -v jq >/dev/null 2>&1; then
		printf '%s' "$step" | jq -r --arg tag "$1" \
			'.packages[] | select(.tag == $tag) | .artifacts[]?'
	else
		printf '%s' "$step" | python3 -c '
import json, sys
for p in json.load(sys.stdin)["packages"]:
    if p["tag"] == sys.argv[1]:
        print(*p.get("artifacts", []), sep="\n")' "$1"
	fi
}

dry_run() {
	if command -v jq >/dev/null 2>&1; then
		[ "$(printf '%s' "$step" | jq -r '.dry_run // false')" = true ]
	else
		printf '%s' "$step" | python3 -c '
import json, sys
sys.exit(json.load(sys.stdin).get("dry_run") is not True)'
	fi
}

forge=${FORGE:-}
if [ -z "$forge" ]; then
	if command -v gh >/dev/null 2>&1; then
		forge=github
	elif command -v glab >/dev/null 2>&1; then
		forge=gitlab
	else
		echo "forge-release: neither gh nor glab is installed" >&2
		exit 2
	fi
fi

github() { # TAG TITLE NOTES ARTIFACT…
	tag=$1 title=$2 notes=$3
	shift 3
	if gh release view "$tag" >/dev/null 2>&1; then
		gh release edit "$tag" --title "$title" --notes-file "$notes"
	else
		# --verify-tag: never let the forge make a tag of its own.
		case $pre in
		yes) gh release create "$tag" --verify-tag --title "$title" --notes-file "$notes" --prerelease ;;
		no) gh release create "$tag" --verify-tag --title "$title" --notes-file "$notes" ;;
		esac
	fi
	if [ $# -gt 0 ]; then
		gh release upload "$tag" --clobber -- "$@"
	fi
}

gitlab() { # TAG TITLE NOTES ARTIFACT…
	tag=$1 title=$2 notes=$3
	shift 3
	# Makes it, or updates the one that is there.
	glab release create "$tag" --name "$title" --notes-file "$notes"
	if [ $# -gt 0 ]; then
		glab release upload "$tag" -- "$@"
	fi
}

case $forge in
github | gitlab) ;;
*)
	echo "forge-release: FORGE is '$forge', not github or gitlab" >&2
	exit 2
	;;
esac

empty=$(mktemp)
trap 'rm -f "$empty"' EXIT
tab=$(printf '\t')
list=$(packages)
while IFS="$tab" read -r name version tag notes <&3; do
	[ -n "$name" ] || continue
	[ "$notes" != - ] || notes=$empty
	case $version in
	*[0-9]-[a-z]* | *[0-9]rc[0-9]* | *[0-9][ab][0-9]*) pre=yes ;;
	*) pre=no ;;
	esac
	set --
	while IFS= read -r file <&4; do
		[ -z "$file" ] || set -- "$@" "$file"
	done 4<<EOT
$(artifacts "$tag")
EOT
	if dry_run; then
		echo "forge-release: would make the release $tag on $forge with $# artifacts" >&2
	else
		"$forge" "$tag" "$name $version" "$notes" "$@"
	fi
done 3<<EOT
$list
EOT
