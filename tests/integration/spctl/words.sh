# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# The command line, without a supervisor: usage, IDs, help.  Sourced by
# test_spctl.sh.

long_id=$(printf 'L%.0s' {1..64})

test_usage() {
    local command

    try 'no command at all is wrong usage' 2 '' '~^spctl: .*spctl help'
    try 'an unknown command names the help' 2 '' \
        '~^spctl: .*"strat".*spctl help' strat
    try 'an unknown option is wrong usage' 2 '' '~^spctl: .*"--colour"' \
        list --colour
    try 'an option of another command is wrong usage' 2 '' \
        '~no option --timeout' list --timeout 3
    try 'an option without its value is wrong usage' 2 '' \
        '~--timeout wants a value' call alice x --timeout
    try 'a request with spaces is to be quoted, says the message' 2 '' \
        '~quote' call alice incr n
    try '--arg and --arg-file exclude each other' 2 '' '~exclude' \
        start alice --arg a --arg-file /dev/null
    try 'stop wants an ID or a process' 2 '' '~--pid' stop
    try 'stop takes no ID and process at once' 2 '' '~--pid' stop a --pid 1
    try 'a process ID is a number' 2 '' '~"12x"' stop --pid 12x
    try 'a process ID is positive' 2 '' '~"-1"' stop --pid -1
    try 'a drain wants an ID' 2 '' '~--drain' stop --drain --pid 7
    try 'a wait is for something known' 2 '' '~"reday"' wait a --for reday
    try 'and for no longer than infinity' 2 '' '~--timeout wants a number' \
        wait a --timeout forever
    try 'a process to be replaced goes with a restart' 2 '' \
        '~--for restarted' wait a --pid 7
    try 'and is a number' 2 '' '~"7x"' wait a --for restarted --pid 7x
    try 'a signal is named' 2 '' '~a word is missing' signal alice
    try 'a broadcast has a pattern' 2 '' '~spctl help broadcast' broadcast
    for command in start restart call cast started info wait pause resume \
        signal touch url; do
        try "$command without an ID is wrong usage" 2 '' \
            "~^spctl: $command: .*spctl help $command" "$command"
    done
    for command in -1 1e3 inf nan 0x10 1..2 '' . 2147484; do
        try "'$command' is no timeout" 2 '' '~--timeout wants a number' \
            call alice x --timeout "$command"
    done
}

test_session_ids() {
    local command name
    local -A bad=(
        ['a newline at the end']=$'abc\n' [nothing]=''
        ['65 bytes']="${long_id}x" ['a path']='../x'
        [UTF-8]=$'caf\xc3\xa9' ['a space']='a b'
        ['a control character']=$'a\033[31m')

    for command in start stop restart call cast started info events subscribe \
        wait pause resume touch url; do
        for name in "${!bad[@]}"; do
            try "$command refuses an ID of $name" 2 '' \
                '~^spctl: "[ -~]*" is not a session ID' \
                "$command" "${bad[$name]}" </dev/null
        done
    done
}

test_help() {
    local command

    try 'help is printed' 0 '~^Commands:' '' help
    cp "$tmp/out" "$tmp/overview"
    try '--help without a command is the same' 0 '*' '' --help
    expect 'the overview is one' cmp -s "$tmp/out" "$tmp/overview"
    for command in $("$spctl" help --words); do
        expect "the overview names $command" \
            grep -qE "^  $command  " "$tmp/overview"
        try "$command --help gives an example" 0 '~^Example:' '' \
            "$command" --help
        expect "$command --help says how it is used" \
            grep -qE "^Usage: spctl $command" "$tmp/out"
        expect "$command --help lists exit statuses" \
            grep -qE '^   0  success' "$tmp/out"
        expect "$command --help fits 80 columns" \
            awk 'length > 80 { exit 1 }' "$tmp/out"
        cp "$tmp/out" "$tmp/by-option"
        try "help $command prints the same" 0 '*' '' help "$command"
        expect "help of $command is one" cmp -s "$tmp/out" "$tmp/by-option"
    done
    expect 'the overview fits 80 columns' \
        awk 'length > 80 { exit 1 }' "$tmp/overview"
    try 'help of no command is wrong usage' 2 '' '~"strat"' help strat
    try 'words of a command are its options' 0 '~^--arg-file$' '' \
        help --words start
    try 'the manual page is printed' 0 '~^\.TH SPCTL 1' '' help --man
    expect 'the manual page lists all exit statuses' \
        test "$(grep -cxE '\.B [0-9]+' "$tmp/out")" -eq 12
    try 'the version is printed' 0 '~^spctl [0-9]+\.[0-9]+\.[0-9]+' '' --version
}

test_new_id() {
    try 'a new ID needs no supervisor' 0 '~^[0-9a-f-]{36}$' '' \
        --runtime-dir /nonexistent new-id
    try 'a new ID as JSON' 0 '~^{"id": "[0-9a-f-]{36}"}$' '' --json new-id
    expect 'two new IDs differ' \
        test "$("$spctl" new-id)" != "$("$spctl" new-id)"
}

test_doctor_alone() {
    local status=0

    [ -z "${SP_TEST_SANDBOX:-}" ] || status=9
    try 'doctor needs no supervisor' "$status" '~^default: can' \
        '~^spctl: no supervisor answers' --runtime-dir "$tmp/none" doctor
    try 'with --quiet it does not say so' "$status" '~^strict: can' '' \
        -q --runtime-dir "$tmp/none" doctor
}

test_no_supervisor() {
    local command

    mkdir -m 700 "$tmp/empty"
    mkdir -m 777 "$tmp/open" && chmod 777 "$tmp/open"
    for command in 'start a' 'stop a' 'call a x' 'cast a x' 'started a' list \
        'info a' modules ping 'stop a --drain' 'restart a' 'pause a' \
        'resume a' 'signal a HUP' 'touch a' 'wait a' 'wait a --for restarted' \
        events 'events --follow' subscribe stats reload 'list --long' \
        'broadcast all x'; do
        # shellcheck disable=SC2086
        try "no runtime directory is exit status 7 for $command" 7 '' \
            '~^spctl: .*supervisor.*start spd' \
            --runtime-dir "$tmp/none" $command
        # shellcheck disable=SC2086
        try "a directory without spd is exit status 7 for $command" 7 '' \
            '~^spctl: .*supervisor' --runtime-dir "$tmp/empty" $command
    done
    try 'with --quiet the exit status says it' 7 '' '' \
        -q --runtime-dir "$tmp/empty" ping
    try 'a directory open to others is not trusted' 10 '' "~$tmp/open" \
        --runtime-dir "$tmp/open" ping
    try 'nor is a symbolic link' 10 '' "~symbolic" \
        --runtime-dir "$(ln -s empty "$tmp/link" && echo "$tmp/link")" ping
    try 'a path that is too long is wrong usage' 2 '' '~longer than 33' \
        --runtime-dir "/tmp/$long_id" ping
    SP_RUNTIME_DIR=$tmp/empty try 'the environment names the directory' 7 '' \
        "~$tmp/empty" ping
    SP_CHANNEL=pigeon try 'an unknown channel is wrong usage' 2 '' '*' \
        --runtime-dir "$tmp/empty" ping
}
