# SPDX-License-Identifier: MIT
# What the reports of scripts/bench.sh share: reads rows.txt and then the
# figures, lines "round who metric value" with tabs between.  A report defines
# report().

function trim(s)
{
    gsub(/^ +| +$/, "", s)
    return s
}

function median_of(v, n,    i, j, held)
{
    for (i = 2; i <= n; i++) {
        held = v[i]
        for (j = i - 1; j > 0 && v[j] > held; j--)
            v[j + 1] = v[j]
        v[j + 1] = held
    }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

# In one round; measured twice in it, the mean.
function in_round(round, who, metric)
{
    return sum[round, who, metric] / times[round, who, metric]
}

# What has no row of its own is a time, too.
function unit(metric)
{
    return metric in unit_of ? unit_of[metric] : "us"
}

function has(who, metric)
{
    return (who, metric) in unit_of_figure
}

# The median of all rounds.
function value(who, metric,    r, n, v)
{
    for (r = 1; r <= rounds; r++)
        if ((round_name[r], who, metric) in sum)
            v[++n] = in_round(round_name[r], who, metric)
    return median_of(v, n)
}

# The median of the rounds' ratios; -1 without one.
function ratio(who, metric, of, base,    r, n, v, name, below)
{
    for (r = 1; r <= rounds; r++) {
        name = round_name[r]
        if (!((name, who, metric) in sum) || !((name, of, base) in sum))
            continue
        below = in_round(name, of, base)
        if (below > 0)
            v[++n] = in_round(name, who, metric) / below
    }
    return n > 0 ? median_of(v, n) : -1
}

# What the ratio of row r is to: whose, and which metric.
function base_who(r)
{
    return row_base[r] ~ /^[@=]/ ? "libsp" : row_base[r]
}

function base_metric(r,    metric)
{
    metric = row_metric[r]
    if (row_base[r] ~ /^=/)
        return substr(row_base[r], 2)
    if (row_base[r] ~ /^@/)
        sub(/@.*/, row_base[r], metric)
    return metric
}

# -1 without one.
function row_ratio(r)
{
    return ratio("libsp", row_metric[r], base_who(r), base_metric(r))
}

# Whether row r meets its bound: 1, 0, or -1 for none.
function row_met(r,    part, is)
{
    if (row_bound[r] == "-")
        return -1
    split(row_bound[r], part, " ")
    is = part[3] == "x" ? row_ratio(r) : value("libsp", row_metric[r])
    if (is < 0)
        return -1
    return part[1] == "<=" ? is <= part[2] + 0 : is >= part[2] + 0
}

function row_has(r)
{
    return has("libsp", row_metric[r])
}

# A floor, a limit or a peer; in the order of their first figure.
function is_limit(who)
{
    return who ~ /^(contract|epoll|fork|memcpy)$/
}

function is_peer(who)
{
    return who != "libsp" && who != "floor" && !is_limit(who)
}

# Shown where there is little room.
function is_main(r)
{
    return row_metric[r] !~ /\.p99|system$/
}

function number(v)
{
    if (v < 10)
        return sprintf("%.2f", v)
    return sprintf(v < 1000 ? "%.1f" : "%.0f", v)
}

FNR == 1 { file++ }
file == 1 && /^= / {
    title[rows + 1] = substr($0, 3)
    next
}
file == 1 && /^[^#]/ {
    split($0, field, "|")
    rows++
    row_metric[rows] = trim(field[1])
    row_what[rows] = trim(field[2])
    row_unit[rows] = trim(field[3])
    row_bound[rows] = trim(field[4])
    row_base[rows] = trim(field[5])
    # "... p99" goes on after the colon of a row without dots
    row_full[rows] = row_what[rows]
    if (row_what[rows] !~ /^\.\.\./) {
        full = row_what[rows]
        sub(/: .*/, "", full)
    }
    sub(/^\.\.\./, full ":", row_full[rows])
    unit_of[row_metric[rows]] = row_unit[rows]
}
file == 2 {
    if (!($1 in round_seen)) {
        round_seen[$1] = 1
        round_name[++rounds] = $1
    }
    if (!($2 in who_seen)) {
        who_seen[$2] = 1
        who_name[++whos] = $2
    }
    if (!(($2, $3) in unit_of_figure)) {
        figure_who[++figures] = $2
        figure_metric[figures] = $3
    }
    unit_of_figure[$2, $3] = unit($3)
    sum[$1, $2, $3] += $4
    times[$1, $2, $3]++
}
END { report() }
