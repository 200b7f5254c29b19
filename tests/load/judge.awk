# SPDX-License-Identifier: MIT
# Judges a run of scripts/load.sh by its journal: what happened, in order.
#
#   round LOAD KIND     a round begins: KIND is quiet, kills, or another
#   kill LINE TIME ERROR    of this round, before its answers
#   answer VISITOR STATUS NUMBER BEGUN TOOK MS NEW; end
#   wrk requests N, wrk errors N
#   tally WORD... N     what the server has counted, once, last
#
# Prints "figure LOAD KIND A_SECOND KILLS FAILED P50 P99 MAX P99_OF_ALL SLOW_P99"
# for each round, "total STATUS N" for each status, and the faults on standard
# error, for which it exits with 1.  Times are in us, of answers that were 200
# and were not to be slow; but the last of them of slow ones, beyond what was
# asked for.  The first second of a round and, but for P99_OF_ALL, those who
# were killed in it are left out.
#
#   -v visitors=N -v statuses="200 502" -v deadline=US -v renewals=0 or 1

function fault(text) {
    if (++faults <= 20)
        print "load: " round_name ": " text >"/dev/stderr"
}

function note(set, us) {
    seen[set, us]++
    seen_count[set]++
    if (us > seen_max[set]) seen_max[set] = us
}

# The time that so many of a thousand do not exceed.
function rank(set, permille,    us, sum) {
    if (seen_count[set] == 0) return 0
    for (us = 0; us < seen_max[set]; us++) {
        sum += seen[set, us]
        if (sum * 1000 >= seen_count[set] * permille) break
    }
    return us
}

# Each visitor's number goes up by one with each 200, from 1 on in each process,
# and there are no more processes than kills.
function follow(visitor, status, number, renewed) {
    if (status != 200) {
        failed++
        last[visitor] = 0
        deaths[visitor]++
        return
    }
    if (renewed && !renewals && last[visitor] != "")
        fault("visitor " visitor " was given another session")
    if (renewed) last[visitor] = 0
    if (word == "get") {
        if (number == 0 && last[visitor] > 0) deaths[visitor]++
        else if (number != last[visitor] + 0)
            fault("visitor " visitor " has " number ", not " last[visitor])
    } else if (number == 1 && last[visitor] > 0) {
        deaths[visitor]++
    } else if (number != last[visitor] + 1) {
        fault("visitor " visitor " has " number " after " last[visitor])
    }
    last[visitor] = number
}

function measure(visitor, begun, took, ms) {
    if (begun0 == 0) begun0 = begun
    ended = begun + took
    if (begun < begun0 + 1000000) return
    if (ms > 0) {
        if (!hit[visitor]) note("slow" rounds, took - ms * 1000)
        return
    }
    note("all" rounds, took)
    if (!hit[visitor]) note("others" rounds, took)
}

function end_round(    visitor, seconds) {
    if (rounds == 0) return
    if (!complete) fault("not all were answered")
    if (requests != answers)
        fault("wrk has counted " requests " answers of " answers)
    if (kind == "once" && answers != visitors)
        fault(answers " of " visitors " visitors were answered")
    for (visitor in deaths)
        if (!anything && deaths[visitor] > kills[visitor])
            fault("visitor " visitor " has seen " deaths[visitor] \
                  " deaths of " kills[visitor] + 0 " kills")
    seconds = (ended - begun0) / 1000000
    printf "figure %s %s %.0f %d %d %d %d %d %d %d\n", load, kind,
           (seconds > 0 ? answers / seconds : 0), killed, failed,
           rank("others" rounds, 500), rank("others" rounds, 990),
           seen_max["others" rounds], rank("all" rounds, 990),
           rank("slow" rounds, 990)
}

BEGIN {
    n = split(statuses, list, " ")
    for (i = 1; i <= n; i++) allowed[list[i]] = 1
}

$1 == "round" {
    end_round()
    rounds++
    load = $2; kind = $3
    round_name = load " " kind
    if (kind == "supervisor") anything = 1 # all sessions go with it
    word = load == "get" ? "get" : "add"
    complete = answers = requests = killed = failed = begun0 = ended = 0
    split("", hit)
}
$1 == "kill" {
    hit[$2] = 1
    if ($4 == "SP_OK") { kills[$2]++; killed++ }
}
$1 == "answer" {
    answers++
    total[$3]++
    if (!($3 in allowed)) fault("visitor " $2 " was answered " $3)
    if ($6 > deadline) fault("visitor " $2 " has waited for " $6 " us")
    follow($2, $3, $4, $8)
    if ($3 == 200) measure($2, $5, $6, $7)
    else ended = $5 + $6
}
$1 == "end" { complete = 1 }
$1 == "wrk" && $2 == "requests" { requests = $3 }
$1 == "wrk" && $2 == "errors" && $3 > 0 { fault("wrk has seen " $3 " errors") }
$1 == "tally" && $2 == "status" { server[$3] = $4; received -= $4 }
$1 == "tally" && $2 == "received" { received += $3; tallied = 1 }
$1 == "tally" && ($2 == "outstanding" || $2 == "hung-up") && $3 > 0 {
    fault("the server says " $2 " " $3)
}

END {
    end_round()
    round_name = "all rounds"
    if (!tallied || received != 0) fault("the server has lost requests")
    for (status in total) {
        print "total", status, total[status]
        if (server[status] != total[status])
            fault("of " status " the server has counted " server[status] + 0 \
                  ", the visitors " total[status])
        delete server[status]
    }
    for (status in server)
        fault("the server has counted " server[status] " " status)
    if (faults > 20)
        print "load: and " faults - 20 " faults more" >"/dev/stderr"
    exit faults > 0
}
