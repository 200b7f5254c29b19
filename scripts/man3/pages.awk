# SPDX-License-Identifier: MIT
# Prints a manual page of section 3 for each function of the public headers, and
# by overview.awk for each header, to DIRECTORY.  The functions of a paragraph
# share a page.
#
#   awk -v DIRECTORY=man3 -v VERSION=0.1.0 -f headers.awk -f text.awk \
#       -f overview.awk -f pages.awk libsp/include/sp/*.h

function put(text)
{
    printf "%s", text >file
}

function put_section(heading, text)
{
    sub(/^\.PP\n/, "", text)
    if (text != "")
        put(".SH " heading "\n" text)
}

# ---- what headers hand on to the pages of their functions

# The header whose conventions one adopts, "" for none.
function conventions_of(h, text)
{
    text = comment[top[h]]
    gsub(/\n/, " ", text)
    if (!match(text, /conventions of <sp\/[a-z]+\.h> hold/))
        return ""
    text = substr(text, RSTART + 19)
    sub(/\..*/, "", text)
    return text
}

# The paragraph that says how to link, as one line.
function linking_of(h, text)
{
    text = comment[top[h]]
    if (!match(text, /\n(Link|Build) with /))
        return ""
    text = substr(text, RSTART + 1)
    if (match(text, /\n\n/))
        text = substr(text, 1, RSTART - 1)
    gsub(/\n/, " ", text)
    return text
}

function without_linking(text, rest)
{
    if (!match(text, /\n(Link|Build) with /))
        return text
    rest = substr(text, RSTART + 1)
    text = substr(text, 1, RSTART)
    return match(rest, /\n\n/) ? text substr(rest, RSTART + 2) : text
}

# ---- what a page gathers

function forget_page()
{
    split("", known)
    split("", mentioned)
    arguments = errors = safety = returned = succeeded = description = ""
    wanted_errors = ""
}

# What a comment says, to the sections of the page.  What is known already is
# not overridden: the nearest comment is taken first.
function gather(c, with_body, i)
{
    forget_comment()
    if (c)
        read_comment(c)
    if (with_body)
        description = description body
    for (i = 1; i <= argument_count; i++)
        gather_argument(argument[i], argument_text[i])
    for (i = 1; i <= error_count; i++)
        gather_error(error[i], error_text[i])
    if (threads != "" && safety == "")
        safety = fill(threads)
    if (success != "" && succeeded == "")
        succeeded = ".PP\n" fill(success)
    if (returns != "" && returned == "")
        returned = fill(returns)
}

function gather_argument(label, text)
{
    if (("argument", label) in known)
        return
    known["argument", label] = 1
    arguments = arguments ".TP\n\\fI" label "\\fR\n" sentence_case(fill(text))
    while (match(text, /SP_E[A-Z]+/)) {
        wanted_errors = wanted_errors " " substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
    }
}

function gather_error(label, text)
{
    if (("error", label) in known && !known_here[label])
        return
    known["error", label] = 1
    known_here[label] = 1
    if (text == "" || text !~ / /)
        text = error_says[label] (text == "" ? "" : " (" text ")")
    errors = errors ".TP\n\\fB" label "\\fR\n" sentence_case(fill(text))
}

# What the header says of all of its functions, and those that it adopts.
function gather_conventions(h)
{
    for (; h != ""; h = conventions_of(h))
        gather(top[h], 0)
}

# The errors that arguments are said to make.
function gather_wanted_errors(words, count, i)
{
    count = split(wanted_errors, words, " ")
    for (i = 1; i <= count; i++)
        if (!(("error", words[i]) in known)) {
            split("", known_here)
            gather_error(words[i], "")
        }
}

# ---- declarations

