/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's options, checked once by an engine that is thrown away.
 */
#include "run/feed.h"
#include <errno.h>
#include <unistd.h>
#include "frames/feed.h"
#include "ports.h"

/* A saved endpoints document has some 100 KB; what is much larger is something else. */
#define ENDPOINTS_BYTES (16u << 20)
#define GIVE_ENDPOINTS "; give a saved copy of Microsoft's endpoints document (JSON)"

static const uint16_t default_ports[] = { SMTP365_PORTS };

/* The saved endpoints document. */
static bool load_endpoints(struct feed *f, const char *path, char **error)
{
	GError *wrong = NULL;
	gsize n = 0;
	if (path && !g_file_get_contents(path, &f->endpoints_json, &n, &wrong)) {
		const char *reason = access(path, R_OK) ? g_strerror(errno) : wrong->message;
		*error = g_strdup_printf("--endpoints %s: %s" GIVE_ENDPOINTS, path, reason);
		g_clear_error(&wrong);
		return false;
	}
	if (n > ENDPOINTS_BYTES) {
		*error = g_strdup_printf("--endpoints %s: too large for one" GIVE_ENDPOINTS, path);
		return false;
	}
	f->engine.endpoints_json = f->endpoints_json;
	f->engine.endpoints_size = n;
	return true;
}

bool feed_prepare(struct feed *f, const struct options *o, char **error)
{
	char *reason = NULL;
	*f = (struct feed){
		.engine = {
			.redact = o->redact,
			.no_inference = o->no_inference,
			.dialogue = o->verbose,
			/* only the ladder of the page and the dialogue show sessions that worked */
			.events_of_causes = !o->verbose && !o->html,
			.ports = (const uint16_t *)(const void *)o->ports->data,
			.port_count = o->ports->len,
		},
		.ports = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
	};
	g_array_append_vals(f->ports, default_ports, G_N_ELEMENTS(default_ports));
	g_array_append_vals(f->ports, o->ports->data, o->ports->len);
	feed_hash_key(&f->engine);
	if (!load_endpoints(f, o->endpoints, error) ||
	    (o->keylog && !(f->keys = keys_file_open(o->keylog, error))))
		return false;
	struct smtp365 *s = smtp365_new(&f->engine, NULL, NULL, &reason);
	if (s && f->keys)
		f->secrets = keys_file_give(f->keys, s);
	smtp365_free(s);
	if (!s)
		*error = o->endpoints ? g_strdup_printf("--endpoints %s: %s" GIVE_ENDPOINTS,
							o->endpoints, reason)
				      : g_strdup(reason);
	g_free(reason);
	return s != NULL;
}

struct smtp365 *feed_engine(const struct feed *f, smtp365_session_fn on_session, void *host)
{
	char *error = NULL;
	struct smtp365 *s = smtp365_new(&f->engine, on_session, host, &error);

	g_assert(s); /* feed_prepare tried it */
	if (f->keys)
		keys_file_give(f->keys, s);
	return s;
}

void feed_clear(struct feed *f)
{
	g_free(f->endpoints_json);
	keys_file_close(f->keys);
	if (f->ports)
		g_array_free(f->ports, TRUE);
	*f = (struct feed){ 0 };
}
