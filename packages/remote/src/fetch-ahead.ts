import type { RemoteFile } from './remote-file.js';

/** Without a read for this long, nothing is fetched ahead: nobody would use it. */
const IDLE_MS = 3000;

/** Fetches files ahead of their use, one after the other, while others are read. */
export class FetchAhead {
  #queue: readonly string[] = [];
  #running = false;
  #lastRead = 0;
  readonly #filled = new Set<string>();

  constructor(private readonly open: (address: string) => Promise<RemoteFile>) {}

  noteRead(): void {
    this.#lastRead = performance.now();
  }

  /** Replaces the files to fetch. A file that was fetched before is not looked at again. */
  start(addresses: readonly string[]): void {
    this.noteRead();
    this.#queue = addresses.filter((address) => !this.#filled.has(address));
    if (this.#running || this.#queue.length === 0) return;
    this.#running = true;
    // Whoever reads the file meets the failure.
    this.#run()
      .catch(() => undefined)
      .finally(() => {
        this.#running = false;
      });
  }

  async #run(): Promise<void> {
    for (let address = this.#queue[0]; address !== undefined; address = this.#queue[0]) {
      const file = await this.open(address);
      for (let block = 0; block < file.blocks; block = await file.fill(block)) {
        if (!this.#queue.includes(address)) break;
        if (performance.now() - this.#lastRead > IDLE_MS) return;
      }
      this.#filled.add(address);
      this.#queue = this.#queue.filter((other) => other !== address);
    }
  }
}
