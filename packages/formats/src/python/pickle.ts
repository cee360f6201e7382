import { stat } from 'node:fs/promises';
import { MedbenchError } from '@medbench/core';
import { readBytes, unreadable } from '@medbench/data/files';

/** What a pickle of plain data holds. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PickleValue[]
  | { readonly [key: string]: PickleValue };

/** Values on the stack; lists and dictionaries are filled after they were put there. */
type Item = PickleValue | Item[] | Map<Item, Item>;

const MARK = Symbol('mark');
/** Opcodes that import, call or ask for objects from elsewhere (pickletools). They are never carried out. */
const CALLS: Readonly<Record<number, string>> = {
  99: 'GLOBAL',
  147: 'STACK_GLOBAL',
  82: 'REDUCE',
  98: 'BUILD',
  105: 'INST',
  111: 'OBJ',
  129: 'NEWOBJ',
  146: 'NEWOBJ_EX',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  80: 'PERSID',
  81: 'BINPERSID',
  151: 'NEXT_BUFFER',
};
/** Nested deeper, it is no table. */
const MAX_DEPTH = 100;

/**
 * Reads a pickle of plain data (protocols 0 to 5): None, truth values, numbers, texts, bytes, lists, tuples, dictionaries.
 * Nothing in it is ever carried out; tuples come as lists, keys of dictionaries as texts.
 * @param maxBytes Larger files are refused. Default 512 MiB.
 * @throws MedbenchError('data') naming the file: missing, damaged, or with the opcode of whatever is no plain data.
 */
export async function readPickle(path: string, { maxBytes = 512 * 2 ** 20 } = {}): Promise<PickleValue> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (size > maxBytes) throw new MedbenchError('data', `${path} has ${size} bytes, more than ${maxBytes}`);
  const bytes = await readBytes(path);
  // A container that is held in many places is copied into each: a small file could ask for endless copies.
  const budget = { items: Math.max(1e6, 8 * bytes.length) };
  return plain(unpickle(bytes, path), path, 0, new Set(), budget);
}

