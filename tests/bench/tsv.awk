# SPDX-License-Identifier: MIT
# Lines "who metric value unit" with tabs between; after report.awk.
function report(    i)
{
    print "who\tmetric\tvalue\tunit"
    for (i = 1; i <= figures; i++)
        printf "%s\t%s\t%.4f\t%s\n", figure_who[i], figure_metric[i],
               value(figure_who[i], figure_metric[i]),
               unit(figure_metric[i])
}
