#!/bin/sh
# Print the path of a Chromium for the browser tests: the one named by CHROMIUM, else an installed one, else (as root
# on Debian) install it. Otherwise stop with the one command to type.
set -eu
if [ -n "${CHROMIUM:-}" ]; then
    command -v "$CHROMIUM" && exit 0
    echo "CHROMIUM names '$CHROMIUM', which cannot be run." >&2
    exit 1
fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } > /dev/null 2>&1 || true
    command -v chromium && exit 0
fi
echo "The browser tests need Chromium. Type: sudo apt-get install chromium   (or: CHROMIUM=/path/to/it make test)" >&2
exit 1
