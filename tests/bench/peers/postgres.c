/* SPDX-License-Identifier: MIT */
/* PostgreSQL: each session a connection, which has a backend process of its
 * own; a call selects the bytes that it is given.  $BENCH_POSTGRES says what to
 * connect to.  A backend that is killed takes all others with it. */
#define _GNU_SOURCE
#include "peer.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#include "measure.h"

struct connection {
    PGconn *conn;
    size_t calls;
};

static void fail(PGconn *conn, const char *what)
{
    fprintf(stderr, "bench: %s: %s", what, PQerrorMessage(conn));
    exit(1);
}

/* While it recovers from a backend's end it takes no connection. */
static PGconn *connect_in_time(void)
{
    const char *to = getenv("BENCH_POSTGRES");
    static const struct timespec pause = {0, 1000000};
    PGconn *conn = PQconnectdb(to ? to : "");

    for (int tries = 0; PQstatus(conn) != CONNECTION_OK; tries++) {
        if (tries == 10000)
            fail(conn, "connect");
        nanosleep(&pause, NULL);
        PQfinish(conn);
        conn = PQconnectdb(to ? to : "");
    }
    return conn;
}

static void *connection_start(size_t number)
{
    struct connection *connection = calloc(1, sizeof *connection);

    (void)number;
    if (!connection)
        measure_fail("calloc");
    connection->conn = connect_in_time();
    return connection;
}

/* Prepared once a second call shows that it is worth it. */
static PGresult *ask(struct connection *connection, const char *bytes, int size)
{
    static const char query[] = "SELECT $1::bytea";
    static const int binary = 1;
    PGconn *conn = connection->conn;

    if (connection->calls++ == 0)
        return PQexecParams(conn, query, 1, NULL, &bytes, &size, &binary, 1);
    if (connection->calls == 2)
        PQclear(PQprepare(conn, "echo", query, 1, NULL));
    return PQexecPrepared(conn, "echo", 1, &bytes, &size, &binary, 1);
}

/* A new connection that is ended before its first answer was accepted before
 * the server knew of another backend's death. */
static bool was_early(const struct connection *connection)
{
    return connection->calls == 1 &&
           PQstatus(connection->conn) == CONNECTION_BAD;
}

static void connection_call(void *session, char *bytes, size_t size)
{
    struct connection *connection = session;
    PGresult *result = ask(connection, bytes, (int)size);

    while (was_early(connection)) {
        PQclear(result);
        PQfinish(connection->conn);
        connection->conn = connect_in_time();
        connection->calls = 0;
        result = ask(connection, bytes, (int)size);
    }
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail(connection->conn, "select");
    if ((size_t)PQgetlength(result, 0, 0) != size)
        measure_wrong("select");
    memcpy(bytes, PQgetvalue(result, 0, 0), size);
    PQclear(result);
}

static pid_t connection_pid(void *session)
{
    return PQbackendPID(((struct connection *)session)->conn);
}

static void connection_end(void *session)
{
    struct connection *connection = session;

    PQfinish(connection->conn);
    free(connection);
}

static void connection_crash(void *session)
{
    pid_t pid = connection_pid(session);

    if (pid > 1)
        kill(pid, SIGKILL);
    connection_end(session);
}

int main(int argc, char **argv)
{
    static const struct peer peer = {connection_start, connection_call,
                                     connection_pid, connection_crash,
                                     connection_end};

    return peer_main(argc, argv, &peer);
}
