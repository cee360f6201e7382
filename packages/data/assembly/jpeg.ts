// AssemblyScript (https://www.assemblyscript.org), compiled by scripts/build-kernels.mjs into src/kernels/jpeg.ts.
//
// Decodes a part of a baseline JPEG to the bytes that libjpeg gives by default: the exact inverse transform (`islow` of
// jidctint.c), smooth upsampling (jdsample.c) and 16-bit fixed-point colours (jdcolor.c). All Huffman codes are read, so
// that damage anywhere is found; only the blocks of the part are transformed. The caller owns the memory, lays out all
// areas, and leaves room for 512 bytes behind each, because loads reach beyond an area's end: a damaged block may take 250
// bytes of codes. Every function that can fail returns a negative number.

const LOOK_BITS: i32 = 10;

// Areas of a Huffman table, in bytes from its start. Each table takes 12 KiB.
/** u16 by the next 10 bits: length of the code << 8 | symbol. 0 if the code is longer. */
const SYMBOLS: usize = 0;
/** i32 by the next 10 bits: coefficient << 16 | run << 8 | length of code and coefficient. 0 if that is longer. */
const COEFFICIENTS: usize = 2048;
/** u16 by the next 10 bits: length of code and coefficient << 8 | coefficients passed, 128 for the end of a block. */
const STEPS: usize = 6144;
/** i32 by length of a code: the greatest code of that length, -1 if there is none. */
const GREATEST: usize = 8192;
/** i32 by length of a code: what to add to a code to find its symbol. */
const OFFSETS: usize = 8272;
/** u8: the symbols in order of their codes. */
const VALUES: usize = 8352;

/**
 * Copies entropy-coded bytes without the zeros behind 0xff. `segments` receives the start and the end of each part
 * between restart markers, as i32, relative to `target`. Returns the number of parts; -1 if anything but restart
 * markers in turn stands before the end marker, or if there are more than `most` parts.
 */
export function unstuff(source: usize, length: i32, target: usize, segments: usize, most: i32): i32 {
  const end = source + <usize>length;
  const ones = i8x16.splat(-1);
  let from = source;
  let to = target;
  let count = 0;
  store<i32>(segments, 0);
  while (from < end) {
    // Blocks of 16 bytes without 0xff, as most are.
    while (from + 16 <= end) {
      const bytes = v128.load(from);
      v128.store(to, bytes);
      const found = i8x16.bitmask(i8x16.eq(bytes, ones));
      if (found !== 0) {
        const clean = <usize>ctz(found);
        from += clean;
        to += clean;
        break;
      }
      from += 16;
      to += 16;
    }
    const byte = load<u8>(from);
    if (byte !== 0xff) {
      if (from >= end) break;
      store<u8>(to++, byte);
      from++;
      continue;
    }
    let next = from + 1;
    while (next < end && load<u8>(next) === 0xff) next++;
    if (next >= end) return -1;
    const marker = <i32>load<u8>(next);
    if (marker === 0 && next === from + 1) {
      store<u8>(to++, 0xff);
      from = next + 1;
      continue;
    }
    store<i32>(segments + ((<usize>count) << 3) + 4, <i32>(to - target));
    if (marker === 0xd9) return count + 1;
    if (marker !== 0xd0 + (count & 7) || count + 1 >= most) return -1;
    count++;
    store<i32>(segments + ((<usize>count) << 3), <i32>(to - target));
    from = next + 1;
  }
  return -1;
}

/**
 * Makes a Huffman table from the number of codes of each length (16 u8) and the symbols in order. Returns 0, or -1 for
 * lengths that no code has.
 */
export function makeTable(table: usize, lengths: usize, values: usize, count: i32): i32 {
  memory.fill(table, 0, VALUES);
  memory.copy(table + VALUES, values, <usize>count);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    const n = <i32>load<u8>(lengths + <usize>length - 1);
    store<i32>(table + GREATEST + ((<usize>length) << 2), n > 0 ? code + n - 1 : -1);
    store<i32>(table + OFFSETS + ((<usize>length) << 2), index - code);
    for (let i = 0; i < n; i++, code++, index++) {
      if (code >= 1 << length) return -1;
      if (length > LOOK_BITS) continue;
      const symbol = <i32>load<u8>(values + <usize>index);
      const size = symbol & 15;
      const run = symbol >> 4;
      const rest = LOOK_BITS - length;
      const passed = size === 0 ? (run === 15 ? 16 : 128) : run + 1;
      for (let tail = 0; tail < 1 << rest; tail++) {
        const look = <usize>((code << rest) | tail);
        store<u16>(table + SYMBOLS + (look << 1), <u16>((length << 8) | symbol));
        store<u16>(table + STEPS + (look << 1), <u16>(((length + size) << 8) | passed));
        if (size === 0 || size > rest) continue;
        const bits = (tail >> (rest - size)) & ((1 << size) - 1);
        const value = extend(bits, size);
        store<i32>(table + COEFFICIENTS + (look << 2), (value << 16) | (run << 8) | (length + size));
      }
    }
    code <<= 1;
  }
  return 0;
}

