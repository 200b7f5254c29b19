# SPDX-License-Identifier: MIT
# Prints the page of a header: its first comment, its types and macros, and the
# pages of its functions by section.

function contents_of_section(s, h, i, p, last, out)
{
    out = ""
    if (remark[s]) {
        forget_comment()
        read_comment(remark[s])
        out = out body items_of_remark()
    }
    last = 0
    for (i = 1; i <= items; i++) {
        if (section[i] != s)
            continue
        p = paragraph[i]
        if (kind[i] == "function") {
            if (p != last)
                out = out ".TP\n" names_of(p) "\n" \
                    fill(summary(comment[leading_comment(p)]))
            last = p
        } else if (!first_function[p] && is_ours(name[i]))
            out = out thing(i)
    }
    sub(/^\.PP\n/, "", out)
    return out == "" || title[s] == "" ? out : ".SS " title[s] "\n" out
}

function names_of(p, i, list)
{
    list = ""
    for (i = 1; i <= items; i++)
        if (paragraph[i] == p && kind[i] == "function")
            list = list (list == "" ? "" : ", ") reference(name[i])
    return list
}

# What a comment says in items, for a page of its own: as paragraphs.
function items_of_remark(i, out)
{
    out = ""
    for (i = 1; i <= error_count; i++)
        out = out ".TP\n\\fB" error[i] "\\fR\n" fill(error_text[i])
    return out
}

# Types of other libraries are named, not explained.
function is_ours(its_name)
{
    return its_name !~ /^struct / || its_name ~ /^struct sp_/
}

# A type or a macro, as it is declared.
function thing(i)
{
    if (name[i] == "SP_ERROR_TABLE")
        return error_list()
    forget_comment()
    if (about[i] && about[i] != remark[section[i]] && !said[about[i]])
        read_comment(about[i])
    said[about[i]] = 1
    if (name[i] == "enum sp_error")
        return body example("enum sp_error { SP_OK, ... };")
    return body example(code[i])
}

# The rows of the table of errors.
function error_list(i, words, count, out)
{
    out = ""
    count = split(error_names, words, " ")
    for (i = 1; i <= count; i++)
        out = out ".TP\n\\fB" words[i] "\\fR (" error_numbers[words[i]] ")\n" \
            sentence_case(fill(error_says[words[i]]))
    return out
}

function read_error_table(i, lines, count, row)
{
    for (i = 1; i <= items; i++)
        if (name[i] == "SP_ERROR_TABLE")
            break
    count = split(code[i], lines, "\n")
    for (i = 2; i <= count; i++) {
        row = lines[i]
        sub(/^ *X\(/, "", row)
        split(row, words, ", ")
        error_names = error_names " " words[1]
        error_numbers[words[1]] = words[2] ", exit status " words[3]
        match(row, /".*"/)
        error_says[words[1]] = substr(row, RSTART + 1, RLENGTH - 2)
    }
}

function print_header_page(h, s, i, text, own)
{
    forget_page()
    split("", parameters)
    text = comment[top[h]]
    own = "sp_" h
    page = own
    forget_comment()
    sub(/^sp\/[a-z]+\.h - /, "", text)
    comment[0] = toupper(substr(text, 1, 1)) substr(without_linking(text), 2)
    read_comment(0)
    begin_page(own)
    put(".SH NAME\n" own " \\- " summary(text) "\n")
    declarations = ""
    for (i = 1; i <= items; i++)
        if (name[i] == own && kind[i] == "function")
            declarations = bold_lines(prototype(code[i]))
    put_section("SYNOPSIS", synopsis_of(h, declarations))
    put_section("DESCRIPTION", body)
    safety = threads == "" ? "" : fill(threads)
    text = returns == "" ? "" : fill(returns)
    contents = ""
    for (s = 1; s <= sections; s++)
        if (header_of_section[s] == h)
            contents = contents contents_of_section(s, h)
    put_section("CONTENTS", contents)
    put_section("RETURN VALUE", text)
    put_section("THREAD SAFETY", safety)
    put_header_see_also(own)
    close(file)
}

function put_header_see_also(own, words, count, i, list)
{
    list = ""
    count = split(headers, words, " ")
    for (i = 1; i <= count; i++)
        if ("sp_" words[i] != own)
            list = list "\\fBsp_" words[i] "\\fR(3),\n"
    put_section("SEE ALSO", list "\\fBspctl\\fR(1),\n\\fBspd\\fR(8)\n")
}
