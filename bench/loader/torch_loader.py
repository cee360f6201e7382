"""Loads batches from the same shards with torch's DataLoader, Pillow and torchvision. Answers "run N" with a line of JSON."""
import io
import json
import os
import sys
import tarfile
import time

import PIL
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T

spec = json.loads(sys.argv[1])
torch.manual_seed(1)
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Shards(Dataset):
    """An index of offsets, so that any pair can be read directly, as in medbench."""

    def __init__(self, files, transform):
        self.files, self.transform, self.members, self.handles = files, transform, [], {}
        for number, file in enumerate(files):
            with tarfile.open(file) as tar:
                found = {}
                for member in tar:
                    key, suffix = member.name.split(".", 1)
                    found.setdefault(key, {})[suffix] = (member.offset_data, member.size)
                self.members += [(number, *parts["jpg"], *parts["txt"]) for parts in found.values()]

    def __len__(self):
        return len(self.members)

    def __getitem__(self, index):
        number, at, size, text_at, text_size = self.members[index]
        if number not in self.handles:
            self.handles[number] = os.open(self.files[number], os.O_RDONLY)
        handle = self.handles[number]
        image = Image.open(io.BytesIO(os.pread(handle, size, at))).convert("RGB")
        return self.transform(image), os.pread(handle, text_size, text_at).decode()


class Turn:
    """The examples of one turn. Nothing is loaded between turns."""

    def __init__(self, n):
        self.n, self.batches = n, 1

    def __iter__(self):
        for _ in range(self.batches):
            yield torch.randint(0, self.n, (spec["batchSize"],)).tolist()

    def __len__(self):
        return self.batches


# The study's training transform, or open_clip's.
crop = (
    [T.Resize(512, interpolation=T.InterpolationMode.BICUBIC), T.RandomCrop(224)]
    if spec.get("crop")
    else [T.RandomResizedCrop(224, scale=(0.9, 1.0), interpolation=T.InterpolationMode.BICUBIC)]
)
if spec.get("crop"):
    torch.set_num_threads(1)
data = Shards(spec["files"], T.Compose([
    *crop,
    T.ToTensor(),
    T.Normalize(MEAN, STD),
]))
turn = Turn(len(data))
loader = DataLoader(data, batch_sampler=turn, num_workers=spec["workers"], persistent_workers=spec["workers"] > 0)
versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}
print(json.dumps({"ready": 0, "pairs": len(data), "versions": versions}), flush=True)


def cpu_ms():
    """Memory of this process and its running workers."""
    total = 0
    for pid in [os.getpid(), *(worker.pid for worker in getattr(loader._iterator, "_workers", []))]:
        user, system = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13]
        total += (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")
    return total


for line in sys.stdin:
    turn.batches = int(line.split()[1])
    start, used = time.perf_counter(), cpu_ms()
    mean = 0.0
    for images, _ in loader:
        mean += images.flatten()[::97].mean().item() / turn.batches
    ms = (time.perf_counter() - start) * 1000
    answer = {"images": turn.batches * spec["batchSize"], "ms": ms, "cpuMs": cpu_ms() - used, "mean": mean}
    print(json.dumps(answer), flush=True)
