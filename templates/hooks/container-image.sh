#!/bin/sh
# Builds a container image from a Dockerfile for every package that was
# published, and pushes it. An image that the registry has stays as it is.
#
# In debcut.toml:
#   [hooks]
#   after-publish = "IMAGE=registry.example.org/hello sh hooks/container-image.sh"
#
# IMAGE is the image's name; {name} in it stands for the package.
# DOCKERFILE (Dockerfile), CONTEXT (.), LATEST=yes to move the tag `latest`,
# CONTAINER=docker|podman. The Dockerfile gets the arguments PACKAGE, VERSION,
# DEBIAN_VERSION and SUITE. Needs jq or python3.
set -eu

: "${IMAGE:?container-image: set IMAGE to the image’s name}"
step=$(cat)

# Prints one line of fields, separated by tabs, for every package.
packages() {
	if command -v jq >/dev/null 2>&1; then
		printf '%s' "$step" | jq -r '(.suite // "-") as $suite | (.dry_run // false) as $dry |
			.packages[] | [.name, .version, .debian_version, $suite, $dry] | @tsv'
	else
		printf '%s' "$step" | python3 -c '
import json, sys
step = json.load(sys.stdin)
dry = str(step.get("dry_run") is True).lower()
for p in step["packages"]:
    print(p["name"], p["version"], p["debian_version"], step.get("suite") or "-", dry, sep="\t")'
	fi
}

tool=${CONTAINER:-}
if [ -z "$tool" ]; then
	if command -v docker >/dev/null 2>&1; then
		tool=docker
	elif command -v podman >/dev/null 2>&1; then
		tool=podman
	else
		echo "container-image: neither docker nor podman is installed" >&2
		exit 2
	fi
fi

tab=$(printf '\t')
list=$(packages)
while IFS="$tab" read -r name version debian suite dry <&3; do
	[ -n "$name" ] || continue
	image=$(printf '%s' "$IMAGE" | sed "s/{name}/$name/g")
	# A tag of an image may not hold these characters.
	tagged=$image:$(printf '%s' "$version" | tr '+~:' '___')
	if [ "$dry" = true ]; then
		echo "container-image: would build and push $tagged" >&2
		continue
	fi
	if "$tool" manifest inspect "$tagged" >/dev/null 2>&1; then
		echo "container-image: $tagged is there already" >&2
	else
		"$tool" build --file "${DOCKERFILE:-Dockerfile}" --tag "$tagged" \
			--build-arg "PACKAGE=$name" --build-arg "VERSION=$version" \
			--build-arg "DEBIAN_VERSION=$debian" --build-arg "SUITE=$suite" \
			"${CONTEXT:-.}"
		"$tool" push "$tagged"
	fi
	if [ "${LATEST:-no}" = yes ]; then
		"$tool" pull "$tagged"
		"$tool" tag "$tagged" "$image:latest"
		"$tool" push "$image:latest"
	fi
done 3<<EOT
$list
EOT
