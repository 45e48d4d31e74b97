"""Five hundred replicas with nothing to sync, with and without signed requests, against nginx serving as many bytes.

All ask at once, each from an address and over a connection of its own, as fast as they are answered: first over
connections that stay, then over a new one for each request. Plain HTTP on both sides; nginx serves the same checkpoint from
a file, with one process for each processor. Server and replicas share the machine, so requests per second of server
processor time compare better than requests per second.
"""

import base64
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from measure import peak_memory, processor_time
from report import MEBIBYTE
from workbench import Unavailable

REPLICAS = 500


def measure(bench):
    go, nginx = shutil.which("go"), shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not go:
        raise Unavailable("the replicas are a Go program, and there is no go")
    stage = bench.scratch("server")
    load = stage / "load"
    subprocess.run(
        [go, "build", "-o", load, str(os.path.join(os.path.dirname(__file__), "load", "load.go"))], check=True,
        env={**bench.environment, "GO111MODULE": "off", "GOCACHE": str(stage / "go")})
    replicas = 50 if bench.options.quick else REPLICAS
    seconds = 2 if bench.options.quick else 10
    rows = []

    def try_out(name, pids, plan):
        before = sum(processor_time(pid) for pid in pids())
        answer = json.loads(subprocess.run(
            [load, "run"], input=json.dumps({"replicas": replicas, "seconds": seconds, **plan}), text=True, check=True,
            stdout=subprocess.PIPE).stdout)
        cpu = sum(processor_time(pid) for pid in pids()) - before
        memory = sum(peak_memory(pid) for pid in pids())
        if answer["failures"] or set(answer["statuses"]) - {"200", "204"}:
            bench.fail(f"{name}: {answer['failures']} connections failed ({answer.get('failure')}), {answer['statuses']}")
        rate, for_cpu = answer["requests"] / answer["seconds"], answer["requests"] / max(cpu, 0.01)
        bench.note(
            "server", name.partition(", ")[2], name.partition(", ")[0], requestsPerSecond=round(rate),
            requestsPerProcessorSecond=round(for_cpu), medianMilliseconds=round(answer["median"], 2),
            p99Milliseconds=round(answer["p99"], 2), memoryInBytes=memory, sizeInBytes=answer["bytes"])
        rows.append([
            name, f"{rate:,.0f}", f"{for_cpu:,.0f}", f"{answer['median']:.1f} ms", f"{answer['p99']:.1f} ms",
            f"{answer['largest']:.0f} ms", f"{memory / MEBIBYTE:.0f} MiB", f"{answer['bytes']:,}"])

    note = b""
    for kind in ("open", "members"):
        library = stage / kind
        shutil.rmtree(library, ignore_errors=True)
        bench.run(bench.sheaf, "init", library, "--name", "Load", "--as", "Bench", *(["--open"] if kind == "open" else []))
        content = stage / f"content-{kind}"
        content.mkdir()
        for number in range(100):
            (content / f"page-{number}.md").write_text(f"# Page {number}\n\nWords of page {number}.\n" * 20)
        if kind == "members":
            subprocess.run([load, "members", str(replicas), content], check=True)
        bench.run(bench.sheaf, "publish", content, "-m", "Pages", "--library", library)
        status = json.loads(bench.run(bench.sheaf, "status", "--json", "--library", library).output)
        server, port = bench.serve(library)
        try:
            target = f"/bundle?from={status['size']}"
            if kind == "open":
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", target)
                note = connection.getresponse().read()
                connection.close()
                mark = base64.urlsafe_b64encode(hashlib.sha256(note).digest()[:6]).decode()
            plan = {"address": f"127.0.0.1:{port}", "target": target}
            signed = {"library": status["library"]} if kind == "members" else {}
            what = "sheaf, signed requests" if signed else "sheaf, open library"
            try_out(what, lambda: [server.pid], {**plan, **signed})
            try_out(f"{what}, a connection each", lambda: [server.pid], {**plan, **signed, "fresh": True})
            if kind == "open":
                try_out(f"{what}, the note held (204)", lambda: [server.pid], {**plan, "target": f"{target}&held={mark}"})
        finally:
            bench.stop(server)
    if nginx:
        serve_by_nginx(bench, nginx, stage, note, try_out)
    else:
        bench.missing("nginx")
    bench.table(
        f"{replicas} replicas with nothing to sync",
        ["", "REQUESTS/S", "PER CPU SECOND", "MEDIAN", "P99", "LARGEST", "MEMORY", "BYTES"], rows)


def serve_by_nginx(bench, nginx, stage, note, try_out):
    root = stage / "nginx"
    shutil.rmtree(root, ignore_errors=True)
    (root / "files").mkdir(parents=True)
    (root / "files" / "checkpoint").write_bytes(note)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    temporary = "".join(
        f"{kind}_temp_path {root}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (root / "nginx.conf").write_text(f"""daemon off;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes auto;
pid {root}/pid;
error_log {root}/errors;
events {{ worker_connections 4096; }}
http {{
access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on; open_file_cache max=10;
default_type text/plain; {temporary}
server {{ listen 127.0.0.1:{port} backlog=4096; root {root}/files; }}
}}
""")
    process = subprocess.Popen([nginx, "-c", root / "nginx.conf", "-e", root / "errors"], env=bench.environment)

    def pids():
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            return [process.pid, *map(int, file.read().split())]

    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        plan = {"address": f"127.0.0.1:{port}", "target": "/checkpoint"}
        try_out("nginx, a file of the same size", pids, plan)
        try_out("nginx, a connection each", pids, {**plan, "fresh": True})
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
