"""Writes an event file with TensorBoard's own protocol buffers and its own record writer.

    python scripts/oracles/tensorboard_events.py

The file holds the version, a text, scalars of which one is a step of more than 32 bits, and an image. The JSON beside it has
what it was made of, and the bytes in base64.
"""

import base64
import io
import json
from pathlib import Path

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

BEGAN = 1767225600.25
TEXT = "**Row** `clip`, seed 0\n\n| a | b |\n| --- | --- |\n| λ | 1 |\n"
SCALARS = [
    {"wallTime": 1767225601.5, "step": 0, "scalars": [{"tag": "training/loss", "value": 4.159083366394043}]},
    {
        "wallTime": 1767225602.125,
        "step": 10,
        "scalars": [
            {"tag": "training/loss", "value": 3.5},
            {"tag": "training/learningRate", "value": 0.0},
            {"tag": "figures/vqa-rad/vqa/accuracy", "value": -0.125},
        ],
    },
    {"wallTime": 1767225603, "step": 2**40 + 3, "scalars": [{"tag": "validation/loss", "value": 2.0}]},
]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def text_event():
    value = summary_pb2.Summary.Value(
        tag="run",
        tensor=tensor_pb2.TensorProto(
            dtype=types_pb2.DT_STRING,
            tensor_shape=tensor_shape_pb2.TensorShapeProto(),
            string_val=[TEXT.encode()],
        ),
        metadata=summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text")),
    )
    return event_pb2.Event(wall_time=BEGAN, summary=summary_pb2.Summary(value=[value]))


def image_event():
    image = summary_pb2.Summary.Image(height=1, width=1, colorspace=4, encoded_image_string=PNG)
    value = summary_pb2.Summary.Value(tag="ranks", image=image)
    return event_pb2.Event(wall_time=BEGAN, summary=summary_pb2.Summary(value=[value]))


def scalar_event(event):
    values = [summary_pb2.Summary.Value(tag=s["tag"], simple_value=s["value"]) for s in event["scalars"]]
    summary = summary_pb2.Summary(value=values)
    return event_pb2.Event(wall_time=event["wallTime"], step=event["step"], summary=summary)


def main():
    file = io.BytesIO()
    writer = RecordWriter(file)
    events = [
        event_pb2.Event(wall_time=BEGAN, file_version="brain.Event:2"),
        text_event(),
        *map(scalar_event, SCALARS),
        image_event(),
    ]
    for event in events:
        writer.write(event.SerializeToString())
    fixture = {
        "began": BEGAN,
        "text": TEXT,
        "scalars": SCALARS,
        "png": base64.b64encode(PNG).decode(),
        "file": base64.b64encode(file.getvalue()).decode(),
    }
    path = Path("packages/trackers-tensorboard/fixtures/events.json")
    path.write_text(json.dumps(fixture, indent=1) + "\n")


main()
