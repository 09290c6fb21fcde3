// A C++ program whose functions throw, in a way chosen by the first argument. It has every macro and header of the
// interface: cplusplus, the script, compiles it with all warnings as errors.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <dmap/dmap.h>
#include <dmap/place.h>
#include <dmap/process.h>
#include <dmap/status.h>
#include <dmap/task.h>

namespace app {
struct trouble : std::runtime_error {
    using std::runtime_error::runtime_error;
};
} // namespace app

static std::string way;

static int square(dmap_context *, const void *item, void *result) {
    auto n = *static_cast<const std::uint64_t *>(item);
    *static_cast<std::uint64_t *>(result) = n * n;
    if (n != 17)
        return 0;
    if (way == "task")
        throw app::trouble("no such file");
    if (way == "int")
        throw 7;
    return 0;
}

static int nothing(dmap_context *, const void *, void *) noexcept {
    return 0;
}

static void add(void *into, const void *from) {
    *static_cast<std::uint64_t *>(into) += *static_cast<const std::uint64_t *>(from);
}

DMAP_TASK(squares, .run = square, .item_size = sizeof(std::uint64_t), .result_size = sizeof(std::uint64_t),
          .combine = add);
DMAP_TASK(nothings, .run = nothing);

static int answer(void *, std::size_t) {
    return 42;
}
DMAP_PROCESS(answers, answer);

static int throw_result(void *arg, const dmap_item_result *result) {
    if (result->index == 100)
        throw app::trouble("from a sink");
    ++*static_cast<int *>(arg);
    return 0;
}

static int throw_item(void *arg, dmap_blob *item) {
    static std::uint64_t next;
    auto &given = *static_cast<int *>(arg);
    if (given++ == 100)
        throw app::trouble("from a source");
    next = static_cast<std::uint64_t>(given);
    item->data = &next;
    item->size = sizeof next;
    return DMAP_PULL_ITEM;
}

static int throw_watch(void *, const dmap_progress *) {
    throw app::trouble("from a watch");
}

static double throw_cost(void *, std::uint64_t index) {
    if (index == 30)
        throw app::trouble("from a cost");
    return 1;
}

static int emit(dmap_context *ctx, const void *, void *) {
    char bytes[1000] = "";
    for (int i = 0; i < 40; i++)
        dmap_emit(ctx, bytes, sizeof bytes);
    return 0;
}
DMAP_TASK(emits, .run = emit, .item_size = sizeof(std::uint64_t));

static int throw_emission(void *arg, const dmap_emission *) {
    if (++*static_cast<int *>(arg) == 300)
        throw app::trouble("from an emission");
    return 0;
}

static int wait_long(dmap_context *ctx, const void *, void *) {
    while (!dmap_cancelled(ctx))
        continue;
    return 0;
}
DMAP_TASK(waits, .run = wait_long, .item_size = sizeof(std::uint64_t));

// The call is broken off, and the pool is as before it.
static bool is_whole(dmap_pool *pool) {
    std::vector<std::uint64_t> results(1000);
    std::string before = way;
    way = "";
    bool good = dmap_map(pool, &squares, dmap_range(0, 1000), dmap_into(results.data()), nullptr) == DMAP_OK;
    way = before;
    for (std::uint64_t i = 0; i < 1000; i++)
        good = good && results[i] == i * i;
    return good;
}

static dmap_status call(dmap_pool *pool, dmap_map_options &options) {
    int n = 0;
    std::uint64_t sum = 0;
    if (way == "sink")
        return dmap_map(pool, &squares, dmap_range(0, 100000), dmap_each(throw_result, &n), &options);
    if (way == "longest") {
        options.cost = [](void *, std::uint64_t index) { return static_cast<double>(index % 7); };
        return dmap_map(pool, &squares, dmap_range(0, 10000), dmap_each(throw_result, &n), &options);
    }
    if (way == "source")
        return dmap_map(pool, &squares, dmap_pull(throw_item, &n), dmap_fold(&sum), &options);
    if (way == "watch") {
        options.on_watch = throw_watch;
        return dmap_map(pool, &waits, dmap_range(0, 1000), dmap_discard(), &options);
    }
    if (way == "cost") {
        options.cost = throw_cost;
        return dmap_map(pool, &squares, dmap_range(0, 100), dmap_fold(&sum), &options);
    }
    if (way == "emission") {
        options.on_emit = throw_emission;
        options.on_emit_arg = &n;
        return dmap_map(pool, &emits, dmap_range(0, 1000), dmap_discard(), &options);
    }
    return dmap_map(pool, &squares, dmap_range(0, 1000), dmap_fold(&sum), &options);
}

static int leave(dmap_pool *pool) {
    for (int round = 0; round < 20; round++) {
        dmap_map_options options = {};
        options.progress = -1;
        try {
            dmap_status status = call(pool, options);
            std::printf("%s: %s\n", dmap_status_name(status), dmap_error(pool));
            return 2;
        } catch (const app::trouble &trouble) {
            if (round == 0)
                std::printf("caught: %s; %s\n", trouble.what(), dmap_error(pool));
        }
        if (!is_whole(pool))
            return 3;
    }
    return 0;
}

static int keep_going(dmap_pool *pool) {
    std::vector<std::uint64_t> results(1000);
    dmap_map_options options = {};
    options.progress = -1;
    options.on_error = DMAP_KEEP_GOING;
    dmap_status status = dmap_map(pool, &squares, dmap_range(0, 1000), dmap_into(results.data()), &options);
    std::printf("%s: %s\n", dmap_status_name(status), dmap_error(pool));
    return results[999] == 999 * 999 ? 0 : 1;
}

static int work(dmap_pool *pool, int, char **argv) {
    return std::strcmp(argv[2], "left") == 0 ? leave(pool) : keep_going(pool);
}

int main(int argc, char **argv) {
    way = argc > 1 ? argv[1] : "";
    return argc > 2 ? dmap_run(argc, argv, work, nullptr) : 1;
}
