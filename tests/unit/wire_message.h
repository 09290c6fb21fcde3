/* Messages in plain memory, and outcomes to fill them: for the tests of src/net/wire.c. */
#ifndef DMAP_UNIT_WIRE_MESSAGE_H
#define DMAP_UNIT_WIRE_MESSAGE_H

#include "net/wire.h"

enum outcome_kind { OUTCOME_NOTHING, OUTCOME_FIXED, OUTCOME_VARIABLE, OUTCOME_FOLD };

/** Makes a random outcome and returns its task, valid until the next. Free it by dmap__outcome_fini. */
const dmap_task *outcome_make(dmap__outcome *outcome, enum outcome_kind kind);

/** Puts what was packed into a message of its own memory, as comm would deliver it. */
void message_carry(dmap__message *message, const dmap__head *head, const dmap__packed *packed);
void message_free(dmap__message *message);

#endif
