"""Messages from one process to another over Python's multiprocessing.Queue.

usage: queue_peer.py SIZE COUNT: prints seconds for COUNT messages of SIZE bytes; SIZE 3: of 8 bytes, there and back.
"""
import multiprocessing
import sys
import time


def send(there, size, count):
    data = bytes(size)
    for _ in range(count):
        there.put(data)


def answer(there, back, count):
    for _ in range(count):
        back.put(there.get())


def main():
    size, count = int(sys.argv[1]), int(sys.argv[2])
    there, back = multiprocessing.Queue(), multiprocessing.Queue()
    round_trip = size == 3
    work = (answer, (there, back, count)) if round_trip else (send, (there, size, count))
    child = multiprocessing.Process(target=work[0], args=work[1])
    began = time.perf_counter()
    child.start()
    for _ in range(count):
        if round_trip:
            there.put(bytes(8))
            back.get()
        elif len(there.get()) != size:
            sys.exit(1)
    seconds = time.perf_counter() - began
    child.join()
    print(seconds)


if __name__ == "__main__":
    main()
