/* The channel of dmap/channel.h: the same functions, with the sentence in *error (never NULL); handles are open. */
#ifndef DMAP_PROC_CHANNEL_H
#define DMAP_PROC_CHANNEL_H

#include <dmap/channel.h>

#include "base/error.h"

dmap_status dmap__channel_open(size_t bytes, dmap_channel **receives, dmap_channel **sends, dmap__error *error);
dmap_status dmap__channel_attach(int descriptor, dmap_channel **end, dmap__error *error);
dmap_status dmap__channel_send(dmap_channel *end, const void *data, size_t size, double timeout_s, dmap__error *error);
dmap_status dmap__channel_receive(dmap_channel *end, void *data, size_t capacity, double timeout_s, size_t *size,
                                  dmap__error *error);
int dmap__channel_ready_descriptor(dmap_channel *end, dmap__error *error);
void dmap__channel_close(dmap_channel *end);

#endif
