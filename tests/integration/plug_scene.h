/* SPDX-License-Identifier: MIT */
/* integration/plug_scene.h - what tests of libsp-evhttp share: a plug with a
 * real spd, and requests as evhttp would hand them over. */
#ifndef INTEGRATION_PLUG_SCENE_H
#define INTEGRATION_PLUG_SCENE_H

#include <stdbool.h>

#include <sp/evhttp.h>

struct evhttp_request;
struct harness;

struct scene {
    struct harness *harness;
    struct sp_client *client;
    struct sp_plug *plug;
};

/* Starts spd and makes the plug.  The options are freed; NULL: as unless set.
 */
void scene_set(struct scene *scene, struct sp_plug_options *options);
void scene_clear(struct scene *scene);

/* Options with a file of these keys, which lies in the harness's directory. */
struct sp_plug_options *scene_options_of(struct scene *scene, const char *keys);

/* Another plug in place of the present one, as after a restart.  The options
 * are freed. */
void scene_replug(struct scene *scene, struct sp_plug_options *options);

/* A request with this Cookie header; NULL: without.  The caller frees it with
 * evhttp_request_free(). */
struct evhttp_request *request_new(const char *cookie);

/* The first Set-Cookie header of the response; NULL: there is none. */
const char *set_cookie(struct evhttp_request *request);

/* What a browser keeps: "name=value", "" before the first visit; and whose
 * session that names. */
struct visitor {
    char cookie[256];
    char id[SP_ID_MAX + 1];
};

/* Keeps the cookie that the response sets, which it is expected to. */
void visitor_keep(struct visitor *visitor, struct evhttp_request *request);

/* Somebody who gets a session and a cookie now. */
struct visitor scene_visitor(struct scene *scene);

/* One request: the outcome, the session's ID and how it was come by. */
struct outcome {
    enum sp_error error;
    char id[SP_ID_MAX + 1];
    enum sp_visit visit;
    bool cookie_set;
};

/* sp_plug_session() of a request with this Cookie header, or with this ID in
 * the cookie of a plug without keys. */
struct outcome session_of(struct scene *scene, const char *cookie);
struct outcome session_of_id(struct scene *scene, const char *id);
void cookie_of(const char *id, char out[96]);

/* Expects the session of this ID to be found, and no cookie set. */
void expect_known(struct scene *scene, const char *id);

#endif
