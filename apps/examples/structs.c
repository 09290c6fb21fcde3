/* Items of several fields (Python's starmap): a struct goes in, a struct comes out, as bytes. So neither may hold
 * pointers: what they point to is not on the other ranks.
 * usage: structs, or mpirun -n N structs */
#include <dmap/dmap.h>
#include <stdio.h>

typedef struct box {
    double width, height, depth;
} box;

typedef struct measure {
    double surface, volume;
} measure;

static int measure_box(dmap_context *ctx, const void *item, void *result) {
    const box *b = item;
    measure *m = result;
    (void)ctx;
    m->surface = 2 * (b->width * b->height + b->height * b->depth + b->depth * b->width);
    m->volume = b->width * b->height * b->depth;
    return 0;
}
DMAP_TASK(structs_box, .run = measure_box, .item_size = sizeof(box), .result_size = sizeof(measure));

static int work(dmap_pool *pool, int argc, char **argv) {
    const box boxes[] = {{1, 1, 1}, {1, 2, 3}, {2, 3, 4}, {10, 10, 1}};
    enum { BOXES = sizeof boxes / sizeof *boxes };
    measure measures[BOXES];
    (void)argc, (void)argv;
    if (dmap_map(pool, &structs_box, dmap_array(boxes, BOXES), dmap_into(measures), NULL) != DMAP_OK) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    for (int i = 0; i < BOXES; i++)
        printf("%g x %g x %g: surface %g, volume %g\n", boxes[i].width, boxes[i].height, boxes[i].depth,
               measures[i].surface, measures[i].volume);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
