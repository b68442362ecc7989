"""Asks DuckDB and ClickHouse (PyPI `duckdb`, `chdb`) what `examples/benchmark.rs` asks the store, on the same files.

    compare.py all BENCHMARK DIR EVENTS   fills DIR once, asks all three, prints a table; `make compare`
    compare.py duckdb SEGMENTS_DIR        the Parquet files as they lie
    compare.py clickhouse SEGMENTS_DIR DB loads them once into a MergeTree with its best indexes, then asks that

The single forms print one JSON line a question: median wall and CPU of three runs, the answer, peak memory of the
process so far. Every engine has a process and two threads of its own; answers are compared.
"""

import json
import os
import resource
import subprocess
import sys
import time

WEEK = "time >= {ts}'2026-11-08 00:00:00{z}' AND time < {ts}'2026-11-15 00:00:00{z}'"
HASH = "A" * 64
QUESTIONS = [
    ("histogram 7 d by hour", "SELECT date_trunc('hour', time) AS h, count(*) AS n FROM events WHERE WEEK GROUP BY h"),
    ("top 10 source_ip 30 d", "SELECT source_ip, count(*) AS n FROM events WHERE source_ip IS NOT NULL GROUP BY source_ip ORDER BY n DESC LIMIT 10"),
    ("user latest 100 with raw", "SELECT time, host_name, raw FROM events WHERE user_name = 'nguyen.van.x' ORDER BY time DESC LIMIT 100"),
    ("count user", "SELECT count(*) FROM events WHERE user_name = 'nguyen.van.x'"),
    ("rare word", "SELECT count(*) FROM events WHERE raw LIKE '%sekurlsa%'"),
    ("rare word, any case", "SELECT count(*) FROM events WHERE raw ILIKE '%SEKURLSA%'"),
    ("substring with a literal", "SELECT count(*) FROM events WHERE raw LIKE '%ekurlsa::logonpass%'"),
    ("regex with a literal", "SELECT count(*) FROM events WHERE REGEX(raw, 'sekurlsa::(logon|tickets)')"),
    ("address anywhere", "SELECT count(*) FROM events WHERE observables LIKE '% 203.0.113.77 %'"),
    ("absent word", "SELECT count(*) FROM events WHERE raw LIKE '%khongcotunay%'"),
    ("hash", f"SELECT count(*) FROM events WHERE file_hash = '{HASH}'"),
    ("count by code 7 d", "SELECT event_code, count(*) AS n FROM events WHERE WEEK GROUP BY event_code"),
    ("host and status latest 100", "SELECT time, raw FROM events WHERE host_name = 'may-0003' AND http_response_status_code >= 500 ORDER BY time DESC LIMIT 100"),
    ("latest 100 all columns", "SELECT * FROM events ORDER BY time DESC LIMIT 100"),
    ("common word", "SELECT count(*) FROM events WHERE raw LIKE '%Failed password%'"),
]
# What ClickHouse can look words up with: its inverted index of the record, bloom filters of the exact columns.
TABLE = """CREATE TABLE events ENGINE = MergeTree ORDER BY time SETTINGS index_granularity = 8192 AS
SELECT * FROM file('{files}', Parquet) LIMIT 0"""
INDEXES = [
    "ALTER TABLE events ADD INDEX words raw TYPE text(tokenizer = 'splitByNonAlpha')",
    "ALTER TABLE events ADD INDEX seen observables TYPE text(tokenizer = splitByString([' ']))",
] + [
    f"ALTER TABLE events ADD INDEX exact_{name} {name} TYPE bloom_filter(0.01)"
    for name in ("user_name", "host_name", "source_ip", "file_hash")
]


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(ask, dialect):
    for name, sql in QUESTIONS:
        walls, cpus, answer = [], [], ""
        for _ in range(3):
            before, began = cpu(), time.monotonic()
            rows = ask(dialect(sql))
            walls.append((time.monotonic() - began) * 1000)
            cpus.append((cpu() - before) * 1000)
            answer = str(rows[0][0]) if len(rows) == 1 else f"{len(rows)} rows"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"question": name, "wall_ms": sorted(walls)[1], "cpu_ms": sorted(cpus)[1], "answer": answer, "peak_kib": peak}), flush=True)