/** The signed value of `size` bits: those that begin with 0 are negative. */
function extend(bits: i32, size: i32): i32 {
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

function bigEndian(word: u32): u64 {
  return <u64>((rotl<u32>(word, 8) & 0x00ff00ff) | (rotr<u32>(word, 8) & 0xff00ff00));
}

/** The length of a code of more than 10 bits, given the next 16; 17 if there is no such code. */
function longLength(table: usize, next: i32): i32 {
  let length = LOOK_BITS + 1;
  while (length <= 16 && next >> (16 - length) > load<i32>(table + GREATEST + ((<usize>length) << 2))) length++;
  return length;
}

function longSymbol(table: usize, next: i32, length: i32): i32 {
  const index = (next >> (16 - length)) + load<i32>(table + OFFSETS + ((<usize>length) << 2));
  return <i32>load<u8>(table + VALUES + <usize>(index & 255));
}

/**
 * Reads all blocks of the scan and transforms those of the part into the components' planes. `blocks` describes each
 * block of an MCU by 16 i32: place of the last DC value, DC table, AC table, dequantisation (64 i32 in zigzag order),
 * blocks of the component per MCU across and down, the block's place among these across and down, plane, its stride,
 * first and end column of the part in blocks, first and end row. `zigzag` holds 64 u8. `scratch` takes 512 bytes.
 * Returns 0, or -1 for codes that are not valid, and parts that are too short or too long.
 */
export function decodeScan(
  data: usize,
  segments: usize,
  segmentCount: i32,
  interval: i32,
  columns: i32,
  rows: i32,
  blocks: usize,
  blockCount: i32,
  zigzag: usize,
  scratch: usize,
): i32 {
  const blocksEnd = blocks + ((<usize>blockCount) << 6);
  let segment = 0;
  let position = data;
  let end = data + <usize>load<i32>(segments, 4);
  let buffer: u64 = 0;
  let bits = 0;
  let left = interval > 0 ? interval : columns * rows;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (left === 0) {
        // Up to 7 bits fill the last byte of a part.
        const unread = ((<i32>(end - position)) << 3) + bits;
        if (unread < 0 || unread > 7 || ++segment >= segmentCount) return -1;
        position = data + <usize>load<i32>(segments + ((<usize>segment) << 3));
        end = data + <usize>load<i32>(segments + ((<usize>segment) << 3), 4);
        buffer = 0;
        bits = 0;
        left = interval;
        for (let block = blocks; block < blocksEnd; block += 64) store<i32>(<usize>load<i32>(block), 0);
      }
      left--;
      for (let block = blocks; block < blocksEnd; block += 64) {
        const dcTable = <usize>load<i32>(block, 4);
        const acTable = <usize>load<i32>(block, 8);
        if (bits < 32) {
          buffer |= bigEndian(load<u32>(position)) << (32 - bits);
          position += 4;
          bits += 32;
        }
        let entry = <i32>load<u16>(dcTable + SYMBOLS + ((<usize>(buffer >> (64 - LOOK_BITS))) << 1));
        let length = entry >> 8;
        let symbol = entry & 255;
        if (length === 0) {
          const next = <i32>(buffer >> 48);
          length = longLength(dcTable, next);
          if (length > 16) return -1;
          symbol = longSymbol(dcTable, next, length);
        }
        if (symbol > 11) return -1;
        buffer <<= length;
        bits -= length;
        const last = <usize>load<i32>(block);
        let dc = load<i32>(last);
        if (symbol > 0) {
          dc += extend(<i32>(buffer >> (64 - symbol)), symbol);
          buffer <<= symbol;
          bits -= symbol;
          store<i32>(last, dc);
        }
        const x = column * load<i32>(block, 16) + load<i32>(block, 24) - load<i32>(block, 40);
        const y = row * load<i32>(block, 20) + load<i32>(block, 28) - load<i32>(block, 48);
        const wanted =
          x >= 0 &&
          y >= 0 &&
          x < load<i32>(block, 44) - load<i32>(block, 40) &&
          y < load<i32>(block, 52) - load<i32>(block, 48);
        let k = 1;
        if (!wanted) {
          while (k < 64) {
            if (bits < 32) {
              buffer |= bigEndian(load<u32>(position)) << (32 - bits);
              position += 4;
              bits += 32;
            }
            const step = <i32>load<u16>(acTable + STEPS + ((<usize>(buffer >> (64 - LOOK_BITS))) << 1));
            if (step !== 0) {
              k += step & 255;
              buffer <<= step >> 8;
              bits -= step >> 8;
              continue;
            }
            const next = <i32>(buffer >> 48);
            length = longLength(acTable, next);
            if (length > 16) return -1;
            symbol = longSymbol(acTable, next, length);
            const size = symbol & 15;
            k += size === 0 ? (symbol >> 4 === 15 ? 16 : 128) : (symbol >> 4) + 1;
            buffer <<= length + size;
            bits -= length + size;
          }
          if (k > 64 && k < 128) return -1;
          if (position > end + 8) return -1;
          continue;
        }
        const factors = <usize>load<i32>(block, 12);
        let any = false;
        for (let i: usize = 0; i < 256; i += 16) v128.store(scratch + i, i32x4.splat(0));
        store<i32>(scratch, dc * load<i32>(factors));
        while (k < 64) {
          if (bits < 32) {
            buffer |= bigEndian(load<u32>(position)) << (32 - bits);
            position += 4;
            bits += 32;
          }
          const look = <usize>(buffer >> (64 - LOOK_BITS));
          const fast = load<i32>(acTable + COEFFICIENTS + (look << 2));
          let value = fast >> 16;
          if (fast !== 0) {
            k += (fast >> 8) & 15;
            length = fast & 255;
            buffer <<= length;
            bits -= length;
          } else {
            entry = <i32>load<u16>(acTable + SYMBOLS + (look << 1));
            length = entry >> 8;
            symbol = entry & 255;
            if (length === 0) {
              const next = <i32>(buffer >> 48);
              length = longLength(acTable, next);
              if (length > 16) return -1;
              symbol = longSymbol(acTable, next, length);
            }
            buffer <<= length;
            bits -= length;
            const size = symbol & 15;
            if (size === 0) {
              if (symbol >> 4 !== 15) break;
              k += 16;
              continue;
            }
            k += symbol >> 4;
            value = extend(<i32>(buffer >> (64 - size)), size);
            buffer <<= size;
            bits -= size;
          }
          if (k > 63) return -1;
          any = true;
          const at = <usize>load<u8>(zigzag + <usize>k);
          store<i32>(scratch + (at << 2), value * load<i32>(factors + ((<usize>k) << 2)));
          k++;
        }
        if (k > 64) return -1;
        if (position > end + 8) return -1;
        const stride = <usize>load<i32>(block, 36);
        const target = <usize>load<i32>(block, 32) + ((<usize>y) << 3) * stride + ((<usize>x) << 3);
        if (any) transform(scratch, target, stride);
        else fillBlock(load<i32>(scratch), target, stride);
      }
    }
  }
  const unread = ((<i32>(end - position)) << 3) + bits;
  return unread < 0 || unread > 7 || segment + 1 !== segmentCount ? -1 : 0;
}

