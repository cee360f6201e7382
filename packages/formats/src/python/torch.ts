import { elementCount, MedbenchError } from '@medbench/core';
import { openFile, readBytes } from '@medbench/data/files';
import { openZip, type ZipFile } from '../archives/zip.js';
import { cutShort } from '../files/damaged.js';
import { PickleBytes } from './bytes.js';
import { type Opcode, type PickleItem, PickleObject, unpickleNext } from './unpickle.js';

/** A tensor of a PyTorch file: its bytes, row-major, with the name that safetensors has for its element type. */
export interface TorchTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The element types of storages: safetensors' name, and bytes of an element. */
const STORAGES: Readonly<Record<string, readonly [dtype: string, width: number]>> = {
  'torch FloatStorage': ['F32', 4],
  'torch DoubleStorage': ['F64', 8],
  'torch HalfStorage': ['F16', 2],
  'torch BFloat16Storage': ['BF16', 2],
  'torch LongStorage': ['I64', 8],
  'torch IntStorage': ['I32', 4],
  'torch ByteStorage': ['U8', 1],
  'torch BoolStorage': ['BOOL', 1],
};

const TENSOR = 'torch._utils _rebuild_tensor_v2';
const PARAMETER = 'torch._utils _rebuild_parameter';
const DICTIONARY = 'collections OrderedDict';
const STORAGE = 'storage';

const refused = (path: string, name: string): MedbenchError =>
  new MedbenchError('data', `${path} holds more than tensors by name: ${name}, which is never run here`, {
    hint: 'If you trust the file, convert it with safetensors.torch.save_file in Python, and name the new file.',
  });

/** The opcodes with which PyTorch writes a state: names of a few functions and classes, which stand for themselves. */
const objects = (path: string): Readonly<Record<number, Opcode>> => ({
  99: (m, input) => m.push(new PickleObject(`${input.line()} ${input.line()}`)), // GLOBAL
  82: (m) => {
    // REDUCE
    const [callee, parts] = m.popMany(2);
    const name = callee instanceof PickleObject ? callee.name : 'a value';
    if (!Array.isArray(parts)) throw m.input.damaged('a call has no arguments');
    if (name === DICTIONARY) m.push(new Map());
    else if (name === TENSOR) m.push(new PickleObject(TENSOR, parts));
    else if (name === PARAMETER) m.push(parts[0] ?? null);
    else throw refused(path, name);
  },
  98: (m) => void m.pop(), // BUILD: attributes of the dictionary of a state, such as the versions of its modules
  81: (m) => {
    // BINPERSID
    const id = m.pop();
    if (!Array.isArray(id)) throw refused(path, 'a reference');
    m.push(new PickleObject(STORAGE, id));
  },
});

/** A storage that tensors view: its key in the file, and its type. */
function readStorage(item: PickleItem | undefined, path: string) {
  const [kind, type, key] = item instanceof PickleObject && item.name === STORAGE ? item.parts : [];
  const known = type instanceof PickleObject ? STORAGES[type.name] : undefined;
  if (kind !== STORAGE || typeof key !== 'string' || !known) {
    throw refused(path, type instanceof PickleObject ? type.name : 'a tensor without a storage');
  }
  return { key, dtype: known[0], width: known[1] };
}

const isSizes = (item: PickleItem | undefined): item is number[] =>
  Array.isArray(item) && item.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);

/** Copies the elements of a view of a storage, row-major. */
function copyView(
  storage: Uint8Array,
  { offset, shape, strides, width }: { offset: number; shape: readonly number[]; strides: number[]; width: number },
  name: string,
): Uint8Array {
  const count = elementCount(shape);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
  if (count > 0 && (last + 1) * width > storage.length) throw cutShort(name, 'ends before its last element');
  let rowMajor = 1;
  const contiguous = [...shape.keys()].reverse().every((axis) => {
    const expected = rowMajor;
    rowMajor *= shape[axis]!;
    return shape[axis] === 1 || strides[axis] === expected;
  });
  if (contiguous) return storage.slice(offset * width, (offset + count) * width);
  const copy = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) {
    let [rest, from] = [i, offset];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    copy.set(storage.subarray(from * width, (from + 1) * width), i * width);
  }
  return copy;
}

