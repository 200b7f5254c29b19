# SPDX-License-Identifier: MIT
# Makes roff of the comments that headers.awk has read: pages.awk prints it.
#
# A comment is paragraphs, lists ("- ") and lines to be kept as they are
# (indented).  A sentence that begins with what it is about makes an item, which
# goes on to the next one or to an empty line:
#
#   SP_ENOENT: there is none.     of ERRORS; SP_OK: of RETURN VALUE
#   timeout_ms: in milliseconds.  of ARGUMENTS, if that is a parameter here
#   Threads: one at a time.       of THREAD SAFETY
#   Returns: what it returns.     of RETURN VALUE
#
# read_comment() leaves them in these, for take() to give out:
#
#   body                           roff of the rest
#   argument[a], argument_count    "timeout_ms"; argument_text[a]
#   error[e], error_count          "SP_ENOENT"; error_text[e]
#   threads, returns, success      text

BEGIN {
    # what is marked up in a text
    NAMES = "sp_[a-z0-9_]+[(][)]|SP_[A-Z][A-Z0-9_]*|<sp/[a-z]+[.]h>"
    # "SP_ENOENT: ...", "SP_EMODULE, SP_EMSGSIZE (arg)."
    hint = "( [(][^)]*[)])?"
    ERRORS = "^SP_(OK|E[A-Z]+)" hint "(, SP_E[A-Z]+" hint ")*[:.]"
}

function escape(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/\^/, "\\(ha", text)
    gsub(/~/, "\\(ti", text)
    return text
}

