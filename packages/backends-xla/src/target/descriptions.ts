import { createReadStream } from 'node:fs';
import { MedbenchError } from '@medbench/core';

/** A GPU that a plugin can compile for, as the plugin itself describes it. */
export interface GpuDescription {
  /** Name by NVIDIA, such as `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** Memory of the device in bytes. */
  readonly memoryBytes: number;
  /** The description as text of a protocol buffer, for the option `target_config`. */
  readonly config: string;
}

/** Short names. Of several models with one name, the one that clusters have most. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'a100-40gb': 'NVIDIA A100-SXM4-40GB',
  a100: 'NVIDIA A100-SXM4-80GB',
  a6000: 'NVIDIA RTX A6000',
  b200: 'NVIDIA B200',
  b300: 'NVIDIA B300',
  gb200: 'NVIDIA GB200',
  gb300: 'NVIDIA GB300',
  h100: 'NVIDIA H100 80GB HBM3',
  'h100-pcie': 'NVIDIA H100 PCIe',
  h200: 'NVIDIA H200 141GB HBM3e',
  v100: 'Tesla V100-SXM2-16GB',
};

const NAME = /device_description_str: "([^"]+)"/;
const MEMORY = /device_memory_size: (\d+)/;
/** Longest text that is looked through for the end of a description: the longest is below 10 KB. */
const LONGEST = 2 ** 16;

/** Parses a description; undefined for a text that is none, or for a device of another vendor. */
function parseDescription(text: string): GpuDescription | undefined {
  const [name, memory] = [text.match(NAME)?.[1], text.match(MEMORY)?.[1]];
  if (name === undefined || memory === undefined || !/^platform_name: "CUDA"$/m.test(text)) return undefined;
  return { name, memoryBytes: Number(memory), config: text };
}

const KNOWN = new Map<string, Promise<readonly GpuDescription[]>>();

/**
 * The NVIDIA GPUs that a plugin describes. The descriptions are texts in the library, which no function of it tells.
 * They are read once in a process.
 */
export function gpuDescriptions(plugin: string): Promise<readonly GpuDescription[]> {
  const known = KNOWN.get(plugin);
  if (known) return known;
  const found = readDescriptions(plugin);
  KNOWN.set(plugin, found);
  found.catch(() => KNOWN.delete(plugin));
  return found;
}

async function readDescriptions(plugin: string): Promise<readonly GpuDescription[]> {
  const mark = Buffer.from('gpu_device_info {');
  const found = new Map<string, GpuDescription>();
  let rest: Buffer = Buffer.alloc(0);
  const scan = (bytes: Buffer, isLast: boolean): Buffer => {
    let from = 0;
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, from)) {
      const end = bytes.indexOf(0, at);
      // The next piece has the end.
      if (end < 0 && !isLast && bytes.length - at < LONGEST) return bytes.subarray(at);
      from = at + mark.length;
      const description = end < 0 ? undefined : parseDescription(bytes.toString('latin1', at, end));
      if (description) found.set(description.name, description);
    }
    // A mark may begin in this piece and end in the next.
    return bytes.subarray(Math.max(from, bytes.length - mark.length + 1));
  };
  for await (const piece of createReadStream(plugin, { highWaterMark: 2 ** 22 }))
    rest = scan(Buffer.concat([rest, piece as Buffer]), false);
  scan(rest, true);
  return [...found.values()];
}

/**
 * Finds a GPU by its short name, such as `h100`, or by its whole name.
 * @throws MedbenchError('usage') with the known names.
 */
export async function findGpu(plugin: string, wanted: string): Promise<GpuDescription> {
  const all = await gpuDescriptions(plugin);
  const name = SHORT_NAMES[wanted.toLowerCase()] ?? wanted;
  const found = all.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const short = Object.entries(SHORT_NAMES).filter(([, long]) => all.some((one) => one.name === long));
  const others = all.filter((one) => !Object.values(SHORT_NAMES).includes(one.name)).map((one) => `"${one.name}"`);
  throw new MedbenchError('usage', `No device is called "${wanted}"`, {
    hint: `The plugin knows ${[...short.map(([one]) => one), ...others].sort().join(', ')}.`,
  });
}
