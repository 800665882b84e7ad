"""proxy - a TCP proxy that loses answers on their way

    with Proxy("127.0.0.1:1234") as proxy:
        proxy.drop(1)     # the next answer never arrives
        ... proxy.url
"""

import socket
import threading


class Proxy:
    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self.target = host, int(port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.to_drop = self.dropped = 0
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def drop(self, count):
        self.to_drop = count

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            threading.Thread(target=self.pump, args=(client, server, False),
                             daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, True),
                             daemon=True).start()

    def pump(self, source, sink, answers):
        try:
            while True:
                data = source.recv(65536)
                if not data or (answers and self.loses(data)):
                    break
                sink.sendall(data)
        except OSError:
            pass
        for side in (source, sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            side.close()

    def loses(self, data):
        with self.lock:
            if self.to_drop == 0 or not data.startswith(b"HTTP/1.1 200"):
                return False
            self.to_drop -= 1
            self.dropped += 1
            return True
