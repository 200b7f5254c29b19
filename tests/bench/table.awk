# SPDX-License-Identifier: MIT
# The tables for people, 80 columns; after report.awk.

function bound_text(bound)
{
    sub(/ x$/, "x", bound)
    return bound
}

function figure_text(who, metric)
{
    return has(who, metric) ? number(value(who, metric)) : ""
}

function print_row(r,    is, met)
{
    is = row_ratio(r)
    met = row_met(r)
    printf "%-31s %6s %-9s %-6s %8s %8s %s\n", row_what[r],
           is < 0 ? "" : sprintf("%.2f", is),
           bound_text(row_bound[r]), met < 0 ? "" : met ? "met" : "MISSED",
           figure_text(base_who(r), base_metric(r)),
           number(value("libsp", row_metric[r])), row_unit[r]
}

function print_rows(    r, pending)
{
    for (r = 1; r <= rows; r++) {
        if (r in title)
            pending = title[r]
        if (!row_has(r))
            continue
        if (pending != "")
            printf "\n%-31s %6s %-9s %-6s %8s %8s\n", pending, "ratio", "bound",
                   "", "base", "libsp"
        pending = ""
        print_row(r)
    }
}

function print_limits(    r, w, any)
{
    for (r = 1; r <= rows; r++)
        for (w = 1; w <= whos; w++)
            if (is_main(r) && is_limit(who_name[w]) &&
                has(who_name[w], row_metric[r])) {
                if (!any++)
                    printf "\n%-48s %-6s %6s %8s\n", "other limits", "",
                           "ratio", "limit"
                printf "%-48s %-6s %6.2f %8s %s\n", row_full[r], who_name[w],
                       ratio("libsp", row_metric[r], who_name[w],
                             row_metric[r]),
                       number(value(who_name[w], row_metric[r])), row_unit[r]
            }
}

function has_peer(r,    w)
{
    for (w = 1; w <= whos; w++)
        if (is_peer(who_name[w]) && has(who_name[w], row_metric[r]))
            return 1
    return 0
}

function print_peers_head(    w)
{
    printf "\n%-26s %7s", "peers (latencies: p50)", "libsp"
    for (w = 1; w <= whos; w++)
        if (is_peer(who_name[w]))
            printf " %7s", substr(who_name[w], 1, 7)
    print ""
}

function print_peers(    r, w, any, what)
{
    for (r = 1; r <= rows; r++) {
        if (!row_has(r) || !has_peer(r) || !is_main(r))
            continue
        if (!any++)
            print_peers_head()
        what = row_full[r]
        sub(/: p50$/, "", what)
        printf "%-26.26s %7s", what,
               number(value("libsp", row_metric[r]))
        for (w = 1; w <= whos; w++)
            if (is_peer(who_name[w]))
                printf " %7s", figure_text(who_name[w], row_metric[r])
        print ""
    }
}

function report(    r, met, missed)
{
    print_rows()
    print_limits()
    print_peers()
    for (r = 1; r <= rows; r++)
        if (row_has(r) && row_met(r) >= 0) {
            if (row_met(r))
                met++
            else
                missed++
        }
    printf "\n%d bounds met, %d missed\n", met, missed
}
