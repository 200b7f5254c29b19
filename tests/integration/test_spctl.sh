#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# spctl against the real spd, as a shell sees it: every exit status, every form
# of output, every way in for a request.
#
#   test_spctl.sh [SPD SPCTL PROBE]
#
# The programs and the test module can also come from the environment: SPD,
# SPCTL, PROBE.  Each supervisor here has a private directory and must exit
# with 0 and leave nothing.
# shellcheck disable=SC2034,SC2154 # used and set by the parts below
set -u

spd=${1:-${SPD:-${SP_TEST_SPD:?the path of spd}}}
spctl=${2:-${SPCTL:-${SP_TEST_SPCTL:?the path of spctl}}}
probe=${3:-${PROBE:-${SP_TEST_PROBE:?the path of probe.so}}}
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
export LC_ALL=C
unset SP_RUNTIME_DIR SP_CHANNEL POSIXLY_CORRECT

exec {report}>&1 # standard output is sometimes closed below
passed=0 failed=0
tmp=$(mktemp -d /tmp/spt-XXXXXX)
supervisors=() # process IDs of those that run

# shellcheck disable=SC2317
clean_up() {
    local pid

    for pid in "${supervisors[@]}"; do
        kill -TERM "$pid" 2>/dev/null && wait "$pid"
    done
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

for part in support words sessions manage watch output scripts; do
    # shellcheck source=/dev/null
    . "$(dirname "$0")/spctl/$part.sh"
done

test_usage
test_session_ids
test_help
test_new_id
test_no_supervisor
test_doctor_alone

supervisor_start one <<CONF
[module probe]
path = $probe
[module broken]
path = $tmp/one.conf
CONF
one=$supervisor_pid
export SP_RUNTIME_DIR=$tmp/one
test_start
test_start_fails
test_call
test_call_bytes
test_cast
test_broadcast
test_call_fails
test_kill_during_call
test_started
test_list
test_info
test_modules
test_channels
test_stop
test_restart
test_pause
test_signal
test_drain
test_wait
test_list_long
test_info_groups
test_events
test_events_follow
test_subscribe
test_subscribe_to_all
test_stats
test_doctor
test_reload
test_closed_descriptors
test_bad_output
test_completion
test_examples
supervisor_stop one "$one"

supervisor_start two <<CONF
[supervisor]
max_sessions = 1
CONF
export SP_RUNTIME_DIR=$tmp/two
test_limit
supervisor_stop two "$supervisor_pid"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
