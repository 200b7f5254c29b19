/* SPDX-License-Identifier: MIT */
/* Pages of one memfd.  Its size is sealed, so that no template can take the
 * pages away under spd (SIGBUS); their content is anybody's. */
#define _GNU_SOURCE
#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct slots {
    int fd; /* owned; -1 once closed */
    struct slot *pages; /* owned mapping */
    uint32_t count;
    uint32_t fresh; /* pages from here on were never taken */
    uint32_t *given; /* owned; pages that were given back */
    uint32_t given_count;
    uint32_t given_room;
};

static int open_memory(size_t size)
{
    int fd = memfd_create("libsp-slots", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    close(fd);
    return -1;
}

struct slots *slots_create(size_t count)
{
    struct slots *slots = calloc(1, sizeof *slots);
    size_t size = count * SLOT_SIZE;

    if (!slots)
        return NULL;
    slots->count = (uint32_t)count;
    slots->fd = open_memory(size);
    if (slots->fd >= 0) {
        slots->pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_NORESERVE, slots->fd, 0);
        if (slots->pages != MAP_FAILED)
            return slots;
        close(slots->fd);
    }
    free(slots);
    return NULL;
}

void slots_destroy(struct slots *slots)
{
    if (!slots)
        return;
    slots_close(slots);
    munmap(slots->pages, (size_t)slots->count * SLOT_SIZE);
    free(slots->given);
    free(slots);
}

int slots_fd(const struct slots *slots)
{
    return slots->fd;
}

void slots_close(struct slots *slots)
{
    if (slots->fd >= 0)
        close(slots->fd);
    slots->fd = -1;
}

/* Room to give back every page that is out, so that giving never fails. */
static int keep_room(struct slots *slots)
{
    uint32_t room = slots->given_room ? slots->given_room * 2 : 16;
    uint32_t *grown;

    if (slots->fresh < slots->given_room)
        return 0;
    grown = realloc(slots->given, room * sizeof *grown);
    if (!grown)
        return -1;
    slots->given = grown;
    slots->given_room = room;
    return 0;
}

int slots_take(struct slots *slots, struct slot_place *out_place)
{
    uint32_t index;

    if (slots->given_count > 0) {
        index = slots->given[--slots->given_count];
    } else if (slots->fresh == slots->count) {
        errno = ENOBUFS;
        return -1;
    } else if (keep_room(slots) < 0) {
        return -1;
    } else {
        index = slots->fresh++;
    }
    *out_place = (struct slot_place){slots, index};
    return 0;
}

struct slot *slots_at(const struct slot_place *place)
{
    return place->slots ? &place->slots->pages[place->index] : NULL;
}

/* The memory goes back to the kernel.  Nobody else maps the page any more: the
 * session is dead, and its descendants never had it (MADV_DONTFORK). */
static void wipe(struct slot *slot)
{
    if (madvise(slot, SLOT_SIZE, MADV_REMOVE) < 0)
        memset(slot, 0, SLOT_SIZE);
}

void slots_give(struct slot_place *place)
{
    struct slots *slots = place->slots;

    if (!slots)
        return;
    wipe(slots_at(place));
    slots->given[slots->given_count++] = place->index;
    place->slots = NULL;
}
