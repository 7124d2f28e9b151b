"""Tell figures of an exported workbook, as openpyxl reads it, as JSON: see readers.mjs.

usage: figures.py WORKBOOK CUSTOMER
"""
import collections
import datetime
import decimal
import json
import sys

import openpyxl


def milliseconds(time):
    if not isinstance(time, datetime.datetime):
        raise TypeError(f'a creation time was read as {time!r}')
    return round(time.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


def amount(total):
    if not isinstance(total, (int, float)):
        raise TypeError(f'a total was read as {total!r}')
    return decimal.Decimal(repr(total))


def figures(orders, customer):
    cents = sum(amount(order['orderTotal']) for order in orders if order['orderTotal'] is not None) * 100
    times = [milliseconds(order['createdAt']) for order in orders if order['createdAt'] is not None]
    return {
        'count': len(orders),
        'cents': int(cents) if cents == int(cents) else float(cents),
        'byStatus': collections.Counter(order['status'] or '' for order in orders),
        'first': min(times),
        'last': max(times),
        'named': sum(order['customer'] == customer for order in orders),
    }


def main():
    path, customer = sys.argv[1:]
    head, *rows = openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True)
    print(json.dumps(figures([dict(zip(head, row)) for row in rows], customer)))


main()
