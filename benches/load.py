"""Sends records to a real `luytre serve` for some minutes and says what became of them.

    load.py BINARY [--kind bulk|syslog] [--seconds 600] [--rate N] [--senders 4] [--rules DIR | --no-rules]
            [--indicators N] [--alerts] [--changes SECONDS]

`bulk`: Windows events of about 800 bytes over `_bulk`, 1,000 a request, each request waits for its answer. `syslog`:
lines of about 110 bytes over TCP, and beside them one small `_bulk` request at a time, whose answers are measured.
Without `--rate` as fast as it is taken. `--no-rules` empties the rules that come with the program, `--rules` adds more.
Every two seconds a marker is sent and searched for: from its answer until it is found is the time to searchable, the
search included. At the end every record sent must be there once.

`--indicators` puts so many seeded ones on a list before the server starts; the last record of every request of `bulk` then
holds one of twelve of them, and at the end each of these must have been found. `--alerts` (with `--indicators`, and `--rules`
of SigmaHQ) sends a marker every second of which a rule and an indicator each raise an alert of its own: from the sending of
its request until the row of the alert can be read in the database is the time to the alert. No alert may be missing.

`--changes` writes a rule anew every so many seconds and says how long the longest wait of a batch for it was; what the newest text
matches must raise its alert, and a correlation must count on over all changes (`changes.py`).

Prints one JSON object, and a table to standard error. Standard library only; the sender shares the processors with the server.
"""

import argparse
import datetime
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

from changes import Changes
from planted import Alerts, Indicators, marker

BATCH = 1000
# Machines that send. A machine met for the first time becomes a source at once and durably, which takes its time: with
# two thousand new ones that is what is measured, and nothing else.
HOSTS = 40
NO_RULES = object()
NAMES = ["an", "binh", "chi", "dung", "giang", "ha", "khanh", "lan", "minh", "nga", "phuong", "quang"]
# None of them is a part of Windows: such a name elsewhere is what rules look for.
PROGRAMS = ["chrome", "winword", "excel", "foxit", "zalo", "vnpt-ca", "misa", "unikey"]


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


def prepared(kind, seed, indicators=None):
    """Requests to repeat; their first record is made anew each time, since a body that comes twice is one."""
    dice, stamp = random.Random(seed), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if kind == "syslog":
        return ["".join(syslog_line(dice, stamp) for _ in range(BATCH)).encode() for _ in range(40)]
    create = '{"create":{"_index":"load"}}\n'
    line = lambda event: create + json.dumps(event, separators=(",", ":")) + "\n"
    holds = lambda: [indicators.put_into(windows_event(dice, stamp), dice)] if indicators else []
    events = lambda: [windows_event(dice, stamp) for _ in range(BATCH - 1 - bool(indicators))] + holds()
    return ["".join(map(line, events())).encode() for _ in range(40)]


class Server:
    def __init__(self, binary, data, rules, indicators=None):
        self.data, ports = data, [free_port() for _ in range(3)]
        base = [binary, "--data-dir", data]
        password = "Mat khau thu nghiem dai 2026!\n"
        subprocess.run(base + ["user", "add", "quantri", "--name", "Q", "--role", "administrator"], input=password, text=True, check=True, stdout=subprocess.DEVNULL)
        key = json.loads(subprocess.run(base + ["user", "add-key", "load", "--json"], capture_output=True, text=True, check=True).stdout)
        self.key = key["encoded"]
        if indicators:
            self.import_s = import_indicators(base, os.path.join(data, "indicators.txt"), indicators)
        environment = dict(os.environ, LUYTRE_LOG="warn")
        if rules == NO_RULES:
            environment["LUYTRE_CONTENT_DIRECTORY"] = without_rules(os.path.join(data, "content"))
        elif rules:
            environment["LUYTRE_RULES_DIRECTORY"] = os.path.abspath(rules)
        self.process = subprocess.Popen(
            base + ["serve", "--listen", f"127.0.0.1:{ports[0]}", "--syslog", f"127.0.0.1:{ports[1]}", "--relp", f"127.0.0.1:{ports[2]}"],
            stdout=subprocess.PIPE, text=True, env=environment,
        )
        self.process.stdout.readline()
        self.web, self.syslog = ports[0], ports[1]
        self.registers = os.path.join(data, "registers.sqlite")
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


