/* SPDX-License-Identifier: MIT */
/* Splits a command at spaces: there is no quoting. */
#define _GNU_SOURCE
#include "worker_words.h"

#include <stdlib.h>
#include <string.h>

int worker_words_init(struct worker_words *words, const char *name,
                      const struct module_settings *settings)
{
    const char *command = settings->command;
    char *rest, *word;
    size_t count = 0;

    *words = (struct worker_words){0};
    /* a word and the space behind it have two bytes */
    words->argv = calloc(WORKER_ARG_PROGRAM + strlen(command) / 2 + 2,
                         sizeof *words->argv);
    words->command = strdup(command);
    if (!words->argv || !words->command) {
        worker_words_fini(words);
        return -1;
    }
    words->argv[count++] = "sp-worker";
    words->argv[count++] = (char *)name;
    words->argv[count++] = settings->path;
    if (*command)
        words->argv[count++] =
            (char *)framing_word((enum framing)settings->framing);
    for (word = strtok_r(words->command, " \t", &rest); word;
         word = strtok_r(NULL, " \t", &rest))
        words->argv[count++] = word;
    return 0;
}

void worker_words_fini(struct worker_words *words)
{
    free(words->argv);
    free(words->command);
    *words = (struct worker_words){0};
}
