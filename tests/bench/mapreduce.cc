/* MR-MPI beside dmap: null items, 8 bytes in and out, in order on rank 0. A share of the items to each rank, then the
 * pairs of index and result are gathered and sorted. In C++, as Debian's library leaves its C interface out.
 * usage: mpirun -n N bench_mapreduce null TASKS CORES; prints seconds, the best of 3 runs after one to warm up */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <mapreduce.h>
#include <keyvalue.h>

namespace {

const int runs = 3;

struct order {
    uint64_t next;
    bool wrong;
};

uint64_t result_of(uint64_t item) {
    return item * 3 + 1;
}

void map(int index, MAPREDUCE_NS::KeyValue *pairs, void *) {
    uint64_t key = static_cast<uint64_t>(index), value = result_of(key);
    pairs->add(reinterpret_cast<char *>(&key), sizeof key, reinterpret_cast<char *>(&value), sizeof value);
}

int by_index(char *a, int, char *b, int) {
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

void look(char *key, int, char *value, int, void *arg) {
    order *o = static_cast<order *>(arg);
    uint64_t index, result;
    memcpy(&index, key, sizeof index);
    memcpy(&result, value, sizeof result);
    o->wrong = o->wrong || index != o->next || result != result_of(index);
    o->next++;
}

double run(int tasks, order *o) {
    *o = order();
    MPI_Barrier(MPI_COMM_WORLD);
    double began = MPI_Wtime();
    MAPREDUCE_NS::MapReduce mr(MPI_COMM_WORLD);
    mr.verbosity = mr.timer = 0;
    mr.map(tasks, map, nullptr);
    mr.gather(1);
    mr.sort_keys(by_index);
    double seconds = MPI_Wtime() - began;
    mr.scan(look, o);
    return seconds;
}

} // namespace

int main(int argc, char **argv) {
    int rank, tasks = argc > 2 ? atoi(argv[2]) : 0;
    double best = 1e300;
    bool wrong = false;
    order o;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 0; i <= runs; i++) {
        double seconds = run(tasks, &o);
        best = i > 0 && seconds < best ? seconds : best;
        wrong = wrong || (rank == 0 && (o.wrong || o.next != static_cast<uint64_t>(tasks)));
    }
    if (rank == 0 && !wrong)
        printf("%.9g\n", best);
    MPI_Finalize();
    return wrong || tasks < 1;
}
