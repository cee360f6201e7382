import { MedbenchError } from '@medbench/core';
import { PickleBytes } from './bytes.js';

/** Something that a pickle names in place of plain data. It stands for itself: nothing is imported or called. */
export class PickleObject {
  constructor(
    readonly name: string,
    readonly parts: readonly PickleItem[] = [],
  ) {}
}

/** Values on the stack. Lists and dictionaries are filled after they were pushed. */
export type PickleItem =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleObject
  | PickleItem[]
  | Map<PickleItem, PickleItem>;

const MARK = Symbol('mark');
const STOP = 0x2e;
/** Maximum number of values that a pickle stores to use again: a table of a million rows stores some millions. */
const MAX_MEMO = 8_000_000;

/** The stack and the memo of a pickle while it is read. */
export class PickleMachine {
  readonly stack: (PickleItem | typeof MARK)[] = [];
  private readonly memo = new Map<number, PickleItem>();

  constructor(readonly input: PickleBytes) {}

  push(item: PickleItem): void {
    this.stack.push(item);
  }

  mark(): void {
    this.stack.push(MARK);
  }

  /** Removes the top of the stack, also a mark. */
  drop(): void {
    if (this.stack.pop() === undefined) throw this.input.damaged('its stack is empty');
  }

  pop(): PickleItem {
    const item = this.stack.pop();
    if (item === undefined || item === MARK) throw this.input.damaged('its stack is empty');
    return item;
  }

  top(): PickleItem {
    const item = this.stack.at(-1);
    if (item === undefined || item === MARK) throw this.input.damaged('its stack is empty');
    return item;
  }

  /** Removes everything down to the last mark, and the mark. */
  popToMark(): PickleItem[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.input.damaged('a mark is missing');
    return this.stack.splice(mark).slice(1) as PickleItem[];
  }

