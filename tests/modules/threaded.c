/* SPDX-License-Identifier: MIT */
/* threaded: a module that must be refused.  Its constructor starts a thread,
 * which no session would have: threads do not survive a fork. */
#include <pthread.h>
#include <unistd.h>

#include <sp/module.h>

static void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

__attribute__((constructor)) static void start_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_for_ever, NULL);
}

SP_MODULE(.name = "threaded");
