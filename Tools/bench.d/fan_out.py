"""Two hundred replicas that ask a server for the same update at the same time.

The update is the last ten change sets of a history's text. Says how often the server made the bundle (from its own
count, where it has one), and what the first and all further answers cost it.
"""

import hashlib
import http.client
import re
import threading
import time

from measure import peak_memory, processor_time
from report import MEBIBYTE

REPLICAS = 200


def measure(bench):
    replicas = 20 if bench.options.quick else REPLICAS
    rows = []
    for name, source in bench.histories:
        history = next(bench.variants(name, source))[0]
        library = bench.library(history)
        for update in (max(len(history) - 10, 1), 0):
            for single in (True, False):
                shared = bench.scratch("fan-out") / "library"
                bench.run("cp", "-a", library, shared)
                server, port = bench.serve(shared)
                try:
                    count = 1 if single else replicas
                    answers, seconds = ask(port, f"/bundle?from={update}&depth=trail", count)
                    cpu = processor_time(server.pid)
                    made = makings(port)
                    memory = peak_memory(server.pid)
                finally:
                    bench.stop(server)
                if len(set(answers)) != 1 or answers[0][0] != 200:
                    bench.fail(f"{name}: {count} requests got {len(set(answers))} different answers: {set(answers)}")
                what = "a first copy" if update == 0 else f"change sets {update + 1}-{len(history)}"
                values = {
                    "makings": made, "cpuSeconds": round(cpu, 3), "seconds": round(seconds, 3),
                    "memoryInBytes": memory, "sizeInBytes": answers[0][1]}
                bench.note(name, f"{count} requests for {what}", "sheaf", **values)
                rows.append([
                    f"{name}, {what}", count, "?" if made is None else made, f"{answers[0][1]:,}", f"{cpu:.2f} s",
                    f"{seconds:.2f} s", f"{memory / MEBIBYTE:.0f} MiB"])
    bench.table(
        "Replicas that ask for the same", ["", "REPLICAS", "MAKINGS", "BYTES EACH", "SERVER CPU", "TIME", "MEMORY"], rows)


def ask(port, target, count):
    """The same request from `count` connections at once; (status, size, digest) of each, and the time of all."""
    answers = [None] * count
    gate = threading.Barrier(count + 1)

    def one(place):
        # An address of its own for each: a server lets few connections in from one.
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=120, source_address=(f"127.0.1.{place + 1}", 0))
        gate.wait()
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            digest, size = hashlib.sha256(), 0
            while block := answer.read(1 << 16):
                digest.update(block)
                size += len(block)
            answers[place] = (answer.status, size, digest.hexdigest())
        except OSError as problem:
            answers[place] = (0, 0, str(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    gate.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return answers, time.perf_counter() - start


def makings(port):
    """How many bundles the server made, by its own figures; None when it does not count them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    found = re.search(r"^sheaf_bundles?_(?:made|makings)(?:_total)?(?:\{[^}]*\})? (\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else None