def import_indicators(base, path, indicators):
    """Takes them onto a list, as an administrator would; gives the seconds that it took."""
    indicators.write(path)
    began = time.monotonic()
    done = subprocess.run(base + ["indicators", "import", path, "--list", "load", "--json"], capture_output=True, text=True)
    if done.returncode != 0 or json.loads(done.stdout)["added"] != len(indicators.texts):
        raise SystemExit(f"indicators were refused: {done.stdout[:500]} {done.stderr[:500]}")
    return round(time.monotonic() - began, 1)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Load:
    def __init__(self, server, kind, rate, senders, indicators=None, alerts=None):
        self.alerts, self.holding = alerts, 0
        self.server, self.kind, self.rate, self.senders = server, kind, rate, senders
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.sent, self.refused, self.answers, self.searchable = 0, 0, [], []
        self.bodies = [prepared(kind, number, indicators) for number in range(senders)]

    def wait(self, began, mine):
        if self.rate:
            ahead = mine / (self.rate / self.senders) - (time.monotonic() - began)
            if ahead > 0:
                self.stop.wait(ahead)

    def send_batch(self, number, mine, connection=None):
        bodies = self.bodies[number]
        first = f'{{"create":{{"_index":"load"}}}}\n{{"message":"load {number} {mine}"}}\n'.encode()
        at = time.monotonic()
        status, _ = self.server.bulk(first + bodies[mine // BATCH % len(bodies)], connection)
        with self.lock:
            if status == 200:
                self.sent += BATCH
                self.holding += 1
                self.answers.append(time.monotonic() - at)
            else:
                self.refused += 1
        return status == 200

    def send_bulk(self, number):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.web)
        began, mine = time.monotonic(), 0
        while not self.stop.is_set():
            taken = self.send_batch(number, mine, connection)
            if taken:
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

    def send_one(self, body):
        """A request beside the stream; whether it was taken."""
        status, _ = self.server.bulk(body)
        with self.lock:
            self.sent += status == 200
            self.refused += status != 200
        return status == 200

    def send_marker(self, number):
        now = datetime.datetime.now(datetime.timezone.utc)
        entity, event = marker(number, now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        self.alerts.expect(entity)
        if self.send_one(f'{{"create":{{"_index":"load"}}}}\n{json.dumps(event)}\n'.encode()):
            self.alerts.sent += 1
        else:
            self.alerts.refused(entity)

    def send_markers(self):
        number = 0
        while not self.stop.wait(1):
            number += 1
            self.send_marker(number)

    def warm_up(self):
        """Rules are compiled for a log source when its first record comes: a request and a marker, not measured."""
        self.alerts.thread.start()
        self.send_batch(0, -BATCH)
        self.send_marker(0)
        if missing := self.alerts.settle(300):
            raise SystemExit(f"a marker raised no alert: {missing}; are the rules of SigmaHQ below --rules?")
        self.alerts.forget()
        self.answers.clear()

    def run(self, seconds, besides=()):
        before = self.sent
        send = self.send_syslog if self.kind == "syslog" else self.send_bulk
        senders = [threading.Thread(target=send, args=(number,)) for number in range(self.senders)]
        others = [threading.Thread(target=self.probe)]
        if self.alerts:
            others.append(threading.Thread(target=self.send_markers))
        others += besides
        cpu, began = self.server.usage()[0], time.monotonic()
        for thread in senders + others:
            thread.start()
        minutes, ended, step = [], began + seconds, min(60, seconds / 10)
        while time.monotonic() < ended:
            time.sleep(min(step, max(0.1, ended - time.monotonic())))
            used, memory = self.server.usage()
            minutes.append({"at_s": round(time.monotonic() - began), "sent": self.sent - before, "cpu_s": round(used - cpu, 1), "rss_mib": memory // 1024})
        self.stop.set()
        for thread in senders:
            thread.join()
        # The last search for a marker takes as long as it takes.
        took = time.monotonic() - began
        for thread in others:
            thread.join()
        return self.sent - before, took, minutes


def parts(times):
    times = sorted(times)
    at = lambda share: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None
    return {"count": len(times), "p50_ms": at(0.5), "p99_ms": at(0.99), "most_ms": at(1)}


def alerts_of(load, indicators):
    """What became of markers and of records that hold an indicator, and whether something is missing."""
    missing = load.alerts.settle(120) if load.alerts else []
    registers, still, last = load.alerts or Alerts(load.server.registers), 0, -1
    while (totals := registers.totals())[2] < load.holding and still < 60:
        still, last = (still + 1 if totals[2] == last else 0), totals[2]
        time.sleep(0.5)
    rows, matches, met = totals
    result = {
        "indicators": len(indicators.texts), "import_s": load.server.import_s, "records_with_indicator": load.holding,
        "found": met, "alert_rows": rows, "matches": matches,
    }
    if load.alerts:
        load.alerts.ended.set()
        seen = {f"{of}_readable": parts(times) for of, times in load.alerts.seen.items()}
        written = {f"{of}_written": parts(times) for of, times in load.alerts.written.items()}
        result |= {"markers": load.alerts.sent, "missing": missing, **seen, **written}
    return result, bool(missing) or met != load.holding


def table(result):
    both = lambda times: f"{times['p50_ms']} / {times['p99_ms']} ms"
    memory = [minute["rss_mib"] for minute in result["minutes"]]
    rows = [
        ("events a second", result["events_per_second"]), ("acknowledged, p50 / p99", both(result["acknowledged"])),
        ("searchable, p50 / p99", both(result["searchable"])), ("processors", result["processors"]),
        ("memory first, last, most, MiB", f"{memory[0]}, {memory[-1]}, {max(memory)}"),
    ]
    if planted := result.get("planted"):
        rows.append(("records with an indicator, found", f"{planted['records_with_indicator']}, {planted['found']}"))
        rows.append(("matches in all, rows of alerts", f"{planted['matches']}, {planted['alert_rows']}"))
        if "markers" in planted:
            rows.append(("markers, alerts missing", f"{planted['markers']}, {len(planted['missing'])}"))
            rows += [(f"alert of {of}, p50 / p99", both(planted[f"{of}_readable"])) for of in ["rule", "indicator"]]
    if changed := result.get("changed"):
        rows.append(("changes of a rule, in force after p50 / p99", f"{changed['changes']}, {both(changed['in_force_after'])}"))
        rows.append(("longest wait of a batch for it", f"{changed['batch_waited_most_ms']} ms"))
        rows.append(("longest first batch by other rules, evaluation included", f"{changed['first_batch_most_ms']} ms"))
        rows.append(("correlation: records counted, asked, alerts missing", f"{changed['counted']}, {changed['correlation_asks']}, {len(changed['missing'])}"))
    return "\n".join(f"| {name} | {value} |" for name, value in rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--kind", choices=["bulk", "syslog"], default="bulk")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--rules")
    parser.add_argument("--no-rules", dest="rules", action="store_const", const=NO_RULES)
    parser.add_argument("--indicators", type=int, default=0)
    parser.add_argument("--alerts", action="store_true")
    parser.add_argument("--changes", type=float)
    given = parser.parse_args()
    if (given.indicators or given.alerts) and given.kind != "bulk":
        parser.error("indicators and markers are put into records of --kind bulk")
    if given.alerts and not (given.indicators and isinstance(given.rules, str)):
        parser.error("--alerts takes --indicators and --rules: a marker raises an alert of each")
    if given.changes and given.rules == NO_RULES:
        parser.error("--changes changes a rule among others")
    indicators = Indicators(given.indicators) if given.indicators else None
    with tempfile.TemporaryDirectory() as data:
        changes = Changes(os.path.join(data, "changed"), given.rules, given.changes, given.seconds) if given.changes else None
        server = Server(given.binary, data, changes.folder if changes else given.rules, indicators)
        alerts = Alerts(server.registers) if given.alerts else None
        try:
            load = Load(server, given.kind, given.rate, given.senders, indicators, alerts)
            if alerts:
                load.warm_up()
            sent, took, minutes = load.run(given.seconds, changes.attach(load) if changes else ())
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
                "events_per_second": round(sent / took), "refused": load.refused,
                "processors": round(minutes[-1]["cpu_s"] / minutes[-1]["at_s"], 2),
                "drain_s": round(time.monotonic() - drained, 1), "acknowledged": parts(load.answers),
                "searchable": parts(load.searchable), "minutes": minutes,
            }
            short, wrong = False, ""
            if changes:
                result["changed"], wrong = changes.result(parts)
            if indicators:
                result["planted"], short = alerts_of(load, indicators)
            print(json.dumps(result))
            print(table(result), file=sys.stderr)
            if wrong:
                sys.exit(wrong)
            if short:
                sys.exit("alerts are missing")
            if there != load.sent:
                sys.exit(f"{load.sent - there} records are missing")
        finally:
            if alerts:
                alerts.ended.set()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)


if __name__ == "__main__":
    main()
