"""Writes golden_shared.json: how often each SigmaHQ rule matches in each file of the shared data, by pySigma's parser and
the naive evaluator of make.py. Run by hand, once; takes some ten minutes of one core:

    cargo run -p luytre-detection --example flatten -- ../shared/data/regression ../shared/data/windows-json > /tmp/flat.jsonl
    /tmp/pysigma/bin/python make_shared.py ../shared/data/sigma /tmp/flat.jsonl

Only counts are kept: neither rules nor events of others are copied.
"""

import collections
import json
import pathlib
import sys

from make import holds
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import Placeholder, SigmaString


def has_placeholder(rule):
    def walk(detection):
        for item in detection.detection_items:
            if hasattr(item, "detection_items"):
                if walk(item):
                    return True
            elif any(isinstance(value, SigmaString) and value.contains_placeholder() for value in item.value):
                return True
        return False

    return any(walk(detection) for detection in rule.detection.detections.values())


def load(folder):
    rules = []
    for path in sorted(pathlib.Path(folder).rglob("*.yml")):
        try:
            rule = SigmaRule.from_yaml(path.read_text())
            if has_placeholder(rule):
                continue
            conditions = [each.parsed for each in rule.detection.parsed_condition]
        except SigmaError as error:
            print("refused", path, str(error).splitlines()[0])
            continue
        source = rule.logsource
        rules.append((str(rule.id), source.product, source.category, source.service, conditions))
    return rules


def main():
    rules = load(sys.argv[1])
    print(len(rules), "rules")
    by_source = {}
    counts = collections.defaultdict(collections.Counter)
    pairs = 0
    with open(sys.argv[2]) as lines:
        for number, line in enumerate(lines):
            event = json.loads(line)
            source = (event["product"], tuple(event["categories"]), tuple(event["services"]))
            if source not in by_source:
                by_source[source] = [
                    (identity, conditions)
                    for identity, product, category, service, conditions in rules
                    if product in (None, source[0])
                    and (category is None or category in source[1])
                    and (service is None or service in source[2])
                ]
            for identity, conditions in by_source[source]:
                if any(holds(condition, event["fields"]) for condition in conditions):
                    counts[event["file"]][identity] += 1
                    pairs += 1
            if number % 1000 == 0:
                print(number, pairs, flush=True)
    here = pathlib.Path(__file__).parent
    rows = ",\n".join(f"{json.dumps(file)}: {json.dumps(dict(sorted(row.items())))}" for file, row in sorted(counts.items()))
    (here / "golden_shared.json").write_text("{\n" + rows + "\n}\n")
    print(pairs, "detections in", len(counts), "files")


main()
