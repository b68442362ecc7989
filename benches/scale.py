"""How questions grow with the store: fills stores of several sizes with `examples/benchmark.rs` and asks each the same.

    scale.py BENCHMARK DIR SIZE...    a size is `events` over 30 days, or `events/days`: 1000000 10000000 1000000/2000

Many days make many files of few events each, which shows what a file costs. Prints a table; stores are kept in DIR.
"""

import json
import os
import subprocess
import sys


def lines(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def measured(benchmark, folder, size):
    events, _, days = size.partition("/")
    store = os.path.join(folder, size.replace("/", "-"))
    kept = f"{store}.json"
    if not os.path.exists(kept):
        filled = lines([benchmark, "fill", store, events, *([days] if days else [])])[0]
        with open(kept, "w") as file:
            json.dump(filled, file)
    with open(kept) as file:
        return json.load(file), lines([benchmark, "ask", store])


def table(sizes, results):
    rows = [("", *sizes)]
    filled = [one for one, _ in results]
    add = lambda name, cells: rows.append((name, *cells))
    add("files", [f"{one['segments']:,}" for one in filled])
    add("bytes an event, index included", [f"{one['bytes_per_event']:.0f}" for one in filled])
    add("generated, inserted and sealed, thousand events/s", [f"{one['events'] / one['generated_inserted_sealed_s'] / 1000:.0f}" for one in filled])
    add("peak MiB filling", [f"{one['peak_kib'] / 1024:.0f}" for one in filled])
    asked = [answers for _, answers in results]
    opened = [next(one for one in answers if "opened_ms" in one) for answers in asked]
    add("opened, ms", [f"{one['opened_ms']:.0f}" for one in opened])
    add("MiB once open", [f"{one['peak_kib'] / 1024:.0f}" for one in opened])
    for kind, name in (("question", "{}"), ("search", "search page `{}`")):
        for label in [one[kind] for one in asked[0] if kind in one]:
            cells = [next(one for one in answers if one.get(kind) == label) for answers in asked]
            first = lambda one: f" (first rows {one['first_rows_ms']:.0f})" if one.get("first_rows_ms") else ""
            add(name.format(label) + ", ms", [f"{one['wall_ms']:,.0f}{first(one)}" for one in cells])
    add("peak MiB asking", [f"{max(one['peak_kib'] for one in answers) / 1024:.0f}" for answers in asked])
    return rows


def main():
    benchmark, folder, *sizes = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    results = [measured(benchmark, folder, size) for size in sizes]
    rows = table(sizes, results)
    for number, row in enumerate(rows):
        print("| " + " | ".join(row) + " |")
        if number == 0:
            print("|---" * len(row) + "|")


if __name__ == "__main__":
    main()
