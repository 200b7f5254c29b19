# SPDX-License-Identifier: MIT
# An SVG of all rows with a bound: how far each figure is from it, on a
# logarithmic scale.  Left of the line is within the bound, whatever the unit
# and whether less or more is better.  After report.awk; $BENCH_ABOUT: a line
# under the title.

BEGIN {
    about = ENVIRON["BENCH_ABOUT"]
    left = 265
    wide = 480
    least = 0.02
    most = 50
    high = 20
}

function escaped(s)
{
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    return s
}

# Times the bound: more than 1 misses it.
function distance(r, v, is,    part)
{
    split(row_bound[r], part, " ")
    if (part[3] == "x")
        v = is
    if (part[1] == ">=")
        return v > 0 ? part[2] / v : most
    return part[2] > 0 ? v / part[2] : v > 0 ? most : 1
}

function x_of(d)
{
    d = d < least ? least : d > most ? most : d
    return left + wide * (log(d) - log(least)) / (log(most) - log(least))
}

function stroke(x, y, x_end, y_end, colour)
{
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" ", x, y,
           x_end, y_end
    printf "stroke=\"%s\"/>\n", colour
}

function text(x, y, s, more)
{
    printf "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y, more, escaped(s)
}

function dot(x, y, colour, radius, hint)
{
    printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\">", x, y,
           radius, colour
    printf "<title>%s</title></circle>\n", escaped(hint)
}

function others(r, y,    w, who, is)
{
    for (w = 1; w <= whos; w++) {
        who = who_name[w]
        if (who == "libsp" || is_limit(who) || !has(who, row_metric[r]))
            continue
        is = ratio(who, row_metric[r], base_who(r), base_metric(r))
        if (is < 0 && row_bound[r] ~ /x$/)
            continue
        dot(x_of(distance(r, value(who, row_metric[r]), is)), y,
            who == "floor" ? "#4a78c0" : "#c8c8c8", 3,
            who " " number(value(who, row_metric[r])) " " row_unit[r])
    }
}

function draw(r, y,    met, is, v, shown)
{
    met = row_met(r)
    is = row_ratio(r)
    v = value("libsp", row_metric[r])
    text(left - 8, y + 4, row_full[r], " text-anchor=\"end\"")
    stroke(left, y, left + wide, y, "#eee")
    others(r, y)
    dot(x_of(distance(r, v, is)), y, met ? "#2a8a3a" : "#c03028", 5,
        "libsp " number(v) " " row_unit[r])
    shown = number(v) " " row_unit[r]
    if (row_bound[r] ~ /x$/)
        shown = sprintf("%.2f", is)
    text(left + wide + 10, y + 4, shown "  " row_bound[r],
         met ? "" : " fill=\"#c03028\"")
}

function grid(top, bottom,    n, at, i, mark)
{
    n = split("0.1 0.3 1 3 10", at, " ")
    for (i = 1; i <= n; i++) {
        mark = at[i] == 1
        stroke(x_of(at[i]), top, x_of(at[i]), bottom, mark ? "#333" : "#ddd")
        text(x_of(at[i]), bottom + 16, mark ? "the bound" : at[i] " x",
             " text-anchor=\"middle\"")
    }
}

function report(    r, n, y, height)
{
    for (r = 1; r <= rows; r++)
        n += row_has(r) && row_met(r) >= 0
    height = 70 + n * high + 30
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" "
    printf "width=\"%d\" height=\"%d\" ", left + wide + 190, height
    print "font-family=\"sans-serif\" font-size=\"12\">"
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    text(12, 20, "libsp and its bounds", " font-size=\"15\"")
    text(12, 38, about, " fill=\"#666\"")
    text(left + wide + 182, 20, "red, green: libsp; blue: floor; grey: peers",
         " fill=\"#666\" text-anchor=\"end\"")
    grid(50, 60 + n * high)
    y = 64
    for (r = 1; r <= rows; r++)
        if (row_has(r) && row_met(r) >= 0) {
            draw(r, y)
            y += high
        }
    print "</svg>"
}
