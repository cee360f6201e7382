"""open_clip's resizing of position tables, for packages/weights/fixtures/positions.json.

Run: python scripts/oracles/positions.py > packages/weights/fixtures/positions.json
Made with Python 3.11, torch 2.15, open_clip 3.3.
"""

import json
import types

import torch
from open_clip.model import resize_pos_embed

cases = []
for before, after in [(4, 7), (7, 3), (3, 3), (14, 5)]:
    table = torch.sin(torch.arange((1 + before**2) * 2, dtype=torch.float32) * 0.37).reshape(-1, 2)
    state = {"visual.positional_embedding": table}
    visual = types.SimpleNamespace(grid_size=(after, after))
    resize_pos_embed(state, types.SimpleNamespace(visual=visual))
    values = state["visual.positional_embedding"].flatten().tolist()
    cases.append({"from": before, "to": after, "values": [round(x, 7) for x in values]})
print(json.dumps(cases))