def duckdb_asks(segments):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{segments}/*/*.parquet', union_by_name = true)")
    week = WEEK.format(ts="TIMESTAMPTZ ", z="Z")
    measure(
        lambda sql: connection.execute(sql).fetchall(),
        lambda sql: sql.replace("WEEK", week).replace("REGEX(", "regexp_matches("),
    )


def clickhouse_asks(segments, database):
    from chdb import session

    fresh = not os.path.exists(database)
    clickhouse = session.Session(database)
    clickhouse.query("SET max_threads = 2")
    # Its memory of which granules an earlier question found empty would answer the second and third run for it.
    clickhouse.query("SET use_query_condition_cache = 0")
    clickhouse.query("SET use_query_cache = 0")
    clickhouse.query("CREATE DATABASE IF NOT EXISTS b")
    clickhouse.query("USE b")
    files = f"{segments}/*/*.parquet"
    if fresh:
        began = time.monotonic()
        clickhouse.query(TABLE.format(files=files))
        for index in INDEXES:
            try:
                clickhouse.query(index)
            except Exception as error:  # an index of another version is named, the others are used
                print(json.dumps({"index": index, "refused": str(error).split("(version")[0][:200]}), flush=True)
        clickhouse.query(f"INSERT INTO events SELECT * FROM file('{files}', Parquet) SETTINGS max_insert_threads = 2")
        clickhouse.query("OPTIMIZE TABLE events FINAL")
        size = clickhouse.query("SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND table = 'events'", "CSV")
        print(json.dumps({"load_s": time.monotonic() - began, "bytes,rows": str(size).strip()}), flush=True)
    week = WEEK.format(ts="toDateTime64(", z="', 6, 'UTC')").replace("')'", "')")

    def ask(sql):
        text = str(clickhouse.query(sql, "JSONCompact"))
        return json.loads(text)["data"] if text else []

    measure(ask, lambda sql: sql.replace("WEEK", week).replace("REGEX(", "match("))


def lines(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def everything(benchmark, store, events):
    if not os.path.exists(store):
        filled = lines([benchmark, "fill", store, events])[0]
        with open(f"{store}-fill.json", "w") as file:
            json.dump(filled, file)
    with open(f"{store}-fill.json") as file:
        filled = json.load(file)
    segments, database = os.path.join(store, "segments"), f"{store}-clickhouse"
    ours = lines([benchmark, "ask", store])
    duckdb = lines([sys.executable, __file__, "duckdb", segments])
    clickhouse = lines([sys.executable, __file__, "clickhouse", segments, database])
    theirs = next((line["bytes,rows"].split(",") for line in clickhouse if "bytes,rows" in line), None)
    by = lambda answers: {line["question"]: line for line in answers if "question" in line}
    ours_by, duckdb_by, clickhouse_by = by(ours), by(duckdb), by(clickhouse)
    print(f"{filled['events']:,} events of {filled['raw_bytes_per_event']:.0f} bytes; ours {filled['bytes_per_event']:.1f} bytes an event", end="")
    print(f" (word index {filled['index_bytes_per_event']:.1f})" + (f", MergeTree {int(theirs[0]) / int(theirs[1]):.1f}" if theirs else ""))
    print(f"Generated, inserted and sealed in {filled['generated_inserted_sealed_s']:.1f} s, merged after {filled['with_compaction_s']:.1f} s in all, {filled['segments']} files, peak {filled['peak_kib'] // 1024} MiB")
    print()
    print("| Question | ours: wall / CPU ms | DuckDB | ClickHouse | ours to the better |")
    print("|---|---|---|---|---|")
    wrong = []
    for name in ours_by:
        one, two, three = ours_by[name], duckdb_by[name], clickhouse_by[name]
        cell = lambda line: f"{line['wall_ms']:.0f} / {line['cpu_ms']:.0f}"
        ratio = one["wall_ms"] / min(two["wall_ms"], three["wall_ms"])
        print(f"| {name} | {cell(one)} | {cell(two)} | {cell(three)} | {ratio:.2f} |")
        if len({one["answer"], two["answer"], three["answer"]}) > 1:
            wrong.append(f"{name}: {one['answer']}, {two['answer']}, {three['answer']}")
    peak = lambda answers: max(line["peak_kib"] for line in answers if "question" in line) // 1024
    print()
    print(f"Peak memory while asking: ours {peak(ours)} MiB, DuckDB {peak(duckdb)} MiB, ClickHouse {peak(clickhouse)} MiB (its process also loaded)")
    for line in ours:
        if "search" in line:
            print(f"Search page for `{line['search']}`: {line['wall_ms']:.0f} ms, {line['total']:,} matches, peak {line['peak_kib'] // 1024} MiB")
    if wrong:
        sys.exit("not the same answers: " + "; ".join(wrong))


if __name__ == "__main__":
    if sys.argv[1] == "all":
        everything(*sys.argv[2:5])
    elif sys.argv[1] == "duckdb":
        duckdb_asks(sys.argv[2])
    else:
        clickhouse_asks(sys.argv[2], sys.argv[3])
