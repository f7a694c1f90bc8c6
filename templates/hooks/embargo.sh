#!/bin/sh
# Written by debcut: this repository is under embargo. Every hook here runs the
# one that it stands before. `debcut patch lift` takes it away.

set -eu

hook=${0##*/}
before=@BEFORE@
program=@PROGRAM@

case $hook in
pre-push)
	[ -x "$program" ] || program=$(command -v debcut) || {
		echo "this repository is under embargo, and debcut is not there to let a push through" >&2
		exit 1
	}
	"$program" -C "$PWD" --quiet patch pre-push -- "$1" "$2" </dev/null || exit 1
	;;
sendemail-validate)
	echo "this repository is under embargo: its patches go nowhere by mail" >&2
	echo "git send-email --no-validate sends them all the same" >&2
	exit 1
	;;
esac
if [ -x "$before/$hook" ]; then
	exec "$before/$hook" "$@"
fi
