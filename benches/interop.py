"""DuckDB, ClickHouse and Spark (PyPI `duckdb`, `chdb`, `pyspark`) read the segments of a store as they lie.

    interop.py BINARY PATH…     imports the paths into a fresh directory, asks every engine the same and compares

Prints a line for each engine and fails where one says something else than `luytre query`.
"""

import glob
import json
import subprocess
import sys
import tempfile

NAMES = ["events", "seqs", "hosts", "words", "letters", "first", "last"]
OURS = """SELECT count(*) AS events, count(DISTINCT seq) AS seqs, count(DISTINCT host_name) AS hosts,
    count(*) FILTER (WHERE lower(raw) LIKE '%powershell%') AS words, sum(character_length(raw)) AS letters,
    to_unixtime(min(time)) AS first, to_unixtime(max(time)) AS last FROM events"""


def duckdb_says(files):
    import duckdb

    sql = f"""SELECT count(*), count(DISTINCT seq), count(DISTINCT host_name),
        count(*) FILTER (lower(raw) LIKE '%powershell%'), sum(length(raw)),
        epoch_us(min(time)) // 1000000, epoch_us(max(time)) // 1000000
        FROM read_parquet('{files}', union_by_name = true)"""
    return duckdb.sql(sql).fetchall()[0]


def clickhouse_says(files):
    import chdb

    sql = f"""SELECT count(), uniqExact(seq), uniqExact(host_name), countIf(lowerUTF8(raw) LIKE '%powershell%'),
        sum(lengthUTF8(raw)), toUnixTimestamp(min(time)), toUnixTimestamp(max(time)) FROM file('{files}', Parquet)"""
    return json.loads(str(chdb.query(sql, "JSONCompact")))["data"][0]


def spark_says(files):
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    spark = spark.config("spark.driver.memory", "1g").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.read.option("mergeSchema", "true").parquet(*glob.glob(files)).createOrReplaceTempView("events")
    sql = """SELECT count(*), count(DISTINCT seq), count(DISTINCT host_name),
        count_if(lower(raw) LIKE '%powershell%'), sum(char_length(raw)), unix_seconds(min(time)), unix_seconds(max(time)) FROM events"""
    row = tuple(spark.sql(sql).collect()[0])
    spark.stop()
    return row


def main():
    binary, paths = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as data:
        base = [binary, "--data-dir", data]
        subprocess.run(base + ["import", "--json", *paths], check=True, stdout=subprocess.DEVNULL)
        answer = subprocess.run(base + ["query", "--format", "json", OURS], check=True, capture_output=True, text=True)
        row = json.loads(answer.stdout)[0]
        ours = [int(row[name]) for name in NAMES]
        print("luytre", dict(zip(NAMES, ours)))
        wrong = []
        for name, says in [("duckdb", duckdb_says), ("clickhouse", clickhouse_says), ("spark", spark_says)]:
            theirs = [int(value) for value in says(f"{data}/events/segments/*/*.parquet")]
            print(name, "says the same" if theirs == ours else dict(zip(NAMES, theirs)), flush=True)
            wrong += [name] if theirs != ours else []
        if wrong:
            sys.exit(f"not the same: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
