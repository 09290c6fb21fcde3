"""What a Python user would pick instead of dmap: multiprocessing.Pool, concurrent.futures, mpi4py.futures.

usage: peers.py imap|map|executor SHAPE TASKS CORES|MEAN_NS
       mpirun -n N python3 -m mpi4py.futures peers.py futures-1|futures-100 SHAPE TASKS CORES|MEAN_NS
Prints seconds: of null the best of 3 runs, after one to warm up, or, of a single item, the median; of first the median
until the first result is there; of open until the first result, from nothing; of close that; of submit that of items
handed over one by one, 1,000 in flight, or of one after MEAN_NS of nothing. Wrong results: status 1.
"""
import collections
import multiprocessing
import os
import statistics
import sys
import time

IN_FLIGHT = 1000


def null(x):
    return x * 3 + 1


def spin(ns):
    until = time.perf_counter() + ns * 1e-9
    while time.perf_counter() < until:
        pass
    return ns * 3 + 1


class Pool:
    """multiprocessing's, one item a message or its own chunks."""

    def __init__(self, which):
        self.pool = multiprocessing.Pool(len(os.sched_getaffinity(0)))
        self.chunked = which == "map"

    def map(self, function, items):
        return self.pool.map(function, items) if self.chunked else self.pool.imap(function, items)

    def one(self, item):
        return self.pool.apply(null, (item,))

    def close(self):
        self.pool.close()
        self.pool.join()


class Executor:
    """concurrent.futures', of processes."""

    def __init__(self, which):
        from concurrent.futures import ProcessPoolExecutor

        self.pool = ProcessPoolExecutor(len(os.sched_getaffinity(0)))

    def one(self, item):
        return self.pool.submit(null, item).result()

    def close(self):
        self.pool.shutdown()


class Futures:
    """mpi4py's, 1 or 100 items a message."""

    def __init__(self, which):
        from mpi4py.futures import MPIPoolExecutor

        self.pool = MPIPoolExecutor()
        self.chunk = int(which.split("-")[1])

    def map(self, function, items):
        return self.pool.map(function, items, chunksize=self.chunk)

    def one(self, item):
        return self.pool.submit(null, item).result()

    def close(self):
        self.pool.shutdown()


def seconds_of(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def best_of_maps(pool, tasks):
    items = list(range(tasks))
    expected = [null(i) for i in items]

    def run():
        if list(pool.map(null, items)) != expected:
            sys.exit(1)

    run()
    return min(seconds_of(run) for _ in range(3))


def latency(pool):
    return statistics.median(seconds_of(lambda: pool.one(1)) for _ in range(200))


def submitted_one(pool, ns):
    def once():
        if ns:
            time.sleep(ns * 1e-9)
        return seconds_of(lambda: pool.one(1))

    return statistics.median(once() for _ in range(100))


def submitted(executor, tasks):
    def run():
        in_flight = collections.deque()
        for i in range(tasks + IN_FLIGHT):
            if i >= IN_FLIGHT and in_flight.popleft().result() != null(i - IN_FLIGHT):
                sys.exit(1)
            if i < tasks:
                in_flight.append(executor.submit(null, i))
            elif not in_flight:
                break

    return min(seconds_of(run) for _ in range(2))


def first(pool, tasks, ns):
    def once():
        began = time.perf_counter()
        results = iter(pool.map(spin, [ns] * tasks))
        next(results)
        seconds = time.perf_counter() - began
        list(results)
        return seconds

    return statistics.median(once() for _ in range(5))


def main():
    which, shape, tasks, number = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    make = Futures if which.startswith("futures") else Executor if which == "executor" else Pool
    began = time.perf_counter()
    pool = make(which)
    pool.one(1)
    seconds = time.perf_counter() - began
    if shape == "null":
        seconds = latency(pool) if tasks == 1 else best_of_maps(pool, tasks)
    elif shape == "submit":
        seconds = submitted_one(pool, number) if tasks == 1 else submitted(pool.pool, tasks)
    elif shape == "first":
        seconds = first(pool, tasks, number)
    closing = seconds_of(pool.close)
    print(closing if shape == "close" else seconds, flush=True)


if __name__ == "__main__":
    main()
