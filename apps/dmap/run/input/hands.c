#include "run/input/hands.h"

#include <stdlib.h>

bool run_hands_init(run_hands *h, size_t count) {
    *h = (run_hands){.hands = calloc(count, sizeof *h->hands), .count = count};
    return h->hands != NULL;
}

void run_hands_fini(run_hands *h) {
    for (size_t i = 0; h->hands && i < h->count; i++)
        run_text_free(&h->hands[i]);
    free(h->hands);
    *h = (run_hands){0};
}

bool run_hands_deal(run_hands *h, const char *block, size_t size, size_t header_size) {
    run_text *hand = &h->hands[h->next];
    size_t skip = hand->size > 0 ? header_size : 0;
    run_text_add(hand, block + skip, size - skip);
    h->next = (h->next + 1) % h->count;
    return !hand->broken;
}

void run_hands_turn(run_hands *h) {
    h->next = 0;
}

bool run_hands_take(run_hands *h, const char **block, size_t *size) {
    if (h->next > 0)
        run_text_free(&h->hands[h->next - 1]); /* it was taken */
    while (h->next < h->count && h->hands[h->next].size == 0)
        h->next++;
    if (h->next == h->count)
        return false;
    *block = h->hands[h->next].data;
    *size = h->hands[h->next].size;
    h->next++;
    return true;
}