  /** Removes `count` items. @returns them in the order in which they were pushed. */
  popMany(count: number): PickleItem[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Adds items to the list on top. */
  append(items: readonly PickleItem[]): void {
    const list = this.stack.at(-1);
    if (!Array.isArray(list)) throw this.input.damaged('a list is missing');
    for (const item of items) list.push(item);
  }

  /** Adds alternating keys and values to the dictionary on top. */
  setItems(items: readonly PickleItem[]): void {
    const dictionary = this.stack.at(-1);
    if (!(dictionary instanceof Map) || items.length % 2 !== 0) throw this.input.damaged('a dictionary is missing');
    for (let i = 0; i < items.length; i += 2) dictionary.set(items[i]!, items[i + 1]!);
  }

  remember(key = this.memo.size): void {
    if (this.memo.size === MAX_MEMO) throw this.input.damaged(`it stores more than ${MAX_MEMO} values`);
    this.memo.set(key, this.top());
  }

  recall(key: number): void {
    const item = this.memo.get(key);
    if (item === undefined) throw this.input.damaged('it recalls a value that it never stored');
    this.push(item);
  }
}

export type Opcode = (machine: PickleMachine, input: PickleBytes) => void;

const pushBlob8: Opcode = (m, input) => m.push(input.blob(input.u64()));
const pushEmptyList: Opcode = (m) => m.push([]);
const pushList: Opcode = (m) => m.push(m.popToMark());

/** The actions of the opcodes of plain data, by number (pickletools). */
const OPCODES: Readonly<Record<number, Opcode>> = {
  // Frame of the pickle
  128: (_, input) => {
    // PROTO
    if (input.u8() > 5) throw input.damaged('its protocol is unknown');
  },
  149: (_, input) => void input.u64(), // FRAME
  // Stack
  40: (m) => m.mark(), // MARK
  48: (m) => m.drop(), // POP
  49: (m) => void m.popToMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP
  // None and booleans
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  // Numbers
  73: (m, input) => m.push(truthOrNumber(input)), // INT
  76: (m, input) => m.push(input.number()), // LONG
  70: (m, input) => m.push(input.number()), // FLOAT
  74: (m, input) => m.push(input.i32()), // BININT
  75: (m, input) => m.push(input.u8()), // BININT1
  77: (m, input) => m.push(input.u16()), // BININT2
  138: (m, input) => m.push(input.integer(input.u8())), // LONG1
  139: (m, input) => m.push(longInteger(input)), // LONG4
  71: (m, input) => m.push(input.f64()), // BINFLOAT
  // Texts; those of Python 2 are bytes
  86: (m, input) => m.push(unescaped(input.line())), // UNICODE
  88: (m, input) => m.push(input.text(input.u32())), // BINUNICODE
  140: (m, input) => m.push(input.text(input.u8())), // SHORT_BINUNICODE
  141: (m, input) => m.push(input.text(input.u64())), // BINUNICODE8
  83: (m, input) => m.push(quoted(input)), // STRING
  84: (m, input) => m.push(input.text(input.u32())), // BINSTRING
  85: (m, input) => m.push(input.text(input.u8())), // SHORT_BINSTRING
  // Bytes
  66: (m, input) => m.push(input.blob(input.u32())), // BINBYTES
  67: (m, input) => m.push(input.blob(input.u8())), // SHORT_BINBYTES
  142: pushBlob8, // BINBYTES8
  150: pushBlob8, // BYTEARRAY8
  // Lists and tuples
  93: pushEmptyList, // EMPTY_LIST
  41: pushEmptyList, // EMPTY_TUPLE
  108: pushList, // LIST
  116: pushList, // TUPLE
  133: (m) => m.push(m.popMany(1)), // TUPLE1
  134: (m) => m.push(m.popMany(2)), // TUPLE2
  135: (m) => m.push(m.popMany(3)), // TUPLE3
  97: (m) => m.append(m.popMany(1)), // APPEND
  101: (m) => m.append(m.popToMark()), // APPENDS
  // Dictionaries
  125: (m) => m.push(new Map()), // EMPTY_DICT
  100: (m) => {
    // DICT
    const items = m.popToMark();
    m.push(new Map());
    m.setItems(items);
  },
  115: (m) => m.setItems(m.popMany(2)), // SETITEM
  117: (m) => m.setItems(m.popToMark()), // SETITEMS
  // Memo
  112: (m, input) => m.remember(input.number()), // PUT
  113: (m, input) => m.remember(input.u8()), // BINPUT
  114: (m, input) => m.remember(input.u32()), // LONG_BINPUT
  148: (m) => m.remember(), // MEMOIZE
  103: (m, input) => m.recall(input.number()), // GET
  104: (m, input) => m.recall(input.u8()), // BINGET
  106: (m, input) => m.recall(input.u32()), // LONG_BINGET
};

/** Opcodes that import, call or ask for objects from elsewhere (pickletools). They are never executed. */
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

/**
 * Executes the opcodes of a pickle of plain data.
 * @returns its value, in which containers may be shared or contain themselves.
 * @throws MedbenchError('data') naming `path`: damaged, or the opcode of anything that is not plain data.
 */
export function unpickle(bytes: Uint8Array, path: string): PickleItem {
  return unpickleNext(new PickleBytes(bytes, path), path);
}

/**
 * Executes the opcodes of the pickle at the current position, up to its end.
 * @param objects opcodes for a known kind of objects, which have precedence.
 */
export function unpickleNext(
  input: PickleBytes,
  path: string,
  objects: Readonly<Record<number, Opcode>> = {},
): PickleItem {
  const machine = new PickleMachine(input);
  for (;;) {
    const code = input.u8();
    if (code === STOP) return machine.pop();
    const opcode = objects[code] ?? OPCODES[code];
    if (!opcode) throw CALLS[code] ? refused(path, CALLS[code]) : input.damaged(`opcode ${code} is unknown`);
    opcode(machine, input);
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

/** A number of protocol 0, which writes booleans as 00 and 01. */
function truthOrNumber(input: PickleBytes): boolean | number {
  const digits = input.line();
  return digits === '00' ? false : digits === '01' ? true : input.number(digits);
}

function longInteger(input: PickleBytes): number {
  const length = input.u32();
  if (length > 1024) throw input.damaged('a number is too long');
  return input.integer(length);
}

function quoted(input: PickleBytes): string {
  const match = /^(['"])(.*)\1$/.exec(input.line());
  if (!match) throw input.damaged('a text has no quotes');
  return unescaped(match[2]!);
}

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|(.))/gi, (_, u4, u8, x, sign) => {
    const code = u4 ?? u8 ?? x;
    if (code !== undefined) return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code, 16)));
    return { n: '\n', r: '\r', t: '\t' }[sign as string] ?? sign;
  });
