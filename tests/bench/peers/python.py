# SPDX-License-Identifier: MIT
"""Python: each session a process of multiprocessing, with a pipe.

    python3 python.py call | large | start | crash | memory COUNT

As peer.h has it."""
import multiprocessing
import sys
import time


def serve(pipe, others):
    for other in others:
        other.close()
    try:
        while True:
            pipe.send_bytes(pipe.recv_bytes())
    except EOFError:
        pass


class Session:
    pipes = []  # of all sessions: a fork has them, too, and must not keep them

    def __init__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        self.pipes.append(self.pipe)
        self.process = multiprocessing.Process(
            target=serve, args=(theirs, self.pipes), daemon=True)
        self.process.start()
        theirs.close()

    def call(self, message):
        self.pipe.send_bytes(message)
        if self.pipe.recv_bytes() != message:
            sys.exit('bench: call: not what was sent')

    def end(self):
        self.process.kill()
        self.process.join()
        self.pipes.remove(self.pipe)
        self.pipe.close()


def small(number):
    return number.to_bytes(8, 'little') + b'x' * 56


def print_samples(samples):
    samples.sort()
    for name, part in ('p50', .5), ('p99', .99), ('p999', .999):
        at = int((len(samples) - 1) * part)
        print(f'{name} {samples[at] / 1000:.3f}')


def measure_call(count):
    session = Session()
    samples = []
    for number in range(count // 10 + 1):
        session.call(small(number))
    for number in range(count):
        begun = time.monotonic_ns()
        session.call(small(number))
        samples.append(time.monotonic_ns() - begun)
    session.end()
    print_samples(samples)


def measure_large(count):
    session = Session()
    message = b'x' * 1024 * 1024
    session.call(small(0))
    begun = time.monotonic()
    for _ in range(count):
        session.call(message)
    seconds = time.monotonic() - begun
    session.end()
    print(f'rate {count * 2 / 1024 / seconds:.3f}')


def measure_start(count):
    samples = []
    for number in range(count):
        begun = time.monotonic_ns()
        session = Session()
        session.call(small(number))
        samples.append(time.monotonic_ns() - begun)
        session.end()
    print_samples(samples)


def measure_crash(count):
    samples = []
    session = Session()
    session.call(small(0))
    for number in range(count):
        begun = time.monotonic_ns()
        session.end()
        session = Session()
        session.call(small(number))
        samples.append(time.monotonic_ns() - begun)
    session.end()
    print_samples(samples)


def measure_memory(count):
    print('ready', flush=True)
    sys.stdin.readline()
    sessions = []
    for number in range(count):
        sessions.append(Session())
        sessions[-1].call(small(number))
    print(*(session.process.pid for session in sessions), 0, flush=True)
    sys.stdin.read()
    for session in sessions:
        session.end()


def main():
    measure = globals().get('measure_' + (sys.argv + [''])[1])
    if measure is None or len(sys.argv) != 3:
        sys.exit('usage: python.py call | large | start | crash | memory COUNT')
    measure(int(sys.argv[2]))


if __name__ == '__main__':
    main()
