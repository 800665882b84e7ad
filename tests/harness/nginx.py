"""nginx - a private nginx with the module under test"""

import signal

from harness.layout import LOOPBACK, HostError
from harness.part import Part, expect
from harness.process import descendants, send, start_time, wait_gone

CONF = """\
user www-data sesame;
worker_processes 2;
daemon off;
pid {state}/run/nginx.pid;
error_log {state}/log/nginx-error.log info;
worker_rlimit_nofile 4096;
load_module {module};
thread_pool sesame threads=4;

events {{
    worker_connections 1024;
}}

http {{
    sesame_config {config};
    access_log {state}/log/nginx-access.log;
    client_body_temp_path {state}/nginx/body;
    proxy_temp_path {state}/nginx/proxy;
    fastcgi_temp_path {state}/nginx/fastcgi;
    uwsgi_temp_path {state}/nginx/uwsgi;
    scgi_temp_path {state}/nginx/scgi;
    client_max_body_size 60m;
    client_body_buffer_size 256k;

    server {{
        listen {loopback}:{port};
        location / {{
            sesame on;
        }}
    }}
}}
"""


class Nginx(Part):
    name = "nginx"
    program = "ngx_http_sesame_module.so"

    def log_files(self):
        return [self.log, self.layout.path("log", "nginx-error.log")]

    def configure(self):
        layout = self.layout
        with open(layout.path("etc", "nginx.conf"), "w") as file:
            file.write(CONF.format(
                state=layout.state, config=layout.config, loopback=LOOPBACK,
                port=layout.ports["http"],
                module=layout.program(self.program)))

    def command(self):
        layout = self.layout
        return ["/usr/sbin/nginx", "-p", layout.path("nginx"),
                "-e", layout.path("log", "nginx-error.log"),
                "-c", layout.path("etc", "nginx.conf")], ()

    def probe(self):
        expect(self.layout.ports["http"], b"HTTP/1.1 ",
               b"GET /ping HTTP/1.1\r\nHost: localhost\r\n"
               b"Connection: close\r\n\r\n", seconds=5)

    def workers(self):
        pid = self.pid()
        found = []
        for child in descendants(pid) if pid else []:
            try:
                with open("/proc/%d/cmdline" % child, "rb") as file:
                    if file.read().startswith(b"nginx: worker process"):
                        found.append(child)
            except OSError:
                pass
        return found

    def kill9_worker(self):
        """kill -9 of one worker; the master starts another."""
        found = self.workers()
        if not found:
            raise HostError("no nginx worker is running")
        started = start_time(found[0])
        send(found[0], signal.SIGKILL)
        wait_gone({found[0]: started}, 5)
