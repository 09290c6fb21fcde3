/* Ranks that are lost: noticed, told of, and their work given to others. */
#ifndef DMAP_POOL_LOST_H
#define DMAP_POOL_LOST_H

#include "pool/pool.h"

/** Room for what is known of each rank. False: out of memory. */
bool dmap__lost_open(dmap_pool *pool);
void dmap__lost_close(dmap_pool *pool);
bool dmap__lost_is(const dmap_pool *pool, int rank);
/** How a rank was lost: "its process has ended"; NULL: it was not. As long as the pool. */
const char *dmap__lost_why(const dmap_pool *pool, int rank);
/** Master: a rank is lost. Its leases go to others, in all calls; nothing of it is believed any more. A line on stderr
 *  says so. may_blame: one of its items may have done it */
void dmap__lost_declare(dmap_pool *pool, int rank, const char *why, bool may_blame);
/** Master: tells a rank that is lost, and is there all the same, to end. */
void dmap__lost_dismiss(dmap_pool *pool, int rank);
/** Master, once a round: looks who is lost. Returns true if somebody is. */
bool dmap__lost_look(dmap_pool *pool, double now);
/** Master: something has come of a rank. */
void dmap__lost_note(dmap_pool *pool, const dmap__message *message);
/** Master: how long it may sleep. */
double dmap__lost_sleep(const dmap_pool *pool, double sleep_s);
/** Of a message that tells a rank to end: that others were lost, ... */
void dmap__lost_tell(const dmap_pool *pool, dmap__head *head);
/** ... as it was told. */
void dmap__lost_hear(dmap_pool *pool, const dmap__head *head);

#endif