# As it stands, for examples and declarations.
function verbatim(text)
{
    text = escape(text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    gsub(/`/, "\\(ga", text)
    return text
}

# A function by its page; the one that is being printed has no reference.
function reference(function_name)
{
    if (!(function_name in page_of) || page_of[function_name] == page)
        return "\\fB" function_name "\\fR()"
    mentioned[page_of[function_name]] = 1
    return "\\fB" function_name "\\fR(3)"
}

# Marks up one word, with what stands around it.
function mark_up(word, done, found)
{
    done = ""
    while (match(word, NAMES)) {
        done = done escape(substr(word, 1, RSTART - 1))
        found = substr(word, RSTART, RLENGTH)
        word = substr(word, RSTART + RLENGTH)
        if (found ~ /\(\)$/)
            found = reference(substr(found, 1, length(found) - 2))
        else if (found ~ /^</)
            found = "\\fI" found "\\fR"
        else
            found = "\\fB" found "\\fR"
        done = done found
    }
    word = done escape(word)
    if (word ~ /^-/)
        sub(/^-/, "\\-", word)
    while (match(word, /`[^`]+`/))
        word = substr(word, 1, RSTART - 1) \
            "\\fB" substr(word, RSTART + 1, RLENGTH - 2) "\\fR" \
            substr(word, RSTART + RLENGTH)
    return word
}

# Breaks text into lines, one at least for each sentence.
function fill(text, words, count, i, line, out, word)
{
    out = line = ""
    gsub(/  +/, " \n ", text)
    count = split(text, words, /[ ]+/)
    for (i = 1; i <= count; i++) {
        word = words[i]
        if (word == "" || word == "\n") {
            if (word == "\n" && line != "") {
                out = out line "\n"
                line = ""
            }
            continue
        }
        word = mark_up(word)
        if (line != "" && length(line) + length(word) > 74) {
            out = out line "\n"
            line = ""
        }
        if (line == "" && word ~ /^[.']/)
            word = "\\&" word
        line = line (line == "" ? "" : " ") word
    }
    return out (line == "" ? "" : line "\n")
}

# Lines as they stand; long ones get all the room that there is.
function example(text, lines, count, i, wide)
{
    count = split(text, lines, "\n")
    for (i = 1; i <= count; i++)
        wide = wide || length(lines[i]) > 66
    text = ".EX\n" verbatim(text) "\n.EE\n"
    return wide ? ".PP\n" text : ".PP\n.RS 4\n" text ".RE\n"
}

# Joins a line to a text: a sentence that ends with the line is seen to end.
function join(text, line)
{
    if (text == "")
        return line
    return text (text ~ /[.?!]"?[)]?$/ ? "  " : " ") line
}

# Whether all words of a list are parameters of the page's functions.
function are_parameters(list, words, count, i)
{
    count = split(list, words, ", ")
    for (i = 1; i <= count; i++)
        if (!(words[i] in parameters))
            return 0
    return 1
}

function add_argument(label, text)
{
    argument[++argument_count] = label
    argument_text[argument_count] = text
    item = "argument"
}

function add_error(label, text)
{
    error[++error_count] = label
    error_text[error_count] = text
    item = "error"
}

# "SP_EMODULE, SP_EMSGSIZE (arg).  " or "SP_EPERM: text": one item each.
function take_errors(text, found, hint)
{
    while (match(text, /^SP_(OK|E[A-Z]+)/)) {
        found = substr(text, 1, RLENGTH)
        text = substr(text, RLENGTH + 1)
        hint = ""
        if (match(text, /^ \([^)]*\)/)) {
            hint = substr(text, 3, RLENGTH - 3)
            text = substr(text, RLENGTH + 1)
        }
        if (found == "SP_OK" && text ~ /^: /) {
            success = join(success, "SP_OK" text)
            item = "success"
            return
        }
        if (text ~ /^: /) {
            add_error(found, substr(text, 3))
            return
        }
        add_error(found, hint)
        if (text !~ /^, SP_/)
            return
        text = substr(text, 3)
    }
}

# One sentence of a paragraph, to the item that it belongs to or begins.
function take_sentence(text, label)
{
    if (text ~ ERRORS) {
        take_errors(text)
        return
    }
    if (match(text, /^[A-Za-z_0-9, ]+: /)) {
        label = substr(text, 1, RLENGTH - 2)
        if (label == "Threads" || label == "Returns") {
            item = tolower(label)
            text = substr(text, RLENGTH + 1)
            text = toupper(substr(text, 1, 1)) substr(text, 2)
        } else if (are_parameters(label)) {
            add_argument(label, substr(text, RLENGTH + 1))
            return
        }
    }
    if (item == "argument")
        argument_text[argument_count] = \
            join(argument_text[argument_count], text)
    else if (item == "error")
        error_text[error_count] = join(error_text[error_count], text)
    else if (item == "threads")
        threads = join(threads, text)
    else if (item == "success")
        success = join(success, text)
    else if (item == "returns")
        returns = join(returns, text)
    else
        rest = join(rest, text)
}

# What is in no item is left.
function take_paragraph(text, sentence)
{
    item = rest = ""
    while (match(text, /[.?!]"?[)]?  +/)) {
        sentence = substr(text, 1, RSTART + RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(/ +$/, "", sentence)
        take_sentence(sentence)
    }
    take_sentence(text)
    return rest
}

# Ends what is being read: a paragraph, an item of a list, an example.
function end_block(rest_text)
{
    if (block == "example")
        body = body example(block_text)
    else if (block == "bullet") {
        rest_text = take_paragraph(block_text)
        if (rest_text != "")
            body = body ".IP \\(bu 2\n" fill(rest_text)
    } else if (block == "paragraph") {
        rest_text = take_paragraph(block_text)
        if (rest_text != "")
            body = body ".PP\n" fill(rest_text)
    }
    block = block_text = ""
}

function forget_comment()
{
    body = threads = returns = success = ""
    argument_count = error_count = 0
}

function read_comment(c, lines, count, i, line)
{
    block = block_text = ""
    count = split(comment[c], lines, "\n")
    for (i = 1; i <= count; i++) {
        line = lines[i]
        if (line == "") {
            # an example goes on behind an empty line
            if (block == "example" && lines[i + 1] ~ /^  /)
                block_text = block_text "\n"
            else
                end_block()
        } else if (line ~ /^- /) {
            end_block()
            block = "bullet"
            block_text = substr(line, 3)
        } else if (block == "bullet" && line ~ /^  [^ ]/) {
            block_text = join(block_text, substr(line, 3))
        } else if (line ~ /^  /) {
            if (block != "example") {
                end_block()
                block = "example"
                block_text = line
            } else
                block_text = block_text "\n" line
        } else {
            if (block != "paragraph")
                end_block()
            block = "paragraph"
            block_text = join(block_text, line)
        }
    }
    end_block()
}
