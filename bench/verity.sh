#!/bin/bash
# bench/verity.sh [ROUNDS [SUITE...]]: how long bootmerge and systemd-sysext take to merge one signed disk image with
# dm-verity. This machine's kernel may lack dm-verity, so this runs in a QEMU machine with the kernel of a suite (sid
# unless named). As root, after build.sh build.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "bench/verity.sh: run it as root" >&2; exit 1; }
rounds=${1:-15}
shift || true
[ $# -gt 0 ] || set -- sid
VERITY_BENCH=$rounds tests/verity/run.sh "$@"
