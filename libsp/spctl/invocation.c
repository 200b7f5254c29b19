/* SPDX-License-Identifier: MIT */
/* Reads the command line by the tables of options and commands, with
 * getopt_long, and opens what a command needs.  Words after options, options
 * after words: all the same, until "--".  Caller: main. */
#define _GNU_SOURCE
#include "invocation.h"

#include <getopt.h>
#include <string.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"

/* What getopt_long returns for the long form of option 0. */
#define LONG_BASE 256

/* The two forms that getopt wants the table in. */
struct grammar {
    struct option longs[OPTIONS + 1];
    char shorts[OPTIONS * 2 + 3];
};

static void grammar_init(struct grammar *grammar)
{
    size_t n = 0;

    memset(grammar, 0, sizeof *grammar);
    /* '-': words are handed out where they stand, whatever POSIXLY_CORRECT
     * says; ':': a missing argument is told from an unknown option */
    grammar->shorts[n++] = '-';
    grammar->shorts[n++] = ':';
    for (int i = 0; i < OPTIONS; i++) {
        const struct option_row *row = &option_rows[i];

        grammar->longs[i] = (struct option){
            .name = row->name,
            .has_arg = row->argument ? required_argument : no_argument,
            .val = LONG_BASE + i,
        };
        if (row->letter)
            grammar->shorts[n++] = row->letter;
        if (row->letter && row->argument)
            grammar->shorts[n++] = ':';
    }
}

/* The option that getopt_long returned. */
static enum option_key option_of(int got)
{
    int i = 0;

    if (got >= LONG_BASE)
        return (enum option_key)(got - LONG_BASE);
    while (option_rows[i].letter != got)
        i++;
    return (enum option_key)i;
}

static enum sp_error add_word(struct invocation *invocation, const char *word)
{
    char quoted[QUOTED_SIZE];

    if (invocation->command) {
        if (invocation->operand_count < OPERANDS_MAX)
            invocation->operands[invocation->operand_count] = word;
        invocation->operand_count++;
        return SP_OK;
    }
    invocation->command = command_find(word);
    if (invocation->command)
        return SP_OK;
    complain_quote(quoted, word);
    return complain_usage(NULL, "there is no command %s", quoted);
}

static enum sp_error unknown_option(const struct command *command,
                                    const char *word)
{
    char quoted[QUOTED_SIZE];

    complain_quote(quoted, word);
    return complain_usage(command,
                          "no option %s (put -- before an ID or a request that "
                          "begins with -)",
                          quoted);
}

/* What getopt_long returned, and the word of argv that it was looking at. */
static enum sp_error add(struct invocation *invocation, int got,
                         const char *word)
{
    switch (got) {
    case 1:
        return add_word(invocation, optarg);
    case ':':
        return complain_usage(invocation->command, "%s wants a value", word);
    case '?':
        return unknown_option(invocation->command, word);
    default:
        invocation->values[option_of(got)] = optarg ? optarg : "";
        return SP_OK;
    }
}

static enum sp_error foreign_option(const struct invocation *invocation)
{
    unsigned own = OPTIONS_GLOBAL;

    if (invocation->command)
        own |= invocation->command->options;
    for (int i = 0; i < OPTIONS; i++)
        if (invocation->values[i] && !(own & OPTION_BIT(i)))
            return complain_usage(invocation->command,
                                  "it has no option --%s", option_rows[i].name);
    return SP_OK;
}

enum sp_error invocation_parse(int argc, char **argv,
                               struct invocation *out_invocation)
{
    struct invocation invocation = {0};
    struct grammar grammar;
    enum sp_error error = SP_OK;

    grammar_init(&grammar);
    opterr = 0;
    while (error == SP_OK) {
        int word = optind;
        int got = getopt_long(argc, argv, grammar.shorts, grammar.longs, NULL);

        if (got == -1)
            break;
        error = add(&invocation, got, argv[word]);
    }
    while (error == SP_OK && optind < argc)
        error = add_word(&invocation, argv[optind++]);
    if (error == SP_OK)
        error = foreign_option(&invocation);
    if (error == SP_OK)
        *out_invocation = invocation;
    return error;
}

enum sp_error invocation_check(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    const char *id = invocation_id(invocation);
    char quoted[QUOTED_SIZE];

    if (invocation->operand_count < command->min_operands)
        return complain_usage(command, "a word is missing: spctl %s %s",
                              command->name, command->synopsis);
    if (invocation->operand_count > command->max_operands)
        return complain_usage(command,
                              "too many words (quote one that has spaces): "
                              "spctl %s %s",
                              command->name, command->synopsis);
    if (!id || sp_id_valid(id, strlen(id)))
        return SP_OK;
    complain_quote(quoted, id);
    return complain(SP_EBADID,
                    "%s is not a session ID: that is 1 to %d characters of "
                    "A-Z, a-z, 0-9, _ and -",
                    quoted, SP_ID_MAX);
}

enum sp_error invocation_open(struct invocation *invocation)
{
    const char *where = invocation->values[OPTION_RUNTIME_DIR];
    char text[SP_TEXT_MAX + 1];
    enum sp_error error;

    invocation->result = sp_result_new();
    if (!invocation->result)
        return complain(SP_ENOMEM, "%s", sp_strerror(SP_ENOMEM));
    error = sp_client_open(where, &invocation->client);
    if (error == SP_OK)
        return SP_OK;
    sp_client_diagnose(where, text, sizeof text);
    if (error == SP_ENOSUP)
        return complain_outcome(invocation, error, text);
    return complain(error, "%s", text);
}

void invocation_close(struct invocation *invocation)
{
    sp_client_close(invocation->client);
    sp_result_free(invocation->result);
    invocation->client = NULL;
    invocation->result = NULL;
}

bool invocation_has(const struct invocation *invocation,
                    enum option_key option)
{
    return invocation->values[option] != NULL;
}

const char *invocation_id(const struct invocation *invocation)
{
    return invocation->command->about_session ? invocation->operands[0] : NULL;
}
