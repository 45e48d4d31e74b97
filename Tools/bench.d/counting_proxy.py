"""Stands between a client and a server on this machine and counts the bytes and requests that pass."""

import re
import socket
import threading

REQUEST = re.compile(rb"(?:^|\n)(?:GET|HEAD|POST|PUT) [^ \r\n]+ HTTP/1\.[01]\r\n")


class CountingProxy:
    """Forwards every connection to one port of this machine. Plain HTTP/1.1 only."""

    def __init__(self, port):
        self.target = port
        self.lock = threading.Lock()
        self.reset()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self):
        """Starts counting anew."""
        with self.lock:
            self.up = self.down = self.requests = self.connections = 0

    def counts(self):
        """What has passed since the last reset."""
        with self.lock:
            return {"up": self.up, "down": self.down, "requests": self.requests, "connections": self.connections}

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self.lock:
                self.connections += 1
            threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, False), daemon=True).start()

    def _forward(self, source, sink, is_up):
        # A request line may be cut by the end of a read, so the last bytes are looked at again.
        tail = b""
        try:
            while data := source.recv(1 << 16):
                with self.lock:
                    if is_up:
                        self.up += len(data)
                        window = tail + data
                        self.requests += sum(m.end() > len(tail) for m in REQUEST.finditer(window))
                        tail = window[-200:]
                    else:
                        self.down += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
