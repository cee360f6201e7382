"""Python's side: python3 check.py FOLDER BATCHES. Prints one line of JSON.

The file must pass onnx's full check, and both onnx's reference runtime and ONNX Runtime must embed as medbench did.
"""

import json
import os
import sys

import numpy
import onnx
from onnx.reference import ReferenceEvaluator

folder, batches = sys.argv[1], [int(one) for one in sys.argv[2].split(",")]
path = os.path.join(folder, "tower.onnx")
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
runtimes = {"reference": ReferenceEvaluator(model)}
versions = {"onnx": onnx.__version__, "numpy": numpy.__version__}
try:
    import onnxruntime

    runtimes["onnxruntime"] = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    versions["onnxruntime"] = onnxruntime.__version__
except ImportError:
    pass
given = model.graph.input[0]
sides = [side.dim_value for side in given.type.tensor_type.shape.dim]
dtype = numpy.float32 if given.name == "images" else numpy.int32
most = {name: 0.0 for name in runtimes}
for batch in batches:
    fed = numpy.fromfile(os.path.join(folder, f"{batch}.input"), dtype).reshape([batch] + sides[1:])
    expected = numpy.fromfile(os.path.join(folder, f"{batch}.embeddings"), numpy.float32).reshape(batch, -1)
    for name, runtime in runtimes.items():
        (found,) = runtime.run(None, {given.name: fed})
        assert found.shape == expected.shape, (found.shape, expected.shape)
        most[name] = max(most[name], float(numpy.abs(found - expected).max() / numpy.abs(expected).max()))
answer = {
    "versions": versions,
    "domains": [f"{one.domain or 'ai.onnx'} {one.version}" for one in model.opset_import],
    "nodes": len(model.graph.node),
    "batch": given.type.tensor_type.shape.dim[0].dim_param,
    **most,
}
print(json.dumps(answer))
