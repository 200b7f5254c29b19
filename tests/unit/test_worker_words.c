/* SPDX-License-Identifier: MIT */
/* supervisor/worker_words: what sp-worker is run with. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <string.h>

#include "support/leaks.h"
#include "worker_words.h"

TestSuite(worker_words, .fini = leaks_check);

/* Fails unless these are the words, NULL behind them. */
static void expect(const struct module_settings *settings, ...)
{
    struct worker_words words;
    const char *wanted;
    va_list list;

    cr_assert_eq(worker_words_init(&words, "shop", settings), 0);
    va_start(list, settings);
    for (size_t i = 0;; i++) {
        wanted = va_arg(list, const char *);
        if (!wanted || !words.argv[i]) {
            cr_expect_eq(words.argv[i], wanted);
            break;
        }
        cr_expect_str_eq(words.argv[i], wanted);
    }
    va_end(list);
    worker_words_fini(&words);
}

Test(worker_words, of_a_shared_object_are_name_and_path)
{
    struct module_settings settings = {.path = "/a.so", .command = ""};

    expect(&settings, "sp-worker", "shop", "/a.so", NULL);
}

Test(worker_words, of_a_command_are_its_words_too)
{
    struct module_settings settings = {.path = "/a",
                                       .framing = FRAMING_LENGTH};

    settings.command = "/a";
    expect(&settings, "sp-worker", "shop", "/a", "length", "/a", NULL);
    settings.framing = FRAMING_LINE;
    settings.command = "/a b  \t-c d ";
    expect(&settings, "sp-worker", "shop", "/a", "line", "/a", "b", "-c", "d",
           NULL);
    settings.command = "/ 1 2 3 4 5 6 7 8 9";
    expect(&settings, "sp-worker", "shop", "/a", "line", "/", "1", "2", "3",
           "4", "5", "6", "7", "8", "9", NULL);
}