/** A block that has only a mean. */
function fillBlock(dc: i32, target: usize, stride: usize): void {
  const value = ((((dc << 2) + 16) >> 5) << 22) >> 22;
  const bytes = i8x16.splat(<i8>max(0, min(255, value + 128)));
  for (let row = 0; row < 8; row++, target += stride) v128.store64_lane(target, bytes, 0);
}

// One pass of the transform on four columns at a time; the results replace the inputs.
let r0: v128 = i32x4.splat(0);
let r1: v128 = i32x4.splat(0);
let r2: v128 = i32x4.splat(0);
let r3: v128 = i32x4.splat(0);
let r4: v128 = i32x4.splat(0);
let r5: v128 = i32x4.splat(0);
let r6: v128 = i32x4.splat(0);
let r7: v128 = i32x4.splat(0);

function times(a: v128, b: i32): v128 {
  return i32x4.mul(a, i32x4.splat(b));
}

function pass(a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128, shift: i32): void {
  const round = i32x4.splat(1 << (shift - 1));
  const even = times(i32x4.add(a2, a6), 4433);
  const e2 = i32x4.add(even, times(a6, -15137));
  const e3 = i32x4.add(even, times(a2, 6270));
  const e0 = i32x4.add(i32x4.shl(i32x4.add(a0, a4), 13), round);
  const e1 = i32x4.add(i32x4.shl(i32x4.sub(a0, a4), 13), round);
  const t10 = i32x4.add(e0, e3);
  const t13 = i32x4.sub(e0, e3);
  const t11 = i32x4.add(e1, e2);
  const t12 = i32x4.sub(e1, e2);
  const z5 = times(i32x4.add(i32x4.add(a7, a3), i32x4.add(a5, a1)), 9633);
  const z1 = times(i32x4.add(a7, a1), -7373);
  const z2 = times(i32x4.add(a5, a3), -20995);
  const z3 = i32x4.add(times(i32x4.add(a7, a3), -16069), z5);
  const z4 = i32x4.add(times(i32x4.add(a5, a1), -3196), z5);
  const o0 = i32x4.add(times(a7, 2446), i32x4.add(z1, z3));
  const o1 = i32x4.add(times(a5, 16819), i32x4.add(z2, z4));
  const o2 = i32x4.add(times(a3, 25172), i32x4.add(z2, z3));
  const o3 = i32x4.add(times(a1, 12299), i32x4.add(z1, z4));
  r0 = i32x4.shr_s(i32x4.add(t10, o3), shift);
  r7 = i32x4.shr_s(i32x4.sub(t10, o3), shift);
  r1 = i32x4.shr_s(i32x4.add(t11, o2), shift);
  r6 = i32x4.shr_s(i32x4.sub(t11, o2), shift);
  r2 = i32x4.shr_s(i32x4.add(t12, o1), shift);
  r5 = i32x4.shr_s(i32x4.sub(t12, o1), shift);
  r3 = i32x4.shr_s(i32x4.add(t13, o0), shift);
  r4 = i32x4.shr_s(i32x4.sub(t13, o0), shift);
}

