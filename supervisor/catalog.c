/* SPDX-License-Identifier: MIT */
/* A configuration's modules become objects here; a reload compares and swaps.
 * What one module does is module.c's business, reading the file config.c's. */
#define _GNU_SOURCE
#include "catalog.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config.h"
#include "module.h"

/* ---- retired ---- */

/* Not from inside the calls of the module that is unused. */
static void on_unused(void *context)
{
    static const struct timeval at_once = {0, 0};
    struct catalog *catalog = context;

    evtimer_add(catalog->burial, &at_once);
}

static void on_burial(evutil_socket_t fd, short what, void *arg)
{
    struct catalog *catalog = arg;
    size_t left = 0;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < catalog->retired_count; i++) {
        struct module *module = catalog->retired[i];

        if (module_unused(module)) {
            log_debug("module %s: a retired one has ended",
                      module_name(module));
            module_destroy(module);
        } else {
            catalog->retired[left++] = module;
        }
    }
    catalog->retired_count = left;
}

static void retire(struct catalog *catalog, struct module *module,
                   const char *why)
{
    log_info("module %s: %s; %u session(s) go on as they were started",
             module_name(module), why, module_sessions(module));
    catalog->retired[catalog->retired_count++] = module;
    module_retire(module, on_unused, catalog);
}

/* ---- offers ---- */

/* A catalog in the making: its modules are the ones on offer where nothing has
 * changed, else new ones. */
struct offer {
    struct module **modules;
    size_t count;
};

static bool on_offer(struct module *const *modules, size_t count,
                     const struct module *module)
{
    for (size_t i = 0; i < count; i++)
        if (modules[i] == module)
            return true;
    return false;
}

static void offer_abandon(const struct catalog *catalog, struct offer *offer)
{
    int saved = errno;

    for (size_t i = 0; i < offer->count; i++)
        if (!on_offer(catalog->modules, catalog->count, offer->modules[i]))
            module_destroy(offer->modules[i]);
    free(offer->modules);
    errno = saved;
}

static struct module *choose(const struct catalog *catalog,
                             struct module_config *config,
                             const struct supervisor_settings *supervisor)
{
    struct module *module = catalog_find(catalog, config->name);

    if (module && module_current(module, config, supervisor->worker))
        return module;
    return module_create(catalog->base, catalog->table, catalog->runtime,
                         catalog->counters, config, supervisor);
}

/* Room for all that may have to be retired. */
static int reserve(struct catalog *catalog)
{
    size_t room = catalog->retired_count + catalog->count;
    struct module **grown =
        reallocarray(catalog->retired, room + 1, sizeof(struct module *));

    if (!grown)
        return -1;
    catalog->retired = grown;
    return 0;
}

static int offer_prepare(struct catalog *catalog, struct config *config,
                         struct offer *out_offer)
{
    struct offer offer = {0};

    offer.modules =
        calloc(config->module_count + 1, sizeof(struct module *));
    if (!offer.modules || reserve(catalog) < 0)
        goto fail;
    for (size_t i = 0; i < config->module_count; i++) {
        offer.modules[i] = choose(catalog, &config->modules[i],
                                  &config->supervisor);
        if (!offer.modules[i])
            goto fail;
        offer.count++;
    }
    *out_offer = offer;
    return 0;
fail:
    offer_abandon(catalog, &offer);
    return -1;
}

int catalog_offer(struct catalog *catalog, struct config *config,
                  struct catalog_changes *out_changes)
{
    struct catalog before;
    struct catalog_changes changes = {0};
    struct offer offer;

    if (offer_prepare(catalog, config, &offer) < 0)
        return -1;
    before = *catalog;
    catalog->modules = offer.modules;
    catalog->count = offer.count;
    for (size_t i = 0; i < offer.count; i++)
        if (!catalog_find(&before, module_name(offer.modules[i])))
            changes.added++;
    for (size_t i = 0; i < before.count; i++) {
        struct module *module = before.modules[i];

        if (on_offer(offer.modules, offer.count, module))
            continue;
        if (catalog_find(catalog, module_name(module))) {
            changes.changed++;
            retire(catalog, module, "changed");
        } else {
            changes.removed++;
            retire(catalog, module, "removed");
        }
    }
    free(before.modules);
    *out_changes = changes;
    return 0;
}

/* ---- what there is ---- */

struct module *catalog_find(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (strcmp(module_name(catalog->modules[i]), name) == 0)
            return catalog->modules[i];
    return NULL;
}

struct module *catalog_nth(const struct catalog *catalog, size_t n)
{
    if (n < catalog->count)
        return catalog->modules[n];
    n -= catalog->count;
    return n < catalog->retired_count ? catalog->retired[n] : NULL;
}

unsigned catalog_sessions(const struct catalog *catalog, const char *name)
{
    const struct module *module;
    unsigned sessions = 0;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        if (strcmp(module_name(module), name) == 0)
            sessions += module_sessions(module);
    return sessions;
}

size_t catalog_templates(const struct catalog *catalog)
{
    const struct module *module;
    size_t count = 0;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        count += module_template_pid(module) > 0;
    return count;
}

bool catalog_has_template(const struct catalog *catalog, pid_t pid)
{
    const struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        if (module_template_pid(module) == pid ||
            module_has_holder(module, pid))
            return true;
    return false;
}

void catalog_settle(const struct catalog *catalog)
{
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        module_settle(module);
}

size_t catalog_pooled(const struct catalog *catalog)
{
    const struct module *module;
    size_t count = 0;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        count += module_pooled(module);
    return count;
}

bool catalog_give_back(const struct catalog *catalog)
{
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        if (module_give_back(module))
            return true;
    return false;
}

void catalog_close_pools(struct catalog *catalog)
{
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        module_close_pool(module);
}

uint64_t catalog_longest_init(const struct catalog *catalog)
{
    const struct module *module;
    uint64_t longest = 0;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        if (module_settings(module)->init_timeout > longest)
            longest = module_settings(module)->init_timeout;
    return longest;
}

/* ---- life ---- */

int catalog_init(struct catalog *catalog, struct event_base *base,
                 struct process_table *table, const struct runtime *runtime,
                 struct counters *counters)
{
    *catalog = (struct catalog){.base = base,
                                .table = table,
                                .runtime = runtime,
                                .counters = counters};
    catalog->burial = evtimer_new(base, on_burial, catalog);
    return catalog->burial ? 0 : -1;
}

void catalog_fini(struct catalog *catalog)
{
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++)
        module_destroy(module);
    free(catalog->modules);
    free(catalog->retired);
    if (catalog->burial)
        event_free(catalog->burial);
    *catalog = (struct catalog){0};
}
