"""Prints the scalars that TensorBoard's own reader finds below a folder, as JSON: {run: {tag: [[step, value, time]]}}."""

import json
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

root = sys.argv[1]
found = {}
for folder, _, files in sorted(os.walk(root)):
    if not any("tfevents" in file for file in files):
        continue
    reader = EventAccumulator(folder, size_guidance={"scalars": 0})
    reader.Reload()
    tags = reader.Tags()
    found[os.path.relpath(folder, root)] = {
        "scalars": {tag: [[e.step, e.value, e.wall_time] for e in reader.Scalars(tag)] for tag in tags["scalars"]},
        "texts": {
            tag: reader.Tensors(tag)[0].tensor_proto.string_val[0].decode()
            for tag in tags["tensors"]
            if reader.SummaryMetadata(tag).plugin_data.plugin_name == "text"
        },
    }
json.dump(found, sys.stdout)
