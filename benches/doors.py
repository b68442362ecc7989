"""Syslog over loopback into ours and into rsyslog writing a file: same generator, same machine, one run after the other.

    doors.py BINARY GENERATOR [--seconds 6] [--rounds 3] [--udp-rates 50000,100000,150000,0] [--no-rules]

GENERATOR is the example `send_syslog` of `luytre-ingest` (messages of 200 bytes). rsyslog is set as its documentation advises for
many messages (a queue in memory of 500,000, batches of 1,024; 128 datagrams a call, 16 MiB for waiting ones) and writes a file without fsync;
ours counts what is durable in the write-ahead log. Each is told how many messages a second it took, from the first to the last, how many
of the datagrams are missing, and the processor time of the server. What was taken and is not searchable yet afterwards is worked off;
how long that takes gives the rate of the whole pipeline. Rate 0 is as fast as the generator is. Prints one JSON object, a table to
standard error.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from load import NO_RULES, Server, free_port

POLL = 0.02


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Ours:
    name = "luytre"

    def __init__(self, binary, folder, rules):
        self.server = Server(binary, folder, rules)
        self.pid, self.port = self.server.process.pid, self.server.syslog
        self.before = {"tcp": 0, "udp": 0}

    def taken(self, kind):
        door = next(door for door in self.server.ask("/control/doors", None) if door["name"] == f"syslog_{kind}")
        self.counters = door
        return door["delivered"]

    def lost(self):
        return {name: self.counters[name] for name in ("dropped", "kernel_dropped")}

    def worked_off(self):
        """Seconds until everything that is durable was evaluated and can be searched."""
        began = time.monotonic()
        while self.server.ask("/control/pipeline", None)["waiting"] > 0:
            time.sleep(0.1)
        return time.monotonic() - began

    def close(self):
        self.server.process.terminate()
        self.server.process.wait()


class Rsyslog:
    name = "rsyslog"

    def __init__(self, folder):
        os.makedirs(folder)
        self.file, self.port = os.path.join(folder, "out.log"), free_port()
        settings = os.path.join(folder, "rsyslog.conf")
        with open(settings, "w") as file:
            file.write(f"""
global(workDirectory="{folder}" maxMessageSize="8k")
main_queue(queue.type="FixedArray" queue.size="500000" queue.dequeueBatchSize="1024")
module(load="imtcp")
module(load="imudp" batchSize="128" schedulingPolicy="other")
input(type="imtcp" port="{self.port}" address="127.0.0.1")
input(type="imudp" port="{self.port}" address="127.0.0.1" rcvbufSize="16m")
template(name="line" type="string" string="%rawmsg%\\n")
action(type="omfile" file="{self.file}" template="line" ioBufferSize="64k" flushOnTXEnd="on")
""")
        self.process = subprocess.Popen(["rsyslogd", "-n", "-f", settings, "-i", os.path.join(folder, "pid")], stderr=subprocess.DEVNULL)
        self.pid, self.read, self.lines = self.process.pid, 0, 0
        time.sleep(1)

    def taken(self, kind):
        if os.path.exists(self.file):
            with open(self.file, "rb") as file:
                file.seek(self.read)
                while block := file.read(1 << 20):
                    self.read += len(block)
                    self.lines += block.count(b"\n")
        return self.lines

    def lost(self):
        return {}

    def worked_off(self):
        return 0.0

    def close(self):
        self.process.terminate()
        self.process.wait()


def measure(server, generator, kind, seconds, rate):
    before, processor = server.taken(kind), processor_seconds(server.pid)
    began = time.monotonic()
    command = [generator, kind, f"127.0.0.1:{server.port}", str(seconds)] + ([str(rate)] if rate else [])
    sent = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    taken, last = server.taken(kind) - before, time.monotonic()
    # What lies in queues and buffers still comes; two quiet seconds end it.
    while taken < sent["sent"] and time.monotonic() - last < 2:
        time.sleep(POLL)
        now = server.taken(kind) - before
        if now > taken:
            taken, last = now, time.monotonic()
    figures = {
        "server": server.name, "kind": kind, "rate": rate, "offered_a_second": round(sent["sent"] / sent["seconds"]),
        "sent": sent["sent"], "taken": taken, "taken_a_second": round(taken / (last - began)),
        "missing": sent["sent"] - taken, "processor_s": round(processor_seconds(server.pid) - processor, 2), **server.lost(),
    }
    waiting = server.worked_off()
    figures["worked_off_s"] = round(waiting, 1)
    figures["worked_off_a_second"] = round(taken / (last - began + waiting))
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("generator")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--udp-rates", default="50000,100000,150000,0")
    parser.add_argument("--no-rules", action="store_true")
    given = parser.parse_args()
    cases = [("tcp", 0)] + [("udp", int(rate)) for rate in given.udp_rates.split(",")]
    folder, results = tempfile.mkdtemp(prefix="luytre-doors-"), []
    try:
        for number in range(given.rounds):
            place = lambda name: os.path.join(folder, f"{name}-{number}")
            for start in (lambda: Rsyslog(place("rsyslog")), lambda: Ours(given.binary, place("ours"), NO_RULES if given.no_rules else None)):
                server = start()
                try:
                    for kind, rate in cases:
                        results.append(measure(server, given.generator, kind, given.seconds, rate))
                        print(json.dumps(results[-1]), file=sys.stderr)
                finally:
                    server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    middle = lambda server, kind, rate, what: sorted(
        one[what] for one in results if (one["server"], one["kind"], one["rate"]) == (server, kind, rate))[given.rounds // 2]
    print("| | offered | rsyslog | ours | ours to rsyslog | missing: rsyslog / ours | CPU s: rsyslog / ours | whole pipeline |", file=sys.stderr)
    for kind, rate in cases:
        of = lambda server, what: middle(server, kind, rate, what)
        print(f"| {kind} {rate or 'max'} | {of('luytre', 'offered_a_second')} | {of('rsyslog', 'taken_a_second')} | {of('luytre', 'taken_a_second')} | "
              f"{of('luytre', 'taken_a_second') / of('rsyslog', 'taken_a_second'):.2f} | {of('rsyslog', 'missing')} / {of('luytre', 'missing')} | "
              f"{of('rsyslog', 'processor_s')} / {of('luytre', 'processor_s')} | {of('luytre', 'worked_off_a_second')} |", file=sys.stderr)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
