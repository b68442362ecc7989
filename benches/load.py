"""Sends records to a real `luytre serve` for some minutes and says what became of them.

    load.py BINARY [--kind bulk|syslog] [--seconds 600] [--rate N] [--senders 4] [--rules DIR | --no-rules]

`bulk`: Windows events of about 800 bytes over `_bulk`, 1,000 a request, each request waits for its answer. `syslog`:
lines of about 110 bytes over TCP, and beside them one small `_bulk` request at a time, whose answers are measured.
Without `--rate` as fast as it is taken. `--no-rules` empties the rules that come with the program, `--rules` adds more.
Every two seconds a marker is sent and searched for: from its answer until it is found is the time to searchable, the
search included. At the end every record sent must be there once.

Prints one JSON object. Standard library only; the sender shares the processors with the server.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BATCH = 1000
# Machines that send. A machine met for the first time becomes a source at once and durably, which takes its time: with
# two thousand new ones that is what is measured, and nothing else.
HOSTS = 40
NO_RULES = object()
NAMES = ["an", "binh", "chi", "dung", "giang", "ha", "khanh", "lan", "minh", "nga", "phuong", "quang"]
PROGRAMS = ["svchost", "explorer", "chrome", "winword", "taskhostw", "conhost", "misa", "unikey"]


def windows_event(dice, stamp):
    program = dice.choice(PROGRAMS)
    image = f"C:\\Program Files\\{program}\\{program}.exe"
    return {
        "@timestamp": stamp,
        "winlog": {
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "event_id": dice.choice([1, 3, 11, 13]),
            "computer_name": f"may-{dice.randrange(HOSTS):04}",
            "event_data": {
                "Image": image,
                "CommandLine": f'"{image}" --phien {dice.getrandbits(48):012x} /tep D:\\HoSo\\{dice.randrange(400)}.docx',
                "User": f"TINH\\{dice.choice(NAMES)}.{dice.randrange(3000):04}",
                "ProcessGuid": f"{{{dice.getrandbits(32):08x}-{dice.getrandbits(16):04x}-{dice.getrandbits(48):012x}}}",
                "Hashes": f"SHA256={dice.getrandbits(256):064X}",
                "ParentImage": "C:\\Windows\\System32\\services.exe",
                "IntegrityLevel": "Medium",
                "SourceIp": f"10.{dice.randrange(8)}.{dice.randrange(256)}.{dice.randrange(256)}",
            },
        },
    }


def syslog_line(dice, stamp):
    who, host = f"{dice.choice(NAMES)}.{dice.randrange(3000):04}", f"may-{dice.randrange(HOSTS):04}"
    address = f"10.{dice.randrange(8)}.{dice.randrange(256)}.{dice.randrange(256)}"
    return f"<38>1 {stamp} {host} sshd {dice.randrange(40000)} - - Accepted password for {who} from {address} port {dice.randrange(1024, 65535)} ssh2\n"


def prepared(kind, seed):
    """Requests to repeat; their first record is made anew each time, since a body that comes twice is one."""
    dice, stamp = random.Random(seed), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if kind == "syslog":
        return ["".join(syslog_line(dice, stamp) for _ in range(BATCH)).encode() for _ in range(40)]
    create = '{"create":{"_index":"load"}}\n'
    line = lambda: create + json.dumps(windows_event(dice, stamp), separators=(",", ":")) + "\n"
    return ["".join(line() for _ in range(BATCH - 1)).encode() for _ in range(40)]


class Server:
    def __init__(self, binary, data, rules):
        self.data, ports = data, [free_port() for _ in range(3)]
        base = [binary, "--data-dir", data]
        password = "Mat khau thu nghiem dai 2026!\n"
        subprocess.run(base + ["user", "add", "quantri", "--name", "Q", "--role", "administrator"], input=password, text=True, check=True, stdout=subprocess.DEVNULL)
        key = json.loads(subprocess.run(base + ["user", "add-key", "load", "--json"], capture_output=True, text=True, check=True).stdout)
        self.key = key["encoded"]
        environment = dict(os.environ, LUYTRE_LOG="warn")
        if rules == NO_RULES:
            environment["LUYTRE_CONTENT_DIRECTORY"] = without_rules(os.path.join(data, "content"))
        elif rules:
            environment["LUYTRE_RULES_DIRECTORY"] = rules
        self.process = subprocess.Popen(
            base + ["serve", "--listen", f"127.0.0.1:{ports[0]}", "--syslog", f"127.0.0.1:{ports[1]}", "--relp", f"127.0.0.1:{ports[2]}"],
            stdout=subprocess.PIPE, text=True, env=environment,
        )
        self.process.stdout.readline()
        self.web, self.syslog = ports[0], ports[1]
        with open(os.path.join(data, "control.json")) as file:
            self.secret = json.load(file)["secret"]

    def post(self, path, body, token, connection=None):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.web)
        kind = "application/x-ndjson" if path == "/_bulk" else "application/json"
        connection.request("POST", path, body, {"Authorization": token, "Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def bulk(self, body, connection=None):
        return self.post("/_bulk", body, f"ApiKey {self.key}", connection)

    def ask(self, path, question):
        status, body = self.post(path, json.dumps(question).encode(), f"Bearer {self.secret}")
        if status != 200:
            raise SystemExit(f"{path}: {status} {body[:300]}")
        return json.loads(body)

    def count(self, condition="1 = 1"):
        sql = f"SELECT count(*) AS n FROM events WHERE {condition}"
        return self.ask("/control/query", {"sql": sql, "max_rows": 10, "timeout_seconds": 600})["rows"][0]["n"]

    def usage(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        with open(f"/proc/{self.process.pid}/status") as file:
            memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), memory


def without_rules(folder):
    """A folder of content that puts nothing in the place of each file of rules."""
    ours = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "content", "rules")
    os.makedirs(os.path.join(folder, "rules"))
    for name in os.listdir(ours):
        if name.endswith(".yml"):
            with open(os.path.join(folder, "rules", name), "w") as file:
                file.write("# empty\n")
    return folder


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Load:
    def __init__(self, server, kind, rate, senders):
        self.server, self.kind, self.rate, self.senders = server, kind, rate, senders
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.sent, self.refused, self.answers, self.searchable = 0, 0, [], []
        self.bodies = [prepared(kind, number) for number in range(senders)]

    def wait(self, began, mine):
        if self.rate:
            ahead = mine / (self.rate / self.senders) - (time.monotonic() - began)
            if ahead > 0:
                self.stop.wait(ahead)

    def send_bulk(self, number):
        bodies, connection = self.bodies[number], http.client.HTTPConnection("127.0.0.1", self.server.web)
        began, mine = time.monotonic(), 0
        while not self.stop.is_set():
            first = f'{{"create":{{"_index":"load"}}}}\n{{"message":"load {number} {mine}"}}\n'.encode()
            at = time.monotonic()
            status, _ = self.server.bulk(first + bodies[mine // BATCH % len(bodies)], connection)
            with self.lock:
                if status == 200:
                    self.sent += BATCH
                    self.answers.append(time.monotonic() - at)
                else:
                    self.refused += 1
            if status == 200:
                mine += BATCH
            else:
                self.stop.wait(0.2)
            self.wait(began, mine)

    def send_syslog(self, number):
        bodies, began, mine = self.bodies[number], time.monotonic(), 0
        with socket.create_connection(("127.0.0.1", self.server.syslog)) as door:
            while not self.stop.is_set():
                door.sendall(bodies[mine // BATCH % len(bodies)])
                mine += BATCH
                with self.lock:
                    self.sent += BATCH
                self.wait(began, mine)

    def probe(self):
        """Markers: their answers, and the time until a search finds them."""
        number = 0
        while not self.stop.wait(2):
            number += 1
            word = f"dauhieu{os.getpid()}x{number}"
            at = time.monotonic()
            status, _ = self.server.bulk(f'{{"create":{{"_index":"load"}}}}\n{{"message":"{word}"}}\n'.encode())
            answered = time.monotonic()
            if status != 200:
                self.refused += 1
                continue
            found = self.server.ask("/control/search", {"query": word, "limit": 1, "from": None, "to": None})
            with self.lock:
                self.sent += 1
                if self.kind == "syslog":
                    self.answers.append(answered - at)
                self.searchable.append(time.monotonic() - answered)
            if found["total"] != 1:
                raise SystemExit(f"{word} was found {found['total']} times")

    def run(self, seconds):
        send = self.send_syslog if self.kind == "syslog" else self.send_bulk
        threads = [threading.Thread(target=send, args=(number,)) for number in range(self.senders)]
        threads.append(threading.Thread(target=self.probe))
        cpu, began = self.server.usage()[0], time.monotonic()
        for thread in threads:
            thread.start()
        minutes, ended = [], began + seconds
        while time.monotonic() < ended:
            time.sleep(min(60, max(0.1, ended - time.monotonic())))
            used, memory = self.server.usage()
            minutes.append({"at_s": round(time.monotonic() - began), "sent": self.sent, "cpu_s": round(used - cpu, 1), "rss_mib": memory // 1024})
        self.stop.set()
        for thread in threads:
            thread.join()
        return time.monotonic() - began, minutes


def parts(times):
    times = sorted(times)
    at = lambda share: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None
    return {"count": len(times), "p50_ms": at(0.5), "p99_ms": at(0.99), "most_ms": at(1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--kind", choices=["bulk", "syslog"], default="bulk")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--rules")
    parser.add_argument("--no-rules", dest="rules", action="store_const", const=NO_RULES)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        server = Server(given.binary, data, given.rules)
        try:
            load = Load(server, given.kind, given.rate, given.senders)
            took, minutes = load.run(given.seconds)
            drained = time.monotonic()
            last, still = -1, 0
            while still < 120:
                # What is acknowledged or in a socket is understood a little later.
                count = server.count()
                if count >= load.sent:
                    break
                still, last = (still + 1 if count == last else 0), count
                time.sleep(1)
            there = server.count("format <> 'luytre'")
            result = {
                "kind": load.kind, "sent": load.sent, "there": there, "seconds": round(took, 1),
                "events_per_second": round(load.sent / took), "refused": load.refused,
                "drain_s": round(time.monotonic() - drained, 1), "acknowledged": parts(load.answers),
                "searchable": parts(load.searchable), "minutes": minutes,
            }
            print(json.dumps(result))
            if there != load.sent:
                sys.exit(f"{load.sent - there} records are missing")
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)


if __name__ == "__main__":
    main()
