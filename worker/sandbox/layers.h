/* SPDX-License-Identifier: MIT */
/* worker/sandbox/layers.h - the sandbox's layers by name, so that tests can
 * build an sp-worker that lacks one, and see that it was not there for nothing
 * (tests/confinement/test_mutations.c).  What ships lacks none: which one is
 * left out is decided when it is compiled, and never again. */
#ifndef SANDBOX_LAYERS_H
#define SANDBOX_LAYERS_H

/* X(NAME) */
#define LAYER_TABLE(X)                                                         \
    X(NONE) /* of them is left out */                                          \
    X(UID)                                                                     \
    X(USER) /* cannot be: the other namespaces need it */                      \
    X(NS)   /* likewise, for the root */                                       \
    X(IPC)                                                                     \
    X(UTS)                                                                     \
    X(CGROUP)                                                                  \
    X(NET)                                                                     \
    X(PID)                                                                     \
    X(ROOT)                                                                    \
    X(EMPTY_ROOT)                                                              \
    X(LIMITS)                                                                  \
    X(LANDLOCK)                                                                \
    X(SECCOMP)                                                                 \
    X(SCOPE)                                                                   \
    X(SESSION_LIMITS)                                                          \
    X(PROGRAM_USER)

enum layer {
#define LAYER_ENUM_(NAME) LAYER_##NAME,
    LAYER_TABLE(LAYER_ENUM_)
#undef LAYER_ENUM_
};

#ifndef SANDBOX_WITHOUT
#define SANDBOX_WITHOUT NONE
#endif
#define LAYER_CONCAT_(a, b) a##b
#define LAYER_OF_(NAME) LAYER_CONCAT_(LAYER_, NAME)

/* Whether this build has the layer; a step of it, 0 where it has not. */
#define HAS_LAYER(NAME) (LAYER_##NAME != LAYER_OF_(SANDBOX_WITHOUT))
#define LAYER(NAME, step) (HAS_LAYER(NAME) ? (step) : 0)

#endif
