# SPDX-License-Identifier: MIT
# One JSON object: "about" the run, all "figures", and the "rows" with their
# bounds; after report.awk.  $BENCH_ABOUT: lines "key
# value".

function quoted(s)
{
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return "\"" s "\""
}

function print_about(    n, line, i, at)
{
    print "{\"about\": {"
    n = split(ENVIRON["BENCH_ABOUT"], line, "\n")
    for (i = 1; i <= n; i++) {
        at = index(line[i], " ")
        printf "  %s: %s%s\n", quoted(substr(line[i], 1, at - 1)),
               quoted(substr(line[i], at + 1)), i < n ? "," : ""
    }
    print "},"
}

function print_figure(who, metric, comma)
{
    printf "  {\"who\": %s, \"metric\": %s, ", quoted(who), quoted(metric)
    printf "\"value\": %.4f, \"unit\": %s}%s\n", value(who, metric),
           quoted(unit(metric)), comma
}

function print_figures(    i)
{
    print "\"figures\": ["
    for (i = 1; i <= figures; i++)
        print_figure(figure_who[i], figure_metric[i], i < figures ? "," : "")
    print "],"
}

function print_row(r,    is, met)
{
    is = row_ratio(r)
    met = row_met(r)
    printf "  {\"metric\": %s, \"what\": %s, \"value\": %.4f, \"unit\": %s, ",
           quoted(row_metric[r]), quoted(row_full[r]),
           value("libsp", row_metric[r]), quoted(row_unit[r])
    printf "\"ratio\": %s, \"base\": %s, \"bound\": %s, \"met\": %s}",
           is < 0 ? "null" : sprintf("%.4f", is),
           row_base[r] == "-" ? "null" : quoted(row_base[r]),
           row_bound[r] == "-" ? "null" : quoted(row_bound[r]),
           met < 0 ? "null" : met ? "true" : "false"
}

function report(    r, any)
{
    print_about()
    print_figures()
    print "\"rows\": ["
    for (r = 1; r <= rows; r++)
        if (row_has(r)) {
            if (any++)
                print ","
            print_row(r)
        }
    print "\n]}"
}
