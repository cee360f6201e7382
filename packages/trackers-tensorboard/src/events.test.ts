import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32c, maskedCrc } from './crc32c.js';
import { EventFile } from './event-file.js';
import { imageEvent, readScalars, type ScalarEvent, scalarEvent, textEvent, versionEvent } from './events.js';
import { frameRecord, readRecords } from './records.js';

/** Made by TensorBoard's own protocol buffers and record writer: scripts/oracles/tensorboard_events.py. */
const golden = JSON.parse(readFileSync(new URL('../fixtures/events.json', import.meta.url), 'utf8')) as {
  readonly began: number;
  readonly text: string;
  readonly scalars: readonly ScalarEvent[];
  readonly png: string;
  readonly file: string;
};
const goldenFile = Buffer.from(golden.file, 'base64');

describe('the checksum', () => {
  it.each([
    // RFC 3720, appendix B.4.
    ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 bytes that rise', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['32 bytes that fall', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    // The check value of the catalogue of CRC algorithms.
    ['123456789', Buffer.from('123456789'), 0xe3069283],
  ])('of %s is that of the standard', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
    // The masking of TFRecord, written with whole numbers of any size.
    const rotated = ((BigInt(crc) >> 15n) | (BigInt(crc) << 17n)) & 0xffffffffn;
    expect(BigInt(maskedCrc(bytes))).toBe((rotated + 0xa282ead8n) & 0xffffffffn);
  });
});

describe('event files', () => {
  it('have the bytes that TensorBoard writes', () => {
    const events = [
      versionEvent(golden.began),
      textEvent(golden.began, 'run', golden.text),
      ...golden.scalars.map(scalarEvent),
      imageEvent(golden.began, 'ranks', { png: Buffer.from(golden.png, 'base64'), width: 1, height: 1 }),
    ];
    expect(Buffer.concat(events.map(frameRecord)).equals(goldenFile)).toBe(true);
  });

  it('are read as TensorBoard wrote them', () => {
    const { records, intact } = readRecords(goldenFile);
    expect(intact).toBe(goldenFile.length);
    const read = records.map(readScalars).filter(({ scalars }) => scalars.length > 0);
    expect(read).toEqual(golden.scalars);
  });

  it('are read up to the first record that is not whole, wherever a writer was killed or a byte has changed', () => {
    const { records } = readRecords(goldenFile);
    const ends = [0];
    for (const data of records) ends.push(ends.at(-1)! + data.length + 16);
    for (let length = 0; length <= goldenFile.length; length++) {
      const intact = ends.filter((end) => end <= length).at(-1);
      expect(readRecords(goldenFile.subarray(0, length)).intact).toBe(intact);
    }
    for (let at = 0; at < goldenFile.length; at++) {
      const damaged = Buffer.from(goldenFile);
      damaged[at]! ^= 0x10;
      expect(readRecords(damaged).intact).toBe(ends.filter((end) => end <= at).at(-1));
    }
  });
});

describe('an event file in a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'medbench-events-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const head = { wallTime: 1_767_225_600, owner: 'a1b2', head: textEvent(1_767_225_600, 'run', 'x') };
  const event = (step: number, value: number): Uint8Array =>
    scalarEvent({ wallTime: 1_767_225_600 + step, step, scalars: [{ tag: 'training/loss', value }] });
  const path = (): string => join(folder, readdirSync(folder)[0]!);

  it('is one file, whoever appends to it, and a record that a killed writer left is cut off', async () => {
    const first = await EventFile.open(folder);
    expect([readdirSync(folder), first.lastPoint('training/loss')]).toEqual([[], undefined]);
    await first.append([event(0, 4), event(10, 3)], head);
    const whole = statSync(path()).size;
    appendFileSync(path(), frameRecord(event(20, 2)).subarray(0, 25));
    const second = await EventFile.open(folder);
    expect(statSync(path()).size).toBe(whole);
    expect(second.lastPoint('training/loss')).toEqual({ step: 10, value: 3 });
    await second.append([event(20, 2)], head);
    expect(readdirSync(folder)).toEqual(['events.out.tfevents.1767225600.a1b2']);
    const { records, intact } = readRecords(readFileSync(path()));
    expect(intact).toBe(statSync(path()).size);
    expect(
      records
        .slice(2)
        .map(readScalars)
        .flatMap(({ step, scalars }) => scalars.map(({ value }) => [step, value])),
    ).toEqual([
      [0, 4],
      [10, 3],
      [20, 2],
    ]);
  });

  it('that cannot be written is an error that names it', async () => {
    const file = await EventFile.open(folder);
    rmSync(folder, { recursive: true });
    await expect(file.append([event(0, 1)], head)).rejects.toThrow(
      /events\.out\.tfevents\.1767225600\.a1b2 cannot be written/,
    );
  });
});
