# SPDX-License-Identifier: MIT
# Reads the public headers: what is declared in them, and what their comments
# say of it.  text.awk, pages.awk and overview.awk print it.
#
# A header is a first comment and sections of paragraphs, with blank lines
# between.  In a paragraph a comment is of the declarations that follow it, up
# to the next comment.  A comment that another follows at once introduces the
# paragraph; one with nothing behind it is of the rest of its section, as is
# that which names the section ("---- name ---").
#
# What is read is in these arrays:
#
#   comment[c]      the text of a comment, its lines without " * "
#   top[h]          the first comment of header h ("client"), 0 for none
#   kind[i]         of item i: "function", "type" or "macro"
#   code[i], name[i], about[i]   its declaration, name and comment (0: none)
#   paragraph[i], section[i]     where it stands
#   opening[p]      the comment that introduces paragraph p
#   title[s], remark[s]          of section s: its name, its own comment
#   notes[p]        comments, " 3 7", that are of the paragraph as well
#   header_of[p]    "client"

function end_paragraph()
{
    if (pending && items_of[paragraphs] == 0) {
        section_notes = section_notes " " pending
        paragraphs--
    }
    if (in_paragraph)
        in_paragraph = pending = 0
}

function begin_paragraph()
{
    if (in_paragraph)
        return
    in_paragraph = 1
    paragraphs++
    items_of[paragraphs] = 0
    opening[paragraphs] = 0
    header_of[paragraphs] = header
    notes[paragraphs] = section_notes
}

function begin_section(line)
{
    sub(/^---- /, "", line)
    sub(/ -+$/, "", line)
    sections++
    title[sections] = line
    header_of_section[sections] = header
    section_notes = ""
    remark[sections] = 0
}

# A comment is complete.
function add_comment(text, lines, count, i, rest)
{
    if (text ~ /^SPDX-/)
        return
    comments++
    if (!top[header]) {
        top[header] = comments
        comment[comments] = text
        return
    }
    count = split(text, lines, "\n")
    if (lines[1] ~ /^---- /) {
        begin_section(lines[1])
        rest = ""
        for (i = 2; i <= count; i++)
            rest = rest (rest == "" ? "" : "\n") lines[i]
        comment[comments] = rest
        if (rest != "") {
            remark[sections] = comments
            section_notes = " " comments
        }
        return
    }
    comment[comments] = text
    begin_paragraph()
    if (pending && !used)
        opening[paragraphs] = pending
    pending = comments
    used = 0
}

function add_item(what, text, its_name)
{
    begin_paragraph()
    items++
    items_of[paragraphs]++
    kind[items] = what
    code[items] = text
    name[items] = its_name
    about[items] = pending
    paragraph[items] = paragraphs
    section[items] = sections
    used = 1
    if (what == "function") {
        page_of[its_name] = ""
        if (!(paragraphs in first_function))
            first_function[paragraphs] = its_name
        page_of[its_name] = first_function[paragraphs]
    } else if (what == "type") {
        type_item[its_name] = items
    }
}

function name_before(text, mark)
{
    sub(mark, "", text)
    sub(/^.*[ *]/, "", text)
    return text
}

# A declaration that is complete, without its own comment behind it.
function add_declaration(text, flat)
{
    gsub(/__attribute__\(\(visibility[^)]*\)\)\) */, "", text)
    gsub(/__attribute__\(\(format[^)]*\)\)\) */, "", text)
    sub(/^[ \n]+/, "", text)
    flat = text
    gsub(/[ \n]+/, " ", flat)
    if (flat ~ /^(struct|enum) [a-z_0-9]+( [{].*[}])?;$/) {
        split(flat, words, /[ ;]/)
        add_item("type", text, words[1] " " words[2])
    } else if (flat ~ /^typedef /) {
        add_item("type", text, name_before(flat, "[(].*"))
    } else if (flat ~ /\(.*\);$/) {
        add_item("function", flat, name_before(flat, "[(].*"))
    } else {
        add_item("type", text, name_before(flat, ";$"))
    }
}

function strip_star(line)
{
    sub(/^ \* ?/, "", line)
    return line
}

# Lines of a macro or a declaration go on while a comment or a brace is open.
function is_open(text, left)
{
    left = text
    while (match(left, /\/\*[^*]*(\*[^\/][^*]*)*\*\//))
        left = substr(left, 1, RSTART - 1) substr(left, RSTART + RLENGTH)
    if (left ~ /\/\*/)
        return 1
    if (text ~ /^#/)
        return left ~ /\\[ ]*$/
    return left !~ /;[ ]*$/ || gsub(/[{]/, "{", left) != gsub(/[}]/, "}", left)
}

# The comment behind a declaration is its own.
function split_trailing(text, at)
{
    if (match(text, /;[ ]*\/\*[^\n]*\*\/[ ]*$/)) {
        at = substr(text, RSTART + 1)
        sub(/^[ ]*\/\* */, "", at)
        sub(/ *\*\/[ ]*$/, "", at)
        begin_paragraph()
        comments++
        comment[comments] = at
        pending = comments
        return substr(text, 1, RSTART)
    }
    return text
}

function take_directive(text, its_name)
{
    if (text !~ /^#define/)
        return
    its_name = text
    sub(/^#define /, "", its_name)
    sub(/[^A-Za-z0-9_].*/, "", its_name)
    if (its_name !~ /_$/ && its_name !~ /_H$/)
        add_item("macro", text, its_name)
}

FNR == 1 {
    end_paragraph()
    header = FILENAME
    sub(/.*\//, "", header)
    sub(/\.h$/, "", header)
    headers = headers " " header
    begin_section("")
    gathered = ""
    in_comment = 0
}

in_comment {
    closed = sub(/ *\*\/ *$/, "")
    gathered = gathered "\n" strip_star($0)
    if (closed) {
        in_comment = 0
        add_comment(gathered)
        gathered = ""
    }
    next
}

gathered != "" {
    gathered = gathered "\n" $0
}

gathered == "" && /^[ ]*$/ {
    end_paragraph()
    next
}

gathered == "" && /^\/\*/ {
    closed = sub(/ *\*\/ *$/, "")
    sub(/^\/\* ?/, "")
    if (closed)
        add_comment($0)
    else {
        gathered = $0
        in_comment = 1
    }
    next
}

gathered == "" && (/^extern "C" [{]$/ || /^[}]$/) {
    next
}

gathered == "" {
    gathered = $0
}

!is_open(gathered) || (gathered ~ /^#/ && gathered !~ /^#define/) {
    if (gathered ~ /^#/)
        take_directive(gathered)
    else
        add_declaration(split_trailing(gathered))
    gathered = ""
}

END {
    end_paragraph()
}
