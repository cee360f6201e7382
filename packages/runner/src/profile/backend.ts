import type { Backend, LoadOptions, Profile, Session } from '@medbench/core';

/**
 * A backend that tells a profile how long programs take to load, and their first steps, which a compiling backend compares
 * with the eager reference. Later steps belong to whoever asks for them.
 */
export function profiledBackend(backend: Backend, profile: Profile): Backend {
  /** The sessions of the backend itself, which it looks for where a state is shared. */
  const inner = new WeakMap<Session, Session>();
  const unwrapShared = ({ share, ...rest }: LoadOptions): LoadOptions => ({
    ...rest,
    ...(share ? { share: inner.get(share) ?? share } : {}),
  });
  return {
    id: backend.id,
    status: () => backend.status(),
    async load(program, state, options = {}) {
      const session = await profile.span('compiling', () => backend.load(program, state, unwrapShared(options)));
      let first = true;
      const outer: Session = {
        step(inputs) {
          if (!first) return session.step(inputs);
          first = false;
          return profile.span('first step, self-check', () => session.step(inputs));
        },
        readState: (names) => session.readState(names),
        dispose: () => session.dispose(),
      };
      inner.set(outer, session);
      return outer;
    },
  };
}
