"""nginx - a private nginx with the module under test"""

import signal

from harness import example
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
{top}
events {{
    worker_connections 1024;
}}

http {{
    access_log {state}/log/nginx-access.log;
    client_body_temp_path {state}/nginx/body;
    proxy_temp_path {state}/nginx/proxy;
    fastcgi_temp_path {state}/nginx/fastcgi;
    uwsgi_temp_path {state}/nginx/uwsgi;
    scgi_temp_path {state}/nginx/scgi;

{http}
}}
"""


class Nginx(Part):
    name = "nginx"
    program = "ngx_http_sesame_module.so"

    def log_files(self):
        return [self.log, self.layout.path("log", "nginx-error.log")]

    def configure(self):
        """By the examples, but without TLS."""
        layout = self.layout
        top = example.text("nginx/50-mod-http-sesame.conf", (
            "modules/ngx_http_sesame_module.so", layout.program(self.program)))
        http = example.text(
            "nginx/sesame.conf",
            ("/etc/sesame/sesame.conf", layout.config),
            ("listen 443 ssl http2;",
             "listen %s:%d;" % (LOOPBACK, layout.ports["http"])),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("    ssl_certificate /etc/ssl/certs/email.example.net.pem;\n", ""),
            ("    ssl_certificate_key "
             "/etc/ssl/private/email.example.net.key;\n", ""))
        with open(layout.path("etc", "nginx.conf"), "w") as file:
            file.write(CONF.format(state=layout.state, top=top, http=http))

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
