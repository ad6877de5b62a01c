"""The benchmark's models in SimPy, written as its documentation does: a process for each request, a resource for each station."""
import random
import sys
import time

import simpy


def visit(env, resource, mean, rng):
    with resource.request() as turn:
        yield turn
        yield env.timeout(rng.expovariate(1 / mean))


def single(env, stations, rng):
    yield from visit(env, stations["server"], 1.0, rng)


def tiers(env, stations, rng):
    yield from visit(env, stations["web"], 0.008, rng)
    yield from visit(env, stations["app"], 0.018, rng)
    for _ in range(2):
        yield from visit(env, stations["db"], 0.0045, rng)


def database(env, stations, rng):
    with stations["db threads"].request() as thread:
        yield thread
        yield from visit(env, stations["db"], 0.0045, rng)


def application(env, stations, rng):
    with stations["app threads"].request() as thread:
        yield thread
        for _ in range(2):
            yield from visit(env, stations["app"], 0.006, rng)
            yield from database(env, stations, rng)
        yield from visit(env, stations["app"], 0.006, rng)


def layered(env, stations, rng):
    with stations["web threads"].request() as thread:
        yield thread
        yield from visit(env, stations["web"], 0.004, rng)
        yield from application(env, stations, rng)
        yield from visit(env, stations["web"], 0.004, rng)


MODELS = {
    "mm1": (single, 0.9, 20000.0, {"server": 1}),
    "tiers": (tiers, 90.0, 60.0, {"web": 1, "app": 2, "db": 1}),
    "layered": (layered, 60.0, 45.0, {"web": 1, "app": 2, "db": 1, "web threads": 64, "app threads": 32, "db threads": 16}),
}


def main(name, seed):
    request, rate, end, resources = MODELS[name]
    rng = random.Random(seed)
    env = simpy.Environment()
    stations = {key: simpy.Resource(env, capacity) for key, capacity in resources.items()}

    def source():
        while True:
            yield env.timeout(rng.expovariate(rate))
            env.process(request(env, stations, rng))

    env.process(source())
    events = 0
    began = time.process_time()
    while env.peek() < end:
        env.step()
        events += 1
    print(events, time.process_time() - began)


main(sys.argv[1], int(sys.argv[2]))
