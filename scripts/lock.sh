#!/bin/sh
# Installs the dependencies of pyproject.toml into an empty environment and writes down every
# version that came along. pip applies constraints.txt only to what a machine really installs, so
# one file serves every platform.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
# shellcheck disable=SC2086  # PIP_ARGS is a list of options
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check ${PIP_ARGS:-} '.[dev]'
{
    echo "# Made by \`make lock\`: every version that the dependencies in pyproject.toml bring along."
    "$scratch/venv/bin/pip" freeze | grep -v '^facsimile' | sed 's/+cpu$//'
} >"$scratch/constraints.txt"
mv "$scratch/constraints.txt" constraints.txt
