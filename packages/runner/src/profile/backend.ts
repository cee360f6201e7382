import type { Backend, LoadOptions, Profile, Session } from '@medbench/core';
import { withOptions } from '../backend.js';

/**
 * Wraps a backend so that a profile records how long programs take to load, and how long their first steps take, which
 * include the self-check of a compiling backend. Callers record later steps themselves.
 */
export function profiledBackend(backend: Backend, profile: Profile): Backend {
  /** Maps each wrapped session to the session of the backend, which needs its own one to share a state. */
  const inner = new WeakMap<Session, Session>();
  const unwrapShared = ({ share, ...rest }: LoadOptions): LoadOptions => ({
    ...rest,
    ...(share ? { share: inner.get(share) ?? share } : {}),
  });
  return {
    // All that the backend says of itself: by its estimates, for example, a batch is split.
    ...withOptions(backend, {}),
    async load(program, state, options = {}) {
      const session = await profile.span('compiling', () => backend.load(program, state, unwrapShared(options)));
      let first = true;
      const outer: Session = {
        step(inputs) {
          if (!first) return session.step(inputs);
          first = false;
          return profile.span('first step, self-check', () => session.step(inputs));
        },
        ...(session.send ? { send: (inputs) => session.send!(inputs) } : {}),
        readState: (names) => session.readState(names),
        dispose: () => session.dispose(),
      };
      inner.set(outer, session);
      return outer;
    },
  };
}
