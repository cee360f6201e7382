"""open_clip's and timm's resizing of position tables, for packages/weights/fixtures/positions.json.

Run: python scripts/oracles/positions.py > packages/weights/fixtures/positions.json
Made with Python 3.11, torch 2.15, open_clip 3.3, timm 1.0.31.
"""

import json
import types

import torch
from open_clip.model import resize_pos_embed
from timm.layers import resample_abs_pos_embed

cases = []
for before, after in [(4, 7), (7, 3), (3, 3), (14, 5)]:
    table = torch.sin(torch.arange((1 + before**2) * 2, dtype=torch.float32) * 0.37).reshape(-1, 2)
    state = {"visual.positional_embedding": table}
    visual = types.SimpleNamespace(grid_size=(after, after))
    resize_pos_embed(state, types.SimpleNamespace(visual=visual))
    values = state["visual.positional_embedding"].flatten().tolist()
    place = {"from": before, "to": after, "prefix": 1, "by": "open_clip"}
    cases.append({**place, "values": [round(x, 7) for x in values]})
for before, after, prefix in [(4, 6, 1), (4, 6, 0), (7, 3, 0)]:
    table = torch.sin(torch.arange((prefix + before**2) * 2, dtype=torch.float32) * 0.37).reshape(1, -1, 2)
    values = resample_abs_pos_embed(table, [after, after], num_prefix_tokens=prefix).flatten().tolist()
    place = {"from": before, "to": after, "prefix": prefix, "by": "timm"}
    cases.append({**place, "values": [round(x, 7) for x in values]})
print(json.dumps(cases))
