"""Writes golden.json from cases.yml: pySigma parses every rule, a naive evaluator answers it. Run by hand, once:

    python3 -m venv /tmp/pysigma && /tmp/pysigma/bin/pip install pysigma==2.0.1 pyyaml
    /tmp/pysigma/bin/python make.py

The evaluator walks pySigma's parsed condition and knows nothing of our engine. Where the specification is silent it
does what README.md says.
"""

import datetime
import functools
import ipaddress
import json
import pathlib
import re

import yaml
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

MISSING = object()


def scalars(value):
    if isinstance(value, list):
        for one in value:
            yield from scalars(one)
    else:
        yield value


def text(value):
    if value is None or value is MISSING:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number(value):
    if isinstance(value, bool) or value is None or value is MISSING:
        return None
    try:
        return float(value)
    except ValueError:
        return None


@functools.cache
def compiled(body, flags):
    return re.compile(body, flags)


def pattern(string, anywhere=False):
    body = "".join(
        ".*" if part is SpecialChars.WILDCARD_MULTI else "." if part is SpecialChars.WILDCARD_SINGLE else re.escape(part)
        for part in string.s
    )
    flags = re.DOTALL | (0 if isinstance(string, SigmaCasedString) else re.IGNORECASE)
    return compiled(f".*(?:{body}).*" if anywhere else body, flags)


FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.IGNORECASE,
    SigmaRegularExpressionFlag.MULTILINE: re.MULTILINE,
    SigmaRegularExpressionFlag.DOTALL: re.DOTALL,
}


def regex(value):
    flags = 0
    for flag in value.flags:
        flags |= FLAGS[flag]
    return compiled(str(value.regexp), flags)


def compare(operator, left, right):
    return {
        CompareOperators.LT: left < right,
        CompareOperators.LTE: left <= right,
        CompareOperators.GT: left > right,
        CompareOperators.GTE: left >= right,
    }[operator]


def in_network(network, address):
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except (ValueError, TypeError):
        return False


def time_part(part, value):
    try:
        time = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return None
    name = part.name.lower()
    return time.isocalendar().week if name == "week" else getattr(time, name)


def one(event, field, wanted):
    value = event.get(field, MISSING)
    if isinstance(wanted, SigmaExpansion):
        return any(one(event, field, each) for each in wanted.values)
    if isinstance(wanted, SigmaExists):
        return (value is not MISSING) == wanted.exists
    if isinstance(wanted, SigmaNull):
        return value is MISSING or all(each is None for each in scalars(value))
    if value is MISSING:
        return False
    if isinstance(wanted, SigmaFieldReference):
        other = event.get(wanted.field, MISSING)
        for left in scalars(value):
            for right in scalars(other):
                if text(left) is None or text(right) is None:
                    continue
                a, b = text(left).lower(), text(right).lower()
                if wanted.starts_with and wanted.ends_with:
                    found = b in a
                elif wanted.starts_with:
                    found = a.startswith(b)
                elif wanted.ends_with:
                    found = a.endswith(b)
                else:
                    found = a == b
                if found:
                    return True
        return False
    return any(scalar(each, wanted) for each in scalars(value))


def scalar(value, wanted):
    if isinstance(wanted, SigmaString):
        return text(value) is not None and pattern(wanted).fullmatch(text(value)) is not None
    if isinstance(wanted, SigmaBool):
        if isinstance(value, (bool, str)):
            return text(value).lower() == text(wanted.boolean)
        return False
    if isinstance(wanted, SigmaTimestampPart):
        return time_part(wanted.timestamp_part, value) == wanted.number
    if isinstance(wanted, SigmaNumber):
        if isinstance(value, bool) or value is None:
            return False
        return value == wanted.number if isinstance(value, (int, float)) else value == text(wanted.number)
    if isinstance(wanted, SigmaRegularExpression):
        return text(value) is not None and regex(wanted).search(text(value)) is not None
    if isinstance(wanted, SigmaCIDRExpression):
        return in_network(wanted.cidr, text(value))
    if isinstance(wanted, SigmaCompareExpression):
        left = number(value)
        return left is not None and compare(wanted.op, left, float(wanted.number.number))
    raise NotImplementedError(type(wanted))


def keyword(event, wanted):
    texts = [text(each) for value in event.values() for each in scalars(value)]
    texts = [each for each in texts if each is not None]
    if isinstance(wanted, SigmaExpansion):
        return any(keyword(event, each) for each in wanted.values)
    if isinstance(wanted, SigmaRegularExpression):
        return any(regex(wanted).search(each) for each in texts)
    if isinstance(wanted, SigmaNumber):
        return any(text(wanted.number) in each for each in texts)
    return any(pattern(wanted, anywhere=True).fullmatch(each) for each in texts)


def holds(condition, event):
    if isinstance(condition, ConditionAND):
        return all(holds(part, event) for part in condition.args)
    if isinstance(condition, ConditionOR):
        return any(holds(part, event) for part in condition.args)
    if isinstance(condition, ConditionNOT):
        return not holds(condition.args[0], event)
    if isinstance(condition, ConditionFieldEqualsValueExpression):
        return one(event, condition.field, condition.value)
    if isinstance(condition, ConditionValueExpression):
        return keyword(event, condition.value)
    raise NotImplementedError(type(condition))


def answer(case):
    rule = {"title": case["name"], "logsource": {"product": "golden"}, "detection": case["detection"]}
    source = yaml.safe_dump(rule, sort_keys=False, allow_unicode=True)
    row = {"name": case["name"], "rule": source, "events": case["events"]}
    try:
        parsed = SigmaRule.from_yaml(source)
        conditions = [each.parsed for each in parsed.detection.parsed_condition]
    except SigmaError as error:
        return row | {"refused": str(error).splitlines()[0]}
    row["expected"] = [any(holds(each, event) for each in conditions) for event in case["events"]]
    return row


def main():
    here = pathlib.Path(__file__).parent
    rows = [answer(case) for case in yaml.safe_load((here / "cases.yml").read_text())]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
    (here / "golden.json").write_text(f"[\n{lines}\n]\n")
    print(len(rows), "cases,", sum(len(row["events"]) for row in rows), "events,", sum("refused" in row for row in rows), "refused")


if __name__ == "__main__":
    main()
