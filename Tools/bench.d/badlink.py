"""A poor line (128 kbit/s, 600 ms there and back, 2 % of packets lost) against git and rsync.

Nothing new, one and twenty change sets, each into a copy that is so far behind, over plain connections without TLS; and
a first copy while the line is cut every 30 s. With --signed, the same history in a library with members too, whose
requests are signed. git is served by its own daemon, which needs fewer turns than HTTP, and
rsync by its own. Needs root and /dev/net/tun: two network namespaces, joined by a loop here that delays, paces and
drops whole packets, so that TCP reacts as on a real line.
"""

import fcntl
import heapq
import json
import os
import random
import select
import shutil
import statistics
import struct
import subprocess
import threading
import time

from workbench import Unavailable

SERVER, CLIENT = "10.78.0.2", "10.78.0.1"
STEPS = (0, 1, 20)
DEPTHS = ("heads", "trail")
AIMS = {0: 1.5, 1: 1.6, 20: 3.5}
LONGEST = 300


def options(parser):
    parser.add_argument(
        "--signed", action="store_true", help="on the poor line, also syncs of a member, whose requests are signed")


class Line:
    """Two namespaces and the line between them."""

    def __init__(self, kbit=128, turn=0.6, loss=0.02, queue=2.0, seed=1):
        self.bytes_per_second, self.delay, self.loss, self.queue = kbit * 125, turn / 2, loss, queue
        self.random = random.Random(seed)
        self.names = [f"shb{side}{os.getpid()}" for side in "cs"]
        self.lock = threading.Lock()
        self.cuts_every = None
        self.reset()

    def reset(self, seed=1):
        """Starts anew: the same losses for the same packets, nothing counted."""
        with self.lock:
            self.random.seed(seed)
            self.passed = [0, 0]
            self.flying, self.busy, self.flows = [], [0.0, 0.0], {}
            self.next_cut = None

    def within(self, side, *command):
        return ["ip", "netns", "exec", self.names[side], *map(str, command)]

    def __enter__(self):
        self.devices = []
        for name, own, other in zip(self.names, (CLIENT, SERVER), (SERVER, CLIENT)):
            subprocess.run(["ip", "netns", "add", name], check=True)
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            # TUNSETIFF with IFF_TUN and IFF_NO_PI: whole IP packets, nothing before them.
            fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", f"t{name}".encode(), 0x1001))
            self.devices.append(device)
            for words in (
                ["link", "set", f"t{name}", "netns", name],
                ["-n", name, "addr", "add", own, "peer", other, "dev", f"t{name}"],
                ["-n", name, "link", "set", f"t{name}", "up", "mtu", "1500"],
                ["-n", name, "link", "set", "lo", "up"],
            ):
                subprocess.run(["ip", *words], check=True)
        self.open = True
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.open = False
        self.thread.join()
        for device in self.devices:
            os.close(device)
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)

    def _carry(self):
        order = 0
        while self.open:
            with self.lock:
                now = time.monotonic()
                while self.flying and self.flying[0][0] <= now:
                    _, _, target, packet = heapq.heappop(self.flying)
                    self._deliver(target, packet)
                self._cut_when_due(now)
                pause = min(0.02, max(0, self.flying[0][0] - now)) if self.flying else 0.02
            ready, _, _ = select.select(self.devices, [], [], pause)
            with self.lock:
                for device in ready:
                    source = self.devices.index(device)
                    try:
                        packet = os.read(device, 1 << 16)
                    except BlockingIOError:
                        continue
                    if packet[0] >> 4 != 4:
                        continue
                    now = time.monotonic()
                    self._note(source, packet)
                    self.passed[source] += len(packet)
                    if self.random.random() < self.loss or self.busy[source] - now > self.queue:
                        continue
                    self.busy[source] = max(self.busy[source], now) + len(packet) / self.bytes_per_second
                    order += 1
                    heapq.heappush(self.flying, (self.busy[source] + self.delay, order, 1 - source, packet))

    def _deliver(self, target, packet):
        try:
            os.write(self.devices[target], packet)
        except OSError:
            pass

    # Cuts ----------------------------------------------------------------------------------------------------

    def _note(self, source, packet):
        """Remembers what each end of a TCP connection expects next: what a reset has to name."""
        if packet[9] != 6:
            return
        head = (packet[0] & 15) * 4
        from_port, to_port, _, expected = struct.unpack_from("!HHII", packet, head)
        key = (from_port, to_port) if source == 0 else (to_port, from_port)
        self.flows.setdefault(key, [None, None])[source] = expected

    def _cut_when_due(self, now):
        if self.cuts_every is None:
            return
        if self.next_cut is None:
            self.next_cut = now + self.cuts_every
        if now < self.next_cut:
            return
        self.next_cut = now + self.cuts_every
        self.flying = []
        for (client, server), expected in self.flows.items():
            for side, number in enumerate(expected):
                if number is not None:
                    ports = (server, client) if side == 0 else (client, server)
                    addresses = (SERVER, CLIENT) if side == 0 else (CLIENT, SERVER)
                    self._deliver(side, reset_packet(*addresses, *ports, number))
        self.flows = {}


