"""Validates Croissant metadata with the checker of MLCommons.

Reads a JSON object from the standard input: metadata by name. Prints what the checker finds, by name, as JSON; an empty
object if all are valid. Read by tests/croissant.test.ts, where a Python with mlcroissant is at hand (MEDBENCH_PYTHON).

    python scripts/oracles/croissant.py < descriptions.json
"""

import json
import sys

import mlcroissant

faults = {}
for name, metadata in json.load(sys.stdin).items():
    try:
        dataset = mlcroissant.Dataset(jsonld=metadata)
        # Records that stand in the metadata itself are read, so that their types are checked too.
        for record_set in dataset.metadata.record_sets:
            rows = list(dataset.records(record_set.id))
            if len(rows) != len(record_set.data):
                raise ValueError(f"{record_set.id} has {len(rows)} of {len(record_set.data)} rows")
    except Exception as error:
        faults[name] = f"{type(error).__name__}: {error}"
print(json.dumps(faults))
