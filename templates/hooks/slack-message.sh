#!/bin/sh
# Tells a chat (Slack, or Mattermost and others with Slack's incoming webhooks)
# what was published, with the beginning of the notes.
#
# In debcut.toml:
#   [hooks]
#   after-publish = "hooks/slack-message.sh"
#
# SLACK_WEBHOOK_URL is a secret; it reaches curl by its standard input, not by
# its arguments, which every user of the machine can see. A chat cannot be asked
# what it was told: with STATE_DIR set (it is made), a message that was sent is
# not sent again. Needs curl, and jq or python3.
# The programs that jq and python3 read are no shell's.
# shellcheck disable=SC2016
set -eu

: "${SLACK_WEBHOOK_URL:?slack-message: set SLACK_WEBHOOK_URL}"
step=$(cat)

# Prints the message as JSON. & < > are the only characters that Slack escapes.
message() {
	if command -v jq >/dev/null 2>&1; then
		printf '%s' "$step" | jq -c --rawfile notes "$1" '
			def plain: gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;");
			(.packages | map("*\(.name | plain) \(.version | plain)*") | join(", ")) as $what |
			(if .suite then " is in `\(.suite | plain)`" else " is published" end) as $where |
			{text: ($what + $where + ($notes | plain | if . == "" then "" else "\n" + . end))}'
	else
		printf '%s' "$step" | python3 -c '
import json, sys
step = json.load(sys.stdin)
def plain(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
what = ", ".join("*%s %s*" % (plain(p["name"]), plain(p["version"])) for p in step["packages"])
suite = step.get("suite")
where = " is in `%s`" % plain(suite) if suite else " is published"
notes = plain(open(sys.argv[1], encoding="utf-8").read())
print(json.dumps({"text": what + where + ("\n" + notes if notes else "")}))' "$1"
	fi
}

# Prints `dry` or not, then the files of notes, one a line.
files() {
	if command -v jq >/dev/null 2>&1; then
		printf '%s' "$step" | jq -r '(if .dry_run then "dry" else "-" end), (.packages[].notes_file // empty)'
	else
		printf '%s' "$step" | python3 -c '
import json, sys
step = json.load(sys.stdin)
print("dry" if step.get("dry_run") is True else "-")
for p in step["packages"]:
    if p.get("notes_file"):
        print(p["notes_file"])'
	fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files >"$work/files"
: >"$work/all"
{
	read -r dry
	while IFS= read -r file; do
		cat -- "$file" >>"$work/all"
	done
} <"$work/files"
# Long messages are cut by the chat, so they are cut here, between lines.
awk '{ size += length($0) + 1; if (size > 2500) { print "…"; exit } print }' \
	"$work/all" >"$work/notes"
message "$work/notes" >"$work/message"

if [ "$dry" = dry ]; then
	echo "slack-message: would send $(cat "$work/message")" >&2
	exit 0
fi
if [ -n "${STATE_DIR:-}" ]; then
	mkdir -p "$STATE_DIR"
	sent=$STATE_DIR/slack-$(sha256sum <"$work/message" | cut -d ' ' -f 1)
	if [ -e "$sent" ]; then
		echo "slack-message: it was sent already" >&2
		exit 0
	fi
fi
printf 'url = "%s"\n' "$SLACK_WEBHOOK_URL" |
	curl --config - --fail --silent --show-error --retry 3 --output /dev/null \
		--header 'Content-Type: application/json' --data-binary "@$work/message"
[ -z "${sent:-}" ] || : >"$sent"
