/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of the protocol, made from the engine's dictionary (fields.def), and the expert
 * infos. The JSON key of a field is its filter name; keys that other protocols own in Wireshark
 * (tls.version, client.ip) stand under "smtp365.".
 */
#ifndef SMTP365_FIELDS_H
#define SMTP365_FIELDS_H

#include "ws_compat.h"
#include "report.h"

/* Fields that the record does not have. */
enum extra_field {
	EXTRA_CAUSE_HERE, /* this frame proves the cause */
	EXTRA_CAUSE,	  /* id and title, for the column */
	EXTRA_EVENT,	  /* what happened in this frame */
	EXTRA_FINDING,	  /* title of a finding of this frame */
	EXTRA_FIX,	  /* its fix, check and reference, when it is not the cause */
	EXTRA_CHECK,
	EXTRA_REFERENCE,
	EXTRA_COUNT
};

enum tree_kind { TREE_SESSION, TREE_CAUSE, TREE_FINDING, TREE_DETAILS, TREE_GROUP, TREE_KINDS };

/* Register all fields, subtrees and expert infos of `proto`; once. */
void fields_register(int proto);
/* Wireshark's id of a field; -1 when it is not shown there (times and constants of the envelope).
 */
int fields_id(enum field f);
int fields_extra(enum extra_field f);
int fields_tree(enum tree_kind k);
/* Whether a display filter, a column or a visible tree wants a field beyond the summary. */
bool fields_details_wanted(proto_tree *tree);
/* Expert info of a finding: group Security for what concerns secrecy, else Protocol. */
expert_field *fields_expert(const struct finding *f);

#endif
