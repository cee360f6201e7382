import { type LastPoint, type TrackedPoint, writeFileAtomic } from '@medbench/core';
import { tryReadJson } from '../store/store.js';

/** Content of `received.json`: the last point of each curve, by the name of the unit. */
interface Received {
  readonly schemaVersion: 1;
  readonly units: Readonly<Record<string, Readonly<Record<string, LastPoint>>>>;
}

/** Whether a point has nothing to tell to whoever has the last one. Trackers may keep values in 32 bits. */
const isKnown = (last: LastPoint | undefined, { curve, step, value }: TrackedPoint): boolean => {
  if (!last) return false;
  // A figure that is measured again, with other settings of its protocol, has another value at the same step.
  const corrects = curve.startsWith('figures') && step === last.step && Math.fround(value) !== Math.fround(last.value);
  return step <= last.step && !corrects;
};

/** The last points that a tracker has received of a run, as the run folder remembers them. */
export class Memory {
  readonly #units: Map<string, Map<string, LastPoint>>;

  /** @param path the file that remembers. */
  constructor(private readonly path: string) {
    const { units = {} } = tryReadJson<Received>(path) ?? {};
    this.#units = new Map(Object.entries(units).map(([name, curves]) => [name, new Map(Object.entries(curves))]));
  }

  last(unit: string, curve: string): LastPoint | undefined {
    return this.#units.get(unit)?.get(curve);
  }

  /** Replaces what is remembered of curves by what the tracker says that it has. */
  correct(unit: string, curves: Iterable<string>, received: (curve: string) => LastPoint | undefined): void {
    for (const curve of new Set([...curves, ...(this.#units.get(unit)?.keys() ?? [])])) {
      const last = received(curve);
      if (last) this.#curves(unit).set(curve, last);
      else this.#units.get(unit)?.delete(curve);
    }
  }

  /**
   * Selects the points that the tracker does not have, in their order.
   * @param points ordered by step within each curve; a step may occur twice.
   */
  select(unit: string, points: readonly TrackedPoint[]): TrackedPoint[] {
    const chosen = new Map<string, LastPoint>();
    return points.filter((point) => {
      if (isKnown(chosen.get(point.curve) ?? this.last(unit, point.curve), point)) return false;
      chosen.set(point.curve, point);
      return true;
    });
  }

  /** Remembers points that were received. `save` keeps them. */
  add(unit: string, points: readonly TrackedPoint[]): void {
    for (const { curve, step, value } of points) this.#curves(unit).set(curve, { step, value });
  }

  /** @throws MedbenchError('store') if the file cannot be written. */
  async save(): Promise<void> {
    const units = [...this.#units].map(([name, curves]) => [name, Object.fromEntries(curves)] as const);
    const received: Received = { schemaVersion: 1, units: Object.fromEntries(units) };
    await writeFileAtomic(this.path, `${JSON.stringify(received)}\n`);
  }

  #curves(unit: string): Map<string, LastPoint> {
    const curves = this.#units.get(unit) ?? new Map<string, LastPoint>();
    this.#units.set(unit, curves);
    return curves;
  }
}