function unpickle(bytes: Uint8Array, path: string): Item {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: (Item | typeof MARK)[] = [];
  const memo = new Map<number, Item>();
  let at = 0;
  const damaged = (why: string): MedbenchError =>
    new MedbenchError('data', `${path} is no whole pickle: ${why} at byte ${at}`, {
      hint: 'The download was probably cut short; fetch the file again.',
    });
  const take = (count: number): number => {
    if (!(count >= 0 && at + count <= bytes.length)) throw damaged('it ends');
    at += count;
    return at - count;
  };
  const u8 = (): number => bytes[take(1)]!;
  const u16 = (): number => view.getUint16(take(2), true);
  const u32 = (): number => view.getUint32(take(4), true);
  const u64 = (): number => Number(view.getBigUint64(take(8), true));
  const text = (length: number, encoding: 'utf8' | 'latin1' = 'utf8'): string => {
    const from = take(length);
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString(encoding);
  };
  const blob = (length: number): Uint8Array => {
    const from = take(length);
    return bytes.slice(from, from + length);
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw damaged('it ends');
    const found = text(end - at, 'latin1');
    at++;
    return found;
  };
  const integer = (length: number): number => {
    let value = 0n;
    const from = take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]!);
    if (length > 0 && bytes[from + length - 1]! >= 128) value -= 1n << BigInt(8 * length);
    return Number(value);
  };
  const pop = (): Item => {
    const item = stack.pop();
    if (item === undefined || item === MARK) throw damaged('its stack is empty');
    return item;
  };
  const toMark = (): Item[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) throw damaged('a mark is missing');
    const items = stack.splice(mark);
    return items.slice(1) as Item[];
  };
  const list = (): Item[] => {
    const found = stack.at(-1);
    if (!Array.isArray(found)) throw damaged('a list is missing');
    return found as Item[];
  };
  const setItems = (items: readonly Item[]): void => {
    const found = stack.at(-1);
    if (!(found instanceof Map) || items.length % 2 !== 0) throw damaged('a dictionary is missing');
    for (let i = 0; i < items.length; i += 2) found.set(items[i]!, items[i + 1]!);
  };
  const top = (): Item => {
    const item = stack.at(-1);
    if (item === undefined || item === MARK) throw damaged('its stack is empty');
    return item;
  };
  const remember = (key: number): void => {
    memo.set(key, top());
  };
  const recall = (key: number): Item => {
    const found = memo.get(key);
    if (found === undefined) throw damaged('it recalls what it never kept');
    return found;
  };
  const number = (written: string): number => {
    const value = Number(written.replace(/L$/, ''));
    if (written.trim() === '' || Number.isNaN(value)) throw damaged('a number is none');
    return value;
  };
  for (;;) {
    const code = u8();
    switch (code) {
      case 0x80: // PROTO
        if (u8() > 5) throw damaged('its protocol is unknown');
        break;
      case 0x95: // FRAME
        u64();
        break;
      case 0x2e: // STOP
        return pop();
      case 0x28: // MARK
        stack.push(MARK);
        break;
      case 0x30: // POP
        if (stack.pop() === undefined) throw damaged('its stack is empty');
        break;
      case 0x31: // POP_MARK
        toMark();
        break;
      case 0x32: // DUP
        stack.push(top());
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x49: {
        // INT, whose 00 and 01 are truth values
        const written = line();
        stack.push(written === '00' ? false : written === '01' ? true : number(written));
        break;
      }
      case 0x4c: // LONG
        stack.push(number(line()));
        break;
      case 0x46: // FLOAT
        stack.push(number(line()));
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 0x4b: // BININT1
        stack.push(u8());
        break;
      case 0x4d: // BININT2
        stack.push(u16());
        break;
      case 0x8a: // LONG1
        stack.push(integer(u8()));
        break;
      case 0x8b: {
        // LONG4
        const length = u32();
        if (length > 1024) throw damaged('a number is too long');
        stack.push(integer(length));
        break;
      }
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8), false));
        break;
      case 0x56: // UNICODE
        stack.push(unescaped(line()));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(u32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(u8()));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(text(u64()));
        break;
      case 0x53: {
        // STRING, in quotes
        const written = line();
        const quoted = /^(['"])(.*)\1$/.exec(written);
        if (!quoted) throw damaged('a text has no quotes');
        stack.push(unescaped(quoted[2]!));
        break;
      }
      case 0x54: // BINSTRING of Python 2: texts of bytes
        stack.push(text(u32()));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(text(u8()));
        break;
      case 0x42: // BINBYTES
        stack.push(blob(u32()));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(blob(u8()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(blob(u64()));
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        stack.push(toMark());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: code - 0x84 }, pop);
        stack.push(items.reverse());
        break;
      }
      case 0x64: {
        // DICT
        const items = toMark();
        stack.push(new Map());
        setItems(items);
        break;
      }
      case 0x61: {
        // APPEND
        const item = pop();
        list().push(item);
        break;
      }
      case 0x65: {
        // APPENDS
        const items = toMark();
        const to = list();
        for (const item of items) to.push(item);
        break;
      }
      case 0x73: {
        // SETITEM
        const value = pop();
        const key = pop();
        setItems([key, value]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(toMark());
        break;
      case 0x70: // PUT
        remember(number(line()));
        break;
      case 0x71: // BINPUT
        remember(u8());
        break;
      case 0x72: // LONG_BINPUT
        remember(u32());
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x67: // GET
        stack.push(recall(number(line())));
        break;
      case 0x68: // BINGET
        stack.push(recall(u8()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(recall(u32()));
        break;
      default:
        throw CALLS[code] ? refused(path, CALLS[code]) : damaged(`opcode ${code} is unknown`);
    }
  }
}

const refused = (path: string, opcode: string): MedbenchError =>
  new MedbenchError(
    'data',
    `${path} is more than plain data: it asks Python to run ${opcode}, which is never done here`,
    {
      hint: `If you trust the file, convert it: python -c "import json,pickle,sys; json.dump(pickle.load(open(sys.argv[1],'rb')), open(sys.argv[2],'w'))" in.pkl out.json`,
    },
  );

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|(.))/gi, (_, u4, u8, x, sign) => {
    const code = u4 ?? u8 ?? x;
    if (code !== undefined) return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code, 16)));
    return { n: '\n', r: '\r', t: '\t' }[sign as string] ?? sign;
  });

/** Dictionaries as objects without a prototype's names. A value that holds itself, or is nested too deeply, is refused. */
function plain(item: Item, path: string, depth: number, above: Set<Item>, budget: { items: number }): PickleValue {
  if (--budget.items < 0) throw new MedbenchError('data', `${path} repeats its values without end`);
  if (item === null || typeof item !== 'object' || item instanceof Uint8Array) return item;
  if (depth > MAX_DEPTH || above.has(item)) {
    throw new MedbenchError('data', `${path} holds a value within itself, or nested more than ${MAX_DEPTH} deep`);
  }
  above.add(item);
  let value: PickleValue;
  if (item instanceof Map) {
    const made = Object.create(null) as Record<string, PickleValue>;
    for (const [key, one] of item) made[String(key)] = plain(one, path, depth + 1, above, budget);
    value = made;
  } else value = (item as Item[]).map((one) => plain(one, path, depth + 1, above, budget));
  above.delete(item);
  return value;
}