def reset_packet(source, target, from_port, to_port, number):
    """An IPv4 packet that ends a TCP connection at once."""
    addresses = b"".join(bytes(map(int, address.split("."))) for address in (source, target))
    tcp = struct.pack("!HHIIBBHHH", from_port, to_port, number, 0, 5 << 4, 4, 0, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(addresses + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Scene:
    """A history served three ways in the server's namespace, and copies that are behind."""

    def __init__(self, bench, history, line):
        self.bench, self.history, self.line = bench, history, line
        self.place = bench.scratch("badlink")
        self.servers = []

    def __enter__(self):
        bench, place = self.bench, self.place
        library = place / "library"
        bench.run("cp", "-a", bench.library(self.history), library)
        self.start(bench.sheaf, "serve", "--host", SERVER, "--port", 8428, "--drafts-from-everybody", "--quiet", "--library", library)
        if bench.options.signed:
            self.close()
            self.start(
                bench.sheaf, "serve", "--host", SERVER, "--port", 8429, "--quiet", "--library", place / "closed")
        self.start(
            "git", "daemon", "--reuseaddr", "--export-all", f"--base-path={self.history.git.parent}", f"--listen={SERVER}")
        self.tree(len(self.history), place / "tree")
        if shutil.which("rsync"):
            (place / "rsyncd.conf").write_text(f"[tree]\npath={place / 'tree'}\nuse chroot=no\nuid=0\ngid=0\n")
            self.start(
                "rsync", "--daemon", "--no-detach", f"--address={SERVER}", "--port=8730", f"--config={place / 'rsyncd.conf'}")
        else:
            bench.missing("rsync")
        time.sleep(2)
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.terminate()
            server.wait()

    def close(self):
        """Makes a library with members, a member's copy for each depth, and only then imports the history into it."""
        bench, place = self.bench, self.place
        closed, code = place / "closed", place / "code"
        bench.run(bench.sheaf, "init", closed, "--name", "Bench", "--as", "Bench")
        server, port = bench.serve(closed)
        try:
            for depth in DEPTHS:
                invited = bench.run(
                    bench.sheaf, "invite", f"Reader of {depth}", "--role", "contributor", "--library", closed)
                code.write_text(invited.output)
                bench.run(
                    bench.sheaf, "clone", f"http://127.0.0.1:{port}", place / f"member-{depth}", "--keep", depth,
                    "--code-file", code)
            for depth in DEPTHS:
                bench.run(bench.sheaf, "sync", "--library", place / f"member-{depth}")
        finally:
            bench.stop(server)
        self.before = json.loads(bench.run(bench.sheaf, "status", "--json", "--library", closed).output)["size"]
        bench.run(bench.sheaf, "import", "git", self.history.git, "--branch", "main", "--library", closed)

    def start(self, *command):
        self.servers.append(
            subprocess.Popen(
                self.line.within(1, *command), env=self.bench.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def tree(self, size, target):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        archive = subprocess.Popen(
            ["git", "archive", self.history.commit(size)], cwd=self.history.git, env=self.bench.environment,
            stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(target)], stdin=archive.stdout, check=True)
        archive.wait()

    def behind(self, size, depth):
        """A function for each tool: makes a copy at `size` and returns the command that brings it up to date."""
        bench, place = self.bench, self.place

        def sheaf():
            file, copy = place / f"{size}-{depth}.sheaf", place / "copy"
            if not file.exists():
                bench.bundle(bench.library(self.history), 0, size, depth, file)
            shutil.rmtree(copy, ignore_errors=True)
            bench.run(bench.sheaf, "clone", file, copy)
            return [bench.sheaf, "sync", f"http://{SERVER}:8428", "--library", copy]

        def signed():
            closed, file, copy = place / "closed", place / f"signed-{size}-{depth}.sheaf", place / "copy"
            if not file.exists():
                bench.bundle(closed, self.before, self.before + size, depth, file)
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(place / f"member-{depth}", copy)
            bench.run(bench.sheaf, "bundle", "apply", file, "--library", copy)
            return [bench.sheaf, "sync", f"http://{SERVER}:8429", "--library", copy]

        def git():
            copy = place / "copy.git"
            shutil.rmtree(copy, ignore_errors=True)
            bench.run("git", "init", "--quiet", "--bare", copy)
            bench.run("git", "push", "--quiet", copy, f"{self.history.commit(size)}:refs/heads/main", folder=self.history.git)
            return ["git", "-C", copy, "fetch", "--quiet", f"git://{SERVER}/{self.history.git.name}", "main:main"]

        def rsync():
            self.tree(size, place / "copy-tree")
            return ["rsync", "-rlz", "--checksum", "--delete", f"rsync://{SERVER}:8730/tree/", place / "copy-tree/"]

        return {
            "sheaf": sheaf, **({"sheaf, signed": signed} if bench.options.signed else {}), "git": git,
            **({"rsync": rsync} if shutil.which("rsync") else {})}

    def first(self):
        """The same for a first copy; run again and again until it succeeds."""
        bench, place = self.bench, self.place

        def sheaf():
            return [bench.sheaf, "clone", f"http://{SERVER}:8428", place / "first", "--keep", "full"]

        def git():
            return ["git", "clone", "--quiet", "--bare", f"git://{SERVER}/{self.history.git.name}", place / "first"]

        def rsync():
            return ["rsync", "-rlz", "--partial", f"rsync://{SERVER}:8730/tree/", f"{place / 'first'}/"]

        return {"sheaf": sheaf, "git": git, **({"rsync": rsync} if shutil.which("rsync") else {})}

    def timed(self, command, limit=LONGEST):
        """Runs a command on the client's side; its seconds, its bytes both ways, and whether it did well."""
        start = time.perf_counter()
        process = subprocess.Popen(
            self.line.within(0, *command), env=self.bench.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            code = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = -1
        return time.perf_counter() - start, code == 0


def measure(bench):
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun") or shutil.which("ip") is None:
        raise Unavailable("it needs root, /dev/net/tun and ip (iproute2)")
    name, source = bench.histories[0]
    history = next(bench.variants(name, source))[0]
    with Line() as line, Scene(bench, history, line) as scene:
        updates(bench, history, scene)
        first_copy(bench, history, scene)


def updates(bench, history, scene):
    rows = []
    for step in STEPS:
        for depth in DEPTHS:
            for tool, prepare in scene.behind(len(history) - step, depth).items():
                is_ours = tool.startswith("sheaf")
                if not is_ours and depth != "trail":
                    continue
                seconds, up, down = [], [], []
                for number in range(bench.options.runs):
                    command = prepare()
                    if step == 0 and is_ours:
                        # A copy that came from a file asks for the publisher's time, which is something new.
                        scene.timed(command)
                        # What was lost of its end still comes.
                        time.sleep(2)
                    scene.line.reset(seed=number)
                    taken, is_well = scene.timed(command)
                    if not is_well:
                        bench.fail(f"{tool} failed on the poor line, {step} change sets")
                    seconds.append(taken)
                    up.append(scene.line.passed[0])
                    down.append(scene.line.passed[1])
                values = {
                    "medianSeconds": round(statistics.median(seconds), 2), "worstSeconds": round(max(seconds), 2),
                    "sentPacketBytes": int(statistics.median(up)), "receivedPacketBytes": int(statistics.median(down))}
                label = f"{tool}, {depth}" if is_ours else tool
                bench.note(history.name, f"poor line, {step} change sets", label, **values)
                aim = f"{AIMS[step]}" if is_ours else ""
                rows.append([
                    step, label, f"{values['medianSeconds']:.2f} s", f"{values['worstSeconds']:.2f} s", aim,
                    f"{values['sentPacketBytes']:,}", f"{values['receivedPacketBytes']:,}"])
    bench.table(
        f"{history.name} on a poor line", ["BEHIND", "", "MEDIAN", "WORST", "AIM", "PACKETS UP, BYTES", "DOWN"], rows)


def first_copy(bench, history, scene):
    rows = []
    for tool, prepare in scene.first().items():
        shutil.rmtree(scene.place / "first", ignore_errors=True)
        scene.line.reset()
        scene.line.cuts_every = 30
        runs, spent, is_well = 0, 0.0, False
        while not is_well and spent < LONGEST and runs < 12:
            taken, is_well = scene.timed(prepare(), LONGEST - spent)
            runs, spent = runs + 1, spent + taken
        scene.line.cuts_every = None
        received = scene.line.passed[1]
        bench.note(
            history.name, "first copy, the line cut every 30 s", tool, seconds=round(spent, 1), commands=runs,
            finished=is_well, receivedPacketBytes=received)
        rows.append([tool, "yes" if is_well else "no", runs, f"{spent:.0f} s", f"{received:,}"])
    bench.table(
        f"{history.name}: a first copy, the line cut every 30 s", ["", "FINISHED", "COMMANDS", "TIME", "BYTES DOWN"], rows)
