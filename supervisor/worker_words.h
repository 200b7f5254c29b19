/* SPDX-License-Identifier: MIT */
/* supervisor/worker_words.h - the arguments that sp-worker is run with
 * (wire/template.h): of a command module, its command's among them.  Pure. */
#ifndef SUPERVISOR_WORKER_WORDS_H
#define SUPERVISOR_WORKER_WORDS_H

#include "settings.h"

struct worker_words {
    char **argv;   /* owned; ends in NULL */
    char *command; /* owned; what some of them are parts of */
};

/* Name and settings are borrowed until the end.  -1 and errno: no memory. */
int worker_words_init(struct worker_words *words, const char *name,
                      const struct module_settings *settings);
void worker_words_fini(struct worker_words *words);

#endif
