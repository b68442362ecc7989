"""Writes golden_shared.txt: how often each SigmaHQ rule matches in each file of the shared data, by windows.py, pySigma's
parser and the naive evaluator of make.py. Nothing of the program takes part. Run by hand when the data or a settled
dispute changes; a difference is never repaired in the text:

    python3 -m venv /tmp/pysigma && /tmp/pysigma/bin/pip install pysigma==2.0.1 pyyaml evtx==0.14.0
    /tmp/pysigma/bin/python make_shared.py ../shared/data

Takes some ten minutes of one core. Only counts and names are kept: neither rules nor events of others are copied.
"""

import collections
import pathlib
import sys
import zlib

import make
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import SigmaString
from windows import records, understood

FOLDERS = ["evtx", "regression", "windows-json"]
# Answers of the evaluator to values that come again.
REMEMBERED = 4_000_000


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


def load(paths):
    rules = []
    for path in paths:
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


def remember():
    answers, ask = {}, make.scalar

    def scalar(value, wanted):
        key = (type(value), value, id(wanted))
        if key not in answers:
            if len(answers) > REMEMBERED:
                answers.clear()
            answers[key] = ask(value, wanted)
        return answers[key]

    make.scalar = scalar


def main():
    data = pathlib.Path(sys.argv[1])
    paths = sorted((data / "sigma").rglob("*.yml"))
    checksum = 1
    for path in paths:
        checksum = zlib.adler32(path.read_bytes(), checksum)
    lines = [f"rules {len(paths)} {checksum:08x}"]
    rules, by_source = load(paths), {}
    print(len(rules), "rules")
    remember()
    pairs = 0
    for path in sorted(path for folder in FOLDERS for path in (data / folder).rglob("*") if path.is_file()):
        found = records(path)
        if found is None:
            continue
        counts = collections.Counter()
        for record in found:
            event = understood(record)
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
                if any(make.holds(condition, event["fields"]) for condition in conditions):
                    counts[identity] += 1
        content = path.read_bytes()
        name = path.relative_to(data).as_posix()
        lines.append(f"file {len(content)} {zlib.adler32(content):08x} {len(found)} {name}")
        lines += [f"{identity} {count}" for identity, count in sorted(counts.items())]
        pairs += sum(counts.values())
        print(name, len(found), sum(counts.values()), pairs, flush=True)
    (pathlib.Path(__file__).parent / "golden_shared.txt").write_text("\n".join(lines) + "\n")
    print(pairs, "matches")


main()
