# SPDX-License-Identifier: MIT
# Which measurements have bounds, for the profiles; after report.awk.  Prints
# lines "key missed title figures" with tabs between, one for each measurement
# of bench.sh: its first row that misses its bound, or else its first.

# The measurement that makes the operation of a metric.
function key_of(metric)
{
    if (metric ~ /^start_cpu_spd/)
        return "start"
    sub(/[.@].*/, "", metric)
    return metric
}

function side(r, who, name,    is)
{
    if (!has(who, row_metric[r]))
        return ""
    is = base_who(r) == "floor" && who != "floor" ? \
         ratio(who, row_metric[r], "floor", base_metric(r)) : -1
    return name " " number(value(who, row_metric[r])) " " row_unit[r] \
           (is < 0 ? "" : sprintf(" (%.2fx)", is))
}

function figures_of(r,    line)
{
    line = side(r, "floor", "bare floor") "|" \
           side(r, "contract", "contract floor") "|" side(r, "libsp", "libsp")
    gsub(/\|\|/, "|", line)
    sub(/^\|/, "", line)
    gsub(/\|/, " | ", line)
    return line
}

function title_of(r, met,    bound)
{
    bound = row_bound[r]
    sub(/ x$/, "x", bound)
    return row_full[r] " (" bound ": " (met ? "met" : "MISSED") ")"
}

function report(    r, key, met)
{
    for (r = 1; r <= rows; r++) {
        met = row_has(r) ? row_met(r) : -1
        if (met < 0)
            continue
        key = key_of(row_metric[r])
        if (!(key in missed))
            order[++keys] = key
        if (!(key in missed) || missed[key] == 0 && !met) {
            missed[key] = !met
            line[key] = title_of(r, met) "\t" figures_of(r)
        }
    }
    for (r = 1; r <= keys; r++)
        print order[r] "\t" missed[order[r]] "\t" line[order[r]]
}
