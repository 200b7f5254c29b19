/* SPDX-License-Identifier: MIT */
/* Reads "#!" as the kernel does: the first line, of which it looks at 256
 * bytes; a path, and the rest as one argument. */
#define _GNU_SOURCE
#include "interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 256 /* BINPRM_BUF_SIZE */

static void add(struct interpreter_files *files, size_t index,
                const char *path)
{
    snprintf(files->paths[index], PATH_MAX, "%s", path);
    files->files[index] = files->paths[index];
}

/* The first line of a script, without "#!"; false: it is none. */
static bool read_line(const char *path, char out_line[LINE_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char head[LINE_SIZE];
    ssize_t size;

    if (fd < 0)
        return false;
    size = read(fd, head, sizeof head - 1);
    close(fd);
    if (size < 2 || memcmp(head, "#!", 2) != 0)
        return false;
    head[size] = '\0';
    head[strcspn(head, "\n")] = '\0';
    snprintf(out_line, LINE_SIZE, "%s", head + 2);
    return true;
}

/* The next word of a line, terminated in place; "" if there is none. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " \t");
    char *end = word + strcspn(word, " \t");

    *line = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool is_env(const char *path)
{
    return strcmp(path, "/usr/bin/env") == 0 || strcmp(path, "/bin/env") == 0;
}

/* Where env(1) finds it.  False: nowhere. */
static bool look_up(const char *name, char out_path[PATH_MAX])
{
    char folders[] = INTERPRETER_PATH;
    char *rest = folders, *folder;

    while ((folder = strsep(&rest, ":"))) {
        snprintf(out_path, PATH_MAX, "%s/%s", folder, name);
        if (access(out_path, X_OK) == 0)
            return true;
    }
    return false;
}

/* What env(1) runs: the first word that is neither an option nor a variable. */
static int find_behind_env(char *rest, char out_path[PATH_MAX], char *out_text,
                           size_t text_size)
{
    char *word;

    do
        word = next_word(&rest);
    while (*word == '-' || strchr(word, '='));
    if (*word == '/')
        snprintf(out_path, PATH_MAX, "%s", word);
    else if (!*word || strchr(word, '/') || !look_up(word, out_path)) {
        snprintf(out_text, text_size, "env: %.100s: not found in %s", word,
                 INTERPRETER_PATH);
        return -1;
    }
    return 0;
}

/* Writes the next one's path.  1: there is one; 0: there is none; -1. */
static int follow(const char *path, char out_path[PATH_MAX],
                  char *out_rest, char *out_text, size_t text_size)
{
    char line[LINE_SIZE], *rest = line;
    const char *word;

    if (!read_line(path, line))
        return 0;
    word = next_word(&rest);
    if (access(word, F_OK) < 0) {
        snprintf(out_text, text_size, "%.300s: its interpreter %.200s: %s",
                 path, word, strerrordesc_np(errno));
        return -1;
    }
    snprintf(out_path, PATH_MAX, "%s", word);
    snprintf(out_rest, LINE_SIZE, "%s", rest);
    return 1;
}

int interpreter_find(const char *program, struct interpreter_files *out_files,
                     char *out_text, size_t text_size)
{
    char next[PATH_MAX], rest[LINE_SIZE];
    size_t count = 0;

    *out_files = (struct interpreter_files){0};
    add(out_files, count++, program);
    while (count < INTERPRETER_FILES) {
        int found = follow(out_files->files[count - 1], next, rest, out_text,
                           text_size);

        if (found <= 0)
            return found;
        add(out_files, count++, next);
        if (!is_env(next) || count == INTERPRETER_FILES)
            continue;
        if (find_behind_env(rest, next, out_text, text_size) < 0)
            return -1;
        add(out_files, count++, next);
    }
    return 0;
}
