# SPDX-License-Identifier: MIT
# The table of scripts/load.sh from the figures of judge.awk, -v bound=N.

function median_of(v, n,    i, j, held) {
    for (i = 2; i <= n; i++) {
        held = v[i]
        for (j = i - 1; j > 0 && v[j] > held; j--) v[j + 1] = v[j]
        v[j + 1] = held
    }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function median(key, column,    i, v) {
    for (i = 1; i <= rounds[key]; i++) v[i] = figure[key, column, i]
    return median_of(v, rounds[key])
}

function ms(key, column) { return median(key, column) / 1000 }

# Columns: 1 a second, 2 kills, 3 failed, 4 p50, 5 p99, 6 max, 7 p99 of all,
# 8 slow p99.
function row(load, kind,    key) {
    key = load " " kind
    if (!(key in rounds)) return
    printf "%-22s %9d %6d %7d %8.2f %8.2f %8.2f %8.2f %8.2f\n", key,
           median(key, 1), median(key, 2), median(key, 3), ms(key, 4),
           ms(key, 5), ms(key, 6), ms(key, 7), ms(key, 8)
}

# Of each round with kills to the quiet one beside it: a machine that others use
# too is as busy in both.
function ratio(load,    quiet, kills, i, v) {
    quiet = load " quiet"
    kills = load " kills"
    for (i = 1; i <= rounds[quiet]; i++)
        v[i] = figure[quiet, 5, i] > 0 \
               ? figure[kills, 5, i] / figure[quiet, 5, i] : 0
    i = median_of(v, rounds[quiet])
    printf "p99 of those not killed, kills / quiet, %-8s %5.2f  <= %d %s\n",
           load, i, bound, i <= bound ? "met" : "not met"
}

$1 == "figure" {
    key = $2 " " $3
    n = ++rounds[key]
    for (i = 4; i <= NF; i++) figure[key, i - 3, n] = $i
}
$1 == "total" { total[$2] += $3 }

END {
    printf "%-22s %9s %6s %7s %8s %8s %8s %8s %8s\n", "", "a second", "kills",
           "failed", "p50", "p99", "max", "all p99", "late p99"
    row("steady", "quiet"); row("steady", "kills")
    row("full", "quiet"); row("full", "kills")
    row("hunt", "few"); row("supervisor", "supervisor")
    print ""
    ratio("steady"); ratio("full")
    printf "answers in all:"
    for (status = 100; status < 600; status++)
        if (status in total) printf " %d of %d", total[status], status
    print ", each checked"
}