# Breaks a prototype into lines that fit.
function prototype(text, head, words, count, i, line, out, indent)
{
    match(text, /\(/)
    head = substr(text, 1, RSTART)
    count = split(substr(text, RSTART + 1), words, ", ")
    indent = length(head)
    for (i = 1; i <= count; i++)
        if (indent + length(words[i]) > 70)
            indent = 8
    out = ""
    line = head
    if (indent == 8 && length(head) > 8) {
        out = head "\n"
        line = sprintf("%8s", "")
    }
    for (i = 1; i <= count; i++) {
        if (i > 1 && length(line) + length(words[i]) > 70) {
            sub(/ $/, "", line)
            out = out line "\n"
            line = sprintf("%" indent "s", "")
        }
        line = line words[i] (i < count ? ", " : "")
    }
    return out line
}

function note_parameters(text, words, count, i)
{
    sub(/^[^(]*\(/, "", text)
    sub(/\);$/, "", text)
    count = split(text, words, ", ")
    for (i = 1; i <= count; i++) {
        sub(/\[.*/, "", words[i])
        if (match(words[i], /(struct|enum) [a-z_0-9]+|sp_[a-z_]+ /)) {
            used = substr(words[i], RSTART, RLENGTH)
            sub(/ $/, "", used)
            types = types "\n" used
        }
        sub(/^.*[ *]/, "", words[i])
        parameters[words[i]] = 1
    }
}

# The types with something in them that a prototype names.
function used_types(words, count, i, t, out, seen)
{
    out = ""
    split("", seen)
    count = split(types, words, "\n")
    for (i = 2; i <= count; i++) {
        t = type_item[words[i]]
        if (!t || seen[t] || code[t] !~ /[{]|typedef/ ||
            words[i] == "enum sp_error")
            continue
        seen[t] = 1
        out = out example(code[t])
    }
    return out
}

function include_line(h)
{
    return "#include <sp/" h ".h>"
}

function bold_lines(text)
{
    return "\\fB" verbatim(text) "\\fR\n"
}

function synopsis_of(h, declarations)
{
    return ".nf\n" bold_lines(include_line(h)) \
        (declarations == "" ? "" : ".PP\n" declarations) ".fi\n" \
        (linking_of(h) == "" ? "" : ".PP\n" fill(linking_of(h)))
}

# ---- pages

function begin_page(its_name)
{
    page = its_name
    file = DIRECTORY "/" its_name ".3"
    put(".\\\" Made from the comments of the header.\n")
    put(".TH " toupper(its_name) " 3 \"\" \"libsp " VERSION "\" \"libsp\"\n")
    put(".nh\n")
}

# The first sentence of a text, or as much of it as names the thing.
function summary(text)
{
    gsub(/\n/, " ", text)
    sub(/[.;] .*/, "", text)
    sub(/[.:;]$/, "", text)
    if (length(text) > 60)
        sub(/(,|:| \().*/, "", text)
    if (text ~ /^[A-Z][a-z]/)
        text = tolower(substr(text, 1, 1)) substr(text, 2)
    gsub(/`/, "", text)
    return escape(text)
}

# The comment that a paragraph is named by.
function leading_comment(p, i)
{
    if (opening[p])
        return opening[p]
    for (i = 1; i <= items; i++)
        if (paragraph[i] == p && about[i])
            return about[i]
    return 0
}

function put_see_also(h, own, list, other, i)
{
    split("", listed)
    list = "\\fBsp_" h "\\fR(3)"
    listed["sp_" h] = listed[own] = 1
    for (i = 1; i <= items; i++) {
        if (kind[i] != "function")
            continue
        other = page_of[name[i]]
        if (other in listed)
            continue
        if (other in mentioned || (header_of[paragraph[i]] == h &&
                                   stem(other) == stem(own))) {
            listed[other] = 1
            list = list ",\n\\fB" other "\\fR(3)"
        }
    }
    put_section("SEE ALSO", list "\n")
}

# "sp_list" of "sp_list_count": what belongs together.
function stem(its_name, words)
{
    split(its_name, words, "_")
    return words[1] "_" words[2]
}

function put_links(p, i)
{
    for (i = 1; i <= items; i++) {
        if (paragraph[i] != p || kind[i] != "function" || name[i] == page)
            continue
        file = DIRECTORY "/" name[i] ".3"
        put(".so man3/" page ".3\n")
        close(file)
    }
}

# Gathers the comments of a paragraph: the opening one, and each with what it is
# of, if there are several.
function gather_paragraph(p, i, last, several, names, first)
{
    first = leading_comment(p)
    if (opening[p])
        gather(opening[p], 1)
    last = -1
    several = 0
    for (i = 1; i <= items; i++)
        if (paragraph[i] == p && kind[i] == "function") {
            if (last >= 0 && about[i] != last)
                several = 1
            last = about[i]
        }
    several = several || opening[p]
    last = -1
    names = ""
    for (i = 1; i <= items + 1; i++) {
        if (i <= items && (paragraph[i] != p || kind[i] != "function"))
            continue
        if (names != "" && (i > items || about[i] != last)) {
            if (several)
                description = description ".TP\n" names "\n"
            gather_entry(last, several)
            names = ""
        }
        if (i > items)
            break
        last = about[i]
        names = names (names == "" ? "" : ", ") "\\fB" name[i] "\\fR()"
    }
}

# In a list of functions a comment is one text, without a capital or a stop.
function gather_entry(c, in_list, before)
{
    if (!in_list) {
        gather(c, 1)
        return
    }
    before = description
    description = ""
    gather(c, 1)
    sub(/^\.PP\n/, "", description)
    gsub(/\.PP\n/, ".IP\n", description)
    description = before sentence_case(description)
}

function sentence_case(text)
{
    if (text ~ /^[a-z]/ && text !~ /^sp[_d]/)
        text = toupper(substr(text, 1, 1)) substr(text, 2)
    if (text ~ /[^.?!:]\n$/)
        text = substr(text, 1, length(text) - 1) ".\n"
    return text
}

function print_function_page(p, h, i, count, words, declarations, fails, names)
{
    forget_page()
    h = header_of[p]
    split("", parameters)
    types = declarations = names = ""
    fails = 0
    page = first_function[p]
    for (i = 1; i <= items; i++) {
        if (paragraph[i] != p)
            continue
        if (kind[i] == "macro")
            declarations = declarations bold_lines(code[i])
        if (kind[i] != "function")
            continue
        names = names (names == "" ? "" : ", ") name[i]
        declarations = declarations bold_lines(prototype(code[i]))
        note_parameters(code[i])
        if (code[i] ~ /^enum sp_error /)
            fails = 1
    }
    split("", known_here)
    gather_paragraph(p)
    count = split(notes[p], words, " ")
    split("", known_here)
    for (i = count; i > 0; i--)
        gather(words[i], 1)
    returns_own = returned != ""
    split("", known_here)
    gather_conventions(h)
    begin_page(page)
    put(".SH NAME\n" names " \\- " summary(comment[leading_comment(p)]) "\n")
    put_section("SYNOPSIS", synopsis_of(h, declarations))
    put_section("DESCRIPTION", description)
    put_section("ARGUMENTS", arguments)
    put_section("TYPES", used_types())
    if (fails || returns_own)
        put_section("RETURN VALUE", returned succeeded)
    if (fails) {
        gather_wanted_errors()
        put_section("ERRORS", errors)
    }
    put_section("THREAD SAFETY", safety)
    put_see_also(h, page)
    close(file)
    put_links(p)
}

END {
    read_error_table()
    count = split(headers, names, " ")
    for (p = 1; p <= paragraphs; p++)
        if (first_function[p] && first_function[p] != "sp_" header_of[p])
            print_function_page(p)
    for (n = 1; n <= count; n++)
        print_header_page(names[n])
}
