"""The pair's API: one GET and one POST that read and write the local database.

GET /  -> 200 {"node", "count", "last"}        POST /  {"n": 1}  -> 201 {"n", "node"}
Anything that the database refuses, or does not answer within its second, is a 503 with the reason: no acknowledgement.
It reaches MariaDB over the Unix socket as the system user `api`, who has no password.
"""

import http.server
import json
import os
import socket
import time

import pymysql

PORT = int(os.environ.get("PORT", "8080"))
DATABASE_SOCKET = os.environ.get("DATABASE_SOCKET", "/run/mysqld/mysqld.sock")
NODE = socket.gethostname()


def query(sql, arguments=()):
    connection = pymysql.connect(
        unix_socket=DATABASE_SOCKET, user="api", database="app", autocommit=True,
        connect_timeout=1, read_timeout=1, write_timeout=1,
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, arguments)
            return cursor.fetchone()
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        # For tests: a service that runs and does not serve.
        if os.path.exists("/run/api-is-silent"):
            time.sleep(60)
        if os.path.exists("/run/api-answers-500"):
            self.answer(500, {"node": NODE, "error": "broken on purpose"})
            return
        try:
            count, last = query("SELECT COUNT(*), MAX(n) FROM entry")
            self.answer(200, {"node": NODE, "count": count, "last": last})
        except Exception as error:
            self.answer(503, {"node": NODE, "error": str(error)})

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", "0"))
            n = int(json.loads(self.rfile.read(length))["n"])
        except (ValueError, KeyError, TypeError) as error:
            self.answer(400, {"node": NODE, "error": str(error)})
            return
        try:
            query("INSERT INTO entry (n, via) VALUES (%s, %s)", (n, NODE))
            self.answer(201, {"node": NODE, "n": n})
        except Exception as error:
            self.answer(503, {"node": NODE, "error": str(error)})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


Server(("0.0.0.0", PORT), Handler).serve_forever()
