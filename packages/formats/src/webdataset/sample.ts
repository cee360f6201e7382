import { type EncodedPair, MedbenchError } from '@medbench/core';
import { isMissingMark } from '@medbench/data';
import { BLOCK, tarMembers } from '../archives/tar.js';
import type { ByteStore } from '../files/byte-store.js';
import { type ShardIndex, splitSampleName } from './tar-index.js';

/** Suffixes of images, in order of preference. */
export const IMAGE_SUFFIXES: readonly string[] = ['jpg', 'png', 'jpeg', 'webp'];

/** Where samples have their captions. */
export interface CaptionPlace {
  /** Suffix of the member. */
  readonly suffix: string;
  /** Field of a member with JSON. Absent: the member is the caption. */
  readonly field?: string;
}

/** Maximum bytes of a sample. */
const MAX_SAMPLE = 256 * 2 ** 20;

/** The error for a broken sample. */
export const brokenSample = (file: string, member: string | undefined, fault: string): MedbenchError =>
  new MedbenchError('data', `${file}: the sample of ${member ?? 'an unnamed member'} ${fault}`, {
    hint: 'Mend the shard (tar --sort=name puts the members of a sample together), or leave bad samples out with --skip-bad.',
  });

/**
 * Reads a sample of a shard in one read: its image's bytes and its caption.
 * @throws MedbenchError('data') naming shard and member, never the text.
 */
export async function readSample(
  store: ByteStore,
  file: string,
  { starts, stamp }: ShardIndex,
  sample: number,
  caption: CaptionPlace,
): Promise<EncodedPair> {
  const start = starts[sample]! * BLOCK;
  const length = Math.min(starts[sample + 1]! * BLOCK - start, MAX_SAMPLE);
  const bytes = await store.read(file, start, length, stamp);
  const bodies = new Map<string, Uint8Array<ArrayBuffer>>();
  let first: { key: string; name: string } | undefined;
  let imageName: string | undefined;
  // Samples that were left out may follow within these bytes: the walk ends before it reaches them.
  const members = tarMembers(async (position, count) => bytes.subarray(position, position + count), {
    file: `${file}, from byte ${start} on`,
    length,
    endMarked: false,
  });
  for await (const { name, kind, offset, size } of members) {
    const member = kind === 'file' ? splitSampleName(name) : undefined;
    if (!member) continue;
    first ??= { key: member.key, name };
    if (member.key !== first.key) break;
    if (IMAGE_SUFFIXES.includes(member.suffix) && !imageName) imageName = name;
    bodies.set(member.suffix, bytes.subarray(offset, offset + size));
  }
  const image = IMAGE_SUFFIXES.map((suffix) => bodies.get(suffix)).find((body) => body);
  const text = bodies.get(caption.suffix);
  if (!first || !image || !text) throw brokenSample(file, first?.name, 'is incomplete');
  const broken = (fault: string): MedbenchError => brokenSample(file, first.name, fault);
  return { bytes: image, caption: parseCaption(text, caption, broken), name: `${file}: ${imageName ?? first.name}` };
}

function parseCaption(
  bytes: Uint8Array,
  { field, suffix }: CaptionPlace,
  broken: (fault: string) => MedbenchError,
): string {
  let caption: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    caption = field === undefined ? text : (JSON.parse(text) as Record<string, unknown> | null)?.[field];
  } catch {
    // The parser's message would quote the text.
    throw broken(field === undefined ? 'has a caption that is not UTF-8' : `has a .${suffix} that is not valid JSON`);
  }
  if (typeof caption === 'string' && isMissingMark(caption)) {
    throw broken('has a mark of a missing text as its caption (nan, None, null)');
  }
  if (typeof caption === 'string' && caption.trim() !== '') return caption;
  throw broken(field === undefined ? 'has an empty caption' : `has no text in "${field}" of its .${suffix}`);
}