/** Stores the rows a, b, c, d of four values as the columns from `at` on of a matrix with rows of 8. */
function storeTurned(at: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(at + 32, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(at + 64, v128.shuffle<i64>(ab2, cd2, 0, 2));
  v128.store(at + 96, v128.shuffle<i64>(ab2, cd2, 1, 3));
}

/** jidctint.c's `jpeg_idct_islow` of 64 dequantised i32, which are overwritten. */
function transform(block: usize, target: usize, stride: usize): void {
  // Columns first. The results are stored turned, so that the second pass again works on columns.
  for (let half: usize = 0; half < 32; half += 16) {
    const at = block + half;
    pass(
      v128.load(at),
      v128.load(at, 32),
      v128.load(at, 64),
      v128.load(at, 96),
      v128.load(at, 128),
      v128.load(at, 160),
      v128.load(at, 192),
      v128.load(at, 224),
      11,
    );
    // The turned block lies behind the block itself.
    const turned = block + 256 + (half << 3);
    storeTurned(turned, r0, r1, r2, r3);
    storeTurned(turned + 16, r4, r5, r6, r7);
  }
  // Row i of the turned matrix holds column i; results for four rows of pixels at a time.
  const turned = block + 256;
  for (let half: usize = 0; half < 32; half += 16) {
    const at = turned + half;
    pass(
      v128.load(at),
      v128.load(at, 32),
      v128.load(at, 64),
      v128.load(at, 96),
      v128.load(at, 128),
      v128.load(at, 160),
      v128.load(at, 192),
      v128.load(at, 224),
      18,
    );
    storeTurned(block, r0, r1, r2, r3);
    storeTurned(block + 16, r4, r5, r6, r7);
    for (let row: usize = 0; row < 4; row++, target += stride) {
      const line = i16x8.narrow_i32x4_s(level(v128.load(block + (row << 5))), level(v128.load(block + (row << 5), 16)));
      v128.store64_lane(target, i8x16.narrow_i16x8_u(line, line), 0);
    }
  }
}

/** Adds 128 to what libjpeg's table of limits sees: the lowest 10 bits with their sign. */
function level(values: v128): v128 {
  return i32x4.add(i32x4.shr_s(i32x4.shl(values, 22), 22), i32x4.splat(128));
}

/**
 * Doubles a line of chroma. `sums` receives 3 times the nearer plus the farther row as u16 (or the row itself if
 * `double` is 0) with one value more on each side, then each value is weighed with its neighbours 3 : 1. The outermost
 * value is its own neighbour: at an edge of the image it must be, and elsewhere it is only a neighbour itself.
 */
function doubleLine(near: usize, far: usize, double: i32, columns: i32, sums: usize, target: usize): void {
  const start = sums + 16;
  const three = i16x8.splat(3);
  for (let i = 0; i < columns; i += 8) {
    let line = v128.load8x8_u(near + <usize>i);
    if (double) line = i16x8.add(i16x8.mul(line, three), v128.load8x8_u(far + <usize>i));
    v128.store(start + ((<usize>i) << 1), line);
  }
  store<u16>(start - 2, load<u16>(start));
  const behind = start + ((<usize>columns) << 1);
  store<u16>(behind, load<u16>(behind - 2));
  const shift = double ? 4 : 2;
  const roundEven = i16x8.splat(double ? 8 : 1);
  const roundOdd = i16x8.splat(double ? 7 : 2);
  for (let i = 0; i < columns; i += 8) {
    const at = start + ((<usize>i) << 1);
    const own = i16x8.mul(v128.load(at), three);
    const even = i16x8.shr_u(i16x8.add(i16x8.add(own, v128.load(at - 2)), roundEven), shift);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(own, v128.load(at + 2)), roundOdd), shift);
    // Values fit a byte: the odd ones become the upper halves.
    v128.store(target + ((<usize>i) << 1), v128.or(even, i16x8.shl(odd, 8)));
  }
}

