"""What `load.py --changes` does to rules while records come in. One rule is written anew again and again; each time a record that
only its newest text matches must raise an alert. Beside it a correlation that nobody changes counts one record a second, so many
that its alert needs matches from before and after the changes: without what correlations remember it would never come."""

import datetime
import json
import os
import shutil
import sqlite3
import threading
import time

from planted import connection

CHANGED = "6f3b2a10-0000-4000-8000-0000000000f1"
COUNTED = "6f3b2a10-0000-4000-8000-0000000000f2"
CORRELATION = "6f3b2a10-0000-4000-8000-0000000000f3"
# Addresses that alerts are about: one for each change, and one for the correlation.
NETWORK, COUNTED_ENTITY, COUNTED_HOST = "10.201", "10.202.0.1", "noi-chuoi.example"
# Share of the records that the correlation is sent which it asks for.
SHARE = 0.6
# A batch may wait so long for other rules, in milliseconds.
MOST_WAIT_MS = 50
# A change that is not in force after so many seconds never comes.
PATIENCE = 120


def rule(title, of, host, name=""):
    return (
        f"title: {title}\nid: {of}\n{name}level: low\nlogsource: {{product: windows, category: network_connection}}\n"
        f"detection: {{s: {{DestinationHostname: {host}}}, condition: s}}\n"
    )


class Changes:
    def __init__(self, folder, given, every, seconds):
        self.folder, self.every, self.steps = folder, every, max(5, int(seconds * SHARE))
        self.made, self.counted, self.live, self.entities = 0, 0, [], []
        os.makedirs(folder)
        if given:
            shutil.copytree(given, os.path.join(folder, "given"))
        correlation = (
            f"title: Counted over changes\nid: {CORRELATION}\nlevel: low\ncorrelation: {{type: event_count, rules: [load-counted], "
            f"group-by: [SourceIp], timespan: 1d, condition: {{gte: {self.steps}}}}}\n"
        )
        counted = rule("Counted", COUNTED, COUNTED_HOST, "name: load-counted\n")
        self.write("counted.yml", counted + "---\n" + correlation)
        self.write("changed.yml", rule("Changed", CHANGED, "thay-doi-0.example"))

    def write(self, name, text):
        draft = os.path.join(self.folder, f"{name}.draft")
        with open(draft, "w") as file:
            file.write(text)
        os.replace(draft, os.path.join(self.folder, name))

    def attach(self, load):
        self.load = load
        return [threading.Thread(target=self.change), threading.Thread(target=self.count)]

    def figures(self):
        return self.load.server.ask("/control/pipeline", {})

    def send(self, entity, host):
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        event = connection(entity, host, stamp)
        return self.load.send_one(f'{{"create":{{"_index":"load"}}}}\n{json.dumps(event)}\n'.encode())

    def change(self):
        """Writes the rule anew, waits until a batch was evaluated by it, then sends what only the new text matches."""
        while not self.load.stop.wait(self.every):
            number, before = self.made + 1, self.figures()["rule_changes"]
            host, entity = f"thay-doi-{number}.example", f"{NETWORK}.{number >> 8}.{number & 255}"
            self.write("changed.yml", rule("Changed", CHANGED, host))
            at = time.monotonic()
            while self.figures()["rule_changes"] == before:
                if self.load.stop.wait(0.1) or time.monotonic() - at > PATIENCE:
                    return
            self.live.append(time.monotonic() - at)
            self.made = number
            if self.send(entity, host):
                self.entities.append(entity)

    def count(self):
        while not self.load.stop.wait(1):
            self.counted += self.send(COUNTED_ENTITY, COUNTED_HOST)

    def missing(self, seconds):
        """Alerts that should be there and are not, once they had so many seconds to come."""
        wanted = {(CHANGED, entity) for entity in self.entities}
        if self.counted >= self.steps:
            wanted.add((CORRELATION, ""))
        ended = time.monotonic() + seconds
        while True:
            database = sqlite3.connect(f"file:{self.load.server.registers}?mode=ro", uri=True, timeout=30)
            rows = database.execute("SELECT rule_id, entity_value FROM alerts WHERE rule_id IN (?, ?)", (CHANGED, CORRELATION)).fetchall()
            database.close()
            there = {(of, "" if of == CORRELATION else entity) for of, entity in rows}
            if wanted <= there or time.monotonic() > ended:
                return sorted(wanted - there)
            time.sleep(0.2)

    def result(self, parts):
        missing, figures = self.missing(60), self.figures()
        waited = round(figures["slowest_rule_change_us"] / 1000, 1)
        result = {
            "changes": self.made, "in_force_after": parts(self.live), "batch_waited_most_ms": waited,
            "first_batch_most_ms": round(figures["slowest_changed_batch_us"] / 1000, 1), "counted": self.counted,
            "correlation_asks": self.steps, "missing": missing,
        }
        wrong = []
        if missing:
            wrong.append(f"alerts are missing: {missing}")
        if waited > MOST_WAIT_MS:
            wrong.append(f"a batch waited {waited} ms for other rules")
        if self.made < 2 or self.counted < self.steps:
            wrong.append(f"too short: {self.made} changes, {self.counted} of {self.steps} records counted")
        return result, "; ".join(wrong)
