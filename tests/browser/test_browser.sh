#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The example front end in a real browser, or a word on why not (77: skipped).
#
#   tests/browser/test_browser.sh SP-FRONTEND VISITOR.SO
set -euo pipefail

skip()
{
    echo "skipped: $*"
    exit 77
}

command -v python3 >/dev/null || skip "python3 is not installed"
[ -n "${SP_TEST_CHROMIUM:-}" ] || command -v chromium >/dev/null ||
    command -v chromium-browser >/dev/null ||
    skip "chromium is not installed"
exec python3 -B "$(dirname "$0")/test_browser.py" "$@"