/** The tensors of a state by name; those of a checkpoint lie in its `state_dict`. */
function tensorItems(state: PickleItem, path: string): [string, PickleObject][] {
  if (!(state instanceof Map)) throw refused(path, 'no dictionary');
  const inner = state.get('state_dict') ?? state.get('model');
  if (inner instanceof Map) return tensorItems(inner, path);
  return [...state].flatMap(([name, item]): [string, PickleObject][] =>
    typeof name === 'string' && item instanceof PickleObject && item.name === TENSOR ? [[name, item]] : [],
  );
}

/** Reads the storages of tensors, one after the other. */
async function readTensors(
  state: PickleItem,
  path: string,
  storageBytes: (key: string) => Promise<Uint8Array>,
): Promise<Record<string, TorchTensor>> {
  const tensors: Record<string, TorchTensor> = {};
  for (const [name, { parts }] of tensorItems(state, path)) {
    const [item, offset, shape, strides] = parts;
    const { key, dtype, width } = readStorage(item, path);
    if (!isSizes(shape) || !isSizes(strides) || strides.length !== shape.length || !isSizes([offset ?? null])) {
      throw cutShort(path, `gives "${name}" no valid shape`);
    }
    const view = { offset: offset as number, shape, strides, width };
    tensors[name] = { dtype, shape, bytes: copyView(await storageBytes(key), view, `${path}: ${name}`) };
  }
  if (Object.keys(tensors).length === 0) throw new MedbenchError('data', `${path} holds no tensors by name`);
  return tensors;
}

async function readEntry(zip: ZipFile, path: string, name: string): Promise<Uint8Array> {
  const entry = zip.entries.find((candidate) => candidate.name === name);
  if (!entry) throw cutShort(path, `has no ${name}`);
  const bytes = new Uint8Array(entry.bytes);
  let filled = 0;
  for await (const piece of zip.read(entry)) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

async function readArchive(path: string): Promise<Record<string, TorchTensor>> {
  const zip = await openZip(path);
  try {
    const pickle = zip.entries.find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
    if (!pickle) throw cutShort(path, 'is no file of PyTorch: it has no data.pkl');
    const folder = pickle.name.slice(0, -'data.pkl'.length);
    const state = unpickleNext(new PickleBytes(await readEntry(zip, path, pickle.name), path), path, objects(path));
    return await readTensors(state, path, (key) => readEntry(zip, path, `${folder}data/${key}`));
  } finally {
    await zip.close();
  }
}

/** The number with which files from before PyTorch 1.6 begin. */
const MAGIC = Number(0x1950a86a20f9469cfc6cn);

/** Files from before PyTorch 1.6: five pickles (magic, version, machine, state, keys), then storages by key. */
async function readLegacy(path: string): Promise<Record<string, TorchTensor>> {
  const input = new PickleBytes(await readBytes(path), path);
  const next = (): PickleItem => unpickleNext(input, path, objects(path));
  if (next() !== MAGIC) throw cutShort(path, 'is no file of PyTorch');
  next();
  next();
  const state = next();
  const keys = next();
  if (!Array.isArray(keys)) throw cutShort(path, 'has no list of its storages');
  const widths = new Map(
    tensorItems(state, path).map(([, { parts }]) => {
      const { key, width } = readStorage(parts[0], path);
      return [key, width] as const;
    }),
  );
  const storages = new Map<string, Uint8Array>();
  for (const key of keys) {
    const count = input.u64();
    const width = widths.get(String(key));
    if (width === undefined) throw refused(path, 'a storage of no tensor');
    storages.set(String(key), input.blob(count * width));
  }
  return readTensors(state, path, async (key) => storages.get(key) ?? new Uint8Array());
}

/**
 * Reads the tensors of a PyTorch file, `torch.save` of a state: a ZIP archive, or the format from before version 1.6.
 * Nothing in it is ever run: whatever is no tensor by name is refused.
 * @returns tensors by name. Those that share a storage are copied.
 * @throws MedbenchError('data') naming the file: missing, damaged, or what else it holds.
 */
export async function readTorch(path: string): Promise<Record<string, TorchTensor>> {
  const file = await openFile(path);
  let begins: string;
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    begins = buffer.toString('latin1');
  } finally {
    await file.close();
  }
  return begins === 'PK' ? readArchive(path) : readLegacy(path);
}
