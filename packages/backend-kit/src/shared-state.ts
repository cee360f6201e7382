import { MedbenchError, type Program, type Session } from '@medbench/core';

/** State on which several sessions work. */
export interface SharedState<T extends { readonly shape: readonly number[] | number[] }> {
  readonly entries: Record<string, T>;
  /** Sessions that are not disposed of yet. */
  users: number;
}

interface Sized {
  readonly shape: readonly number[];
}

/** The states of a backend's sessions, for `LoadOptions.share`. */
export class SharedStates<T extends Sized> {
  readonly #states = new WeakMap<Session, SharedState<T>>();

  join(session: Session, state: SharedState<T>): void {
    state.users++;
    this.#states.set(session, state);
  }

  /**
   * The state of a session, for another program.
   * @throws MedbenchError('backend') if the session is not this backend's, or lacks what the program needs.
   */
  get(session: Session, program: Program): SharedState<T> {
    const state = this.#states.get(session);
    if (!state || state.users === 0) {
      throw new MedbenchError('backend', `${program.name} cannot share the state of a session that is not there`);
    }
    for (const [name, { shape }] of Object.entries(program.state)) {
      const actual = state.entries[name]?.shape;
      if (actual?.join() !== shape.join()) {
        const problem = actual ? `is [${actual.join(', ')}] there` : 'is not there';
        throw new MedbenchError(
          'backend',
          `${program.name} cannot share a state: its ${name} [${shape.join(', ')}] ${problem}`,
        );
      }
    }
    return state;
  }
}
