"""Serves bare git repositories over git's own smart HTTP: `git http-backend` behind a small CGI server."""

import http.server
import os
import subprocess
import threading

MEBIBYTE = 1 << 20


class GitServer:
    """Serves the repositories below a folder at http://127.0.0.1:PORT/NAME until it is closed."""

    def __init__(self, root, environment):
        handler = type("Handler", (_Handler,), {"root": root, "environment": environment})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    root = None
    environment = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = bytearray()
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(bytes(body))

    def _answer(self, body):
        path, _, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": self.command,
            "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1",
        }
        for header, name in (("Content-Encoding", "HTTP_CONTENT_ENCODING"), ("Git-Protocol", "GIT_PROTOCOL")):
            if self.headers.get(header):
                variables[name] = self.headers[header]
        process = subprocess.Popen(
            ["git", "http-backend"], env={**os.environ, **self.environment, **variables},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # The backend may answer before it has read all, so somebody else hands it the request.
        threading.Thread(target=_feed, args=(process.stdin, body), daemon=True).start()
        status, headers = 200, []
        while (line := process.stdout.readline().rstrip(b"\r\n")):
            name, _, value = line.decode().partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while data := process.stdout.read1(MEBIBYTE):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        process.wait()


def _feed(pipe, body):
    try:
        pipe.write(body)
        pipe.close()
    except OSError:
        pass
