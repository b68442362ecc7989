"""What `load.py` plants into a load: indicators by a fixed seed, records that hold one of them, and markers of which each
raises two alerts, one of a rule and one of an indicator. Watches the registers for these alerts.

`planted.py N` prints N indicators, one a line."""

import random
import sqlite3
import sys
import threading
import time

# SigmaHQ, "Network Connection Initiated To Mega.nz", and a name that it fires on.
RULE = "fdeebdf0-9f3f-4d08-84a6-4c4d13e39fe4"
DOMAIN = "dauhieu.mega.co.nz"
# Alerts are one per rule and entity, here the address a connection comes from: each marker has its own, in this network.
NETWORK = "10.200"
# The indicator's alerts have another rule for each indicator; their identifiers begin so.
OF_INDICATOR = "indicator:"
# The registers are looked at this often while an alert is awaited, in seconds.
EVERY = 0.005
ENDINGS = ["com", "net", "xyz", "top", "info", "ru", "cn", "vn", "io", "site"]
# Parts of a hundred.
KINDS = [("domain", 50), ("address", 24), ("range", 1), ("url", 10), ("hash", 13), ("mail", 2)]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def name(dice):
    word = "".join(dice.choice(LETTERS) for _ in range(7 + dice.randrange(12)))
    return f"{word}{dice.choice(['', '', '', '.cdn'])}.{dice.choice(ENDINGS)}"


def address(dice):
    return f"{11 + dice.randrange(80)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def indicator(dice, kind):
    match kind:
        case "domain":
            return name(dice)
        case "address":
            return address(dice)
        case "range":
            return f"{address(dice).rsplit('.', 1)[0]}.0/24"
        case "url":
            return f"http://{name(dice)}/{dice.getrandbits(64):x}/{dice.randrange(1000)}.php"
        case "hash":
            digits = dice.choice([32, 64])
            return f"{dice.getrandbits(digits * 4):0{digits}x}"
        case _:
            return f"{dice.getrandbits(24):06x}@{name(dice)}"


class Indicators:
    """So many indicators, each once, that of the markers among them. Two of each kind are found in records of the load, each of
    them on one machine, so that their alerts are few and grow."""

    def __init__(self, count):
        dice, texts = random.Random(count), {}
        kinds, parts = zip(*KINDS)
        while len(texts) < count - 1:
            kind = dice.choices(kinds, parts)[0]
            texts[indicator(dice, kind)] = kind
        self.texts = [DOMAIN, *texts]
        self.met = [text for kind in kinds for text in [text for text in texts if texts[text] == kind][:2]]

    def write(self, path):
        with open(path, "w") as file:
            file.writelines(f"{text}\n" for text in self.texts)

    def put_into(self, event, dice):
        number = dice.randrange(len(self.met))
        text = self.met[number].replace(".0/24", ".77")
        event["winlog"].update(event_id=1, computer_name=f"may-{number:04}")
        event["winlog"]["event_data"]["CommandLine"] += f" /tu {text} /het"
        return event


def connection(entity, host, stamp):
    """A connection from an address to a name."""
    data = {
        "Image": "C:\\Program Files\\chrome\\chrome.exe", "User": "TINH\\an.0001", "Protocol": "tcp", "Initiated": "true",
        "SourceIp": entity, "SourcePort": "50000", "DestinationIp": "203.0.113.9", "DestinationPort": "443",
        "DestinationHostname": host,
    }
    channel = "Microsoft-Windows-Sysmon/Operational"
    return {"@timestamp": stamp, "winlog": {"channel": channel, "event_id": 3, "computer_name": "may-0000", "event_data": data}}


def marker(number, stamp):
    """A connection that the rule and the indicator fire on, and the address that their alerts are about."""
    entity = f"{NETWORK}.{number >> 8}.{number & 255}"
    return entity, connection(entity, DOMAIN, stamp)


class Alerts:
    """Markers that were sent and the alerts that came of them. An alert counts from the moment at which another connection to
    the database sees its row; `written` is what the row itself says (the beginning of its transaction, the same clock)."""

    def __init__(self, path):
        self.path, self.lock, self.ended = path, threading.Lock(), threading.Event()
        self.sent, self.awaited, self.seen, self.written = 0, {}, {"rule": [], "indicator": []}, {"rule": [], "indicator": []}
        self.thread = threading.Thread(target=self.watch)

    def expect(self, entity):
        """Before the request that holds the marker is sent."""
        with self.lock:
            self.awaited.update({(entity, of): (time.monotonic(), time.time()) for of in self.seen})

    def refused(self, entity):
        with self.lock:
            for of in self.seen:
                self.awaited.pop((entity, of), None)

    def watch(self):
        database, last = self.open(), 0
        while not self.ended.wait(EVERY):
            if not self.awaited:
                continue
            rows = database.execute("SELECT rowid, rule_id, entity_value, detected_at FROM alerts WHERE rowid > ? ORDER BY rowid", (last,))
            rows, now = rows.fetchall(), time.monotonic()
            for last, rule, entity, detected in rows:
                of = "rule" if rule == RULE else "indicator" if rule.startswith(OF_INDICATOR) else None
                with self.lock:
                    sent = self.awaited.pop((entity, of), None)
                    if sent:
                        self.seen[of].append(now - sent[0])
                        self.written[of].append(detected / 1e6 - sent[1])
        database.close()

    def open(self):
        return sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)

    def settle(self, seconds):
        """Waits for what is awaited; gives what of it never came."""
        ended = time.monotonic() + seconds
        while self.awaited and time.monotonic() < ended:
            time.sleep(0.05)
        return sorted(self.awaited)

    def forget(self):
        """What came so far was no measurement."""
        with self.lock:
            self.sent = 0
            for times in (*self.seen.values(), *self.written.values()):
                times.clear()

    def totals(self):
        """Rows of alerts, matches in them, and matches of indicators in other records than markers."""
        database = self.open()
        sql = "SELECT count(*), coalesce(sum(count), 0), coalesce(sum(count) FILTER (WHERE rule_id LIKE ? AND entity_value NOT LIKE ?), 0) FROM alerts"
        rows, matches, met = database.execute(sql, (f"{OF_INDICATOR}%", f"{NETWORK}.%")).fetchone()
        database.close()
        return rows, matches, met


if __name__ == "__main__":
    print("\n".join(Indicators(int(sys.argv[1])).texts))
