import { appendFile, mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, type LastPoint, MedbenchError } from '@medbench/core';
import { readScalars, versionEvent } from './events.js';
import { frameRecord, readRecords } from './records.js';

/** Beginning of the names of event files, by which TensorBoard finds them. */
const PREFIX = 'events.out.tfevents.';

const writeError = (path: string, cause: unknown): MedbenchError =>
  new MedbenchError('store', `${path} cannot be written: ${errorMessage(cause)}`, {
    cause,
    hint: 'Free some disk space, or give write access to the folder.',
  });

/** The event file of one unit. TensorBoard shows each folder with such files as a run. */
export class EventFile {
  private constructor(
    private readonly folder: string,
    /** Name of the file; undefined before it is made. */
    private name: string | undefined,
    private readonly last: ReadonlyMap<string, LastPoint>,
  ) {}

  /**
   * Opens the event file in a folder, and cuts off what a killed writer left of a record: TensorBoard would read no further.
   * @throws MedbenchError('store') naming the folder.
   */
  static async open(folder: string): Promise<EventFile> {
    try {
      await mkdir(folder, { recursive: true });
      const found = (await readdir(folder)).filter((file) => file.startsWith(PREFIX)).sort();
      const last = new Map<string, LastPoint>();
      for (const file of found) await EventFile.#read(join(folder, file), last);
      return new EventFile(folder, found.at(-1), last);
    } catch (cause) {
      throw writeError(folder, cause);
    }
  }

  static async #read(path: string, last: Map<string, LastPoint>): Promise<void> {
    const bytes = await readFile(path);
    const { records, intact } = readRecords(bytes);
    if (intact < bytes.length) await truncate(path, intact);
    for (const record of records) {
      const { step, scalars } = readScalars(record);
      for (const { tag, value } of scalars) {
        const before = last.get(tag);
        if (!before || step >= before.step) last.set(tag, { step, value });
      }
    }
  }

  /** The last point of a curve that the file has. */
  lastPoint(tag: string): LastPoint | undefined {
    return this.last.get(tag);
  }

  /**
   * Appends events. The first ones make the file, with its version and `head` before them.
   * @param wallTime of the version, in seconds since 1970; the name of the file begins with it.
   * @param owner end of the name of a new file.
   * @throws MedbenchError('store') naming the file. Part of a record may then be in it, which `open` cuts off.
   */
  async append(
    events: readonly Uint8Array[],
    { wallTime, owner, head }: { readonly wallTime: number; readonly owner: string; readonly head: Uint8Array },
  ): Promise<void> {
    const all = this.name === undefined ? [versionEvent(wallTime), head, ...events] : events;
    const name = this.name ?? `${PREFIX}${String(Math.floor(wallTime)).padStart(10, '0')}.${owner}`;
    const path = join(this.folder, name);
    try {
      await appendFile(path, Buffer.concat(all.map(frameRecord)));
      this.name = name;
    } catch (cause) {
      throw writeError(path, cause);
    }
  }
}
