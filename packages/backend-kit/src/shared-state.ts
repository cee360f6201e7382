import { MedbenchError, type Program, type Session } from '@medbench/core';

/** State that several sessions share. */
export interface SharedState<T extends { readonly shape: readonly number[] | number[] }> {
  readonly entries: Record<string, T>;
  /** Number of sessions that are not disposed yet. */
  users: number;
}

interface Sized {
  readonly shape: readonly number[];
}

/** The states of a backend's sessions, to look up the state for `LoadOptions.share`. */
export class SharedStates<T extends Sized> {
  readonly #states = new WeakMap<Session, SharedState<T>>();

  /** Adds a session to the users of a state. */
  join(session: Session, state: SharedState<T>): void {
    state.users++;
    this.#states.set(session, state);
  }

  /**
   * Returns the state of a session, to be shared with another program.
   * @throws MedbenchError('backend') if the session is disposed or belongs to another backend, or its state lacks an
   *   entry of the program.
   */
  get(session: Session, program: Program): SharedState<T> {
    const state = this.#states.get(session);
    if (!state || state.users === 0) {
      throw new MedbenchError(
        'backend',
        `${program.name} cannot share the state of a session that is disposed or belongs to another backend`,
      );
    }
    for (const [name, { shape }] of Object.entries(program.state)) {
      const actual = state.entries[name]?.shape;
      if (actual?.join() !== shape.join()) {
        const problem = actual ? `is [${actual.join(', ')}] there` : 'is missing';
        throw new MedbenchError(
          'backend',
          `${program.name} cannot share a state: its ${name} [${shape.join(', ')}] ${problem}`,
        );
      }
    }
    return state;
  }
}