/**
 * Writes the colours of the part, `[height, width, 3]`. `planes` holds for Y, Cb and Cr: the address of the part's first
 * sample (of chroma: of the first that it needs), and the stride. Chroma is halved across if `halfX`, and down if
 * `halfY`. `x` and `y` are the part's place, `chromaX` and `chromaColumns` the needed columns of chroma, `chromaY` the
 * first needed row, `chromaHeight` the height of the image's chroma. `lines` takes three lines.
 */
export function writeColours(
  planes: usize,
  target: usize,
  x: i32,
  y: i32,
  width: i32,
  height: i32,
  halfX: i32,
  halfY: i32,
  chromaX: i32,
  chromaColumns: i32,
  chromaY: i32,
  chromaHeight: i32,
  lines: usize,
  lineBytes: usize,
): void {
  const luma = <usize>load<i32>(planes);
  const lumaStride = <usize>load<i32>(planes, 4);
  const blues = lines + lineBytes;
  const reds = blues + lineBytes;
  for (let line = 0; line < height; line++) {
    let cb = 0 as usize;
    let cr = 0 as usize;
    for (let c: usize = 1; c < 3; c++) {
      const plane = <usize>load<i32>(planes + (c << 3));
      const stride = <usize>load<i32>(planes + (c << 3), 4);
      const absolute = y + line;
      const own = halfY ? absolute >> 1 : absolute;
      const near = plane + <usize>(own - chromaY) * stride;
      let at = near;
      if (halfX) {
        // The nearer neighbour of an even row is above, of an odd row below.
        const other = min(chromaHeight - 1, max(0, absolute & 1 ? own + 1 : own - 1));
        const far = plane + <usize>(other - chromaY) * stride;
        at = c === 1 ? blues : reds;
        doubleLine(near, far, halfY, chromaColumns, lines, at);
        at += <usize>(x - (chromaX << 1));
      }
      if (c === 1) cb = at;
      else cr = at;
    }
    convertLine(luma + <usize>line * lumaStride, cb, cr, target + <usize>line * <usize>width * 3, width);
  }
}

function wide(address: usize, less: i32): v128 {
  const words = i16x8.extend_low_i8x16_u(v128.load32_zero(address));
  return i32x4.sub(i32x4.extend_low_i16x8_u(words), i32x4.splat(less));
}

/** YCbCr to RGB, four pixels at a time. Up to 16 bytes more are written. */
function convertLine(luma: usize, cb: usize, cr: usize, target: usize, width: i32): void {
  const half = i32x4.splat(32768);
  // R R R R G G G G B B B B to R G B R G B ...
  const order = i8x16(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 12, 12, 12);
  for (let i = 0; i < width; i += 4) {
    const light = wide(luma + <usize>i, 0);
    const blue = wide(cb + <usize>i, 128);
    const red = wide(cr + <usize>i, 128);
    const r = i32x4.add(light, i32x4.shr_s(i32x4.add(times(red, 91881), half), 16));
    const b = i32x4.add(light, i32x4.shr_s(i32x4.add(times(blue, 116130), half), 16));
    const g = i32x4.add(light, i32x4.shr_s(i32x4.add(i32x4.add(times(blue, -22554), half), times(red, -46802)), 16));
    const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(r, g), i16x8.narrow_i32x4_s(b, b));
    v128.store(target + <usize>i * 3, i8x16.swizzle(bytes, order));
  }
}
