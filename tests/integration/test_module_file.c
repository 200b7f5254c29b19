/* SPDX-License-Identifier: MIT */
/* A module's file is replaced, removed, cut or given away while its template
 * lives: sessions go on, and what cannot be loaded any more is refused by
 * name. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(module_file, .fini = leaks_check);

struct place {
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    char file[64];
    struct harness *harness;
};

/* Another file of this content, in its place. */
static void put_file(const struct place *place)
{
    char fresh[80];
    struct stat about;
    int from = open(harness_probe_module(), O_RDONLY | O_CLOEXEC), to;

    snprintf(fresh, sizeof fresh, "%s.new", place->file);
    to = open(fresh, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    cr_assert(from >= 0 && to >= 0 && fstat(from, &about) == 0);
    cr_assert_eq(fchmod(to, 0644), 0);
    cr_assert_eq(sendfile(to, from, NULL, (size_t)about.st_size),
                 about.st_size);
    close(from);
    close(to);
    cr_assert_eq(rename(fresh, place->file), 0);
}

/* With a session "a" of the file, and "b", which is to notice nothing. */
static struct place open_place(void)
{
    struct place place;
    char config[256];

    leftovers_directory(place.dir);
    cr_assert_eq(chmod(place.dir, 0755), 0); /* modules may be another user's */
    snprintf(place.file, sizeof place.file, "%s/module.so", place.dir);
    put_file(&place);
    snprintf(config, sizeof config,
             "[module copied]\npath = %s\nmax_restarts = 0\n", place.file);
    place.harness = harness_start(config);
    ask_started(place.harness, "a", "copied", NULL);
    ask_started(place.harness, "b", "copied", NULL);
    return place;
}

static void close_place(struct place *place)
{
    harness_stop(place->harness);
    leftovers_remove(place->dir);
}

/* The template is replaced after a crash, and loads the file anew. */
static void end_template(const struct place *place)
{
    session_end_by(place->harness, "a", "crash");
    ask_until_gone(place->harness, "a");
}

static void expect_refused_until_put_back(struct place *place, const char *why)
{
    end_template(place);
    cr_expect_neq(ask_start(place->harness, "c", "copied", NULL), SP_OK);
    cr_expect(harness_wait_log(place->harness, why, WAIT_MS), "%s", why);
    session_expect(place->harness, "b", "echo x", "x");
    put_file(place);
    ask_started(place->harness, "d", "copied", NULL);
}

Test(module_file, that_is_removed_serves_on_while_its_template_lives)
{
    struct place place = open_place();

    cr_assert_eq(unlink(place.file), 0);
    ask_started(place.harness, "later", "copied", NULL);
    session_expect(place.harness, "later", "echo x", "x");
    expect_refused_until_put_back(&place, "module.so: No such file");
    close_place(&place);
}

Test(module_file, that_others_may_write_to_is_not_loaded_again)
{
    struct place place = open_place();

    cr_assert_eq(chmod(place.file, 0666), 0);
    expect_refused_until_put_back(&place, "module.so: everybody may write");
    close_place(&place);
}

Test(module_file, that_is_somebody_else_s_is_not_loaded_again)
{
    struct place place;

    if (geteuid() != 0)
        cr_skip("not root: files cannot be given away");
    place = open_place();
    cr_assert_eq(chown(place.file, 12345, 12345), 0);
    expect_refused_until_put_back(&place, "module.so: belongs to user 12345");
    close_place(&place);
}

/* Its own sessions may end by it, when they want a page of it that they have
 * not had: they are the ones whose file it was. */
Test(module_file, that_is_cut_harms_nobody_else)
{
    struct place place = open_place();

    ask_started(place.harness, "other", "kv", NULL);
    cr_assert_eq(truncate(place.file, 0), 0);
    ask_start(place.harness, "c", "copied", NULL);
    session_expect(place.harness, "other", "incr n", "1");
    put_file(&place);
    ask_stop(place.harness, "a");
    ask_stop(place.harness, "b");
    ask_stop(place.harness, "c");
    ask_ok(place.harness, "{\"op\":\"reload\"}"); /* the file has changed */
    ask_started(place.harness, "d", "copied", NULL);
    session_expect(place.harness, "d", "echo x", "x");
    close_place(&place);
}
